"""The report of the models in use: what it measures, what it says, and a page that stands alone."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.errors import InputError, MismatchError, NotFoundError, UnavailableError
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.report import measure
from bowerbird.jobs.model_page import model_page, write_model_page
from bowerbird.jobs.model_report import report_models
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.model_registry import activate_model, publish_model, staged_model

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NASTY = "<b>Bath & Body</b>"
PLOTS = {
    "reliability": [{"confidence": 0.75, "accuracy": 0.5, "count": 4}],
    "confusion": {"labels": [NASTY, "b"], "counts": [[3, 1], [0, 2]]},
    "recall_at_k": {"words to photo": {"1": 0.1, "10": 0.5}},
}
VOID = {"meta", "br", "img", "link", "input"}


def learned(settings: Settings, kind: LearnedKind, *, active: bool = True) -> LearnedModel:
    figure = measure("accuracy", "ours", [1, 1, 0, 1], seed=0, baseline=(NASTY, [0, 1, 0, 0]))
    with staged_model(settings.models, kind) as staged:
        (staged / "trees.txt").write_text(kind)
        model = publish_model(
            staged,
            kind,
            config={},
            encoders={},
            data="d" * 16,
            metrics=model_metrics([figure], PLOTS),
            card="",
            trained_at=NOON,
        )
    if active:
        activate_model(settings.models, kind, model.fingerprint)
    return model


class Balanced(HTMLParser):
    """Every tag is closed in the order in which it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  (the library's signature)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    (tmp_path / "home").mkdir()
    return load_settings(tmp_path / "home")


def test_a_report_has_a_section_for_each_model_in_use(empty: Settings):
    photo = learned(empty, LearnedKind.PHOTO_CLASSIFIER)
    text = learned(empty, LearnedKind.TEXT_CLASSIFIER)
    learned(empty, LearnedKind.PRICE, active=False)
    report = report_models(empty, Silent(), now=NOON)
    assert [section.model for section in report.sections] == [photo, text]
    assert report.unused == (LearnedKind.CATEGORY, LearnedKind.PRICE, LearnedKind.LISTING)
    payload = json.loads(json.dumps(report.payload()))
    assert payload["made_at"] == "2026-03-01T12:00:00+00:00"
    assert payload["sections"][0]["figures"][0]["value"] == 0.75
    assert payload["sections"][0]["plots"] == PLOTS
    assert payload["not_in_use"] == ["category", "price", "listing"]
    text_lines = "\n".join(report.lines())
    for said in (photo.fingerprint, "0.7500", "0.2500", "not in use: category, price, listing"):
        assert said in text_lines


def test_the_page_stands_alone_and_escapes(empty: Settings, tmp_path: Path):
    learned(empty, LearnedKind.PHOTO_CLASSIFIER)
    page = model_page(report_models(empty, Silent(), now=NOON))
    Balanced(page)
    assert NASTY not in page
    assert "&lt;b&gt;Bath &amp; Body&lt;/b&gt;" in page
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=", page)
    assert page.count("<svg") == 3
    assert "1 March 2026, 12:00 UTC" in page
    write_model_page(report_models(empty, Silent(), now=NOON), tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == page
    with pytest.raises(InputError, match="--output"):
        write_model_page(report_models(empty, Silent()), tmp_path / "no" / "report.html")


def test_a_home_without_models_has_nothing_to_report(empty: Settings):
    with pytest.raises(UnavailableError, match="bowerbird train"):
        report_models(empty, Silent())


def test_a_home_that_is_not_there_is_said_to_be(tmp_path: Path):
    with pytest.raises(NotFoundError, match="there is no market at"):
        report_models(load_settings(tmp_path / "nowhere"), Silent())


def test_a_damaged_model_in_use_is_no_section(empty: Settings):
    model = learned(empty, LearnedKind.PHOTO_CLASSIFIER)
    (model.folder / "trees.txt").write_text("tampered")
    with pytest.raises(MismatchError, match=r"trees\.txt"):
        report_models(empty, Silent())


def test_search_is_measured_by_judgements(indexed_home: Path, tmp_path: Path):
    judgements = tmp_path / "judgements.csv"
    judgements.write_text(
        "query,id,grade\nred sofa,red-sofa,2\nred sofa,blue-sofa,1\nblue bicycle,blue-bicycle,2\n"
        "whale,red-lamp,0\n"
    )
    (section,) = report_models(load_settings(indexed_home), Silent(), judgements=judgements).sections
    assert section.title == "Search"
    assert section.model is None
    assert "2 judged queries; 1 more have nothing relevant" in section.source
    figures = {(figure.name, figure.system): figure for figure in section.figures}
    hybrid = figures["nDCG@10", "hybrid"]
    assert (hybrid.baseline, hybrid.queries) == ("keywords", 2)
    assert hybrid.value > 0.9
    assert figures["MRR", "text vectors"].value > 0
    judgements.write_text("query,id,grade\nwhale,red-lamp,0\n")
    with pytest.raises(InputError, match="grade 1 or more"):
        report_models(load_settings(indexed_home), Silent(), judgements=judgements)
