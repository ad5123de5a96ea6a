"""Which alternatives each word of a query gets, from what the listings of the market hold."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean
from typing import Any

import tantivy
from tantivy import Occur, Query

from bowerbird.indexing.keyword_document import MATCHED_FIELDS, WORDS
from bowerbird.indexing.keyword_query import Alternative, Clause, QueryBuilder, Terms
from bowerbird.indexing.keyword_settings import KeywordSettings
from bowerbird.indexing.query_words import QueryWords
from bowerbird.indexing.synonym_table import SynonymTable
from bowerbird.indexing.term_dictionary import TermDictionary
from bowerbird.indexing.typos import Correction

# One-letter words that begin compounds: t-shirt, e-bike, x-ray.
_LETTERS_BEFORE_A_HYPHEN = ("t", "e", "x")
_SHORTEST_COMPOUND = 4
_CANDIDATES = 5  # corrections of a word that are tried beside the other words
_RARE = 2  # a word of so few listings may itself be a seller's misspelling
_MUCH_COMMONER = 20


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans queries over one state of the index."""

    searcher: tantivy.Searcher
    builder: QueryBuilder
    dictionary: TermDictionary
    synonyms: SynonymTable
    settings: KeywordSettings

    def clauses(self, asked: QueryWords) -> list[Clause]:
        """One clause a word, without corrections."""
        words = asked.words
        pairs = list(pairwise(words))
        joined = {pair: "".join(pair) for pair in pairs if self.frequency("".join(pair))}
        clauses = [
            Clause(
                word,
                word,
                (
                    Alternative((word,), 1.0),
                    *self._synonyms(word),
                    *self._split(word),
                    *(
                        Alternative((compound,), self.settings.compound_discount)
                        for pair, compound in joined.items()
                        if word in pair
                    ),
                ),
            )
            for word in words
        ]
        return self._with_runs(clauses)

    def corrected(self, clauses: Sequence[Clause], *, nothing_found: bool) -> list[Clause]:
        """`clauses` with the misspelt ones corrected; the same clauses if none is.

        A word is misspelt if no listing has it, nor any alternative of it. If nothing was found at all, a
        word of very few listings gives way to one much commoner.
        """
        misspelt = [clause for clause in clauses if self._is_misspelt(clause)]
        known = [clause for clause in clauses if clause not in misspelt]
        if not misspelt and nothing_found:
            misspelt = [clause for clause in known if 0 < self.frequency(clause.typed) <= _RARE]
        if not misspelt:
            return list(clauses)
        return self._with_runs(
            [self._corrected(clause, known) if clause in misspelt else clause for clause in clauses]
        )

    def frequency(self, word: str) -> int:
        """In how many listings' titles, categories and attributes `word` occurs, as it is written."""
        return self.searcher.doc_freq(WORDS, word)

    def occurs(self, stem: str) -> bool:
        """Whether `stem` is in any field of any listing."""
        return any(self.searcher.doc_freq(name, stem) for name in MATCHED_FIELDS)

    def _count(self, query: Query) -> int:
        result: Any = self.searcher.search(query, 1, count=True)  # its stub lacks `count`
        return int(result.count)

    def _is_misspelt(self, clause: Clause) -> bool:
        if len(clause.alternatives) > 1:
            return False
        return not any(self.occurs(stem) for stem in self.builder.stems((clause.typed,)))

    def _corrected(self, clause: Clause, known: Sequence[Clause]) -> Clause:
        least = max(self.settings.least_frequency, _MUCH_COMMONER * self.frequency(clause.typed))
        candidates = self.dictionary.corrections(clause.typed, least)[:_CANDIDATES]
        others = [other for other in known if other.typed != clause.typed]
        if not candidates:
            return clause
        best = min(candidates, key=lambda c: (c.distance, -self._together(c, others), c.rarity))
        discount = self.settings.correction_discount
        meant = (
            Alternative((best.term,), discount),
            *(Alternative(a.terms, a.weight * discount) for a in self._synonyms(best.term)),
        )
        return Clause(clause.typed, best.term, (*clause.alternatives, *meant))

    def _together(self, correction: Correction, others: Sequence[Clause]) -> int:
        """How many listings have the correction and any of the other words."""
        if not others:
            return 0
        either = Query.boolean_query([(Occur.Should, self.builder.clause(o, place=True)) for o in others])
        term = self.builder.anywhere((correction.term,), place=True)
        both = Query.boolean_query([(Occur.Must, term), (Occur.Must, either)])
        return self._count(both)

    def _synonyms(self, word: str) -> list[Alternative]:
        return [
            self._standing_for(word, terms, self.settings.synonym_discount)
            for terms in self.synonyms.of(word)
        ]

    def _with_runs(self, clauses: Sequence[Clause]) -> list[Clause]:
        """`clauses` where what several words stand for together satisfies each of them.

        So a listing with a synonym of a run counts as one with the run's words, neither more nor fewer.
        """
        grown = list(clauses)
        for run in self.synonyms.runs([clause.searched for clause in clauses]):
            corrected = any(clause.typed != clause.searched for clause in clauses[run.start : run.stop])
            discount = self.settings.synonym_discount
            discount *= self.settings.correction_discount if corrected else 1.0
            for position in range(run.start, run.stop):
                grown[position] = self._with_synonyms(grown[position], run.synonyms, discount)
        return grown

    def _with_synonyms(self, clause: Clause, synonyms: Sequence[Terms], discount: float) -> Clause:
        known = {alternative.terms for alternative in clause.alternatives}
        new = [
            self._standing_for(clause.searched, terms, discount) for terms in synonyms if terms not in known
        ]
        return replace(clause, alternatives=(*clause.alternatives, *new))

    def _standing_for(self, word: str, terms: Terms, discount: float) -> Alternative:
        """`terms` at the `discount`, and weighed as if they were no rarer than `word`.

        BM25 prizes what is rare, so without this a rare synonym would outrank the word that was typed.
        """
        rarity, rarity_of_terms = self._rarity((word,)), self._rarity(terms)
        return Alternative(terms, discount * min(1.0, rarity / rarity_of_terms))

    def _rarity(self, terms: Terms) -> float:
        """BM25's inverse document frequency in titles, the mean of the `terms`."""
        n = self.searcher.num_docs
        holders = [self.searcher.doc_freq("title", stem) for stem in self.builder.stems(terms)]
        if not holders:  # signs alone: they match nothing, whatever they weigh
            return 1.0
        return fmean([math.log(1 + (n - held + 0.5) / (held + 0.5)) for held in holders])

    def _split(self, word: str) -> list[Alternative]:
        """'note book' for 'notebook', where some listing has the two words next to each other."""
        if len(word) < _SHORTEST_COMPOUND or not word.isalpha():
            return []
        found = []
        for cut in range(1, len(word) - 1):
            head, tail = word[:cut], word[cut:]
            if cut == 1 and head not in _LETTERS_BEFORE_A_HYPHEN:
                continue
            if self.frequency(head) and self.frequency(tail):
                phrase = self.builder.anywhere((head, tail), place=False)
                if self._count(phrase):
                    found.append(Alternative((head, tail), self.settings.compound_discount))
        return found
