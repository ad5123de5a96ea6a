"""What is being typed: completions of its last word, and corrections of those that are misspelt."""

from collections.abc import Sequence
from dataclasses import dataclass

import tantivy
from tantivy import Occur, Query

from bowerbird.indexing.keyword_document import WORDS
from bowerbird.indexing.keyword_query import corrections_of
from bowerbird.indexing.query_plan import Planner
from bowerbird.indexing.query_words import query_words
from bowerbird.indexing.text_analysis import normalise

_SPARE = 4  # terms of one stem are one completion, so more are read than are wanted


@dataclass(frozen=True, slots=True)
class Completer:
    """Completes and corrects over one state of the index; `plain` is the analyser without stems."""

    planner: Planner
    plain: tantivy.TextAnalyzer

    def complete(self, text: str, k: int) -> list[tuple[str, int]]:
        """The `k` commonest completions of the last word of `text`, with how many listings have each.

        The words before it must occur with it. Where nothing completes the last word, the misspelt ones
        before it are corrected; where nothing does then, its own corrections complete it.
        """
        terms = self.plain.analyze(normalise(text))
        if not terms:
            return []
        *before, last = terms
        found = self._beginning_with(last, before, _SPARE * k + len(before))
        if not found:
            corrected = dict(self.corrections(text))
            before = [corrected.get(word, word) for word in before]
            found = self._beginning_with(last, before, _SPARE * k + len(before)) if corrected else []
            found = found or [
                pair for term in self._meant(last, k) for pair in self._beginning_with(term, before, 1)
            ]
        by_stem: dict[str, tuple[str, int]] = {}
        for term, count in found:
            if term not in before:
                stem = "".join(self.planner.builder.stems((term,)))
                by_stem.setdefault(stem, (" ".join((*before, term)), count))
        return list(by_stem.values())[:k]

    def corrections(self, text: str) -> tuple[tuple[str, str], ...]:
        """Pairs of (typed, corrected) for the words of `text` that no listing has, in the order typed.

        The last word may not be finished, so it is misspelt only if no term begins with it.
        """
        clauses = self.planner.clauses(query_words(text, self.plain))
        corrected = corrections_of(self.planner.corrected(clauses, nothing_found=False))
        last = self.plain.analyze(normalise(text))[-1:]
        return tuple(
            pair for pair in corrected if pair[0] not in last or not self._beginning_with(pair[0], (), 1)
        )

    def _beginning_with(self, prefix: str, before: Sequence[str], most: int) -> list[tuple[str, int]]:
        """The commonest `most` terms that begin with `prefix` in listings that have all words `before`."""
        context = None
        if before:
            musts = [(Occur.Must, self.planner.builder.anywhere((word,), place=True)) for word in before]
            context = Query.boolean_query(musts)
        return self.planner.searcher.terms_with_prefix(WORDS, prefix, context, most)

    def _meant(self, word: str, k: int) -> list[str]:
        dictionary, least = self.planner.dictionary, self.planner.settings.least_frequency
        meant = dictionary.corrections(word, least)[:k] + dictionary.completions(word, least)[:k]
        return [correction.term for correction in meant]
