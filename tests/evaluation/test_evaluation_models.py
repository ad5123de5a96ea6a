"""The contract between trainers and whoever reads what they published: metrics, predictions, cards."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.evaluation.comparison import compare_predictions
from bowerbird.evaluation.model_card import render_card
from bowerbird.evaluation.model_metrics import (
    check_metrics,
    lower_is_better,
    model_metrics,
    read_figures,
    says_better,
)
from bowerbird.evaluation.predictions import Predictions, read_predictions, write_predictions
from bowerbird.evaluation.report import measure

FIGURES = [
    measure("accuracy", "ours", [1, 1, 0, 1], seed=0, baseline=("majority", [0, 1, 0, 0])),
    measure("RMSLE", "ours", [0.5, 0.25], seed=0),
]
PLOTS = {
    "reliability": [{"confidence": 0.75, "accuracy": 0.5, "count": 4}],
    "confusion": {"labels": ["a", "b"], "counts": [[3, 1], [0, 2]]},
    "learning_curve": [{"epoch": 1, "accuracy": 0.5}],
    "coverage": [{"expected": 0.8, "covered": 0.79, "count": 100}],
    "recall_at_k": {"words to photo": {"1": 0.1, "10": 0.5}},
}


def test_metrics_survive_json():
    metrics = json.loads(json.dumps(model_metrics(FIGURES, PLOTS, seconds=3)))
    assert read_figures(metrics) == tuple(FIGURES)
    assert metrics["plots"] == PLOTS
    assert metrics["seconds"] == 3
    assert model_metrics([])["plots"] == {}


@pytest.mark.parametrize(
    ("metrics", "what"),
    [
        ({}, "figures"),
        ({"figures": {}, "plots": {}}, "figures"),
        ({"figures": [{"name": "accuracy"}], "plots": {}}, "system, value, low, high, queries"),
        ({"figures": ["accuracy"], "plots": {}}, "figure 0"),
        ({"figures": []}, "plots"),
        ({"figures": [], "plots": {"reliability": [{"confidence": 1}]}}, "reliability"),
        ({"figures": [], "plots": {"coverage": [0.8]}}, "coverage"),
        ({"figures": [], "plots": {"learning_curve": [{"loss": 1}]}}, "epoch"),
        ({"figures": [], "plots": {"confusion": {"labels": ["a"]}}}, "counts"),
        ({"figures": [], "plots": {"confusion": {"labels": ["a"], "counts": [[1, 2]]}}}, "confusion"),
        ({"figures": [], "plots": {"recall_at_k": {"a": {"ten": 0.5}}}}, "recall_at_k"),
    ],
)
def test_metrics_of_another_form_are_refused(metrics: dict, what: str):
    with pytest.raises(MismatchError, match=what):
        check_metrics(metrics)


def test_errors_are_better_when_lower():
    assert all(map(lower_is_better, ("RMSLE", "log_error", "calibration error", "range_width", "log loss")))
    assert not any(map(lower_is_better, ("accuracy", "macro-F1", "R@1", "covered", "found_at_10")))


def test_more_of_unsure_is_neither_better_nor_worse():
    assert not says_better("unsure share")
    assert says_better("root accuracy where sure")


def test_predictions_survive_the_disk(tmp_path: Path):
    write_predictions(
        tmp_path,
        ["b", "a"],
        {"correct": [True, False], "log_error": [0.5, np.nan]},
        groups=[7, 7],
        labels={"predicted": ["x", "y"]},
    )
    read = read_predictions(tmp_path)
    assert read.items == ("b", "a")
    assert read.groups is not None
    assert read.groups.tolist() == [7, 7]
    assert list(read.measures) == ["correct", "log_error"]
    assert read.measures["correct"].tolist() == [1.0, 0.0]
    assert read.measures["log_error"][0] == 0.5
    assert np.isnan(read.measures["log_error"][1])


def test_predictions_written_by_others_are_read_or_refused(tmp_path: Path):
    with pytest.raises(NotFoundError, match="cannot be compared"):
        read_predictions(tmp_path)
    path = tmp_path / "predictions.parquet"
    pl.DataFrame({"item": ["a", "b"], "right": [True, None], "rank": [1, 2]}).write_parquet(path)
    read = read_predictions(tmp_path)
    assert read.groups is None
    assert np.isnan(read.measures["right"][1])
    assert read.measures["rank"].dtype == np.float64
    for frame in (pl.DataFrame({"id": ["a"]}), pl.DataFrame({"item": ["a", "a"]})):
        frame.write_parquet(path)
        with pytest.raises(MismatchError, match="item"):
            read_predictions(tmp_path)
    path.write_bytes(b"no parquet")
    with pytest.raises(MismatchError, match="cannot be read"):
        read_predictions(tmp_path)


def test_predictions_that_do_not_fit_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="once"):
        write_predictions(tmp_path, ["a", "a"], {})
    with pytest.raises(InputError, match="'correct' has 1 values for 2 items"):
        write_predictions(tmp_path, ["a", "b"], {"correct": [1]})


def test_a_comparison_is_the_paired_test_of_the_same_items():
    rng = np.random.default_rng(0)
    items = [f"listing-{n}" for n in range(300)]
    theirs = (rng.random(300) < 0.5).astype(float)
    ours = np.maximum(theirs, rng.random(300) < 0.2)
    shuffled = rng.permutation(300)
    (figure,) = compare_predictions(
        "new",
        Predictions(tuple(items), {"correct": ours, "only here": ours}),
        "old",
        Predictions(tuple(items[n] for n in shuffled), {"correct": theirs[shuffled]}),
        seed=3,
    )
    assert figure == measure("correct", "new", ours, seed=3, baseline=("old", theirs))
    assert figure.value > (figure.baseline_value or 1)
    assert figure.p_value is not None
    assert figure.p_value < 0.01


def test_items_without_a_figure_do_not_count_and_groups_reach_the_test():
    ours, theirs = np.array([1.0, np.nan, 0.0, 1.0]), np.array([0.0, 1.0, np.nan, 1.0])
    groups = np.array([0, 0, 1, 1])
    (figure,) = compare_predictions(
        "a",
        Predictions(tuple("wxyz"), {"correct": ours}, groups),
        "b",
        Predictions(tuple("wxyz"), {"correct": theirs}),
        seed=0,
    )
    assert (figure.queries, figure.value, figure.baseline_value) == (2, 1.0, 0.5)
    assert figure == measure("correct", "a", [1, 1], seed=0, groups=[0, 1], baseline=("b", [0, 1]))


def test_other_items_and_other_figures_cannot_be_compared():
    one = Predictions(("a", "b"), {"correct": np.ones(2)})
    other = Predictions(("b", "c", "d"), {"correct": np.ones(3)})
    with pytest.raises(MismatchError, match=r"2 items and new on 3, of which 1 and 2 are their own"):
        compare_predictions("old", one, "new", other, seed=0)
    with pytest.raises(MismatchError, match="no figure is common"):
        compare_predictions("old", one, "new", Predictions(("a", "b"), {"rank": np.ones(2)}), seed=0)


def test_a_card_says_what_people_ask():
    card = render_card(
        "Category of a listing",
        purpose="Words and photos to category probabilities.",
        data="0123456789abcdef",
        split="12 to train, 4 to test",
        encoders={"text": "aaaa"},
        training={"epochs": 30, "seed": 0},
        figures=FIGURES,
        limits=["English alone."],
        uses=["Suggesting, not deciding."],
        trained_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )
    for said in (
        "# Category of a listing",
        "- trained: 2026-03-01 12:00 UTC",
        "- data: 0123456789abcdef",
        "- split: 12 to train, 4 to test",
        "- text encoder: aaaa",
        "- epochs: 30",
        "- English alone.",
        "- Suggesting, not deciding.",
    ):
        assert said in card.splitlines()
    row = next(line for line in card.splitlines() if line.startswith("| accuracy"))
    assert [cell.strip() for cell in row.strip("|").split("|")][:3] == ["accuracy", "ours", "0.7500"]
    assert "| majority | 0.2500 |" in row
    assert "| RMSLE | ours | 0.3750 |" in card


def test_a_card_without_limits_says_that_none_were_stated():
    card = render_card(
        "x",
        purpose="",
        data="",
        split="",
        encoders={},
        training={},
        figures=[],
        limits=[],
        uses=[],
        trained_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    assert card.count("- none stated") == 3
