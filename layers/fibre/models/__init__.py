"""The fibre network's tables, by subject."""

from layers.fibre.models.aliases import Alias
from layers.fibre.models.cables import Cable, CableEntry, CableStep, FibreSection, Measure, Slack
from layers.fibre.models.catalogue import (
    CableAttenuation,
    CableSpec,
    Colour,
    ColourScheme,
    DuctSpec,
    DuctSpecTube,
    EnclosureSpec,
    FittingSpec,
    SchemeColour,
    SplitterSpec,
    UsualLoss,
)
from layers.fibre.models.common import Network
from layers.fibre.models.ducts import Duct, DuctStep, Tube, TubeEnd, TubeJoint, TubeSection
from layers.fibre.models.enclosures import Device, Enclosure, Port, Splitter, SplitterLeg, Tray
from layers.fibre.models.naming import NamingCount, NamingRule
from layers.fibre.models.optics import OpticsBudget, OpticsClass
from layers.fibre.models.orders import OrderStep, WorkOrder
from layers.fibre.models.route import Node, Segment
from layers.fibre.models.service import Circuit, CircuitEnd, Lease, Premises, Unit
from layers.fibre.models.splicing import Joint, JointEnd

__all__ = [
    "Alias", "Cable", "CableAttenuation", "CableEntry", "CableSpec", "CableStep", "Circuit", "CircuitEnd", "Colour", "ColourScheme", "Device", "Duct", "DuctSpec",
    "DuctSpecTube", "DuctStep", "Enclosure", "EnclosureSpec", "FibreSection", "FittingSpec", "Joint", "JointEnd", "Lease", "Measure",
    "NamingCount", "NamingRule", "Network", "Node", "OpticsBudget", "OpticsClass", "OrderStep", "Port", "Premises", "SchemeColour", "Segment", "Slack", "Splitter",
    "SplitterLeg", "SplitterSpec", "Tray", "Tube", "TubeEnd", "TubeJoint", "TubeSection", "Unit", "UsualLoss", "WorkOrder",
]  # fmt: skip
