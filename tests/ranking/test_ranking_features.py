"""The features of candidates, on the market whose answers are known: each equals a slow obvious sum."""

import numpy as np
import pytest

from bowerbird.engine import Engine
from bowerbird.market.query import Filters, Near, Query
from bowerbird.market.ranked_list import RankedList
from bowerbird.projection.matching import Matcher
from bowerbird.ranking.features import FEATURES, Asking, candidate_features
from bowerbird.ranking.listing_facts import UsualPrices
from bowerbird.ranking.placed_taste import PlacedTaste
from bowerbird.ranking.stage_clock import StageClock
from bowerbird.ranking.taste_features import TASTE_FEATURES, relative
from bowerbird.taste.shopper_taste import UNKNOWN_TASTE, Interest, PriceLeaning, ShopperTaste

NOW = 1_770_000_000.0


class Seen:
    """The candidates of a query with their features by name."""

    def __init__(self, engine: Engine, words: str, taste: ShopperTaste = UNKNOWN_TASTE, popularity=None):
        self.index = engine.projection.current.index
        matcher = Matcher(engine.settings, engine.stores.vectors.text_encoder)
        self.matched = matcher.match(Query(words=words), engine.projection.current, StageClock())
        matches = self.matched.matches
        self.usual = UsualPrices()
        placed = PlacedTaste.of(taste, self.index, self.usual)
        asking = Asking(self.matched.understood.words, self.matched.candidates, placed)
        ranked = RankedList(matches.rows, matches.scores)
        self.table = candidate_features(
            ranked, asking, self.index, self.usual, now=NOW, popularity=popularity
        )
        self.ids = [self.index.columns.listing_ids[row] for row in matches.rows]

    def of(self, name: str) -> dict[str, float]:
        return dict(zip(self.ids, self.table[:, FEATURES.index(name)].tolist(), strict=True))


@pytest.fixture(scope="module")
def red_sofa_taste(known_engine: Engine) -> ShopperTaste:
    index = known_engine.projection.current.index
    visits = ("red-lamp", "red-sofa")
    rows = np.array([index.row(one) for one in visits])
    photos = np.array([index.photo_owners.photos_of(row)[0] for row in rows])
    interests = tuple(
        Interest(weight, one, (one,), index.texts.vectors(rows)[i], index.photos.vectors(photos)[i])
        for i, (one, weight) in enumerate(zip(visits, (0.25, 0.75), strict=True))
    )
    return ShopperTaste(
        visits=visits,
        strengths=(1.0, 3.0),
        interests=interests,
        roots={"Home & Garden": 1.0},
        leaves={"Home & Garden / Living Room": 1.0},
        price=PriceLeaning(np.log(100), 0.5, 2),
        price_by_root={"Home & Garden": PriceLeaning(np.log(200), 0.5, 2)},
        hidden=frozenset({"blue-sofa"}),
    )


def test_names_are_unique_and_a_column_each(known_engine: Engine):
    assert len(set(FEATURES)) == len(FEATURES)
    assert Seen(known_engine, "red sofa").table.shape[1] == len(FEATURES)


def test_branch_scores_and_ranks_are_those_of_the_branches(known_engine: Engine):
    seen = Seen(known_engine, "red sofa")
    for branch in ("keywords", "text", "photo", "pictured"):
        ranked = seen.matched.candidates.branches[branch]
        found = {seen.index.columns.listing_ids[row]: place for place, row in enumerate(ranked.rows)}
        best = float(ranked.scores[0]) if branch == "keywords" else 1.0
        for listing_id in seen.ids:
            rank, score = seen.of(f"{branch}_rank")[listing_id], seen.of(f"{branch}_score")[listing_id]
            if listing_id in found:
                assert rank == found[listing_id] + 1
                assert score == pytest.approx(ranked.scores[found[listing_id]] / best, rel=1e-5)
            else:
                assert np.isnan(rank)
                assert np.isnan(score)


def test_titles_are_compared_by_word(known_engine: Engine):
    overlap = Seen(known_engine, "red sofas").of("title_overlap")
    assert overlap["red-sofa"] == 1.0  # by stem
    assert overlap["blue-sofa"] == 0.5
    assert set(Seen(known_engine, "red sofas").of("title_words").values()) == {2.0}


def test_prices_are_told_apart_within_their_category(known_engine: Engine):
    prices = Seen(known_engine, "red").of("price_in_category")
    # The living room holds eight sofas at £200 and eight lamps at £15: the middle lies between them.
    assert prices["red-sofa"] == pytest.approx(-prices["red-lamp"], rel=1e-3)
    assert prices["red-sofa"] > 0
    assert Seen(known_engine, "red").of("log_price")["red-sofa"] == pytest.approx(np.log(201), rel=1e-5)


