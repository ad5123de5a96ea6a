"""Curves, matrices and the plots of models: geometry by value, markup well formed and escaped."""

import math
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.evaluation.report import measure
from bowerbird.jobs.curve_charts import Curve, Range, curves, matrix, nice_range
from bowerbird.jobs.model_charts import UNIT, intervals, plots_of

NASTY = "<b>\"Bath' & Body</b>"


def drawn(markup) -> dict[str, list[ET.Element]]:
    """The elements of a chart by class; it must be one well-formed SVG without styles of its own."""
    root = ET.fromstring(str(markup))  # noqa: S314 - our own markup
    assert root.tag == "svg"
    assert "style=" not in str(markup)  # the content security policy of the pages forbids it
    found: dict[str, list[ET.Element]] = {}
    for element in root.iter():
        for name in (element.get("class") or "").split():
            found.setdefault(name, []).append(element)
    return found


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_a_nice_range_holds_its_values_on_round_marks(values: list[float]):
    across, marks = nice_range(values)
    slack = 1e-9 * (abs(across.low) + abs(across.high) + 1)
    assert across.low - slack <= min(values)
    assert max(values) <= across.high + slack
    assert (across.low, across.high) == (marks[0], marks[-1])
    assert len(marks) <= 7


def test_nice_marks_by_value():
    across, marks = nice_range([0.52, 0.71])
    assert (across.low, across.high) == pytest.approx((0.5, 0.75))
    assert marks == pytest.approx([0.5, 0.55, 0.6, 0.65, 0.7, 0.75])


def test_a_logarithmic_axis_gives_each_decade_its_share():
    across = Range(1, 100, logarithmic=True)
    assert across.position(1) == 0
    assert across.position(10) == pytest.approx(0.5)
    assert across.position(1000) == 1
    assert across.position(0) == 0


def test_a_curve_goes_through_its_points():
    line = Curve(NASTY, ((0.0, 0.0), (0.5, 1.0), (1.0, 0.5)))
    found = drawn(curves([line], (UNIT, UNIT.ticks([0, 1])), (UNIT, UNIT.ticks([1])), "t", diagonal=True))
    legend, first, second = found["curve"]
    assert [found["label"][0].text, legend.get("x2")] == [NASTY, "16"]
    assert [first.get(name) for name in ("x1", "x2")] == ["0.00%", "50.00%"]
    bottom, top = float(first.get("y1")), float(first.get("y2"))
    assert bottom - top == 190
    assert float(second.get("y2")) == (bottom + top) / 2
    assert len(found["dot"]) == 3
    (diagonal,) = found["diagonal"]
    assert (float(diagonal.get("y1")), float(diagonal.get("y2"))) == (bottom, top)


def test_a_matrix_shows_shares_of_each_row():
    found = drawn(matrix(["a", NASTY], [[3, 1], [0, 10]], "t"))
    assert [cell.get("fill-opacity") for cell in found["cell"]] == ["0.750", "0.250", "0.000", "1.000"]
    assert [len(found["right"]), len(found["wrong"])] == [2, 2]
    assert [note.text for note in found["note"]] == ["75% of 4", "100% of 10"]
    assert [label.text for label in found["cell-label"]] == ["75", "25", "100"]
    assert found["cell"][1][0].text == f"a taken for {NASTY}: 1 (25.0%)"


def test_a_matrix_row_without_items_is_empty():
    found = drawn(matrix(["a", "b"], [[0, 0], [1, 1]], "t"))
    assert found["note"][0].text == "0% of 0"


def test_every_plot_of_a_model_is_drawn():
    plots = plots_of(
        {
            "reliability": [
                {"confidence": 0.5, "accuracy": 0.4, "count": 10},
                {"confidence": 0.9, "accuracy": 0.95, "count": 30},
                {"confidence": 0.1, "accuracy": math.nan, "count": 0},
            ],
            "coverage": [{"expected": 0.8, "covered": 0.79, "count": 100}],
            "recall_at_k": {"words to photo": {"10": 0.5, "1": 0.1}, "photo to photo": {"1": 0.4}},
            "confusion": {"labels": ["a", "b"], "counts": [[3, 1], [0, 2]]},
            "learning_curve": [
                {"epoch": 1, "train_loss": 2.0, "accuracy": 0.4, "learning_rate": 0.1},
                {"epoch": 2, "train_loss": 1.0, "accuracy": 0.5, "learning_rate": 0.01},
            ],
        }
    )
    assert [plot.title for plot in plots] == [
        "Reliability",
        "Coverage",
        "Recall",
        "Confusion",
        "Learning curve",
        "Learning curve, errors",
    ]
    charts = [drawn(plot.chart) for plot in plots]
    assert len(charts[0]["dot"]) == 2  # a bin without answers says nothing
    assert "over 40 answers" in plots[0].note
    assert charts[2]["dot"][0].get("cx") == "0.00%"  # k = 1 before k = 10
    assert [label.text for label in charts[4]["label"]] == ["accuracy"]
    assert [label.text for label in charts[5]["label"]] == ["train_loss"]


def test_what_cannot_be_drawn_is_left_out():
    assert plots_of({}) == []
    assert plots_of({"recall_at_k": {"a": {}}, "confusion": {"labels": [], "counts": []}}) == []
    assert plots_of({"learning_curve": [{"epoch": 1, "loss": 1.0}]}) == []  # one point is no curve
    many = [str(n) for n in range(30)]
    assert plots_of({"confusion": {"labels": many, "counts": [[1] * 30] * 30}}) == []


def test_figures_are_drawn_with_their_intervals():
    figure = measure("accuracy", "ours", [1, 1, 0, 1], seed=0, baseline=("majority", [0, 1, 0, 0]))
    error = measure("RMSLE", "ours", [2.0, 3.0], seed=0)
    found = drawn(intervals([figure, error], "t"))
    assert found["median"][0].get("cx") == "75.00%"
    assert len(found["median"]) == 1  # an error has no place on an axis of shares
    assert found["note"][0].text == "0.750 (majority 0.250)"
