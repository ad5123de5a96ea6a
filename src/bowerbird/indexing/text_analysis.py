"""From a text to the terms that are indexed: the same for listings and for queries.

'Men's 16 GB Wi-Fi' -> men 16gb wi fi, and stemmed for matching. A number and its unit become one term, so
that '16 gb', '16-GB' and '16gb' are equal while '16' alone does not match every sixteen of something else.
"""

import re

import tantivy

STEMMED = "stemmed_english"
PLAIN = "plain"
_LONGEST_TERM = 40

_APOSTROPHE = re.compile(r"['’]s\b|(?<=\w)['’](?=\w)", re.IGNORECASE)
_UNITS = (
    "gb|tb|mb|kb|mm|cm|km|m|kg|mg|g|ml|cl|l|litres?|inch|inches|ft|kw|w|watts?|v|volts?|mah|ah|"
    "khz|mhz|ghz|hz|mp|fps|bit"
)
# It begins with a digit so that the search can skip to one; what stands before is looked at afterwards.
_NUMBER_UNIT = re.compile(rf"(\d+(?:\.\d+)?)(?:([\s-]?)({_UNITS})\b|\s?[\"″”](?!\w))", re.IGNORECASE)
_SAME_UNIT = {
    "inches": "inch",
    "litre": "l",
    "litres": "l",
    "watt": "w",
    "watts": "w",
    "volt": "v",
    "volts": "v",
}

# Words that say nothing about a thing for sale; a query of nothing else keeps them.
_STOP_WORDS = """
a an and any are as at be but by can do for from get has have i if in into is it its me my no not of on or
our out so some that the their them then there these they this to up was we were what when which who will with
would you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def analysers() -> dict[str, tantivy.TextAnalyzer]:
    """The analysers by name; tantivy forgets them, so they are registered at every opening."""
    return {
        STEMMED: _folded().filter(tantivy.Filter.stemmer("english")).build(),
        PLAIN: _folded().build(),
    }


def listing_text(text: str) -> str:
    """`text` of a listing as the analysers are given it.

    Units that stand alone are said once more at the end, so that 'inch tv' finds a '55 inch TV'.
    """
    alone: set[str] = set()
    joined = _joined(text, alone)
    return " ".join((joined, *sorted(alone))) if alone else joined


def normalise(text: str) -> str:
    """`text` of a query as the analysers are given it: no lone surrogates or apostrophes, units joined."""
    return _joined(text, set())


def _joined(text: str, alone: set[str]) -> str:
    def join(match: re.Match[str]) -> str:
        before = match.string[: match.start()][-1:]
        if before.isalnum() or before in (".", "_"):
            return match[0]
        unit = (match[3] or "inch").lower()
        if match[2]:
            alone.add(unit)
        return f"{match[1]}{_SAME_UNIT.get(unit, unit)}"

    text = text.encode("utf-8", "ignore").decode("utf-8")
    if "'" in text or "’" in text:
        text = _APOSTROPHE.sub("", text)
    return _NUMBER_UNIT.sub(join, text)


def _folded() -> tantivy.TextAnalyzerBuilder:
    # Folding comes first: lower-casing 'İ' would leave a combining dot.
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in (
        tantivy.Filter.remove_long(_LONGEST_TERM),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.lowercase(),
    ):
        builder = builder.filter(step)
    return builder
