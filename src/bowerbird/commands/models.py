"""The learned models of a home: looked at, compared, put in use and rolled back."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bowerbird.commands.options import AsJson, Home
from bowerbird.encoding.learned_model import CARD_FILE, LearnedKind, LearnedModel
from bowerbird.errors import BowerbirdError, NotFoundError
from bowerbird.evaluation.model_metrics import read_figures
from bowerbird.evaluation.report import Figure
from bowerbird.evaluation.report import table as figure_table
from bowerbird.settings import Settings, load_settings
from bowerbird.storage import model_registry
from bowerbird.terminal import err, out, print_json

app = typer.Typer(
    name="models", help="The learned models: list, compare, put in use, roll back.", no_args_is_help=True
)
Fingerprint = Annotated[str, typer.Argument(help="A model's fingerprint, or its first digits.")]


@app.command("list")
def list_command(home: Home = None, as_json: AsJson = False) -> None:
    """Every learned model, the latest first, those in use marked."""
    settings = _settings_of(home)
    damaged = model_registry.damaged_models(settings.models)
    rows = [
        _row(model, model.fingerprint == _in_use(settings, kind))
        for kind in LearnedKind
        for model in model_registry.list_models(settings.models, kind)
        if model.folder not in damaged
    ]
    if as_json:
        gone = [{"folder": str(folder), "reason": error.message} for folder, error in damaged.items()]
        print_json({"models": rows, "damaged": gone})
        return
    if rows:
        out.print(_listed(rows))
    elif not damaged:
        out.print("no model has been learned here yet; `bowerbird train all` learns them")
    for error in damaged.values():
        err.print(f"damaged: {error.message}", markup=False, soft_wrap=True)


@app.command()
def push(home: Home = None, as_json: AsJson = False) -> None:
    """Share this home's models, and which are in use, at `models_url`: servers there take them up."""
    from bowerbird.jobs.share_models import push_models

    settings = _settings_of(home)
    pushed = push_models(settings)
    if as_json:
        print_json({"pushed": pushed})
        return
    out.print(
        f"pushed {len(pushed)} new models and backbones, and which are in use, to {settings.models_url}"
    )


@app.command()
def show(fingerprint: Fingerprint, home: Home = None, as_json: AsJson = False) -> None:
    """One model: its card and its figures."""
    settings = _settings_of(home)
    model = model_registry.find_any_model(settings.models, fingerprint)
    card_path = model.folder / CARD_FILE
    card = card_path.read_text(encoding="utf-8") if card_path.is_file() else ""
    if as_json:
        active = model.fingerprint == _in_use(settings, model.kind)
        about = {"encoders": model.encoders, "config": model.config, "metrics": model.metrics, "card": card}
        print_json(_row(model, active) | about | {"folder": str(model.folder)})
        return
    out.print(card or f"{model.kind} {model.fingerprint} has no card", markup=False, soft_wrap=True)
    out.print(figure_table(read_figures(model.metrics)), markup=False, soft_wrap=True)


@app.command()
def compare(model: Fingerprint, baseline: Fingerprint, home: Home = None, as_json: AsJson = False) -> None:
    """Two models of one kind on the same test listings, with a paired test of each difference."""
    from bowerbird.jobs.compare_models import better_of, compare_models

    models = _settings_of(home).models
    compared = compare_models(
        model_registry.find_any_model(models, model), model_registry.find_any_model(models, baseline)
    )
    if as_json:
        print_json(compared.payload())
        return
    out.print(figure_table(compared.paired), soft_wrap=True)
    sure = [f"{figure.name}: {better_of(figure)}" for figure in compared.paired if better_of(figure)]
    out.print(f"better at p <= 0.05: {'; '.join(sure) or 'neither, in anything'}", soft_wrap=True)
    if compared.whole:
        shown = Table("as each was published", "system", "first", "second", box=None, header_style="bold")
        for name, system, ours, theirs in compared.whole:
            shown.add_row(name, system, f"{ours:.4f}", f"{theirs:.4f}")
        out.print(shown)


@app.command()
def activate(fingerprint: Fingerprint, home: Home = None, as_json: AsJson = False) -> None:
    """Put a model in use; a running server takes it up."""
    models = _settings_of(home).models
    found = model_registry.find_any_model(models, fingerprint)
    model = model_registry.activate_model(models, found.kind, found.fingerprint)
    _say_in_use(model.kind, model, as_json)


@app.command()
def rollback(
    kind: Annotated[LearnedKind, typer.Argument(help="The kind of model.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put the model in use that was before, or none if it was the first."""
    _say_in_use(kind, model_registry.roll_back_model(_settings_of(home).models, kind), as_json)


def _say_in_use(kind: LearnedKind, model: LearnedModel | None, as_json: bool) -> None:
    if as_json:
        print_json({"kind": kind, "active": model.fingerprint if model else None})
        return
    out.print(f"{kind}: {model.fingerprint if model else 'no model'} is in use")


def _settings_of(home: Path | None) -> Settings:
    settings = load_settings(home)
    if not settings.home.is_dir():
        raise NotFoundError(
            f"there is no market at {settings.home}; give --home, or run `bowerbird import FILE`"
        )
    return settings


def _in_use(settings: Settings, kind: LearnedKind) -> str | None:
    """None too where the file that says so is damaged, which `bowerbird doctor` explains."""
    try:
        return model_registry.active_fingerprint(settings.models, kind)
    except BowerbirdError as error:
        err.print(f"damaged: {error.message}", markup=False, soft_wrap=True)
        return None


def _row(model: LearnedModel, active: bool) -> dict[str, Any]:
    figures = read_figures(model.metrics)
    return {
        "kind": model.kind,
        "fingerprint": model.fingerprint,
        "active": active,
        "trained_at": model.trained_at.isoformat(),
        "data": model.data,
        "headline": figures[0].as_json() if figures else None,
    }


def _listed(rows: Iterable[dict[str, Any]]) -> Table:
    shown = Table(box=None, header_style="bold")
    for name in ("", "kind", "fingerprint", "trained (UTC)", "data"):
        shown.add_column(name, no_wrap=True)
    shown.add_column("figure")
    for row in rows:
        figure = Figure(**row["headline"]) if row["headline"] else None
        shown.add_row(
            "*" if row["active"] else "",
            row["kind"],
            row["fingerprint"],
            row["trained_at"][:16].replace("T", " "),
            row["data"][:6],
            _headline(figure) if figure else "none",
        )
    return shown


def _headline(figure: Figure) -> str:
    beside = "" if figure.baseline_value is None else f" ({figure.baseline} {figure.baseline_value:.4f})"
    return f"{figure.name} {figure.value:.4f}{beside}"
