"""Measuring a market."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.market.event import Surface
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json, progress_bars

app = typer.Typer(name="evaluate", help="Measure this market's own search and models.", no_args_is_help=True)


@app.command("cutoff")
def evaluate_cutoff(
    queries: Annotated[int, typer.Option(min=10, help="How many queries of each kind.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the generated queries.")] = 1,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """How often nonsense finds nothing, and how often words of a title find their listing."""
    from bowerbird.jobs.cutoff_rates import cutoff_rates

    with progress_bars() as bars:
        rates = cutoff_rates(load_settings(home), queries, seed, bars)
    if as_json:
        print_json(rates.payload())
        return
    for line in rates.lines():
        out.print(line, markup=False, soft_wrap=True)


@app.command("rankers")
def evaluate_rankers(
    seed: Annotated[int, typer.Option(min=0, help="Of the intervals.")] = 0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """What shoppers clicked on under each ranker, and which won where two were interleaved."""
    from bowerbird.assembly import open_event_stores
    from bowerbird.jobs.compare_rankers import compare_rankers
    from bowerbird.storage.ranking_log import read_ranking_log

    with closing(open_event_stores(load_settings(home))) as stores:
        compared = compare_rankers(read_ranking_log(stores), seed)
    if as_json:
        print_json(compared.payload())
        return
    for line in compared.lines():
        out.print(line, markup=False, soft_wrap=True)


@app.command("log")
def evaluate_log(
    surface: Annotated[Surface, typer.Option(help="Which pages.")] = Surface.SEARCH,
    k: Annotated[int, typer.Option(min=1, help="How far down a page counts.")] = 10,
    later: Annotated[
        float, typer.Option(min=0.01, max=0.99, help="Share of the pages, the latest, that are judged.")
    ] = 0.2,
    seed: Annotated[int, typer.Option(min=0, help="Of the intervals.")] = 0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """How served pages fared: nDCG, MRR and hit rate of clicks; coverage, novelty and concentration."""
    from bowerbird.assembly import open_catalogue, open_event_stores
    from bowerbird.jobs.log_report import report_log
    from bowerbird.storage.ranking_log import read_ranking_log

    settings = load_settings(home)
    with closing(open_event_stores(settings)) as stores, closing(open_catalogue(settings)) as catalogue:
        pages = read_ranking_log(stores, surface.value)
        report = report_log(pages, surface=surface.value, size=len(catalogue), k=k, later=later, seed=seed)
    if as_json:
        print_json(report.payload())
        return
    for line in report.lines():
        out.print(line, markup=False, soft_wrap=True)


@app.command("models")
def evaluate_models(
    output: Annotated[
        Path | None, typer.Option(help="Write the report, with plots, to this HTML file.", show_default=False)
    ] = None,
    judgements: Annotated[
        Path | None,
        typer.Option(help="CSV of the market's own queries: query,id,grade.", show_default=False),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Every model in use, on the test listings, beside its baselines; search too where queries are judged."""
    from bowerbird.jobs.model_page import write_model_page
    from bowerbird.jobs.model_report import report_models

    with progress_bars() as bars:
        report = report_models(load_settings(home), bars, judgements=judgements)
    if output is not None:
        write_model_page(report, output)
    if as_json:
        print_json(report.payload())
        return
    for line in report.lines():
        out.print(line, markup=False, soft_wrap=True)
    if output is not None:
        out.print(f"wrote {output}: open it in a browser", markup=False)


@app.command("shoppers")
def evaluate_shoppers(
    searches: Annotated[int, typer.Option(min=1, help="How many of each simulated shopper.")] = 2,
    sessions: Annotated[int, typer.Option(min=2, help="New sessions whose feeds are looked at.")] = 100,
    learn: Annotated[
        bool,
        typer.Option(
            "--learn", help="Also learn two rankers, with and without correction; neither is published."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of searches, clicks, trees and intervals.")] = 0,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """What knowing the shopper brings, against the truth of a demo's simulated shoppers."""
    from bowerbird.demo.personalisation import measure_shoppers

    with progress_bars() as bars:
        report = measure_shoppers(
            load_settings(home), bars, searches=searches, sessions=sessions, learn=learn, seed=seed
        )
    if as_json:
        print_json(report.payload())
        return
    for line in report.lines():
        out.print(line, markup=False, soft_wrap=True)
