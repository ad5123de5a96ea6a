"""What the owner's page shows beside the state of the market: the models in use, and how fit the home is.

Cheap enough for every request: models are read by their records, not their networks, and drawn once; of the
checks of doctor only those that take milliseconds are made, once a minute.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bowerbird.encoding.learned_model import METRICS_FILE, LearnedKind, LearnedModel, read_model
from bowerbird.errors import BowerbirdError
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.evaluation.report import Figure
from bowerbird.jobs.doctor import QUICK, Check, examine
from bowerbird.jobs.model_charts import TITLES, Plot, plots_of
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import active_fingerprint

KEPT_SECONDS = 60.0
SHOWN_FIGURES = 6


@dataclass(frozen=True, slots=True)
class ModelPanel:
    """One kind of model: the one in use with its figures and plots, or why there is none to show."""

    kind: LearnedKind
    model: LearnedModel | None = None
    figures: tuple[Figure, ...] = ()
    plots: tuple[Plot, ...] = ()
    problem: str = ""

    @property
    def title(self) -> str:
        """The kind, for people."""
        return TITLES[self.kind]

    @property
    def chief(self) -> tuple[Figure, ...]:
        """The first figure of each name, in their order: what to read at a glance."""
        first: dict[str, Figure] = {}
        for figure in self.figures:
            first.setdefault(figure.name, figure)
        return tuple(first.values())[:SHOWN_FIGURES]

    @property
    def further(self) -> tuple[Figure, ...]:
        """All the others."""
        return tuple(figure for figure in self.figures if figure not in self.chief)


class Health:
    """What doctor's quick checks said, kept for a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: tuple[float, list[Check]] | None = None

    def checks(self, settings: Settings) -> list[Check]:
        """The checks of a home, at most a minute old."""
        now = self._clock()
        if self._kept is None or now - self._kept[0] > KEPT_SECONDS:
            self._kept = now, examine(settings, QUICK)
        return self._kept[1]


class ModelPanels:
    """The panels of a home, drawn again only where another model is in use or its figures are others."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Path, int], ModelPanel] = {}

    def panels(self, models_folder: Path) -> list[ModelPanel]:
        """Every kind, those in use first."""
        found = [self._panel(models_folder, kind) for kind in TITLES]
        return sorted(found, key=lambda panel: panel.model is None and not panel.problem)

    def _panel(self, models_folder: Path, kind: LearnedKind) -> ModelPanel:
        try:
            fingerprint = active_fingerprint(models_folder, kind)
            if fingerprint is None:
                return ModelPanel(kind)
            folder = models_folder / kind / fingerprint
            written_at = (folder / METRICS_FILE).stat().st_mtime_ns
            if (folder, written_at) not in self._kept:
                self._forget(folder.parent)
                self._kept[folder, written_at] = _drawn(read_model(folder)[0])
            return self._kept[folder, written_at]
        except FileNotFoundError:
            return ModelPanel(
                kind,
                problem=f"the model in use, {fingerprint}, is gone; run `bowerbird models rollback {kind}`",
            )
        except BowerbirdError as error:
            return ModelPanel(kind, problem=error.message)

    def _forget(self, parent: Path) -> None:
        for key in [key for key in self._kept if key[0].parent == parent]:
            del self._kept[key]


def _drawn(model: LearnedModel) -> ModelPanel:
    plots = tuple(plots_of(model.metrics["plots"]))
    return ModelPanel(model.kind, model, read_figures(model.metrics), plots)
