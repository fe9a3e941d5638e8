"""Logos: pictures come out small and clean, everything else is refused by name and before it is unpacked."""

import io
import struct
import zlib

import pytest
from PIL import Image, PngImagePlugin

from gisapp.errors import BadInput
from gisapp.tenants import logos


def encoded(kind: str, size: tuple[int, int] = (300, 200), **more: object) -> bytes:
    picture = Image.new("RGB", size, "#0f5f5a")
    written = io.BytesIO()
    picture.save(written, kind, **more)
    return written.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of some bytes that promises this many pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_01_every_kind_becomes_a_png(kind: str) -> None:
    found = logos.read(encoded(kind))
    with Image.open(io.BytesIO(found.png)) as again:
        assert (again.format, again.size, again.mode) == ("PNG", (300, 200), "RGBA")
    assert (found.width, found.height) == (300, 200)
    assert logos.read(encoded(kind)).digest == found.digest


def test_02_a_large_one_becomes_small_and_keeps_its_shape() -> None:
    found = logos.read(encoded("JPEG", (2048, 1024)))
    assert (found.width, found.height) == (512, 256)


def test_03_nothing_is_left_of_what_a_file_tells_beside_the_picture() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Erika Mustermann")
    written = io.BytesIO()
    Image.new("RGB", (50, 50)).save(written, "PNG", pnginfo=notes)
    assert b"Mustermann" in written.getvalue()
    assert b"Mustermann" not in logos.read(written.getvalue()).png
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "Erika Mustermann"
    turned = logos.read(encoded("JPEG", (300, 200), exif=exif))
    assert b"Mustermann" not in turned.png
    assert (turned.width, turned.height) == (200, 300)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "logo-svg"),
        (b"\xef\xbb\xbf\n<?xml version='1.0'?><svg/>", "logo-svg"),
        (b"GIF89a" + bytes(100), "logo-unknown"),
        (b"%PDF-1.7", "logo-unknown"),
        (b"", "logo-unknown"),
        (b"x" * (logos.LARGEST_BYTES + 1), "logo-too-large"),
        (bomb(60_000, 60_000), "logo-too-large"),
        (bomb(5_000, 5_000), "logo-too-large"),
        (encoded("PNG")[:60], "logo-broken"),
        (encoded("JPEG")[:300], "logo-broken"),
    ],
    ids=["svg", "svg in xml", "gif", "pdf", "nothing", "bytes", "bomb", "small bomb", "half a png", "half a jpeg"],
)
def test_04_what_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        logos.read(data)
    assert refused.value.code == code
