"""A slice of photos: whole groups, never a test photo, every class."""

import numpy as np
import pytest

from bowerbird.errors import InputError
from bowerbird.training.datasets import LabelledPhotos
from bowerbird.training.photo_slice import slice_size, sliced_photos
from bowerbird.training.training_data import Part

N = 240


@pytest.fixture
def photos():
    """Two photos a group, three classes in turn; of ten groups seven train, one validates, two test."""
    groups = np.arange(N) // 2
    parts = np.array([Part.TRAIN] * 7 + [Part.VALIDATION] + [Part.TEST] * 2, np.int8)[groups % 10]
    return LabelledPhotos(
        names=tuple(f"photo {row}" for row in range(N)),
        classes=("bike", "lamp", "sofa"),
        labels=groups % 3,
        leaves=np.full(N, -1),
        leaf_names=(),
        parts=parts,
        groups=groups,
        fingerprint="all",
        read=lambda row: f"bytes {row}".encode(),
        features=np.arange(N, dtype=np.float32)[:, None],
    )


@pytest.mark.parametrize(
    ("wanted", "size"), [(None, 190), ("1.0", 190), ("0.5", 95), ("60", 60), ("5000", 190), ("0", 0)]
)
def test_a_size_is_a_share_or_a_number(wanted, size):
    assert slice_size(wanted, 190) == size


@pytest.mark.parametrize("wanted", ["1.5", "-3", "0.0", "many", "nan", ""])
def test_what_is_no_size_is_refused(wanted):
    with pytest.raises(InputError, match=r"a slice is a share up to 1\.0 or a number of photos"):
        slice_size(wanted, 190)


def test_a_slice_holds_whole_groups_and_no_test_photo(photos):
    found = sliced_photos(photos, "60", seed=0)
    assert 60 <= len(found.names) <= 61
    assert not len(found.rows(Part.TEST))
    assert len(found.rows(Part.VALIDATION)) >= 2
    assert set(np.unique(found.groups, return_counts=True)[1].tolist()) == {2}
    for row, name in enumerate(found.names):
        old = int(name.split()[1])
        assert found.read(row) == f"bytes {old}".encode()
        assert found.features[row, 0] == old
        assert found.labels[row] == photos.labels[old]
        assert found.parts[row] == photos.parts[old]


def test_a_larger_slice_holds_a_smaller_one(photos):
    small, large = (set(sliced_photos(photos, size, seed=3).names) for size in ("40", "0.5"))
    assert small < large
    assert small != set(sliced_photos(photos, "40", seed=4).names)


def test_all_of_it_is_all_but_the_test_part(photos):
    assert len(sliced_photos(photos, None, seed=0).names) == int((photos.parts != Part.TEST).sum())


def test_two_slices_have_two_fingerprints(photos):
    assert len({sliced_photos(photos, one, seed=0).fingerprint for one in ("40", "60", None)}) == 3


@pytest.mark.parametrize("wanted", ["0", "2", "0.01"])
def test_a_slice_without_a_class_is_refused(photos, wanted):
    with pytest.raises(InputError, match=r"has none to learn .* 3 classes to tell apart; give a larger"):
        sliced_photos(photos, wanted, seed=0)
