"""Listings that a draft repeats: which they are, how sure that is, and why, in words.

A draft repeats a listing that shares a picture or a text with it; a text and a photo that are merely similar
count together. Candidates come from the index alone, so a listing that was added a moment ago is found and
one that was sold is not, whoever changed it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bowerbird.indexing.market_index import MarketIndex
from bowerbird.indexing.vector_index import Mask
from bowerbird.market.listing import Listing
from bowerbird.suggesting.draft import Draft
from bowerbird.suggesting.photo_matches import (
    DraftPhotos,
    PhotoPair,
    PhotoRelation,
    ReadThumbnail,
    photo_matches,
)
from bowerbird.suggesting.text_matches import TextRelation, Words, text_relation

ReadListings = Callable[[Sequence[str]], Mapping[str, Listing]]
_NEAREST_TEXTS = 20
MOST_DUPLICATES = 20
# How sure each is by itself, as seen on the real market; two that agree leave the product of their doubts.
_PHOTO_SCORES = {
    PhotoRelation.SAME_FILE: 0.95,
    PhotoRelation.SAME_PICTURE: 0.9,
    PhotoRelation.EDITED: 0.8,
    PhotoRelation.SIMILAR: 0.3,
}
_TEXT_SCORES = {
    TextRelation.SAME_WORDS: 0.95,
    TextRelation.SAME_DESCRIPTION: 0.7,
    TextRelation.ALMOST_SAME: 0.6,
    TextRelation.RELATED: 0.3,
}
_LEAST_SCORE = 0.5  # a photo and a text that are merely similar reach it together, neither does alone
_PHOTO_WORDS = {
    PhotoRelation.SAME_FILE: "the same file as theirs",
    PhotoRelation.SAME_PICTURE: "the same picture as theirs",
    PhotoRelation.EDITED: "the same picture as theirs, cropped or edited",
    PhotoRelation.SIMILAR: "much like theirs",
}
_TEXT_WORDS = {
    TextRelation.SAME_WORDS: "the same title and description word for word",
    TextRelation.SAME_DESCRIPTION: "the same description word for word",
    TextRelation.ALMOST_SAME: "almost the same words",
    TextRelation.RELATED: "many of the same words",
}


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A listing that the draft repeats."""

    listing: Listing
    score: float  # 0 to 1: how sure
    reason: str
    photos: tuple[PhotoPair, ...]  # at most one for each of the draft's photos
    text: TextRelation | None


def find_duplicates(
    draft: Draft,
    photos: DraftPhotos,
    index: MarketIndex,
    allowed: Mask,
    listings_of: ReadListings,
    thumbnail_of: ReadThumbnail,
) -> list[Duplicate]:
    """The `allowed` listings that `draft` repeats, the surest first.

    Args:
        draft: what the seller offers.
        photos: its photos, with vectors in the space of the index.
        index: the market.
        allowed: (n,) rows that may be answered: those on sale, without the one that the draft changes.
        listings_of: listings by id.
        thumbnail_of: the thumbnail of a stored photo by its content hash.
    """
    matches = photo_matches(photos, index, allowed, thumbnail_of)
    words = Words.of(draft.listing)
    rows = set(matches)
    if words.tell and len(draft.text):
        rows |= set(index.search_texts(draft.text[0], _NEAREST_TEXTS, allowed).rows.tolist())
    ids = {row: index.columns.listing_ids[row] for row in rows}
    listings = listings_of(list(ids.values()))
    found = [
        duplicate
        for row in sorted(rows)
        if (listing := listings.get(ids[row])) is not None
        and (duplicate := _duplicate(listing, words, tuple(matches.get(row, ())))) is not None
    ]
    found.sort(key=lambda duplicate: -duplicate.score)
    return found[:MOST_DUPLICATES]


def _duplicate(listing: Listing, words: Words, pairs: tuple[PhotoPair, ...]) -> Duplicate | None:
    text = text_relation(words, Words.of(listing))
    photo = max((pair.relation for pair in pairs), default=None)
    if photo is not None and photo > PhotoRelation.SIMILAR:
        pairs = tuple(pair for pair in pairs if pair.relation > PhotoRelation.SIMILAR)
    doubt = (1 - _PHOTO_SCORES[photo] if photo else 1.0) * (1 - _TEXT_SCORES[text] if text else 1.0)
    if 1 - doubt < _LEAST_SCORE:
        return None
    return Duplicate(listing, round(1 - doubt, 4), _reason(pairs, photo, text), pairs, text)


def _reason(pairs: Sequence[PhotoPair], photo: PhotoRelation | None, text: TextRelation | None) -> str:
    """'photos 1 and 3 are the same picture as theirs, and the same description word for word'."""
    parts = []
    if photo is not None:
        numbers = [str(pair.photo + 1) for pair in pairs if pair.relation == photo]
        several = len(numbers) > 1
        named = " and ".join([", ".join(numbers[:-1]), numbers[-1]] if several else numbers)
        what = _PHOTO_WORDS[photo]
        if several:
            what = what.replace("the same file", "the same files").replace(
                "the same picture", "the same pictures"
            )
        parts.append(f"photo{'s' if several else ''} {named} {'are' if several else 'is'} {what}")
    if text is not None:
        parts.append(_TEXT_WORDS[text])
    return ", and ".join(parts)
