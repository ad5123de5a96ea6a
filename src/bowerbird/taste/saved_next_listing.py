"""A recommender of next listings as a folder: arrays as safetensors, everything else as JSON.

Vectors are not written: the market's own are handed in again, and must be as many and as long as they were.
The folder is written in place; whoever publishes it stages it first.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors
import safetensors.numpy

from bowerbird.encoding.encoder import Vectors
from bowerbird.errors import MismatchError, NotFoundError
from bowerbird.taste.content_likeness import ContentLikeness, ContentWeights
from bowerbird.taste.next_listing import NextListing, NextListingWeights
from bowerbird.taste.pair_counts import PairCounts
from bowerbird.taste.title_words import TitleWords
from bowerbird.taste.trail_pairs import PairWeighing

CONFIG_FILE = "next_listing.json"
PAIRS_FILE = "pairs.safetensors"
WORDS_FILE = "words.safetensors"
FORMAT = 1


def save_next_listing(recommender: NextListing, folder: Path) -> None:
    """Write `recommender`, with everything counted since it was fitted, into the existing `folder`."""
    content = recommender.content
    words = None if content is None else content.words
    about = {
        "format": FORMAT,
        "listings": len(recommender),
        "weights": asdict(recommender.weights),
        "weighing": asdict(recommender.counts.weighing),
        "content": None if content is None else asdict(content.weights),
        "dimension": None if content is None else content.dimension,
        "words": None if words is None else words.words,
    }
    safetensors.numpy.save_file(recommender.counts.arrays(), folder / PAIRS_FILE)
    if words is not None:
        safetensors.numpy.save_file(words.arrays(), folder / WORDS_FILE)
    (folder / CONFIG_FILE).write_text(json.dumps(about), encoding="utf-8")


def load_next_listing(folder: Path, vectors: Vectors | None = None) -> NextListing:
    """The recommender in `folder`, with the (n, d) `vectors` of its listings where it was saved with some.

    Raises:
        NotFoundError: a file is missing.
        MismatchError: a file is damaged, or the vectors are not as many or as long as they were.
    """
    try:
        about = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            raise ValueError(f"format {about['format']} where {FORMAT} is read")
        arrays = safetensors.numpy.load_file(folder / PAIRS_FILE)
        counts = PairCounts.of_arrays(arrays, PairWeighing(**about["weighing"]))
        weights = NextListingWeights(**about["weights"])
        _check_vectors(about, vectors)
        content = None
        if about["content"] is not None:
            words = None
            if about["words"] is not None:
                words = TitleWords.of_arrays(safetensors.numpy.load_file(folder / WORDS_FILE), about["words"])
            content = ContentLikeness(vectors, words, ContentWeights(**about["content"]))
        return NextListing(counts, content, weights)
    except FileNotFoundError as error:
        raise NotFoundError(f"{folder} holds no whole recommender: {error.filename} is missing") from error
    except (KeyError, TypeError, ValueError, safetensors.SafetensorError) as error:
        raise MismatchError(f"the recommender in {folder} is damaged ({error}); fit it again") from error


def _check_vectors(about: dict[str, Any], vectors: Vectors | None) -> None:
    wanted = None if about["dimension"] is None else (about["listings"], about["dimension"])
    given = None if vectors is None else vectors.shape
    if wanted != given:
        raise MismatchError(
            f"the recommender was saved with vectors of shape {wanted}, but got {given}; "
            "hand in those of its own listings, or fit it again"
        )