def test_of_an_unknown_shopper_no_taste_is_made_up(known_engine: Engine):
    seen = Seen(known_engine, "red sofa")
    for name in TASTE_FEATURES:
        values = list(seen.of(name).values())
        assert values == [0.0] * len(values) if name == "visits" else np.isnan(values).all()


def test_taste_matches_equal_a_double_loop(known_engine: Engine, red_sofa_taste: ShopperTaste):
    seen = Seen(known_engine, "red sofa", red_sofa_taste)
    index = seen.index
    for listing_id in seen.ids[:12]:
        row = index.row(listing_id)
        text = index.texts.vectors(np.array([row]))[0]
        photos = index.photos.vectors(index.photo_owners.photos_of(row))
        words = [float(text @ one.text) for one in red_sofa_taste.interests]
        looks = [max(float(photo @ one.photo) for photo in photos) for one in red_sofa_taste.interests]
        expected = {
            "interest_text": max(words),
            "interest_text_mean": 0.25 * words[0] + 0.75 * words[1],
            "interest_photo": max(looks),
            "interest_photo_mean": 0.25 * looks[0] + 0.75 * looks[1],
        }
        for name, value in expected.items():
            assert seen.of(name)[listing_id] == pytest.approx(value, abs=1e-4), name


def test_kind_price_place_and_seller_are_compared_with_the_visits(
    known_engine: Engine, red_sofa_taste: ShopperTaste
):
    seen = Seen(known_engine, "red", red_sofa_taste)
    assert seen.of("leaf_share")["red-sofa"] == 1.0
    assert (seen.of("leaf_share")["red-kettle"], seen.of("root_share")["red-kettle"]) == (0.0, 1.0)
    assert seen.of("root_share")["red-tent"] == 0.0
    assert seen.of("price_gap")["red-sofa"] == pytest.approx(0, abs=1e-5)  # £200, as in its root
    assert seen.of("price_gap")["red-tent"] == pytest.approx(np.log(60 / 100) / 0.5, rel=1e-4)
    assert seen.of("price_gap_size")["red-tent"] > 0
    assert set(seen.of("place_share").values()) == {1.0}  # all that is red is in Leeds, as both visits
    assert seen.of("visited")["red-sofa"] == 1.0 > seen.of("visited")["red-tent"]
    sofas = Seen(known_engine, "sofa", red_sofa_taste)
    assert sofas.of("place_share")["blue-sofa"] == 0.0
    assert sofas.of("hidden")["blue-sofa"] == 1.0 > sofas.of("hidden")["red-sofa"]
    assert 0 < sum(sofas.of("seller_share").values()) < len(sofas.ids)


def test_an_interest_from_another_space_is_left_out(known_engine: Engine):
    other = Interest(1.0, "red-sofa", ("red-sofa",), np.ones(3, np.float32), None)
    taste = ShopperTaste(visits=("red-sofa",), strengths=(1.0,), interests=(other,))
    assert np.isnan(list(Seen(known_engine, "sofa", taste).of("interest_text").values())).all()


def test_popularity_is_counted_where_somebody_counts(known_engine: Engine):
    class Counted:
        def counts(self, rows, index):
            red = rows == index.row("red-sofa")
            return np.where(red[:, None], (100.0, 50.0, 5.0, 0.5), (0, 0, 0, 0.1))

    seen = Seen(known_engine, "sofa", popularity=Counted())
    assert seen.of("view_rate")["red-sofa"] == pytest.approx(0.5)
    assert seen.of("view_rate")["blue-sofa"] == pytest.approx(0.1)
    counted = [seen.of(name)["red-sofa"] for name in ("impressions", "views", "saves")]
    assert counted == pytest.approx(np.log([101, 51, 6]))
    assert np.isnan(list(Seen(known_engine, "sofa").of("view_rate").values())).all()


def test_ages_are_days_before_now(known_engine: Engine):
    seen = Seen(known_engine, "red sofa")
    created = seen.index.columns.created[seen.index.row("red-sofa")]
    assert seen.of("age_days")["red-sofa"] == pytest.approx((NOW - created) / 86400, rel=1e-5)


def test_relative_values_are_standard_deviations_of_what_is_known():
    assert relative(np.array([1.0, 3.0, np.nan])) == pytest.approx([-1, 1, np.nan], nan_ok=True)
    assert relative(np.array([2.0, 2.0])) == pytest.approx([0, 0])
    assert np.isnan(relative(np.array([np.nan]))).all()


def test_distances_to_some_places_are_those_to_all(known_engine: Engine):
    columns = known_engine.projection.current.index.columns
    near = Near(53.8, -1.5, 10.0)
    assert np.array_equal(
        near.distances_km_to(columns.latitude, columns.longitude), near.distances_km(columns), equal_nan=True
    )
    assert Filters().mask(columns).all()
