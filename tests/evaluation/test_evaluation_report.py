"""Figures beside their baselines, in a table and as JSON."""

import json

import pytest

from bowerbird.evaluation.report import Figure, measure, table
from bowerbird.evaluation.significance import bootstrap_interval, randomisation_test

OURS, THEIRS = [1.0, 0.5, 0.75, 0.25], [0.5, 0.5, 0.25, 0.25]


def test_a_figure_carries_its_interval_and_its_baseline():
    figure = measure("nDCG@10", "hybrid", OURS, seed=1, baseline=("keywords", THEIRS))
    assert figure.value == (1.0 + 0.5 + 0.75 + 0.25) / 4
    assert (figure.low, figure.high) == bootstrap_interval(OURS, seed=1)
    assert (figure.baseline, figure.baseline_value) == ("keywords", 0.375)
    assert figure.p_value == randomisation_test(OURS, THEIRS, seed=1)
    assert figure.queries == 4


def test_the_groups_reach_the_interval_and_the_test():
    figure = measure("R@1", "ours", OURS, seed=1, groups=[0, 0, 1, 1], baseline=("plain", THEIRS))
    assert (figure.low, figure.high) == bootstrap_interval(OURS, seed=1, groups=[0, 0, 1, 1])
    assert figure.p_value == randomisation_test(OURS, THEIRS, seed=1, groups=[0, 0, 1, 1])


def test_the_table_is_aligned_and_says_the_difference():
    figures = [
        measure("nDCG@10", "hybrid", OURS, seed=1, baseline=("keywords", THEIRS)),
        measure("nDCG@10", "keywords", THEIRS, seed=1),
    ]
    header, rule, first, second = table(figures).splitlines()
    assert header.split("  ")[0] == "figure"
    assert set(rule) == {"-", " "}
    assert first.split()[:3] == ["nDCG@10", "hybrid", "0.6250"]
    assert "keywords  0.3750     +0.2500" in first
    assert second.endswith("0.5000")
    assert first.index("0.6250") == second.index("0.3750") == header.index("value")


def test_a_figure_is_written_as_json():
    written = json.loads(json.dumps(measure("MRR", "keywords", OURS, seed=1).as_json()))
    assert written["name"] == "MRR"
    assert written["value"] == pytest.approx(0.625)
    assert written["baseline"] is None


def test_a_baseline_without_a_test_is_shown_too():
    figure = Figure("macro-F1", "ours", 0.75, 0.7, 0.8, 4, "majority", 0.25)
    line = table([figure]).splitlines()[2]
    assert line.split() == [
        "macro-F1",
        "ours",
        "0.7500",
        "0.7000",
        "to",
        "0.8000",
        "majority",
        "0.2500",
        "+0.5000",
    ]
