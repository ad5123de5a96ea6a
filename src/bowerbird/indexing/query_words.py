"""What a shopper typed, taken apart: words, "phrases" and -exclusions. Every string is accepted."""

import re
from dataclasses import dataclass

import tantivy

from bowerbird.indexing.text_analysis import STOP_WORDS, normalise

MOST_WORDS = 64  # of one query; a whole title fits
_LONGEST_TEXT = 4000
# A quoted part or a run without spaces, each perhaps led by a minus.
_PART = re.compile(
    r'(?<!\S)(?P<minus>-(?=["\w]))?(?:"(?P<phrase>[^"]*)"?|(?P<run>[^\s"]+))|"(?P<late>[^"]*)"?'
)


@dataclass(frozen=True, slots=True)
class QueryWords:
    """The parts of a query, as plain terms in the order typed.

    `words` holds each once and may match in part; every phrase must match; no exclusion may.
    """

    words: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[tuple[str, ...], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.words or self.phrases)


def query_words(text: str, plain: tantivy.TextAnalyzer) -> QueryWords:
    """The parts of `text`; `plain` is the analyser without stems.

    Stop words are left out unless there is nothing else. A query of exclusions alone asks for those words.
    """
    words: list[str] = []
    phrases: list[tuple[str, ...]] = []
    excluded: list[tuple[str, ...]] = []
    for part in _PART.finditer(normalise(text[:_LONGEST_TEXT])):
        quoted = part["phrase"] if part["phrase"] is not None else part["late"]
        terms = tuple(plain.analyze(part["run"] if quoted is None else quoted))
        if not terms:
            continue
        if part["minus"]:
            excluded.append(terms)
        elif quoted is not None:
            phrases.append(terms)
        else:
            words.extend(terms)
    if not words and not phrases:
        words, excluded = [term for terms in excluded for term in terms], []
    telling = [word for word in words if word not in STOP_WORDS] or ([] if phrases else words)
    return QueryWords(
        tuple(dict.fromkeys(telling))[:MOST_WORDS], tuple(phrases[:MOST_WORDS]), tuple(excluded)
    )
