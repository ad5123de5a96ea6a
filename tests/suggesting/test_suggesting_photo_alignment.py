"""One picture, cut and changed, agrees with itself; another picture does not."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from scenes import cropped, scene

from bowerbird.suggesting.photo_alignment import UNLIKE, _correlation, _laid_over, likeness, thumbnail

SEEDS = range(12)


def written_upon(image: Image.Image) -> Image.Image:
    copy = image.copy()
    ImageDraw.Draw(copy).text((90, 300), "best deals", fill="white", font_size=36)
    return copy


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as it is": lambda image: image,
    "half the size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "5% cropped": lambda image: cropped(image, 0.05),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.2),
    "duller": lambda image: ImageEnhance.Contrast(image).enhance(0.7),
    "mirrored": ImageOps.mirror,
    "turned": lambda image: cropped(image.rotate(2, Image.Resampling.BICUBIC), 0.04),
    "written upon": written_upon,
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_picture_is_known(edit: str):
    pictures = [scene(seed) for seed in SEEDS]
    known = [
        likeness(thumbnail(EDITS[edit](picture)), thumbnail(picture)).same_picture for picture in pictures
    ]
    assert sum(known) >= len(known) - 1, edit


def test_it_does_not_matter_which_of_the_two_was_cropped():
    pictures = [(thumbnail(scene(seed)), thumbnail(cropped(scene(seed), 0.05))) for seed in SEEDS]
    assert all(likeness(whole, part).same_picture for whole, part in pictures)


def test_other_pictures_are_not_the_same():
    thumbnails = [thumbnail(scene(seed)) for seed in SEEDS]
    for at, mine in enumerate(thumbnails):
        for theirs in thumbnails[:at]:
            assert not likeness(mine, theirs).same_picture


def test_the_same_shapes_in_other_colours_are_not_the_same():
    picture = np.asarray(scene(3))
    assert not likeness(
        thumbnail(Image.fromarray(picture)), thumbnail(Image.fromarray(picture[..., ::-1]))
    ).same_picture


@pytest.mark.parametrize("colour", ["white", "black"])
def test_photos_of_nothing_agree_with_nothing(colour: str):
    plain = thumbnail(Image.new("RGB", (300, 200), colour))
    assert likeness(plain, plain) == UNLIKE
    assert not likeness(plain, thumbnail(scene(1))).same_picture
    assert not likeness(thumbnail(scene(1)), plain).same_picture


def test_laying_over_maps_places():
    layers = np.arange(64, dtype=np.float32).reshape(8, 8, 1)
    still, covered = _laid_over(layers, np.array([1, 0, 0, 0, 1, 0], float), 8)
    assert covered.all()
    assert still == pytest.approx(layers, abs=0.02)
    # A shift by a quarter of the width, 0.5 of the 2 from -1 to 1, is two of the eight pixels.
    moved, covered = _laid_over(layers, np.array([1, 0, 0.5, 0, 1, 0], float), 8)
    assert covered.sum() == 6 * 8
    assert moved[:, :6] == pytest.approx(layers[:, 2:], abs=0.02)


def test_correlation_by_value():
    one, other = np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 7.0])
    # deviations (-1, 0, 1) and (-7/3, -1/3, 8/3): 5 / sqrt(2 * 114/9)
    assert _correlation(one, other) == pytest.approx(5 / np.sqrt(2 * 114 / 9))
    assert _correlation(one, np.ones(3)) == 0
