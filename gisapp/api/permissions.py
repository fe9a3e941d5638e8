"""Who may do what through REST: reading by `see`, writing by `edit` of the layer."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from gisapp import layer


class LayerPermission(BasePermission):
    """Addresses with a layer ask its declaration; addresses without one only read."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method in SAFE_METHODS:
            return True
        name = view.kwargs.get("layer") or view.kwargs.get("name")
        return bool(name) and layer.get(name, request.user).edited_by(request.user)
