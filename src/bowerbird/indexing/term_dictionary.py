"""The terms of the listings as they grow: what misspelt words are corrected to."""

import threading
from collections import Counter

import tantivy

from bowerbird.indexing.keyword_document import WORDS
from bowerbird.indexing.typos import Correction, Vocabulary

# After so many added listings the dictionary is read anew (200 k terms: 0.3 s).
_MOST_NOTED = 5_000


class TermDictionary:
    """The terms of the committed listings, read when first needed; later ones are counted as they come."""

    def __init__(self, plain: tantivy.TextAnalyzer, searcher: tantivy.Searcher) -> None:
        self._plain = plain
        self._searcher = searcher
        self._stored: Vocabulary | None = None
        self._fresh = Vocabulary(())
        self._noted: list[str] = []
        self._counts: Counter[str] = Counter()
        self._n_noted = 0
        self._lock = threading.Lock()

    def note(self, text: str) -> None:
        """Count the terms of `text`, of a listing that is about to be committed."""
        with self._lock:
            self._n_noted += 1
            if self._n_noted <= _MOST_NOTED:
                self._noted.append(text)

    def committed(self, searcher: tantivy.Searcher) -> None:
        """Take up the `searcher` that sees all that was noted."""
        with self._lock:
            self._searcher = searcher
            if self._n_noted > _MOST_NOTED:
                self._stored, self._fresh = None, Vocabulary(())
                self._noted, self._counts, self._n_noted = [], Counter(), 0

    def read(self) -> None:
        """Read the terms, if they have not been."""
        self._vocabularies()

    def corrections(self, word: str, least_frequency: int) -> list[Correction]:
        """What `word` may have been meant to be, best first."""
        read, fresh = self._vocabularies()
        return _merged(fresh.corrections(word, least_frequency), read.corrections(word, least_frequency))

    def completions(self, prefix: str, least_frequency: int) -> list[Correction]:
        """Terms that begin with what `prefix` may have been meant to be, best first."""
        read, fresh = self._vocabularies()
        return _merged(fresh.completions(prefix, least_frequency), read.completions(prefix, least_frequency))

    def _vocabularies(self) -> tuple[Vocabulary, Vocabulary]:
        with self._lock:
            if self._stored is None:
                self._stored = Vocabulary(self._searcher.terms_with_prefix(WORDS, ""))
            if self._noted:
                for text in self._noted:
                    self._counts.update(set(self._plain.analyze(text)))
                self._noted = []
                self._fresh = Vocabulary(self._counts.items())
            return self._stored, self._fresh


def _merged(fresh: list[Correction], read: list[Correction]) -> list[Correction]:
    """Both in order; what was read may already hold what was noted, so its count is the one to trust."""
    by_term = {correction.term: correction for correction in (*fresh, *read)}
    return sorted(by_term.values())
