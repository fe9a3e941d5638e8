"""What may be sent to the REST interface."""

from typing import Any

from rest_framework.parsers import JSONParser

from gisapp.errors import BadInput


class Json(JSONParser):
    """JSON; nesting without end and an unheard-of charset are the sender's fault, not ours."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except (RecursionError, LookupError) as reason:
            raise BadInput("malformed") from reason


class GeoJson(Json):
    media_type = "application/geo+json"
