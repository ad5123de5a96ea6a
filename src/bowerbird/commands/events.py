"""What shoppers did: taken in from a file, and looked over."""

from typing import Annotated

import typer

from bowerbird.commands.options import AsJson, Home
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json, progress_bars

app = typer.Typer()
validate = typer.Typer(name="validate", help="Say what is wrong with what is given.", no_args_is_help=True)
app.add_typer(validate)


@app.command("import-events")
def import_events_command(
    file: Annotated[str, typer.Argument(help="CSV, JSONL or Parquet file of events.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Append a log of events; what is refused is kept with its reason. Run again to go on."""
    from bowerbird.jobs.import_events import import_events

    with progress_bars() as bars:
        report = import_events(load_settings(home), file, bars)
    if as_json:
        print_json(report.payload())
        return
    for line in report.lines():
        out.print(line, markup=False, soft_wrap=True)


@validate.command("events")
def validate_events(
    file: Annotated[
        str | None, typer.Argument(help="A log to look at before it is imported.", show_default="this home's")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Unknown listings, clicks without impressions, order, repeats, positions; nothing is changed."""
    from bowerbird.jobs.validate_events import validate_event_file, validate_home_events

    settings = load_settings(home)
    with progress_bars() as bars:
        if file is None:
            report = validate_home_events(settings, bars)
        else:
            report = validate_event_file(settings, file, bars)
    if as_json:
        print_json(report.payload())
        return
    for line in report.lines():
        out.print(line, markup=False, soft_wrap=True)
