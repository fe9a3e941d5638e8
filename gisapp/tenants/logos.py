"""Logos: whatever is uploaded becomes a PNG of limited size that holds the picture and nothing else."""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from gisapp.errors import BadInput

LARGEST_BYTES = 2 * 1024 * 1024
LARGEST_PIXELS = 16_000_000
"""Looked up in the file's head, before anything is unpacked: a few bytes can promise a picture of gigabytes."""
LARGEST_SIDE = 512
FORMATS = ("PNG", "JPEG", "WEBP")


@dataclass(frozen=True)
class Picture:
    """A PNG; `digest` is the SHA-256 of its bytes in hexadecimal."""

    png: bytes
    width: int
    height: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.png).hexdigest()


def _is_svg(data: bytes) -> bool:
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--"))


def read(data: bytes) -> Picture:
    """The logo in these bytes, at most LARGEST_SIDE pixels wide and high, without metadata.

    Raises BadInput: too many bytes or pixels, an SVG (it can carry scripts), no PNG, JPEG or WebP, a broken file.
    """
    if len(data) > LARGEST_BYTES:
        raise BadInput("logo-too-large", size=f"{len(data) / 1024**2:.1f} MB", limit=f"{LARGEST_BYTES // 1024**2} MB")
    if _is_svg(data):
        raise BadInput("logo-svg")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            width, height = opened.size
            if width * height > LARGEST_PIXELS:
                limit = f"{LARGEST_PIXELS // 1_000_000} MP"
                raise BadInput("logo-too-large", size=f"{width} × {height}", limit=limit)
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except Image.DecompressionBombError as error:
        raise BadInput("logo-too-large", size="> 178 MP", limit=f"{LARGEST_PIXELS // 1_000_000} MP") from error
    except UnidentifiedImageError as error:
        raise BadInput("logo-unknown") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise BadInput("logo-broken") from error
    upright.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    # A new picture has no metadata of the old one.
    clean = Image.new("RGBA", upright.size)
    clean.paste(upright)
    written = io.BytesIO()
    clean.save(written, "PNG", optimize=True)
    return Picture(written.getvalue(), *clean.size)
