"""The owner's page: the models in use beside their baselines, their plots, and what doctor says."""

import json
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from bowerbird.assembly import open_engine
from bowerbird.encoding.learned_model import METRICS_FILE, LearnedKind, LearnedModel
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.report import measure
from bowerbird.jobs.doctor import QUICK
from bowerbird.serving.app import create_app
from bowerbird.serving.owner import KEPT_SECONDS, Health, ModelPanel, ModelPanels
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import activate_model, publish_model, roll_back_model, staged_model

NASTY = "<b>Bath & Body</b>"
PLOTS = {
    "reliability": [{"confidence": 0.75, "accuracy": 0.5, "count": 4}],
    "confusion": {"labels": [NASTY, "b"], "counts": [[3, 1], [0, 2]]},
}


def learned(models: Path, content: str, kind: LearnedKind = LearnedKind.CATEGORY) -> LearnedModel:
    figure = measure("accuracy", "ours", [1, 1, 0, 1], seed=0, baseline=(NASTY, [0, 1, 0, 0]))
    with staged_model(models, kind) as staged:
        (staged / "trees.txt").write_text(content)
        model = publish_model(
            staged,
            kind,
            config={},
            encoders={},
            data="d" * 16,
            metrics=model_metrics([figure], PLOTS),
            card="",
            trained_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        )
    return activate_model(models, kind, model.fingerprint)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(open_engine(settings), settings)) as client:
        yield client


def owner_page(client: TestClient) -> str:
    response = client.get("/owner")
    assert response.status_code == 200, response.text
    return response.text


def test_the_page_follows_what_is_in_use(client: TestClient, settings: Settings):
    assert "Nothing has been learned from this market yet" in owner_page(client)
    first = learned(settings.models, "1")
    page = owner_page(client)
    for said in (first.fingerprint, "0.750", "0.250", "1 Mar 2026, 12:00 UTC", "Reliability diagram"):
        assert said in page
    assert NASTY not in page
    assert "&lt;b&gt;Bath &amp; Body&lt;/b&gt;" in page
    assert "style=" not in page  # which the content security policy forbids
    second = learned(settings.models, "2")
    page = owner_page(client)
    assert second.fingerprint in page
    assert first.fingerprint not in page
    roll_back_model(settings.models, LearnedKind.CATEGORY)
    assert first.fingerprint in owner_page(client)


def test_the_page_says_what_is_wrong(client: TestClient, settings: Settings):
    gone = learned(settings.models, "1")
    damaged = learned(settings.models, "2", LearnedKind.PRICE)
    shutil.rmtree(gone.folder)
    (damaged.folder / METRICS_FILE).write_text("{")
    page = owner_page(client)
    assert "bowerbird models rollback category" in page
    assert f"{damaged.fingerprint}/{METRICS_FILE} is damaged" in page


def test_the_page_shows_the_quick_checks_and_is_linked(client: TestClient):
    page = owner_page(client)
    for said in ("Disk", "48 listings at revision", "sampled photos are all stored", "bowerbird doctor"):
        assert said in page
    assert 'href="/owner"' in client.get("/").text.partition("<footer")[2]
    assert (
        client.get(page.partition('owner.css">')[0].rpartition('href="')[2] + "owner.css").status_code == 200
    )


def test_figures_measured_again_are_shown(settings: Settings):
    panels = ModelPanels()
    model = learned(settings.models, "1")
    before = panels.panels(settings.models)[0]
    assert panels.panels(settings.models)[0] is before  # nothing is drawn twice
    path = model.folder / METRICS_FILE
    metrics = json.loads(path.read_text())
    metrics["figures"][0]["value"] = 0.5
    time.sleep(0.01)
    path.write_text(json.dumps(metrics))
    assert panels.panels(settings.models)[0].figures[0].value == 0.5


def test_health_is_looked_at_once_a_minute(settings: Settings):
    clock = [0.0]
    health = Health(lambda: clock[0])
    first = health.checks(settings)
    assert [check.name for check in first] == list(QUICK)
    clock[0] = KEPT_SECONDS
    assert health.checks(settings) is first
    clock[0] = KEPT_SECONDS + 1
    assert health.checks(settings) is not first


def test_the_first_of_each_figure_is_shown_and_the_rest_is_folded():
    names = ("accuracy", "accuracy", "macro-F1", "a", "b", "c", "d", "e")
    figures = tuple(measure(name, f"system {at}", [0.0, 1.0], seed=0) for at, name in enumerate(names))
    panel = ModelPanel(LearnedKind.CATEGORY, figures=figures)
    assert [figure.system for figure in panel.chief] == [f"system {at}" for at in (0, 2, 3, 4, 5, 6)]
    assert [figure.system for figure in panel.further] == ["system 1", "system 7"]
