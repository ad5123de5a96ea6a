"""Measuring a market."""

from typing import Annotated

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json, progress_bars

app = typer.Typer(name="evaluate", help="Measure this market's own search.", no_args_is_help=True)


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
