"""What is far too large is refused before a byte of it is kept: by what the request says of its own length."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

HEADROOM = 1.5
"""A file a little above the limit is taken in and refused by the page itself, in words."""


class Limited(FileUploadHandler):
    """Stands before Django's own handlers and passes everything on."""

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None
    ) -> None:
        if content_length > settings.UPLOAD_MAX_MB * 1024 * 1024 * HEADROOM:
            raise RequestDataTooBig

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None
