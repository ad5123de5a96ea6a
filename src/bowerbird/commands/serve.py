"""Serving a market, and looking after it."""

from typing import Annotated

import typer
from rich.table import Table

from bowerbird.commands.options import AsJson, Home, Host, Port
from bowerbird.settings import Settings, described_settings, load_settings, write_settings
from bowerbird.terminal import err, out, print_checks, print_json, progress_bars

app = typer.Typer()
DEMO_SHOPPERS = 6  # whose eyes the demo's pages can be seen with


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="How many answer, about one processor each.", show_default="1"),
    ] = None,
    home: Home = None,
) -> None:
    """Serve the API and the pages."""
    _serve(load_settings(home), host, port, processes)


@app.command()
def demo(
    listings: Annotated[int, typer.Option(min=20, max=100_000, help="How many listings to draw.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed draws another market.")] = 0,
    shoppers: Annotated[
        int,
        typer.Option(min=0, max=20_000, help="How many simulated shoppers look around; 0 for an empty log."),
    ] = 300,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop once the market is indexed.")] = False,
    host: Host = None,
    port: Port = None,
    home: Home = None,
) -> None:
    """Draw a market, import, encode and index it, let simulated shoppers look around, and serve it."""
    from bowerbird.demo.run import run_demo

    settings = load_settings(home)
    with progress_bars() as bars:
        for line in run_demo(settings, bars, listings=listings, seed=seed, shoppers=shoppers):
            err.print(line, markup=False, soft_wrap=True)
    if shoppers:
        write_settings(settings, serving={"demo_shoppers": DEMO_SHOPPERS})
    if not no_serve:
        _serve(load_settings(home), host, port)


@app.command()
def doctor(home: Home = None, as_json: AsJson = False) -> None:
    """Check disk, memory, catalogue, photos, backbones and index, and say what to do."""
    from bowerbird.jobs.doctor import Verdict, examine

    checks = examine(load_settings(home))
    if as_json:
        print_json([{name: getattr(check, name) for name in check.__slots__} for check in checks])
    else:
        print_checks(checks)
    if any(check.verdict is Verdict.FAILED for check in checks):
        raise typer.Exit(1)


@app.command()
def settings(home: Home = None, as_json: AsJson = False) -> None:
    """Every setting: its value here, its default, and what it does."""
    rows = described_settings(load_settings(home))
    if as_json:
        print_json({name: value for name, value, _, _ in rows})
        return
    table = Table("setting", "value", "default", "meaning", box=None, header_style="bold")
    for name, value, default, meaning in rows:
        table.add_row(name, str(value), str(default), meaning)
    out.print(table)


def _serve(settings: Settings, host: str | None, port: int | None, processes: int | None = None) -> None:
    from bowerbird.serving.server import serve_home

    serve_home(settings, host, port, lambda line: err.print(line, markup=False, soft_wrap=True), processes)
