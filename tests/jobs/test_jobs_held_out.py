"""A model is asked only about listings that it has not seen, and without what is to be guessed."""

import json
from pathlib import Path

import numpy as np
import pytest

from bowerbird.errors import MismatchError
from bowerbird.jobs.held_out import held_out
from bowerbird.market.listing import Listing, Photo, Price, Status
from bowerbird.training.training_data import Part, TrainingData

PHOTOS = tuple(Photo(f"photo-{n}", f"{n:064d}", "0" * 16, 10, 10) for n in range(4))


@pytest.fixture
def data() -> TrainingData:
    """Listings a to d, with 2, 0, 1 and 1 photos; c is for validation, d for testing."""
    owned = (PHOTOS[:2], (), PHOTOS[2:3], PHOTOS[3:])
    listings = tuple(
        Listing(
            name, f"title {name}", "words", ("Root", "Leaf"), Price(500, "GBP"), "Leeds",
            status=Status.SOLD, photos=photos, attributes=(("brand", "x"),),
        )
        for name, photos in zip("abcd", owned, strict=True)
    )  # fmt: skip
    return TrainingData(
        listings=listings,
        parts=np.array([Part.TRAIN, Part.TRAIN, Part.VALIDATION, Part.TEST], np.int8),
        groups=np.arange(4),
        texts=np.eye(4, 3, dtype=np.float32),
        features=np.arange(8, dtype=np.float32).reshape(4, 2),
        photo_hashes=tuple(photo.content_hash for photo in PHOTOS),
        photo_owners=np.array([0, 0, 2, 3]),
        encoders={},
        fingerprint="now",
        seed=0,
    )


def test_the_split_of_the_same_market(data: TrainingData, tmp_path: Path):
    held = held_out(tmp_path, data, "now")
    assert held is not None
    assert (held.tested.tolist(), held.known.tolist(), held.gone) == ([3], [0, 1, 2], 0)


def test_the_split_that_a_model_was_trained_with_wins(data: TrainingData, tmp_path: Path):
    before = {"seed": 0, "train": ["c"], "validation": [], "test": ["a", "sold since"]}
    (tmp_path / "before.json").write_text(json.dumps(before))
    held = held_out(tmp_path, data, "before")
    assert held is not None
    assert (held.tested.tolist(), held.known.tolist(), held.gone) == ([0], [2], 1)
    assert held_out(tmp_path, data, "forgotten") is None
    (tmp_path / "before.json").write_text("[]")
    with pytest.raises(MismatchError, match="no split"):
        held_out(tmp_path, data, "before")


def test_a_draft_holds_what_is_asked_for_and_nothing_to_guess_from(data: TrainingData, tmp_path: Path):
    held = held_out(tmp_path, data, "now")
    assert held is not None
    draft = held.draft(0)
    assert draft.listing == Listing(
        "", "title a", "words", place="Leeds", photos=PHOTOS[:2], attributes=(("brand", "x"),)
    )
    assert draft.text.tolist() == [[1, 0, 0]]
    assert draft.features.tolist() == [[0, 1], [2, 3]]
    assert held.draft(1).features.shape == (0, 2)
    assert held.draft(2).features.tolist() == [[4, 5]]
    assert held.draft(0, category=True).listing.category == ("Root", "Leaf")
    wordless = held.draft(0, words=False)
    assert (wordless.listing.text, wordless.text.shape, len(wordless.features)) == ("", (0, 3), 2)
    blind = held.draft(0, photos=False)
    assert (blind.listing.photos, blind.features.shape, len(blind.text)) == ((), (0, 2), 1)
