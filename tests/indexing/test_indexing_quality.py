"""Quality floors of the keyword index on the real catalogue with human judgements."""

import gzip
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from bowerbird.evaluation.metrics import condensed, ndcg
from bowerbird.indexing.keyword_index import KeywordIndex
from bowerbird.market.listing import Listing
from bowerbird.retrieval.nonsense import nonsense_queries, title_queries

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def listings(shared_data: Path) -> list[Listing]:
    with gzip.open(shared_data / "electronics" / "products.jsonl.gz", "rt") as file:
        products = [json.loads(line) for line in file]
    return [
        Listing(
            product["id"],
            product["title"],
            product["description"],
            attributes=(("brand", product["brand"]), *product["attributes"].items()),
        )
        for product in products
    ]


@pytest.fixture(scope="module")
def electronics(listings, tmp_path_factory) -> KeywordIndex:
    index = KeywordIndex.create(tmp_path_factory.mktemp("electronics"))
    for row, listing in enumerate(listings):
        index.add(row, listing)
    index.commit()
    return index


def test_judged_queries_are_answered_well(electronics, listings, shared_data: Path):
    judgements: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (shared_data / "electronics" / "judgements.csv").read_text().splitlines()[1:]:
        query, listing_id, grade = line.rsplit(",", 2)
        judgements[query.strip('"')][listing_id] = int(grade)
    answerable = {query: grades for query, grades in judgements.items() if any(grades.values())}
    plain, judged_only = [], []
    for query, grades in answerable.items():
        rows = electronics.search(query, limit=3000).ranked.rows
        ranking = [listings[row].listing_id for row in rows.tolist()]
        plain.append(ndcg(ranking, grades, 10))
        judged_only.append(ndcg(condensed(ranking, grades), grades, 10))
    assert len(answerable) == 63
    assert np.mean(plain) >= 0.74
    assert np.mean(judged_only) >= 0.79


def test_nonsense_finds_nothing_and_titles_find_their_listing(electronics, listings):
    rng = np.random.default_rng(1)
    nonsense = nonsense_queries(1000, electronics.knows, rng)
    assert np.mean([electronics.search(words, limit=1).total == 0 for words in nonsense]) >= 0.98
    asked = title_queries([listing.title for listing in listings], 1000, rng)
    kept = [row in electronics.search(words, limit=20_000).ranked.rows for row, words in asked]
    assert np.mean(kept) >= 0.995
