"""The ranker learned from clicks, on small logs whose truth is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bowerbird.encoding.learned_model import LearnedKind
from bowerbird.errors import MismatchError, TrainingError
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.jobs.compare_rankers import UNRECORDED, compare_rankers
from bowerbird.progress import Silent
from bowerbird.ranking.features import FEATURES
from bowerbird.ranking.learned_ranker import LearnedRanker
from bowerbird.ranking.page_record import PageRecord
from bowerbird.ranking.ranker import FusionRanker, UntrainedRanker
from bowerbird.settings import load_settings
from bowerbird.storage.followed_model import FollowedModel
from bowerbird.storage.model_registry import active_model
from bowerbird.storage.query_log import ServedPage
from bowerbird.storage.rankers import Rankers
from bowerbird.storage.ranking_log import RankedPage
from bowerbird.training.ranker_examples import examples_of
from bowerbird.training.ranker_learning import click_lists, propensity_weights
from bowerbird.training.ranker_training import RankerTraining
from bowerbird.training.train_ranker import learn_ranker, train_ranker
from drawn_features import table

START = datetime(2026, 1, 5, tzinfo=UTC)
SHOWN = 10
TITLE, LEAF = FEATURES.index("title_overlap"), FEATURES.index("leaf_share")


class Log:
    """Pages of listings whose relevance is their title's overlap alone, ranked by a poor fusion score.

    The order that was served follows the fusion score and is shuffled on some pages; the chance of a look at
    position k is 1 / k. So the score looks far better than it is, but for whoever corrects for position.
    """

    def __init__(self, pages: int, seed: int, shuffled: float = 0.4):
        rng = np.random.default_rng(seed)
        look = 1 / np.arange(1, SHOWN + 1)
        self.pages = []
        for number in range(pages):
            question = number % 40
            drawn = np.random.default_rng(question)  # a question always finds the same listings
            relevance = drawn.random(SHOWN)
            fusion = np.sort(drawn.random(SHOWN))[::-1]
            order = rng.permutation(SHOWN) if rng.random() < shuffled else np.arange(SHOWN)
            features = table(SHOWN, fusion_score=fusion, title_overlap=relevance)[order]
            clicked = (rng.random(SHOWN) < look) & (rng.random(SHOWN) < 0.8 * relevance[order] ** 2)
            page = ServedPage(
                query_id=f"q{number}",
                surface="search",
                time=START + timedelta(minutes=number),
                listing_ids=tuple(f"{question}-{one}" for one in order),
                total=SHOWN,
                words=f"question {question}",
                shopper=f"s{number % 50}",
            )
            record = PageRecord(("fusion",), features)
            self.pages.append(RankedPage(page, record, tuple(clicked.astype(int).tolist())))


def truth(order) -> float:
    """Mean nDCG against the relevance itself, on questions that no log asked."""
    discount = 1 / np.log2(np.arange(2, SHOWN + 2))
    values = []
    for seed in range(1000, 1200):
        drawn = np.random.default_rng(seed)
        relevance, fusion = drawn.random(SHOWN), np.sort(drawn.random(SHOWN))[::-1]
        found = np.argsort(-order(table(SHOWN, fusion_score=fusion, title_overlap=relevance)), kind="stable")
        gains = relevance**2
        values.append((gains[found] @ discount) / (np.sort(gains)[::-1] @ discount))
    return float(np.mean(values))


@pytest.fixture(scope="module")
def log() -> Log:
    return Log(6000, seed=0)


def test_correcting_for_position_beats_taking_clicks_as_they_are(log):
    learned = {}
    for naive in (False, True):
        training = RankerTraining(naive=naive)
        trees = learn_ranker(examples_of(log.pages), training, Silent()).trees
        learned[naive] = truth(LearnedRanker(trees, "x").order)
    fused = truth(FusionRanker().order)
    assert learned[False] > learned[True] + 0.005
    assert learned[True] > fused
    assert learned[False] > 0.97


def test_position_bias_is_estimated_from_the_log(log):
    examination = learn_ranker(examples_of(log.pages), RankerTraining(rounds=1), Silent()).examination
    assert examination is not None
    assert examination[:5] == pytest.approx(1 / np.arange(1, 6), abs=0.12)


def test_weights_are_inverse_propensities_up_to_the_clip():
    examples = examples_of(Log(3, seed=0).pages)
    weights = propensity_weights(examples, 1 / np.arange(1, 9), clip=5.0)
    assert weights[:SHOWN] == pytest.approx([1, 2, 3, 4, 5, 5, 5, 5, 5, 5])  # 9 and 10 weigh as the 8th
    assert np.all(propensity_weights(examples, None, clip=5.0) == 1)


def test_each_click_is_a_list_against_what_was_not_clicked():
    pages = [replace(Log(1, seed=0).pages[0], grades=(2, 0, 0, 1, 0, 0, 0, 0, 0, 0))]
    examples = examples_of(pages)
    lists = click_lists(examples, np.arange(1.0, SHOWN + 1))
    others = [1, 2, 4, 5, 6, 7, 8, 9]
    assert lists.rows.tolist() == [*others, 0, *others, 3]
    assert lists.labels.tolist() == [*[0] * 8, 1, *[0] * 8, 1]
    assert lists.weights.tolist() == [2.0 * 1] * 9 + [1.0 * 4] * 9
    assert lists.sizes.tolist() == [9, 9]


def test_listings_of_which_nothing_is_known_and_older_features_are_left_out():
    log = Log(2, seed=0)
    first, second = log.pages
    older = replace(second.record, version=0)
    examples = examples_of([first, replace(second, record=older), replace(second, record=None)])
    assert examples.known.tolist() == [*[True] * SHOWN, *[False] * 2 * SHOWN]
    again = examples_of([replace(second, record=None)], {second.page.query_id: second.record.features})
    assert again.known.all()


def test_a_log_that_is_too_small_says_what_to_do(tmp_path):
    with pytest.raises(TrainingError, match=r"pages of search with a click.*--replay"):
        train_ranker(load_settings(tmp_path), Log(30, 0).pages, RankerTraining(), Silent(), trained_at=START)


def test_a_log_without_changed_ranks_says_what_to_do():
    with pytest.raises(TrainingError, match=r"ranking\.swap_probability.*--naive"):
        learn_ranker(examples_of(Log(1200, 0, shuffled=0).pages), RankerTraining(), Silent())


def test_a_trained_ranker_is_in_use_and_measured_beside_the_others(tmp_path: Path, log):
    settings = load_settings(tmp_path)
    model = train_ranker(settings, log.pages, RankerTraining(rounds=40), Silent(), trained_at=START)
    assert active_model(settings.models, LearnedKind.RANKER) == model
    figures = {one.system: one for one in read_figures(model.metrics)}
    assert set(figures) == {"learned", "untrained", "as served", "rank fusion"}
    assert figures["learned"].low > figures["learned"].baseline_value == figures["rank fusion"].value
    assert "as served" in (model.folder / "card.md").read_text()
    ranker = LearnedRanker.open(model)
    features = log.pages[0].record.features
    parts = ranker.parts(features, np.arange(3))
    assert [sum(one.values()) for one in parts] == pytest.approx(ranker.order(features)[:3], abs=1e-4)
    assert "title_overlap" in parts[0]
    again = train_ranker(settings, log.pages, RankerTraining(rounds=40), Silent(), trained_at=START)
    assert again.fingerprint == model.fingerprint

    untrained = UntrainedRanker(60.0, 1.0)
    followed = FollowedModel(settings.models, LearnedKind.RANKER, {}, LearnedRanker.open)
    rankers = Rankers(settings.models, followed, untrained)
    assert rankers.get("learned").name == rankers.get(model.fingerprint[:8]).name == model.fingerprint
    assert (rankers.get("fusion").name, rankers.get("untrained")) == ("fusion", untrained)


def test_before_one_was_learned_the_untrained_ranker_orders(tmp_path: Path):
    untrained = UntrainedRanker(60.0, 1.0)
    followed = FollowedModel(tmp_path, LearnedKind.RANKER, {}, LearnedRanker.open)
    assert Rankers(tmp_path, followed, untrained).get("learned") is untrained


def test_a_ranker_of_other_features_is_refused(tmp_path: Path, log):
    settings = load_settings(tmp_path)
    model = train_ranker(settings, log.pages, RankerTraining(rounds=2), Silent(), trained_at=START)
    with pytest.raises(MismatchError, match="train ranker"):
        LearnedRanker.open(replace(model, config={**model.config, "features_version": 0}))


def test_rankers_are_compared_from_the_log(log):
    pages = []
    for number, page in enumerate(log.pages[:2000]):
        best = int(np.argmax(page.record.features[:, TITLE]))
        teams = tuple(int(place != best) for place in range(SHOWN))
        if number % 2:
            record = PageRecord(("good", "poor"), page.record.features, teams)
            pages.append(replace(page, record=record))
        else:
            pages.append(page if number % 4 else replace(page, record=None))
    compared = compare_rankers(pages)
    assert compared.pages == {"good+poor": 1000, "fusion": 500, UNRECORDED: 500}
    assert compared.corrected
    figures = {(one.name, one.system): one for one in compared.figures}
    clicked = [one.clicks > 0 for one in pages if one.record and one.record.ranker == "fusion"]
    assert figures["pages with a click", "fusion"].value == pytest.approx(np.mean(clicked))
    won = figures["interleaved pages won against poor", "good"]
    assert won.baseline_value == 0.5
    assert won.p_value is not None
    assert compared.lines()
    assert compared.payload()["figures"]


def test_an_empty_log_is_compared_too():
    assert "no page of search yet" in compare_rankers([]).lines()[0]
