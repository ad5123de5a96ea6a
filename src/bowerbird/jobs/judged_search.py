"""How well words find listings, judged by people: hybrid search beside each of its branches alone.

In: an engine and judgements (`query,id,grade`). Out: figures of each system. The judgements of a pool favour
the system that filled it, so nDCG is given twice: with unjudged listings counted as not relevant, and on the
condensed list without them.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from bowerbird.engine import Engine
from bowerbird.evaluation.judgements import Judgements, Run
from bowerbird.evaluation.metrics import (
    Metric,
    average_precision,
    condensed,
    linear_gain,
    ndcg,
    per_query,
    precision,
    recall,
    reciprocal_rank,
)
from bowerbird.evaluation.report import Figure, measure
from bowerbird.market.query import Query

PAGE = 200  # the most that one search answers
BASELINE = "keywords"
METRICS: Mapping[str, Metric] = {
    "nDCG@10": partial(ndcg, k=10),
    "nDCG@10 condensed": lambda ranking, grades: ndcg(condensed(ranking, grades), grades, 10),
    "nDCG@10 linear gain": partial(ndcg, k=10, gain=linear_gain),
    "MRR": reciprocal_rank,
    "P@10": partial(precision, k=10),
    "R@100": partial(recall, k=100),
    "MAP": average_precision,
}


def judged_figures(engine: Engine, judgements: Judgements, *, seed: int = 0) -> list[Figure]:
    """Every metric of every system, keywords alone being the baseline.

    Args:
        engine: of an indexed home.
        judgements: with something relevant to each query (`judgements.answerable`).
        seed: of the intervals and tests.
    """
    branches = [name for name in engine.settings.weights if name != "photo"]  # no query has a photo
    alone = {name: {other: 0.0 for other in branches if other != name} for name in branches}
    runs = {"hybrid": _run(engine, {}, judgements), BASELINE: _run(engine, alone.pop("keywords"), judgements)}
    runs |= {f"{name} vectors": _run(engine, weights, judgements) for name, weights in alone.items()}
    figures = []
    for name, metric in METRICS.items():
        values = {system: per_query(metric, run, judgements) for system, run in runs.items()}
        figures += [
            measure(
                name,
                system,
                values[system],
                seed=seed,
                baseline=None if system == BASELINE else (BASELINE, values[BASELINE]),
            )
            for system in runs
        ]
    return figures


def _run(engine: Engine, weights: dict[str, float], judgements: Judgements) -> Run:
    listening = replace(engine.settings, weights={**engine.settings.weights, **weights})
    system = Engine(
        engine.stores,
        engine.projection,
        listening,
        engine.sellers,
        engine.models,
        None,
        engine.tastes,
        engine.feeds,
    )
    return {query: _ranking(system, query) for query in judgements}


def _ranking(system: Engine, words: str) -> list[str]:
    """The ids that a branch with a weight found: the others score 0 and stand at the end."""
    ids: list[str] = []
    query = Query(words=words, limit=PAGE)
    while True:
        answer = system.search(query)
        ids += [hit.listing.listing_id for hit in answer.hits if hit.score > 0]
        if answer.next_cursor is None or len(ids) % PAGE:
            return ids
        query = replace(query, cursor=answer.next_cursor)
