"""Training data whose categories can be told from words, from looks, or from both, without any encoder."""

import numpy as np

from bowerbird.market.listing import Listing, Photo
from bowerbird.training.training_data import TrainingData, split_parts

KINDS = {
    "sofa": ("Home", "Furniture", "Sofas"),
    "lamp": ("Home", "Lighting"),
    "tent": ("Sports", "Camping"),
    "bike": ("Sports", "Cycling"),
    "piano": ("Music",),
}
WORDS = ("lovely", "old", "new", "red", "blue", "big", "small", "good", "clean", "used")
ENCODERS = {"text": "text-encoder", "photo": "photo-encoder"}


def told_market(
    listings: int = 200, seed: int = 0, *, photos: bool = True, words: bool = True
) -> TrainingData:
    """`listings` of five kinds; one in ten says another kind, the photos show the right one."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(len(KINDS), size=listings)
    made, texts, features, owners = [], [], [], []
    for row, kind in enumerate(kinds.tolist()):
        said = kind if rng.random() > 0.1 else int(rng.integers(len(KINDS)))
        other = " ".join(rng.choice(WORDS, 3))
        count = row % 3 if photos else 0
        name = list(KINDS)[said]
        made.append(
            Listing(
                f"listing-{row:04d}",
                f"{name} {other}" if words else "",
                f"A {name} in good order" if words else "",
                list(KINDS.values())[kind],
                photos=tuple(
                    Photo(f"{row}-{at}", f"{row:060d}{at:04d}", "0" * 16, 8, 8) for at in range(count)
                ),
            )
        )
        texts.append(direction(said, rng) if words else np.zeros(8))
        for _ in range(count):
            features.append(np.abs(direction(kind, rng, noise=0.4)))
            owners.append(row)
    groups = np.arange(listings) // 2 * 2  # in pairs
    return TrainingData(
        listings=tuple(made),
        parts=split_parts(groups, seed),
        groups=groups,
        texts=np.asarray(texts, np.float32),
        features=np.asarray(features, np.float32).reshape(-1, 8),
        photo_hashes=tuple(photo.content_hash for one in made for photo in one.photos),
        photo_owners=np.asarray(owners, np.int64),
        encoders=ENCODERS,
        fingerprint="told",
        seed=seed,
    )


def direction(kind: int, rng: np.random.Generator, noise: float = 0.3) -> np.ndarray:
    """A unit vector near the kind's axis."""
    vector = np.eye(8)[kind] + noise * rng.normal(size=8)
    return vector / np.linalg.norm(vector)
