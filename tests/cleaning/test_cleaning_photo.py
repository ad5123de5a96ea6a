"""Photos of every kind, broken ones, bars, and what is stored."""

import hashlib
import io
import struct
import zlib

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from bowerbird.cleaning.jpeg import strip_metadata
from bowerbird.cleaning.letterbox import content_box
from bowerbird.cleaning.photo import clean_photo
from bowerbird.errors import InputError, TooLargeError

LIMITS = {"max_pixels": 1_000_000, "max_bytes": 1_000_000}


def scene(width=120, height=90, seed=0):
    """A blurred random scene: colourful, without bars, and compressible like a photo."""
    noise = np.random.default_rng(seed).integers(
        40, 220, (height // 10 + 2, width // 10 + 2, 3), dtype=np.uint8
    )
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image, kind="JPEG", **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def pixels(image):
    return np.asarray(image).astype(int)


def decoded(data):
    return pixels(Image.open(io.BytesIO(data)).convert("RGB"))


def test_a_plain_jpeg_keeps_its_bytes():
    for options in ({"quality": 85}, {"quality": 85, "progressive": True}):
        data = encoded(scene(), **options)
        assert clean_photo(data, **LIMITS).data == data


def test_metadata_goes_and_coded_pixels_stay():
    plain = encoded(scene(), quality=80)
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    full = (
        encoded(scene(), quality=80, exif=exif, comment=b"secret comment", icc_profile=srgb())
        + b"secret trailer"
    )
    cleaned = clean_photo(full, **LIMITS)
    assert cleaned.data == plain
    assert np.array_equal(decoded(cleaned.data), decoded(full))


def srgb():
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def test_hashes_and_size_are_those_of_the_stored_bytes():
    cleaned = clean_photo(encoded(scene(), "PNG"), **LIMITS)
    stored = Image.open(io.BytesIO(cleaned.data))
    assert (stored.format, stored.mode, stored.size) == ("JPEG", "RGB", (cleaned.width, cleaned.height))
    assert cleaned.content_hash == hashlib.sha256(cleaned.data).hexdigest()
    assert cleaned.perceptual_hash == str(imagehash.phash(stored))
    assert np.array_equal(pixels(cleaned.image), pixels(stored))
    photo = cleaned.photo("p1")
    assert (photo.photo_id, photo.content_hash, photo.width) == ("p1", cleaned.content_hash, 120)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_dropped(orientation):
    upright = scene()
    turned = {
        1: upright,
        2: upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: upright.transpose(Image.Transpose.ROTATE_180),
        4: upright.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: upright.transpose(Image.Transpose.TRANSPOSE),
        6: upright.transpose(Image.Transpose.ROTATE_90),
        7: upright.transpose(Image.Transpose.TRANSVERSE),
        8: upright.transpose(Image.Transpose.ROTATE_270),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    cleaned = clean_photo(encoded(turned, quality=95, exif=exif), **LIMITS)
    assert cleaned.image.size == upright.size
    assert np.abs(pixels(cleaned.image) - pixels(upright)).mean() < 4
    assert not Image.open(io.BytesIO(cleaned.data)).getexif()


def test_alpha_lies_on_white():
    image = Image.new("RGBA", (64, 48), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 32, 48))
    image.paste((0, 0, 0, 128), (32, 24, 64, 48))
    for kind in ("PNG", "WEBP"):
        found = pixels(clean_photo(encoded(image, kind), **LIMITS).image)
        assert np.abs(found[10, 10] - (0, 0, 255)).max() < 12
        assert np.abs(found[10, 50] - 255).max() < 12
        assert np.abs(found[40, 50] - 127).max() < 12


def grey_ramp():
    return np.tile(np.linspace(30, 220, 64).astype(np.uint8), (48, 1))


@pytest.mark.parametrize(
    ("kind", "image"),
    [
        ("PNG", Image.fromarray(grey_ramp())),
        ("PNG", Image.fromarray(grey_ramp().astype(np.uint16) * 257)),
        ("TIFF", Image.fromarray(grey_ramp().astype(np.uint16) * 257)),
        ("TIFF", Image.fromarray(grey_ramp().astype(np.int32) * 257)),
        ("JPEG", Image.fromarray(grey_ramp())),
        ("PNG", Image.fromarray(grey_ramp()).convert("LA")),
        ("GIF", Image.fromarray(grey_ramp()).convert("P")),
        ("BMP", Image.fromarray(grey_ramp()).convert("RGB")),
        ("TIFF", Image.fromarray(grey_ramp()).convert("RGB").convert("CMYK")),
        ("JPEG", Image.fromarray(grey_ramp()).convert("RGB").convert("CMYK")),
        ("AVIF", Image.fromarray(grey_ramp()).convert("RGB")),
    ],
)
def test_every_mode_becomes_rgb(kind, image):
    cleaned = clean_photo(encoded(image, kind), **LIMITS)
    assert cleaned.image.mode == "RGB"
    assert np.abs(pixels(cleaned.image) - grey_ramp()[..., None]).mean() < 4


def test_one_bit_and_palette_with_transparency():
    bits = Image.fromarray(grey_ramp() > 120)
    found = pixels(clean_photo(encoded(bits, "PNG"), **LIMITS).image)
    assert found[24, 5].max() < 12
    assert found[24, 60].min() > 243
    palette = scene().convert("P")
    palette.paste(7, (0, 0, 60, 90))
    found = pixels(clean_photo(encoded(palette, "PNG", transparency=7), **LIMITS).image)
    assert np.abs(found[40, 20] - 255).max() < 12


def red_and_green_swapped():
    """An RGB profile under which red means green: sRGB with two tags renamed, and its name changed."""
    swapped = srgb().replace(b"rXYZ", b"????").replace(b"gXYZ", b"rXYZ").replace(b"????", b"gXYZ")
    return swapped.replace("sRGB".encode("utf-16-be"), "xRGB".encode("utf-16-be"))


def test_colours_are_converted_by_a_profile_of_their_own():
    red = Image.new("RGB", (64, 64), (200, 20, 20))
    found = pixels(clean_photo(encoded(red, quality=95, icc_profile=red_and_green_swapped()), **LIMITS).image)
    assert np.abs(found - (20, 200, 20)).max() < 25


@pytest.mark.parametrize("profile", [b"nonsense" * 20, b""])
def test_a_broken_profile_changes_nothing(profile):
    data = encoded(scene(), quality=90)
    assert clean_photo(encoded(scene(), quality=90, icc_profile=profile), **LIMITS).data == data


def png_claiming(width, height):
    """A few dozen bytes whose header claims any size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("side", [1_001, 9_500, 60_000])
def test_a_bomb_is_refused_by_its_header(side):
    # 9,500 squared is where Pillow warns, 60,000 squared where it refuses by itself.
    with pytest.raises(TooLargeError, match=r"pixels, over the limit of 1,000,000|far too large"):
        clean_photo(png_claiming(side, side), **LIMITS)


def test_too_many_bytes_are_refused():
    with pytest.raises(TooLargeError, match="1,500 bytes, over the limit of 1,000"):
        clean_photo(b"x" * 1_500, max_pixels=10, max_bytes=1_000)


def test_a_side_longer_than_a_jpeg_can_have_is_refused():
    data = encoded(Image.new("RGB", (65_501, 16), "red"), "PNG")
    with pytest.raises(TooLargeError, match="65501 x 16 pixels, a side over 65,500"):
        clean_photo(data, max_pixels=2_000_000, max_bytes=1_000_000)
    assert clean_photo(encoded(Image.new("RGB", (16, 65_500)), "PNG"), max_pixels=2_000_000, max_bytes=10**6)


@pytest.mark.parametrize("part", [b"meta", b"iloc", b"av1C"])
def test_an_avif_that_lacks_a_part_is_refused(part):
    data = encoded(scene(), "AVIF")
    with pytest.raises(InputError, match=r"cannot be decoded|no photo of a known kind"):
        clean_photo(data.replace(part, b"free"), **LIMITS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize("part", [0.3, 0.7])
def test_truncated_files_are_refused(kind, part):
    data = encoded(scene(), kind)
    with pytest.raises(InputError, match=r"cannot be decoded|no photo of a known kind"):
        clean_photo(data[: int(part * len(data))], **LIMITS)


@pytest.mark.parametrize(
    "data", [b"", b"not a photo", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%!PS-Adobe-3.0 EPSF-3.0"]
)
def test_what_is_no_photo_is_refused(data):
    with pytest.raises(InputError, match="no photo of a known kind"):
        clean_photo(data, **LIMITS)


def test_icons_are_refused():
    with pytest.raises(InputError, match=r"1 x 1 pixels; its sides need at least 16"):
        clean_photo(encoded(Image.new("RGB", (1, 1)), "PNG"), **LIMITS)


SAMPLES = [encoded(scene(40, 30), kind) for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")]


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=6),
)
def test_damaged_files_are_cleaned_or_refused_but_never_break_it(data, damage):
    broken = bytearray(data)
    for where, byte in damage:
        broken[int(where * (len(broken) - 1))] = byte
    try:
        cleaned = clean_photo(bytes(broken), **LIMITS)
    except InputError:
        return
    assert clean_photo(cleaned.data, **LIMITS).data == cleaned.data


def test_stripping_understands_odd_but_valid_files():
    data = encoded(scene(), quality=85)
    assert strip_metadata(data[:2] + b"\xff\xff\xff" + data[3:]) == data  # fill bytes before a marker
    thumbnail = data[:2] + b"\xff\xe0\x00\x13JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01xyz" + data[20:]
    assert strip_metadata(thumbnail) == data
    assert strip_metadata(data[:-2]) is None  # no end
    assert strip_metadata(data[:100]) is None
    assert strip_metadata(b"\x89PNG") is None
    restarts = encoded(scene(), quality=85, restart_marker_rows=1)
    assert strip_metadata(restarts) == restarts


def barred(image, head, tail, colour, axis):
    width, height = image.size
    size = (width, height + head + tail) if axis == 0 else (width + head + tail, height)
    whole = Image.new("RGB", size, colour)
    whole.paste(image, (0, head) if axis == 0 else (head, 0))
    return whole


BARS = st.tuples(
    st.integers(8, 60), st.sampled_from(["black", "white", (10, 8, 12), (248, 250, 246)]), st.integers(0, 1)
)


@settings(max_examples=60, deadline=None)
@given(BARS, st.integers(0, 50), st.integers(75, 95))
def test_bars_are_cropped_to_a_few_pixels_and_nothing_more(bars, seed, quality):
    width, colour, axis = bars
    image = scene(seed=seed)
    data = encoded(barred(image, width, width + seed % 2, colour, axis), quality=quality)
    cleaned = clean_photo(data, **LIMITS)
    assert 117 <= cleaned.width <= 123
    assert 87 <= cleaned.height <= 93
    assert clean_photo(cleaned.data, **LIMITS).data == cleaned.data


def test_bars_on_all_four_sides_are_cropped():
    framed = barred(barred(scene(), 20, 20, "white", 0), 15, 15, "black", 1)
    assert content_box(framed) == (15, 20, 135, 110)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1000), st.integers(20, 200), st.integers(20, 200))
def test_a_scene_without_bars_is_not_cropped(seed, width, height):
    assert content_box(scene(width, height, seed)) is None


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("a flat black picture", Image.new("RGB", (80, 80))),
        ("a flat white picture", Image.new("RGB", (80, 80), "white")),
        ("one bar, as under a low sky", barred(scene(), 30, 0, "black", 0)),
        ("bars of unequal width", barred(scene(), 40, 10, "white", 0)),
        ("a hairline", barred(scene(), 1, 1, "black", 0)),
        ("grey bars", barred(scene(), 20, 20, (128, 128, 128), 0)),
        ("so little between that it may be the thing itself", barred(scene(120, 40), 120, 120, "black", 0)),
    ],
)
def test_what_may_be_content_is_kept(name, image):
    assert content_box(image) is None, name


def test_a_thing_on_a_white_or_black_backdrop_keeps_it():
    for ground, thing in (("white", (180, 30, 30)), ("black", (200, 200, 40))):
        for draw_shape in ("ellipse", "rectangle"):
            image = Image.new("RGB", (200, 150), ground)
            getattr(ImageDraw.Draw(image), draw_shape)((60, 30, 140, 120), fill=thing)
            assert content_box(image) is None
