"""Files that nobody should send as a photo: bombs, halves, polyglots, other kinds, tricks with EXIF."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache

from PIL import Image

Upload = tuple[str, bytes]  # its kind, and its bytes
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SAVED = {"JPEG": {"quality": 80}, "PNG": {}, "WEBP": {"quality": 80}, "GIF": {}}


def hostile_uploads(count: int, seed: int) -> Iterator[Upload]:
    """`count` uploads, kinds in turn; the same ones for the same `seed`. None of them is a photo."""
    drawn = random.Random(seed)  # noqa: S311  hostile, not secret
    for number in range(count):
        kind = list(KINDS)[number % len(KINDS)]
        yield kind, KINDS[kind](drawn)


def photo_file(drawn: random.Random, form: str) -> bytes:
    """A whole photo of noise."""
    size = drawn.randint(40, 120), drawn.randint(40, 120)
    image = Image.frombytes("RGB", size, drawn.randbytes(3 * size[0] * size[1]))
    data = io.BytesIO()
    image.save(data, form, **_SAVED[form])
    return data.getvalue()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(width: int, height: int, pixels: bytes, depth: int = 1, *more: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    body = _chunk(b"IDAT", zlib.compress(pixels, 9)) + _chunk(b"IEND", b"")
    return _SIGNATURE + _chunk(b"IHDR", head) + b"".join(more) + body


@cache
def _zeros_png(side: int) -> bytes:
    return _png(side, side, bytes(side * (side // 8 + 1) // 8))


@cache
def _text_chunk(megabytes: int) -> bytes:
    return _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(megabytes * 1_000_000), 9))


def _bomb_png(drawn: random.Random) -> bytes:
    """Some 100 kB that decode to a gigabyte."""
    return _zeros_png(drawn.choice((9_001, 12_345, 20_000, 30_000)))


def _bomb_claims(drawn: random.Random) -> bytes:
    """A head that claims billions of pixels, and next to nothing after it."""
    side = drawn.randint(20_000, 65_000)
    return drawn.choice(
        (
            _png(side, side, b""),
            b"GIF89a" + struct.pack("<HHBBB", side, side, 0xF0, 0, 0) + bytes(60),
            b"BM" + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0),
            b"\xff\xd8\xff\xc0\0\x11\x08" + struct.pack(">HH", side, side) + b"\x03\x01\x22\0\x02\x11\x01",
        )
    )  # fmt: skip


def _bomb_text(drawn: random.Random) -> bytes:
    """A PNG whose compressed text is hundreds of megabytes."""
    return _png(64, 64, bytes(64 * 9), 1, _text_chunk(drawn.choice((80, 120))))


def _cut(drawn: random.Random) -> bytes:
    whole = photo_file(drawn, drawn.choice(tuple(_SAVED)))
    return whole[: int(len(whole) * drawn.uniform(0.02, 0.6))]


def _damaged(drawn: random.Random) -> bytes:
    """A PNG whose chunks do not match their checksums."""
    whole = bytearray(photo_file(drawn, "PNG"))
    whole[16 + drawn.randrange(12)] ^= drawn.randint(1, 255)
    return bytes(whole)


def _polyglot(drawn: random.Random) -> bytes:
    """What begins as a photo and goes on as something else, or the other way round."""
    script = b"<html><script>alert(document.domain)</script></html>" * drawn.randint(1, 40)
    begin = drawn.choice(
        (b"GIF89a/*", b"\xff\xd8\xff\xe0", _SIGNATURE, b"RIFF\x24\0\0\0WEBPVP8 ", b"BM", b"II*\0")
    )
    return drawn.choice(
        (begin + script, script + photo_file(drawn, "JPEG"), b"%PDF-1.7\n" + photo_file(drawn, "PNG"))
    )


def _other_kind(drawn: random.Random) -> bytes:
    """Whole files of other kinds; Pillow would open some, with Ghostscript or a long history of holes."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as held:
        held.writestr("../../etc/passwd.jpg", photo_file(drawn, "JPEG"))
    icon, psd = io.BytesIO(), b"8BPS\0\x01" + bytes(6) + struct.pack(">HIIHH", 3, 64, 64, 8, 3) + bytes(200)
    Image.new("RGB", (64, 64)).save(
        icon, drawn.choice(("ICO", "TGA", "PCX", "PPM", "EPS", "PDF", "SGI", "DDS"))
    )
    svg = b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>'
    program = drawn.choice((b"\x7fELF\x02\x01\x01", b"MZ\x90\0", b"#!/bin/sh\n", b"\xca\xfe\xba\xbe"))
    others = (svg, psd, program + drawn.randbytes(500), b"%!PS-Adobe\n(%pipe%id) (w) file\n", b'{"photo": 1}')
    return drawn.choice((archive.getvalue(), icon.getvalue(), *others))


def _noise(drawn: random.Random) -> bytes:
    return drawn.randbytes(drawn.choice((0, 1, 7, 100, 5_000)))


def _exif(drawn: random.Random) -> bytes:
    """EXIF that points at itself, claims gigabytes or overflows, before half a photo."""
    count = drawn.choice((0xFFFFFFFF, 0x7FFFFFFF, 1, 65_536))
    entry = struct.pack(
        "<HHII", drawn.choice((0x0112, 0x8769, 0x8825, 0x927C)), drawn.randint(0, 20), count, 8
    )
    tiff = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", drawn.choice((1, 3, 0xFFFF))) + 3 * entry
    tiff += struct.pack("<I", 8)  # the next directory is this one
    exif = b"Exif\0\0" + tiff
    whole = photo_file(drawn, "JPEG")
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + whole[2 : len(whole) // 3]


def _tiny(drawn: random.Random) -> bytes:
    """A tracking pixel, or a line."""
    data = io.BytesIO()
    size = drawn.choice(((1, 1), (1, 5_000), (15, 15), (3_000, 2)))
    Image.new("RGB", size).save(data, drawn.choice(("PNG", "GIF", "BMP", "JPEG")))
    return data.getvalue()


KINDS: dict[str, Callable[[random.Random], bytes]] = {
    "bomb": _bomb_png,
    "claims": _bomb_claims,
    "text bomb": _bomb_text,
    "cut": _cut,
    "damaged": _damaged,
    "polyglot": _polyglot,
    "other kind": _other_kind,
    "noise": _noise,
    "exif": _exif,
    "tiny": _tiny,
}
