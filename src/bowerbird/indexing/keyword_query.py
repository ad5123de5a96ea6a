"""From the words of a query to what tantivy is asked.

Every word is one clause: any of its alternatives (itself, synonyms, compounds, corrections) in any field. The
clauses are joined by 'at least so many of them', which is the cut-off that defines the match set.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import tantivy
from tantivy import Occur, Query

from bowerbird.indexing.keyword_settings import KeywordSettings
from bowerbird.indexing.query_words import QueryWords

Terms = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to satisfy a clause: a term, or several as a phrase; `weight` scales its score."""

    terms: Terms
    weight: float


@dataclass(frozen=True, slots=True)
class Clause:
    """One word of a query: as typed, as searched (corrected or not), and all that satisfies it."""

    typed: str
    searched: str
    alternatives: tuple[Alternative, ...]


def corrections_of(clauses: Sequence[Clause]) -> tuple[tuple[str, str], ...]:
    """Pairs of (typed, corrected) of the corrected among `clauses`."""
    return tuple((clause.typed, clause.searched) for clause in clauses if clause.typed != clause.searched)


class QueryBuilder:
    """Builds tantivy queries over one schema; `stemmed` is the analyser of the matched fields."""

    def __init__(
        self, schema: tantivy.Schema, stemmed: tantivy.TextAnalyzer, settings: KeywordSettings
    ) -> None:
        self._schema = schema
        self._stemmed = stemmed
        self._settings = settings

    def match_set(self, clauses: Sequence[Clause], asked: QueryWords) -> Query:
        """Enough of `clauses`, every phrase of `asked` and none of its exclusions."""
        several = len(clauses) + len(asked.phrases) > 1
        parts = [(Occur.Must, self.anywhere(phrase, place=several)) for phrase in asked.phrases]
        if clauses:
            should = [(Occur.Should, self.clause(clause, place=several)) for clause in clauses]
            parts.append((Occur.Must, Query.boolean_query(should, self.needed(len(clauses)))))
            parts += [(Occur.Should, query) for query in self._neighbours(clauses)]
        parts += [(Occur.MustNot, self.anywhere(terms, place=True)) for terms in asked.excluded]
        return parts[0][1] if len(parts) == 1 else Query.boolean_query(parts)

    def needed(self, words: int) -> int:
        """How many of so many words a listing must have."""
        if words <= self._settings.all_of:
            return words
        return max(self._settings.all_of, math.ceil(self._settings.share * words))

    def clause(self, clause: Clause, *, place: bool) -> Query:
        """Any alternative of `clause`, scored as its best; `place` says whether the place counts."""
        queries = [
            # BM25 adds up the terms of a phrase, but here it stands for one word.
            self._weighed(
                self.anywhere(alternative.terms, place=place), alternative.weight / len(alternative.terms)
            )
            for alternative in clause.alternatives
        ]
        return queries[0] if len(queries) == 1 else Query.disjunction_max_query(queries)

    def anywhere(self, terms: Terms, *, place: bool) -> Query:
        """The term, or the phrase of several, in any field, each scored by BM25 times its boost.

        A lone word is not looked for in places: 'bath' is not all that is for sale in Bath.
        """
        stems = self.stems(terms)
        fields = []
        for name, boost in self._settings.boosts.items():
            if boost and stems and (place or name != "place"):
                fields.append((Occur.Should, self._weighed(self._in_field(name, stems), boost)))
        return Query.boolean_query(fields)

    def stems(self, terms: Terms) -> list[str]:
        """The terms as the matched fields hold them."""
        return [stem for term in terms for stem in self._stemmed.analyze(term)]

    def _neighbours(self, clauses: Sequence[Clause]) -> list[Query]:
        boost = self._settings.adjacent_boost
        pairs = (self.stems((a.searched, b.searched)) for a, b in pairwise(clauses)) if boost else ()
        return [self._weighed(self._in_field("title", pair), boost) for pair in pairs if len(pair) == 2]

    def _in_field(self, name: str, stems: list[str]) -> Query:
        if len(stems) == 1:
            return Query.term_query(self._schema, name, stems[0])
        return Query.phrase_query(self._schema, name, list(stems))

    def _weighed(self, query: Query, weight: float) -> Query:
        return query if weight == 1 else Query.boost_query(query, weight)
