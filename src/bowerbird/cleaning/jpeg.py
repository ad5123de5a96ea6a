"""A JPEG file without its metadata, its pixels untouched (a row of segments: ITU-T T.81, annex B)."""

import re

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# EXIF, XMP, colour profiles, maker notes and comments. APP14 stays: it says how colours are coded.
_METADATA = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})
_JFIF = 0xE0
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")  # in coded data, FF 00 and restarts are no markers


def strip_metadata(data: bytes) -> bytes | None:
    """`data` without metadata, thumbnails and whatever follows the image; None where its segments are odd."""
    if not data.startswith(b"\xff\xd8"):
        return None
    kept = [data[:2]]
    at = 2
    while True:
        while data[at : at + 2] == b"\xff\xff":  # fill bytes may precede a marker
            at += 1
        if len(data) < at + 2 or data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == _END:
            return b"".join([*kept, b"\xff\xd9"])
        end = at + 2 if marker in _STANDALONE else at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SCAN:
            following = _NEXT_MARKER.search(data, end)
            if following is None:
                return None
            end = following.start()
        if marker not in _METADATA:
            kept.append(_segment(marker, data[at:end]))
        at = end


def _segment(marker: int, segment: bytes) -> bytes:
    """The segment as it is stored: of a JFIF header only its 16 fixed bytes, without a thumbnail."""
    if marker != _JFIF:
        return segment
    if not segment[4:].startswith(b"JFIF\x00") or len(segment) < 18:
        return b""
    return segment[:2] + b"\x00\x10" + segment[4:16] + b"\x00\x00"
