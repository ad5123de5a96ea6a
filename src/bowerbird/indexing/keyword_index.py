"""Listings by their words: BM25 over weighted fields, with synonyms, compounds, corrections and completions.

One folder belongs to one writing process. What `add` was given is found after the next `commit`; searches see
the state of the last commit and need no lock. Scores are BM25 (Robertson and Zaragoza, 2009) by tantivy.
"""

import re
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import tantivy
from tantivy import Occur, Query

from bowerbird.errors import InputError, NotFoundError
from bowerbird.indexing.completion import Completer
from bowerbird.indexing.keyword_document import ROW, WORDS, keyword_texts, schema
from bowerbird.indexing.keyword_query import Clause, QueryBuilder, corrections_of
from bowerbird.indexing.keyword_settings import KeywordSettings
from bowerbird.indexing.keyword_writer import KeywordWriter
from bowerbird.indexing.query_plan import Planner
from bowerbird.indexing.query_words import query_words
from bowerbird.indexing.synonym_table import SynonymTable
from bowerbird.indexing.term_dictionary import TermDictionary
from bowerbird.indexing.text_analysis import PLAIN, STEMMED, analysers, normalise
from bowerbird.market.conditions import Mask
from bowerbird.market.listing import Listing
from bowerbird.market.ranked_list import RankedList, among

__all__ = ["KeywordIndex", "KeywordMatches", "KeywordSettings"]

_MOST_AT_FIRST = 4096  # few queries match more; room for 50,000 takes a fifth of a search to make
_WORD = re.compile(r"\w+")
_CLAUSES_AT_ONCE = 20  # a score is a float32: exact for sums of powers of two below 2**24


@dataclass(frozen=True, slots=True)
class KeywordMatches:
    """The match set of some words.

    `total` counts all allowed matches, of which `ranked` holds the best; `corrections` are pairs of (typed,
    corrected).
    """

    ranked: RankedList
    total: int
    terms: tuple[Clause, ...] = ()
    corrections: tuple[tuple[str, str], ...] = ()
    did_you_mean: str | None = None


