"""The fibre network's tables, by subject."""

from layers.fibre.models.catalogue import Colour, ColourScheme, DuctSpec, DuctSpecTube, FittingSpec, SchemeColour
from layers.fibre.models.common import Network
from layers.fibre.models.ducts import Duct, DuctStep, Tube, TubeEnd, TubeJoint, TubeSection
from layers.fibre.models.route import Node, Segment

__all__ = [
    "Colour", "ColourScheme", "Duct", "DuctSpec", "DuctSpecTube", "DuctStep", "FittingSpec", "Network", "Node", "SchemeColour",
    "Segment", "Tube", "TubeEnd", "TubeJoint", "TubeSection",
]  # fmt: skip
