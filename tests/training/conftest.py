"""Small pictures that photo classifiers learn from: six kinds of thing in eight colours."""

from pathlib import Path

import pytest

import known_market


@pytest.fixture(scope="session")
def photo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """train/, val/ and test/ by kind; 96, 48 and 48 photos. Read only."""
    root = tmp_path_factory.mktemp("kinds")
    for part, seeds in {"train": (0, 1), "val": (2,), "test": (3,)}.items():
        for listing_id in known_market.listing_ids():
            colour, kind = listing_id.split("-")
            (root / part / kind).mkdir(parents=True, exist_ok=True)
            for seed in seeds:
                picture = known_market.draw(listing_id, seed)
                picture.save(root / part / kind / f"{colour}-{seed}.jpg", quality=92)
    return root
