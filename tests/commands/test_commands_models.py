"""`bowerbird models`: what is learned, what is in use, which is better."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bowerbird import cli
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.predictions import write_predictions
from bowerbird.evaluation.report import measure
from bowerbird.storage.model_registry import activate_model, publish_model, staged_model

INPUT, NOT_FOUND, MISMATCH = 2, 3, 4
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RNG = np.random.default_rng(0)
GOOD, POOR = RNG.random(200) < 0.9, RNG.random(200) < 0.5


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "market"
    folder.mkdir()
    return folder


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path) -> Callable:
    """Run `bowerbird models ...` on `home`: its exit code, what it printed, and that as JSON."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str, home: Path = home) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["bowerbird", "models", *arguments, "--home", str(home)])
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        read = json.loads(said.out) if "--json" in arguments and not code else None
        return SimpleNamespace(code=code, out=said.out, err=said.err, json=read)

    return run


def publish(
    home: Path, correct: np.ndarray, kind: LearnedKind = LearnedKind.CATEGORY, day: int = 0, data: str = "d1"
) -> LearnedModel:
    figure = measure("accuracy", "model", correct, seed=0, baseline=("majority", POOR[: len(correct)]))
    with staged_model(home / "models", kind) as staged:
        items = [f"listing-{row}" for row in range(len(correct))]
        write_predictions(staged, items, {"correct": correct, "log_error": 1.0 - correct})
        return publish_model(
            staged,
            kind,
            config={"day": day},
            encoders={},
            data=data,
            metrics=model_metrics([figure]),
            card=f"# The model of day {day}\n",
            trained_at=NOON + timedelta(days=day),
        )


def test_a_home_without_models_says_how_to_get_one(run: Callable):
    assert "bowerbird train" in run("list").out
    assert run("list", "--json").json == {"models": [], "damaged": []}
    assert (run("show", "abc").code, run("activate", "abc").code) == (NOT_FOUND, NOT_FOUND)
    assert run("rollback", "price").code == INPUT


def test_a_home_that_is_not_there_is_not_made(run: Callable, tmp_path: Path):
    nowhere = tmp_path / "nowhere"
    for arguments in (("list",), ("show", "a"), ("compare", "a", "b"), ("rollback", "price")):
        found = run(*arguments, home=nowhere)
        assert (found.code, found.out) == (NOT_FOUND, "")
        assert "there is no market at" in found.err
    assert not nowhere.exists()


def test_models_are_listed_with_their_headline_figure(run: Callable, home: Path):
    old, new = publish(home, POOR), publish(home, GOOD, day=1)
    price = publish(home, GOOD, LearnedKind.PRICE)
    activate_model(home / "models", LearnedKind.CATEGORY, old.fingerprint)
    listed = run("list", "--json").json["models"]
    assert [(row["fingerprint"], row["active"]) for row in listed] == [
        (new.fingerprint, False),
        (old.fingerprint, True),
        (price.fingerprint, False),
    ]
    assert listed[0]["headline"]["value"] == GOOD.mean()
    lines = run("list").out.splitlines()
    assert lines[2].split()[:2] == ["*", "category"]
    for said in (new.fingerprint, "2026-03-02 12:00", "d1", f"accuracy {GOOD.mean():.4f} (majority"):
        assert said in lines[1]


def test_a_damaged_model_is_named_beside_the_others(run: Callable, home: Path):
    whole, damaged = publish(home, GOOD), publish(home, POOR, day=1)
    (damaged.folder / "predictions.parquet").write_bytes(b"cut off")
    found = run("list")
    assert found.code == 0
    assert whole.fingerprint in found.out
    assert damaged.fingerprint not in found.out
    assert f"{damaged.fingerprint}/predictions.parquet is not the file" in found.err
    assert run("list", "--json").json["damaged"][0]["folder"] == str(damaged.folder)
    assert run("activate", damaged.fingerprint).code == MISMATCH


def test_a_model_shows_its_card_and_figures(run: Callable, home: Path):
    model = publish(home, GOOD)
    shown = run("show", model.fingerprint[:6]).out
    assert "# The model of day 0" in shown
    assert f"{GOOD.mean():.4f}" in shown
    read = run("show", model.fingerprint, "--json").json
    assert (read["kind"], read["active"], read["config"]) == ("category", False, {"day": 0})
    assert read["metrics"]["figures"][0]["name"] == "accuracy"
    assert "day 0" in read["card"]


def test_two_models_are_compared_item_by_item(run: Callable, home: Path):
    good, poor = publish(home, GOOD, day=1), publish(home, POOR)
    read = run("compare", good.fingerprint, poor.fingerprint, "--json").json
    correct, error = read["figures"]
    assert (correct["value"], correct["baseline_value"]) == (GOOD.mean(), POOR.mean())
    assert correct["p_value"] < 0.001
    assert correct["difference"] == GOOD.mean() - POOR.mean()
    assert correct["better"] == error["better"] == good.fingerprint  # an error is better when lower
    turned = run("compare", poor.fingerprint, good.fingerprint, "--json").json
    assert {figure["better"] for figure in turned["figures"]} == {good.fingerprint}
    shown = run("compare", good.fingerprint, poor.fingerprint).out
    assert f"correct: {good.fingerprint}; log_error: {good.fingerprint}" in shown
    same = run("compare", good.fingerprint, good.fingerprint)
    assert "neither, in anything" in same.out


def test_what_cannot_be_compared_says_why(run: Callable, home: Path):
    model = publish(home, GOOD)
    elsewhere = publish(home, GOOD, day=1, data="d2")
    price = publish(home, GOOD, LearnedKind.PRICE)
    smaller = publish(home, GOOD[:150], day=2)
    for other, reason in (
        (elsewhere, "learned from the data d1"),
        (price, "two of one kind"),
        (smaller, "200 items"),
    ):
        found = run("compare", model.fingerprint, other.fingerprint)
        assert (found.code, found.out) == (MISMATCH, "")
        assert reason in found.err
    assert run("compare", model.fingerprint, "feed").code == NOT_FOUND


def test_putting_in_use_and_rolling_back(run: Callable, home: Path):
    first, second = publish(home, POOR), publish(home, GOOD, day=1)
    assert run("activate", first.fingerprint).out == f"category: {first.fingerprint} is in use\n"
    assert run("activate", second.fingerprint[:8], "--json").json == {
        "kind": "category",
        "active": second.fingerprint,
    }
    assert run("rollback", "category").out == f"category: {first.fingerprint} is in use\n"
    assert run("rollback", "category", "--json").json == {"kind": "category", "active": None}
    found = run("rollback", "category")
    assert found.code == INPUT
    assert "no category model is in use" in found.err
    assert run("rollback", "sofas").code == INPUT


def test_a_damaged_choice_is_named_and_can_be_made_anew(run: Callable, home: Path):
    model = publish(home, GOOD)
    (home / "models" / "category" / "ACTIVE").write_text("not a fingerprint")
    found = run("list")
    assert found.code == 0
    assert "bowerbird models activate" in found.err
    assert run("activate", model.fingerprint).code == 0
    assert run("list", "--json").json["models"][0]["active"]
