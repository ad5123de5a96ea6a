"""Figures of one ranking against one query's grades, each between 0 and 1, higher being better.

In: `ranking`, ids best first, and `grades`, {id: grade}. An id counts as relevant from grade 1 on; an
unjudged id counts as grade 0 unless `condensed` takes it out first. Where a query has nothing relevant every
figure is 0, as in trec_eval; `judgements.answerable` leaves such queries out of a mean.
"""

import math
from collections.abc import Callable, Iterable, Sequence

from bowerbird.errors import InputError
from bowerbird.evaluation.judgements import Grades, Judgements, Run

Metric = Callable[[Sequence[str], Grades], float]


def exponential_gain(grade: int) -> float:
    """2^grade - 1: a perfect answer outweighs several fair ones (Burges et al., 'RankNet', ICML 2005)."""
    return 2.0**grade - 1


def linear_gain(grade: int) -> float:
    """The grade itself, as in trec_eval (Järvelin and Kekäläinen, 2002, doi:10.1145/582415.582418)."""
    return float(grade)


def dcg(gains: Iterable[float]) -> float:
    """sum_i g_i / log2(i + 1) over the ranks i = 1, 2, ...: the discount of Burges et al. (2005)."""
    return sum(g / math.log2(i + 1) for i, g in enumerate(gains, start=1))


def ndcg(
    ranking: Sequence[str], grades: Grades, k: int, gain: Callable[[int], float] = exponential_gain
) -> float:
    """nDCG@k: DCG of the first `k` over the DCG of the best `k` that the grades allow."""
    ideal = dcg(sorted((gain(grade) for grade in grades.values()), reverse=True)[:k])
    return dcg(gain(grades.get(i, 0)) for i in _head(ranking, k)) / ideal if ideal else 0.0


def condensed(ranking: Sequence[str], grades: Grades) -> list[str]:
    """`ranking` without its unjudged ids (Sakai, SIGIR 2007, doi:10.1145/1277741.1277756).

    With judgements pooled from another system, this asks how well the judged part is ordered, while counting
    unjudged as 0 also asks how much of the answer the pool has seen. Neither alone is fair to a new system.
    """
    return [i for i in ranking if i in grades]


def reciprocal_rank(ranking: Sequence[str], grades: Grades) -> float:
    """1 / rank of the first relevant id, 0 without one (Voorhees, TREC-8, 1999); its mean is MRR."""
    return next((1 / rank for rank, i in enumerate(ranking, start=1) if grades.get(i, 0) >= 1), 0.0)


def precision(ranking: Sequence[str], grades: Grades, k: int) -> float:
    """P@k: relevant ids among the first `k`, over k however short the ranking is."""
    return _relevant_among(_head(ranking, k), grades) / k


def recall(ranking: Sequence[str], grades: Grades, k: int) -> float:
    """R@k: relevant ids among the first `k`, over all relevant ones."""
    total = _relevant_among(grades, grades)
    return _relevant_among(_head(ranking, k), grades) / total if total else 0.0


def average_precision(ranking: Sequence[str], grades: Grades) -> float:
    """AP: the precision at each relevant rank, summed, over all relevant ids; its mean is MAP."""
    total = _relevant_among(grades, grades)
    ranks = [rank for rank, i in enumerate(ranking, start=1) if grades.get(i, 0) >= 1]
    return sum(hits / rank for hits, rank in enumerate(ranks, start=1)) / total if total else 0.0


def per_query(metric: Metric, run: Run, judgements: Judgements) -> list[float]:
    """`metric` of every judged query, in the order of the judgements; a query that `run` lacks is empty.

    Raises:
        InputError: a ranking names an id twice, which would count it twice.
    """
    figures = []
    for query, grades in judgements.items():
        ranking = run.get(query, ())
        if len(set(ranking)) != len(ranking):
            raise InputError(
                f"the ranking of query {query!r} names an id twice; a ranking holds each id once"
            )
        figures.append(metric(ranking, grades))
    return figures


def _head(ranking: Sequence[str], k: int) -> Sequence[str]:
    if k < 1:
        raise InputError(f"k must be 1 or more, but {k} was given")
    return ranking[:k]


def _relevant_among(ids: Iterable[str], grades: Grades) -> int:
    return sum(grades.get(i, 0) >= 1 for i in ids)
