"""How served pages fared: by value on a small log, and on one whose order is good by half."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from bowerbird.cli import app
from bowerbird.errors import InputError
from bowerbird.jobs.log_report import SERVED, SHUFFLED, report_log
from bowerbird.market.event import Surface
from bowerbird.storage.query_log import ServedPage
from bowerbird.storage.ranking_log import RankedPage

START = datetime(2026, 1, 5, tzinfo=UTC)


def page(number: int, ids: str, grades: tuple[int, ...]) -> RankedPage:
    at = START + timedelta(minutes=number)
    return RankedPage(ServedPage(f"q{number}", "search", at, tuple(ids), 9), None, grades)


def test_a_small_log_by_value():
    pages = [
        page(0, "abc", (1, 0, 0)),
        page(1, "abd", (0, 0, 1)),
        page(2, "aab", (0, 1, 0)),
        page(3, "a", (0,)),
    ]
    report = report_log(pages, surface="search", size=8, k=2, later=0.5, seed=0)
    assert (report.earlier_pages, report.pages, report.clicked_share) == (2, 2, 0.5)
    found = {(one.name, one.system): one.value for one in report.figures}
    assert found["nDCG@2", SERVED] == pytest.approx(1 / np.log2(3))
    assert found["MRR", SERVED] == 0.5
    assert found["hit rate@2", SERVED] == 1
    assert report.coverage == 2 / 8
    # a and d were each visited once before, over 8 listings: 2 chances in 10 for a, 1 for b.
    assert report.novelty == pytest.approx((3 * np.log2(5) + np.log2(10)) / 4)
    # Counts 0 x 6, 1 and 3: 2 (7 x 1 + 8 x 3) / (8 x 4) - 9 / 8.
    assert report.concentration == pytest.approx(2 * 31 / 32 - 9 / 8)


def test_a_good_order_beats_its_own_pages_shuffled():
    rng = np.random.default_rng(5)
    chances = 0.5 / np.arange(1, 11)
    pages = [
        page(number, "abcdefghij", tuple(int(one) for one in rng.random(10) < chances))
        for number in range(600)
    ]
    report = report_log(pages, surface="search", size=10, k=10, later=0.5, seed=0)
    served, shuffled = (
        next(one for one in report.figures if (one.name, one.system) == ("nDCG@10", system))
        for system in (SERVED, SHUFFLED)
    )
    assert served.low > shuffled.high
    assert served.p_value == pytest.approx(1e-4, abs=1e-4)
    assert report.lines()[0].startswith("300 pages of search after 300 earlier ones;")


def test_a_log_of_nothing_says_what_to_do():
    with pytest.raises(InputError, match="holds no page of feed; serve some"):
        report_log([], surface="feed", size=8, k=10, later=0.2, seed=0)
    with pytest.raises(InputError, match="was clicked"):
        report_log([page(0, "ab", (0, 0))], surface="search", size=8, k=10, later=0.2, seed=0)


def test_the_command_takes_known_surfaces_alone(tmp_path: Path):
    asked = CliRunner().invoke(app, ["evaluate", "log", "--surface", "fed", "--home", str(tmp_path)])
    assert asked.exit_code == 2
    assert all(surface in asked.output for surface in Surface)
