"""The terms of the listings as they grow: what misspelt words are corrected to."""

import threading
from collections import Counter

import tantivy

from bowerbird.indexing.keyword_document import WORDS
from bowerbird.indexing.typos import Correction, Vocabulary

# Beyond so many added listings the dictionary is read anew (200 k terms: 0.3 s).
_MOST_NOTED = 5_000


class TermDictionary:
    """The terms of the committed listings, read when first needed; later ones are counted as they come."""

    def __init__(self, plain: tantivy.TextAnalyzer) -> None:
        self._plain = plain
        self._read: Vocabulary | None = None
        self._noted: list[str] = []
        self._added: Counter[str] = Counter()
        self._fresh = Vocabulary(())
        self._n_added = 0
        self._lock = threading.Lock()

    def note(self, text: str) -> None:
        """Count the terms of `text`, a listing's, from the next question on."""
        with self._lock:
            if self._n_added + len(self._noted) >= _MOST_NOTED:
                self._read = None
            if self._read is not None:
                self._noted.append(text)

    def corrections(self, searcher: tantivy.Searcher, word: str, least_frequency: int) -> list[Correction]:
        """What `word` may have been meant to be, best first; `searcher` sees the committed listings."""
        read, fresh = self._refreshed(searcher)
        return _merged(fresh.corrections(word, least_frequency), read.corrections(word, least_frequency))

    def completions(self, searcher: tantivy.Searcher, prefix: str, least_frequency: int) -> list[Correction]:
        """Terms that begin with what `prefix` may have been meant to be, best first."""
        read, fresh = self._refreshed(searcher)
        return _merged(fresh.completions(prefix, least_frequency), read.completions(prefix, least_frequency))

    def _refreshed(self, searcher: tantivy.Searcher) -> tuple[Vocabulary, Vocabulary]:
        with self._lock:
            return self._locked_refresh(searcher)

    def _locked_refresh(self, searcher: tantivy.Searcher) -> tuple[Vocabulary, Vocabulary]:
        if self._read is None:
            self._read = Vocabulary(searcher.terms_with_prefix(WORDS, ""))
            self._noted, self._added, self._n_added, self._fresh = [], Counter(), 0, Vocabulary(())
        if self._noted:
            for text in self._noted:
                self._added.update(set(self._plain.analyze(text)))
            self._n_added += len(self._noted)
            self._noted = []
            self._fresh = Vocabulary(self._added.items())
        return self._read, self._fresh


def _merged(fresh: list[Correction], read: list[Correction]) -> list[Correction]:
    by_term = {correction.term: correction for correction in (*fresh, *read)}
    return sorted(by_term.values())
