"""The fibre network's tables, by subject."""

from layers.fibre.models.common import Network
from layers.fibre.models.route import Node, Segment

__all__ = ["Network", "Node", "Segment"]