class KeywordIndex:
    """A tantivy index in a folder; make one with `create` or `open`."""

    def __init__(self, index: tantivy.Index, settings: KeywordSettings, *, lasting: bool) -> None:
        named = analysers()
        for name, analyser in named.items():
            index.register_tokenizer(name, analyser)
        # Reloading is ours to do after a commit; a thread that watches the folder is not needed.
        index.config_reader("manual")
        index.reload()
        self._index = index
        self._settings = settings
        self._plain = named[PLAIN]
        self._builder = QueryBuilder(index.schema, named[STEMMED], settings)
        self._synonyms = SynonymTable(settings.synonyms)
        self._searcher = index.searcher()
        self._dictionary = TermDictionary(self._plain, self._searcher)
        self._writer = KeywordWriter(index, settings.writer_bytes, lasting=lasting)
        self._writing = threading.Lock()

    @classmethod
    def create(cls, folder: Path, settings: KeywordSettings | None = None) -> Self:
        """A new index in the existing empty `folder`."""
        return cls(tantivy.Index(schema(), str(folder)), settings or KeywordSettings(), lasting=False)

    @classmethod
    def open(cls, folder: Path, settings: KeywordSettings | None = None) -> Self:
        """The index in `folder`, open for reading; writing begins with the first `add`.

        Raises:
            NotFoundError: there is none, or it cannot be read.
        """
        try:
            index = tantivy.Index.open(str(folder))
        except ValueError as error:
            raise NotFoundError(
                f"{folder} holds no keyword index that can be read ({error}); run `bowerbird index`"
            ) from error
        return cls(index, settings or KeywordSettings(), lasting=True)

    def __len__(self) -> int:
        """How many rows are committed, dead ones among them."""
        return int(self._searcher.num_docs)

    def add(self, row: int, listing: Listing) -> None:
        """Index `listing` as row `row`, which must be new; it is found after the next `commit`.

        Raises:
            UnavailableError: another process writes into the folder.
        """
        texts = keyword_texts(listing)
        with self._writing:
            self._writer.add(row, texts)
            self._dictionary.note(texts[WORDS])

    def commit(self) -> None:
        """Make what was added durable and visible.

        Raises:
            UnavailableError: the disk does not take it; of an index that was opened, the next call does it.
        """
        with self._writing:
            self._writer.commit()
            self._index.reload()
            self._searcher = self._index.searcher()
            self._dictionary.committed(self._searcher)

    def close(self) -> None:
        """Commit, and let another process write."""
        self.commit()
        with self._writing:
            self._writer.close()

    def search(self, words: str, *, limit: int, allowed: Mask | None = None) -> KeywordMatches:
        """The listings that `words`, any string, match.

        Args:
            words: plain words, "phrases" and -exclusions.
            limit: the most rows wanted.
            allowed: (n,) True where a row may be answered; it acts before the cut to `limit`. Rows from n on
                are not answered.

        Returns:
            The match set by falling score. Words are corrected only where no listing has them as typed, or
            where nothing matches as typed, so that no corrected match takes the place of an exact one.

        Raises:
            InputError: `limit` is below 1.
        """
        if limit < 1:
            raise InputError(f"limit must be 1 or more, but {limit} was given")
        asked = query_words(words, self._plain)
        if asked.is_empty:
            return KeywordMatches(RankedList.empty(), 0)
        planner = self._planner()
        searcher = planner.searcher
        clauses = planner.clauses(asked)
        exact, total = _run(searcher, self._builder.match_set(clauses, asked), limit, allowed)
        corrected = planner.corrected(clauses, nothing_found=not total)
        if corrected == clauses:
            return KeywordMatches(exact, total, tuple(clauses))
        found, found_total = _run(searcher, self._builder.match_set(corrected, asked), limit, allowed)
        if not found_total:
            return KeywordMatches(exact, total, tuple(clauses))
        changed = corrections_of(corrected)
        return KeywordMatches(found, found_total, tuple(corrected), changed, self.corrected(words, changed))

    def knows(self, word: str) -> bool:
        """Whether any committed listing has `word`, in whatever form."""
        stems = self._builder.stems(tuple(self._plain.analyze(normalise(word))))
        return bool(stems) and all(self._planner().occurs(stem) for stem in stems)

    def matched_words(self, matches: KeywordMatches, rows: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Which words of `matches`, as searched, each of the few `rows` has; rows without any are absent."""
        terms = matches.terms
        if not terms:
            return {}
        unsure = {int(row) for row in rows}
        words: dict[int, list[str]] = {}
        if self._builder.needed(len(terms)) == len(terms):  # then each of the match set has every word
            found = matches.ranked.rows
            matched = found[among(found, np.array(list(unsure), np.int64))].tolist()
            words = {row: [clause.searched for clause in terms] for row in matched}
            unsure -= words.keys()
        for start in range(0, len(terms) if unsure else 0, _CLAUSES_AT_ONCE):
            part = terms[start : start + _CLAUSES_AT_ONCE]
            for row, held in self._held(part, unsure, place=len(terms) > 1):
                words.setdefault(row, []).extend(clause.searched for clause in held)
        return {row: tuple(found) for row, found in words.items()}

    def complete(self, text: str, k: int) -> list[tuple[str, int]]:
        """The `k` commonest completions of the last word of `text`, with how many listings have each."""
        return Completer(self._planner(), self._plain).complete(text, k)

    def corrections(self, text: str) -> tuple[tuple[str, str], ...]:
        """Pairs of (typed, corrected) for the misspelt words of `text`, whose last may not be finished."""
        return Completer(self._planner(), self._plain).corrections(text)

    def corrected(self, text: str, corrections: Iterable[tuple[str, str]]) -> str:
        """`text` with the words of `corrections`, pairs of (typed, corrected), replaced."""
        changed = dict(corrections)

        def meant(match: re.Match[str]) -> str:
            terms = self._plain.analyze(normalise(match[0]))
            return changed.get(terms[0], match[0]) if len(terms) == 1 else match[0]

        return _WORD.sub(meant, normalise(text))

    def warm(self) -> None:
        """Read the terms to which words are corrected, so that the first typo need not wait for them."""
        self._dictionary.read()

    def _held(
        self, clauses: Sequence[Clause], rows: Collection[int], *, place: bool
    ) -> Iterator[tuple[int, list[Clause]]]:
        """Those of the few `rows` that satisfy any of the `clauses`, with all that each satisfies.

        One search tells: clause i scores 2**i, so that the bits of a row's score say which it satisfies.
        """
        # Terms one by one: to look a set of them up in the dictionary takes four times as long.
        wanted = [(Occur.Should, Query.term_query(self._index.schema, ROW, row)) for row in rows]
        parts = [(Occur.Must, Query.const_score_query(Query.boolean_query(wanted), 0.0))]
        for bit, clause in enumerate(clauses):
            has = Query.const_score_query(self._builder.clause(clause, place=place), float(1 << bit))
            parts.append((Occur.Should, has))
        searcher = self._searcher
        hits = searcher.search(Query.boolean_query(parts), len(rows), count=False).hits
        found = searcher.fast_field_values(ROW, [address for _, address in hits])
        for row, (score, _) in zip(found, hits, strict=True):
            if held := [clause for bit, clause in enumerate(clauses) if int(score) >> bit & 1]:
                yield int(row or 0), held

    def _planner(self) -> Planner:
        return Planner(self._searcher, self._builder, self._dictionary, self._synonyms, self._settings)


def _run(
    searcher: tantivy.Searcher, query: Query, limit: int, allowed: Mask | None
) -> tuple[RankedList, int]:
    """The best `limit` allowed matches, and how many there are."""
    first = min(limit, _MOST_AT_FIRST)
    found: Any = searcher.search(query, first, count=True)
    total = int(found.count)
    wanted = total if allowed is not None else min(total, limit)
    if wanted > first:
        found = searcher.search(query, wanted, count=True)
    reached, addresses = zip(*found.hits, strict=True) if total else ((), ())
    rows = np.array(searcher.fast_field_values(ROW, list(addresses)), np.int64)
    scores = np.array(reached, np.float32)
    if allowed is not None:
        seen = rows < len(allowed)
        if not seen.all():
            rows, scores = rows[seen], scores[seen]
        kept = allowed[rows]
        rows, scores, total = rows[kept], scores[kept], int(kept.sum())
    ranked = RankedList.of(rows, scores)
    return ranked if len(ranked) <= limit else ranked.head(limit), total
