"""What words of a query stand for: a single word, or a run of several ('vacuum cleaner' -> 'hoover')."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bowerbird.indexing.keyword_query import Terms
from bowerbird.indexing.text_analysis import STOP_WORDS


@dataclass(frozen=True, slots=True)
class Run:
    """The words `start` to `stop` of a query, and what all of them together stand for."""

    start: int
    stop: int
    synonyms: tuple[Terms, ...]


class SynonymTable:
    """Synonyms by the words of a query, from which stop words are gone.

    Args:
        synonyms: word or phrase -> words or phrases, all in the form in which they are indexed.
    """

    def __init__(self, synonyms: Mapping[str, Sequence[str]]) -> None:
        self._synonyms: dict[Terms, tuple[Terms, ...]] = {}
        for phrase, others in synonyms.items():
            if terms := _as_asked(tuple(phrase.split())):
                meant = [tuple(other.split()) for other in others]
                self._synonyms[terms] = (*self._synonyms.get(terms, ()), *_saying_more(meant, terms))
        self._longest = max(map(len, self._synonyms), default=0)

    def of(self, word: str) -> tuple[Terms, ...]:
        """What `word` alone stands for."""
        return self._synonyms.get((word,), ())

    def runs(self, words: Sequence[str]) -> Iterator[Run]:
        """The runs of two and more of `words` that stand for something, from the left, the longest first.

        No word is in two of them.
        """
        start = 0
        while start < len(words) - 1:
            run = self._longest_run(words, start)
            if run is not None:
                yield run
            start = start + 1 if run is None else run.stop

    def _longest_run(self, words: Sequence[str], start: int) -> Run | None:
        for stop in range(min(start + self._longest, len(words)), start + 1, -1):
            if synonyms := self._synonyms.get(tuple(words[start:stop])):
                return Run(start, stop, synonyms)
        return None


def _as_asked(terms: Terms) -> Terms:
    """`terms` as `query_words` leaves them; () where too little would be left to know them by."""
    telling = tuple(term for term in terms if term not in STOP_WORDS)
    return telling if len(telling) > 1 or telling == terms else ()


def _saying_more(synonyms: Sequence[Terms], terms: Terms) -> list[Terms]:
    """Without those made of some of the `terms`.

    'Mobile' stands for 'mobile phone', but who types both words asks for both.
    """
    return [synonym for synonym in synonyms if not set(synonym) <= set(terms)]
