"""A listing as a question: what is near its words, and near its photos and words together."""

import numpy as np

from bowerbird.indexing.vector_index import Mask
from bowerbird.projection.build import Stores
from bowerbird.projection.open_generation import OpenGeneration
from bowerbird.retrieval.retriever import Candidates, Question


def neighbours(
    row: int, opened: OpenGeneration, stores: Stores, allowed: Mask, *, text_depth: int, photo_depth: int
) -> tuple[Candidates, Question]:
    """The listings among `allowed` that are most like the listing `row`, by branch, and what was asked."""
    index = opened.index
    text = index.texts.vectors(np.array([row]))[0]
    lists = {"text": index.search_texts(text, text_depth, allowed)}
    photo_rows = index.photo_owners.photos_of(row)
    photo = None
    if len(photo_rows):
        photo = opened.whole_vector(photo_rows, text, stores)
        lists["photo"] = index.search_photos(photo, photo_depth, allowed)
    return Candidates(lists), Question("", text, photo)
