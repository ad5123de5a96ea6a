"""A listing as a keyword document: which of its words go into which field."""

from collections.abc import Mapping

import tantivy

from bowerbird.indexing.text_analysis import PLAIN, STEMMED, listing_text
from bowerbird.market.listing import Listing

ROW = "row"
WORDS = "words"  # unstemmed: the dictionary that corrects and completes
MATCHED_FIELDS = ("title", "category", "attributes", "place", "description")


def schema() -> tantivy.Schema:
    """The fields of a keyword document."""
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field(ROW, indexed=True, fast=True)
    for name in MATCHED_FIELDS:
        builder.add_text_field(name, tokenizer_name=STEMMED)
    builder.add_text_field(WORDS, tokenizer_name=PLAIN, index_option="freq")
    return builder.build()


def keyword_texts(listing: Listing) -> dict[str, str]:
    """The text of each field of `listing` that has one.

    The dictionary gets what is written with care: title, category and the values of attributes.
    """
    texts = {
        "title": listing.title,
        "category": " ".join(listing.category),
        "attributes": " ".join(value for _, value in listing.attributes),
        "place": listing.place or "",
        "description": listing.description,
    }
    texts = {name: listing_text(text) for name, text in texts.items() if text}
    careful = (texts.get(name, "") for name in ("title", "category", "attributes"))
    return texts | {WORDS: " ".join(careful)}


def keyword_document(row: int, texts: Mapping[str, str]) -> tantivy.Document:
    """The document of the listing of `keyword_texts`, which is row `row` of the market."""
    document = tantivy.Document()
    document.add_integer(ROW, row)
    for name, text in texts.items():
        document.add_text(name, text)
    return document
