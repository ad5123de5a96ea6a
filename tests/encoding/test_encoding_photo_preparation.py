"""What a photo network sees: geometry, colour modes, orientation, and files that are none."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from bowerbird.encoding.photo_preparation import Fit, PhotoPreparation, Resample, decode
from bowerbird.errors import InputError, TooLargeError

SQUASH = PhotoPreparation(32, Fit.SQUASH, 32, Resample.BILINEAR, (127.0,) * 3, (128.0,) * 3)
CROP = replace(SQUASH, fit=Fit.CROP, scale_to=64)


def halves(width, height):
    """Red on the left, blue on the right."""
    photo = np.zeros((height, width, 3), np.uint8)
    photo[:, : width // 2, 0] = 255
    photo[:, width // 2 :, 2] = 255
    return photo


def file_bytes(image, file_format, **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def test_squashing_keeps_all_of_the_photo():
    photo = halves(200, 50)
    photo[:, :20] = 255
    pixels = SQUASH.pixels(photo)
    assert pixels.shape == (32, 32, 3)
    assert pixels.dtype == np.uint8
    assert (pixels[:, 0] == 255).all()


def test_cropping_keeps_the_middle_in_proportion():
    photo = halves(256, 128)
    photo[:, :64] = 255  # outside the middle square
    pixels = CROP.pixels(photo)
    # The middle 64 x 64 of 128 x 128, at half its size: as many columns of red as of blue, none of white.
    assert pixels.shape == (32, 32, 3)
    assert (pixels[:, :15] == (255, 0, 0)).all()
    assert (pixels[:, 17:] == (0, 0, 255)).all()


def test_cropping_equals_scaling_and_then_cutting():
    photo = np.random.default_rng(3).integers(0, 256, (128, 192, 3), np.uint8)
    scaled = Image.fromarray(photo).resize((96, 64), Image.Resampling.BILINEAR)
    expected = np.asarray(scaled.crop((32, 16, 64, 48)), np.int16)
    # The outermost pixels differ: cutting first hides what lies beside the cut.
    assert np.abs(CROP.pixels(photo) - expected)[1:-1, 1:-1].max() <= 1


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_any_mode_becomes_rgb(mode):
    assert SQUASH.pixels(Image.new(mode, (40, 30))).shape == (32, 32, 3)


def test_a_file_is_turned_upright():
    image = Image.fromarray(halves(64, 64))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down: blue comes to the left
    pixels = SQUASH.pixels(file_bytes(image, "PNG", exif=exif))
    assert (pixels[:, :15] == (0, 0, 255)).all()


def test_a_large_jpeg_is_decoded_smaller_and_looks_the_same():
    rng = np.random.default_rng(5)
    smooth = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((1600, 1200), 3)
    data = file_bytes(smooth, "JPEG", quality=95)
    assert decode(data, 64).size == (200, 150)
    assert decode(data, 600).size == (1600, 1200) or min(decode(data, 600).size) >= 600
    assert np.abs(SQUASH.pixels(data).astype(int) - SQUASH.pixels(smooth)).mean() < 2


@pytest.mark.parametrize("data", [b"", b"not an image", b"\xff\xd8\xff\xe0" + bytes(50)])
def test_bytes_that_are_no_image_are_refused(data):
    with pytest.raises(InputError, match="cannot be read as an image"):
        SQUASH.pixels(data)


def test_a_bomb_is_refused(monkeypatch):
    data = file_bytes(Image.new("L", (100, 100)), "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(TooLargeError, match="too many pixels"):
        SQUASH.pixels(data)


@pytest.mark.parametrize("shape", [(10, 10), (10, 10, 4), (0, 10, 3), (1, 3, 10, 10)])
def test_arrays_of_another_shape_are_refused(shape):
    with pytest.raises(InputError, match=r"\(h, w, 3\) uint8 RGB array"):
        SQUASH.pixels(np.zeros(shape, np.uint8))
    with pytest.raises(InputError, match="float64 was given"):
        SQUASH.pixels(np.zeros((10, 10, 3)))


def test_impossible_preparations_are_refused():
    with pytest.raises(InputError, match="size=32 and scale_to=16"):
        replace(SQUASH, scale_to=16)
    with pytest.raises(InputError, match="std must be above 0"):
        replace(SQUASH, std=(1.0, 0.0, 1.0))
