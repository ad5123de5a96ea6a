"""A model card: what a learned model is, what it was trained on, how good it is and where it ends.

`render_card(title, *, purpose, data, split, encoders, training, figures, limits, uses, trained_at) -> str`
gives the text of `card.md`, which stands beside the network (Mitchell et al., 'Model Cards for Model
Reporting', FAccT 2019, arXiv:1810.03993).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from bowerbird.evaluation.report import Figure

_HEADER = ("figure", "system", "value", "95% interval", "baseline", "its value", "p", "items")


def render_card(
    title: str,
    *,
    purpose: str,
    data: str,
    split: str,
    encoders: Mapping[str, str],
    training: Mapping[str, object],
    figures: Sequence[Figure],
    limits: Sequence[str],
    uses: Sequence[str],
    trained_at: datetime,
) -> str:
    """The card as Markdown.

    Args:
        title: what the model is called, such as 'Category of a listing'.
        purpose: what goes in, what comes out and how, in a sentence or three.
        data: fingerprint of the training data and its split.
        split: how the listings were parted, with their numbers.
        encoders: fingerprints of the encoders whose vectors it reads, by 'text' and 'photo'; may be empty.
        training: settings of the run by name, in the order to show them.
        figures: measured on the test part, each beside its baseline where it has one.
        limits: what it cannot do or was not measured on, a sentence each.
        uses: what it is for, and what it is not for, a sentence each.
        trained_at: when the run ended.
    """
    facts = {
        "trained": trained_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "data": data,
        "split": split,
        **{f"{kind} encoder": fingerprint for kind, fingerprint in encoders.items()},
    }
    parts = [
        f"# {title}",
        purpose,
        "## Data and split",
        _bullets(f"{name}: {value}" for name, value in facts.items()),
        "## Training",
        _bullets(f"{name}: {value}" for name, value in training.items()),
        "## Figures on the test part",
        _figures(figures),
        "## Limits",
        _bullets(limits),
        "## Intended use",
        _bullets(uses),
    ]
    return "\n\n".join(parts) + "\n"


def _figures(figures: Sequence[Figure]) -> str:
    rows = [_HEADER, ("---",) * len(_HEADER), *(_cells(figure) for figure in figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        figure.system,
        f"{figure.value:.4f}",
        f"{figure.low:.4f} to {figure.high:.4f}",
        figure.baseline or "",
        "" if figure.baseline_value is None else f"{figure.baseline_value:.4f}",
        "" if figure.p_value is None else f"{figure.p_value:.4f}",
        f"{figure.queries:,}",
    )


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines) or "- none stated"
