"""The first matches in the order of a ranker: what stays, what moves, what is kept of it."""

from datetime import UTC, datetime

import numpy as np
import pytest

from bowerbird.engine import Engine
from bowerbird.errors import UnavailableError
from bowerbird.market.query import Query
from bowerbird.projection.matching import Matcher
from bowerbird.ranking.features import FEATURES, Asking
from bowerbird.ranking.listing_facts import UsualPrices
from bowerbird.ranking.ranker import FusionRanker, UntrainedRanker
from bowerbird.ranking.reranking import RankingSettings, Reranker
from bowerbird.ranking.stage_clock import StageClock
from bowerbird.taste.shopper_taste import UNKNOWN_TASTE, ShopperTaste

UNTRAINED = UntrainedRanker(60.0, 1.0)


class CheapestFirst:
    """A ranker whose scores are far from those of rank fusion."""

    name = "cheapest"

    def order(self, features):
        return -features[:, FEATURES.index("log_price")]

    def parts(self, features, chosen):
        return [{"log_price": float(score)} for score in self.order(features)[chosen]]


RANKERS = {"fusion": FusionRanker(), "untrained": UNTRAINED, "cheapest": CheapestFirst()}


def rerank(
    engine: Engine, settings: RankingSettings, taste=UNKNOWN_TASTE, ticket="t", whose="w", words="red"
):
    matcher = Matcher(engine.settings, engine.stores.vectors.text_encoder)
    matched = matcher.match(Query(words=words), engine.projection.current, StageClock())

    def ranker_of(name: str):
        if name not in RANKERS:
            raise UnavailableError(f"no ranker {name}")
        return RANKERS[name]

    usual = UsualPrices()
    now = datetime(2026, 2, 1, tzinfo=UTC)
    reranker = Reranker(settings, ranker_of, UNTRAINED, usual, lambda: now)
    asking = Asking(
        matched.understood.words, matched.candidates, reranker.placed(taste, matched.opened.index)
    )
    index = matched.opened.index
    return matched.matches, reranker.rerank(matched.matches, asking, index, whose=whose, ticket=ticket)


def test_an_unknown_shopper_finds_the_fused_order_and_scores(known_engine: Engine):
    before, after = rerank(known_engine, RankingSettings({"untrained": 1}))
    assert np.array_equal(before.rows, after.matches.rows)
    assert np.array_equal(before.scores, after.matches.scores)
    assert np.array_equal(before.keys, after.matches.keys)


def test_only_the_first_matches_are_reranked_and_scores_fall(known_engine: Engine):
    before, after = rerank(known_engine, RankingSettings({"cheapest": 1}, depth=5))
    assert sorted(after.matches.rows[:5]) == sorted(before.rows[:5])
    assert np.array_equal(after.matches.rows[5:], before.rows[5:])
    assert not np.array_equal(after.matches.rows[:5], before.rows[:5])
    assert np.all(np.diff(after.matches.scores) <= 0)
    prices = known_engine.projection.current.index.columns.price_minor[after.matches.rows[:5]]
    assert np.all(np.diff(prices) >= 0)


def test_what_is_hidden_comes_last_of_the_reranked(known_engine: Engine):
    before, _ = rerank(known_engine, RankingSettings({"untrained": 1}))
    index = known_engine.projection.current.index
    first = index.columns.listing_ids[before.rows[0]]
    for ranker in RANKERS:
        taste = ShopperTaste(hidden=frozenset({first}))
        _, after = rerank(known_engine, RankingSettings({ranker: 1}), taste)
        assert after.matches.rows[-1] == before.rows[0]
        assert np.all(np.diff(after.matches.scores) <= 0)


def test_one_ticket_draws_one_order(known_engine: Engine):
    settings = RankingSettings({"untrained+cheapest": 1}, swap_probability=0.5)
    orders = [rerank(known_engine, settings, ticket=ticket)[1] for ticket in ("a", "a", *"bcdef")]
    assert np.array_equal(orders[0].matches.rows, orders[1].matches.rows)
    assert np.array_equal(orders[0].teams, orders[1].teams)
    assert len({tuple(one.matches.rows.tolist()) for one in orders}) > 1


def test_interleaved_pages_record_whose_pick_each_listing_is(known_engine: Engine):
    _, after = rerank(known_engine, RankingSettings({"untrained+cheapest": 1}))
    rows = after.matches.rows[:6].tolist()
    record = after.record(rows)
    assert record.rankers == ("untrained", "cheapest")
    assert sorted(record.teams) == [0, 0, 0, 1, 1, 1]
    _, alone = rerank(known_engine, RankingSettings({"untrained": 1}))
    assert alone.record(rows).teams == ()


def test_a_record_has_the_features_of_the_page_and_none_beyond_the_depth(known_engine: Engine):
    _, after = rerank(known_engine, RankingSettings({"cheapest": 1}, depth=4))
    record = after.record(after.matches.rows[2:6].tolist())
    assert np.isnan(record.features[2:]).all()
    prices = known_engine.projection.current.index.columns.price_minor[after.matches.rows[2:4]]
    assert record.features[:2, FEATURES.index("log_price")] == pytest.approx(np.log1p(prices / 100))
    parts = after.parts(after.matches.rows[2:6].tolist())
    assert list(parts) == after.matches.rows[2:4].tolist()


def test_a_ranker_that_cannot_be_used_is_stood_in_for_and_said(known_engine: Engine):
    before, after = rerank(known_engine, RankingSettings({"gone": 1}))
    assert after.degraded
    assert np.array_equal(before.rows, after.matches.rows)


def test_nothing_found_is_nothing_reranked(known_engine: Engine):
    _, after = rerank(known_engine, RankingSettings({"untrained+cheapest": 1}), words="zzqqxx yyvvkk")
    assert len(after.matches.rows) == 0
