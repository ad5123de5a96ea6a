"""A listing as a keyword document: which of its words go into which field."""

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


def dictionary_text(listing: Listing) -> str:
    """The words of a listing that may correct or complete a query: those written with care."""
    values = (value for _, value in listing.attributes)
    return listing_text(" ".join((listing.title, *listing.category, *values)))


def keyword_document(row: int, listing: Listing) -> tantivy.Document:
    """The document of `listing`, which is row `row` of the market."""
    document = tantivy.Document()
    document.add_integer(ROW, row)
    texts = {
        "title": listing.title,
        "category": " ".join(listing.category),
        "attributes": " ".join(value for _, value in listing.attributes),
        "place": listing.place or "",
        "description": listing.description,
    }
    for name, text in texts.items():
        if text:
            document.add_text(name, listing_text(text))
    document.add_text(WORDS, dictionary_text(listing))
    return document
