"""Two models of one kind side by side, on the test items whose figures each kept."""

from dataclasses import dataclass
from typing import Any

from bowerbird.encoding.learned_model import LearnedModel
from bowerbird.errors import MismatchError
from bowerbird.evaluation.comparison import compare_predictions
from bowerbird.evaluation.model_metrics import lower_is_better, read_figures, says_better
from bowerbird.evaluation.predictions import read_predictions
from bowerbird.evaluation.report import Figure

SEED = 0
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Comparison:
    """The first model's figures, the second model being their baseline."""

    model: LearnedModel
    other: LearnedModel
    paired: tuple[Figure, ...]  # from the figures of each test item, with the test of their difference
    whole: tuple[
        tuple[str, str, float, float], ...
    ]  # (figure, system, value, other's) of the whole test part

    def payload(self) -> dict[str, Any]:
        """For a program."""
        return {
            "kind": self.model.kind,
            "model": self.model.fingerprint,
            "baseline": self.other.fingerprint,
            "data": self.model.data,
            "figures": [
                figure.as_json() | {"better": better_of(figure), "difference": _difference(figure)}
                for figure in self.paired
            ],
            "whole": [
                {"name": name, "system": system, "value": value, "baseline_value": theirs}
                for name, system, value, theirs in self.whole
            ],
        }


def compare_models(model: LearnedModel, other: LearnedModel) -> Comparison:
    """The comparison of two whole models.

    Raises:
        MismatchError: they are of two kinds, learned from other data or another split, or tested otherwise.
        NotFoundError: one kept no figures of its test items.
    """
    if model.kind != other.kind:
        raise MismatchError(
            f"{model.fingerprint} is a {model.kind} model and {other.fingerprint} a {other.kind} model; "
            "compare two of one kind, as `bowerbird models list` shows them"
        )
    if model.data != other.data:
        raise MismatchError(
            f"{model.fingerprint} was learned from the data {model.data} and {other.fingerprint} from "
            f"{other.data}, so their test listings differ; train the older one again"
        )
    paired = compare_predictions(
        model.fingerprint,
        read_predictions(model.folder),
        other.fingerprint,
        read_predictions(other.folder),
        seed=SEED,
    )
    return Comparison(model, other, tuple(paired), tuple(_whole(model, other)))


def better_of(figure: Figure) -> str | None:
    """The system that is better with significance, by its fingerprint; None where neither is."""
    if figure.p_value is None or figure.p_value > SIGNIFICANT or figure.baseline_value is None:
        return None
    if not says_better(figure.name):
        return None
    first_is_better = (figure.value > figure.baseline_value) != lower_is_better(figure.name)
    return figure.system if first_is_better else figure.baseline


def _difference(figure: Figure) -> float:
    return figure.value - (figure.baseline_value or 0.0)


def _whole(model: LearnedModel, other: LearnedModel) -> list[tuple[str, str, float, float]]:
    """What is no mean of its items, such as macro-F1, can be shown but not tested."""
    theirs = {(figure.name, figure.system): figure.value for figure in read_figures(other.metrics)}
    return [
        (figure.name, figure.system, figure.value, theirs[figure.name, figure.system])
        for figure in read_figures(model.metrics)
        if (figure.name, figure.system) in theirs
    ]
