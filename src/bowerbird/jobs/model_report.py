"""`bowerbird evaluate models`: every model in use on the test listings, one report.

In: a home. Out: a section a model, with its figures beside their baselines and its plots. The models that
answer are asked about the test listings of the stored split as a server would ask them. Of the
others, whose networks would have to read every photo again, those figures are shown, and are said to be,
that were measured on the same listings when they were published.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bowerbird.assembly import open_engine
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.errors import InputError, NotFoundError, UnavailableError
from bowerbird.evaluation.judgements import Judgements, answerable, read_judgements
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.evaluation.report import Figure, table
from bowerbird.jobs.category_as_served import category_as_served
from bowerbird.jobs.held_out import HeldOut, held_out
from bowerbird.jobs.judged_search import judged_figures
from bowerbird.jobs.model_charts import TITLES
from bowerbird.jobs.price_as_served import price_as_served
from bowerbird.jobs.retrieval_as_served import retrieval_as_served
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import active_model
from bowerbird.training.training_data import TrainingData, load_training_data

Measure = Callable[[LearnedModel, HeldOut], tuple[list[Figure], dict[str, Any]]]
AS_SERVED: Mapping[LearnedKind, Measure] = {
    LearnedKind.CATEGORY: category_as_served,
    LearnedKind.PRICE: price_as_served,
    LearnedKind.LISTING: retrieval_as_served,
}


@dataclass(frozen=True, slots=True)
class Section:
    """One model, or search, and what was measured."""

    title: str
    source: str  # how the figures came about, a sentence
    figures: tuple[Figure, ...]
    plots: Mapping[str, Any] = field(default_factory=dict)  # as in evaluation.model_metrics
    model: LearnedModel | None = None

    def payload(self) -> dict[str, Any]:
        """For a program."""
        return {
            "title": self.title,
            "source": self.source,
            "kind": self.model.kind if self.model else None,
            "fingerprint": self.model.fingerprint if self.model else None,
            "data": self.model.data if self.model else None,
            "figures": [figure.as_json() for figure in self.figures],
            "plots": dict(self.plots),
        }


@dataclass(frozen=True, slots=True)
class ModelReport:
    """What is in use on one home, measured."""

    home: Path
    made_at: datetime
    sections: tuple[Section, ...]
    unused: tuple[LearnedKind, ...]  # kinds of which no model is in use

    def payload(self) -> dict[str, Any]:
        """For a program."""
        return {
            "home": str(self.home),
            "made_at": self.made_at.isoformat(),
            "not_in_use": list(self.unused),
            "sections": [section.payload() for section in self.sections],
        }

    def lines(self) -> list[str]:
        """For a terminal."""
        lines: list[str] = []
        for section in self.sections:
            name = f" ({section.model.fingerprint})" if section.model else ""
            lines += [f"{section.title}{name}: {section.source}", "", table(section.figures), ""]
        if self.unused:
            lines.append(f"not in use: {', '.join(self.unused)}")
        return lines


def report_models(
    settings: Settings, progress: Progress, *, judgements: Path | None = None, now: datetime | None = None
) -> ModelReport:
    """Measure what is in use.

    Args:
        settings: of the home.
        progress: told of each section.
        judgements: the market's own queries with grades, if it has any; search is measured by them.
        now: when the report is made; the time it is, unless given.

    Raises:
        NotFoundError: there is no such home, or a model in use or the judgements file is gone.
        MismatchError: a model in use is damaged.
        InputError: the judgements cannot be used.
        UnavailableError: no model is in use and no judgements were given, so there is nothing to report.
    """
    if not settings.home.is_dir():
        raise NotFoundError(
            f"there is no market at {settings.home}; give --home, or run `bowerbird import FILE`"
        )
    judged = None if judgements is None else read_judgements(judgements)
    models = models_in_use(settings.models)
    if not models and judged is None:
        raise UnavailableError(
            f"no learned model is in use at {settings.home}, so there is nothing to measure; run `bowerbird "
            "train`, or give --judgements to measure search alone"
        )
    progress.step("reading the market", None)
    data = load_training_data(settings) if any(model.kind in AS_SERVED for model in models) else None
    sections = []
    for model in models:
        progress.step(f"measuring the {model.kind} model", None)
        sections.append(
            published_section(model) if data is None else served_section(model, data, settings.home)
        )
    if judged is not None:
        progress.step("measuring search", None)
        sections.append(search_section(settings, judged))
    unused = tuple(kind for kind in TITLES if kind not in {model.kind for model in models})
    return ModelReport(settings.home, now or datetime.now(UTC), tuple(sections), unused)


def search_section(settings: Settings, judged: Judgements) -> Section:
    """Search, by what people said of its answers.

    Raises:
        InputError: no query has anything relevant.
    """
    useful = answerable(judged)
    if not useful:
        raise InputError(
            f"none of the {len(judged)} judged queries has a listing of grade 1 or more, so search cannot be "
            "measured; add grades of 1 or more"
        )
    with closing(open_engine(settings)) as engine:
        figures = judged_figures(engine, useful)
    left_out = len(judged) - len(useful)
    without = f"; {left_out} more have nothing relevant and are left out" if left_out else ""
    return Section("Search", f"measured now on {len(useful)} judged queries{without}", tuple(figures))


def served_section(model: LearnedModel, data: TrainingData, home: Path) -> Section:
    """The model asked about the test listings of its split, or what it says of itself where it cannot be."""
    measured = AS_SERVED.get(model.kind)
    if measured is None:
        return published_section(model)
    held = held_out(home / "runs" / "splits", data, model.data)
    if held is None:
        return published_section(model, f", for its split {model.data} is not kept here")
    figures, plots = measured(model, held)
    gone = f"; {held.gone:,} more are gone from the market" if held.gone else ""
    source = f"measured now, as served, on {len(held.tested):,} test listings{gone}"
    return Section(TITLES[model.kind], source, tuple(figures), {**model.metrics["plots"], **plots}, model)


def published_section(model: LearnedModel, why: str = "") -> Section:
    """What the model says of itself."""
    return Section(
        TITLES[model.kind],
        f"measured on the test listings when it was published{why}",
        read_figures(model.metrics),
        model.metrics["plots"],
        model,
    )


def models_in_use(models_folder: Path) -> list[LearnedModel]:
    """The active model of each kind that has one, in the order of `TITLES`.

    Raises:
        NotFoundError: one is gone.
        MismatchError: one is damaged.
    """
    found = (active_model(models_folder, kind) for kind in TITLES)
    return [model for model in found if model is not None]
