"""The command line: every job and question of bowerbird, for people and (with --json) for programs."""

import contextlib
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bowerbird import __version__
from bowerbird.errors import BowerbirdError, InputError
from bowerbird.market.listing import Status
from bowerbird.market.query import Filters, Query, Sort
from bowerbird.settings import Settings, described_settings, load_settings
from bowerbird.terminal import err, out, print_answer, print_checks, print_json, progress_bars

app = typer.Typer(
    name="bowerbird",
    help="Search and recommendation ranking for second-hand marketplaces.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
export_app = typer.Typer(help="Write the market out in the classic projects' forms.", no_args_is_help=True)
evaluate_app = typer.Typer(help="Measure this market's own search.", no_args_is_help=True)
app.add_typer(export_app, name="export")
app.add_typer(evaluate_app, name="evaluate")

Home = Annotated[
    Path | None,
    typer.Option("--home", help="The workspace; else BOWERBIRD_HOME, else ./market.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on.", show_default="8000")]


def main() -> None:
    """Run the command line; the exit code comes from the tree in errors.py."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except BowerbirdError as error:
        err.print(f"error: {error.message}", style="red", markup=False, soft_wrap=True)
        for detail in error.details[1:]:
            err.print(f"  {detail}", markup=False, soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        err.print("stopped; run the same command again to go on")
        sys.exit(130)


@app.command("import")
def import_command(
    source: Annotated[str, typer.Argument(help="CSV, JSONL or Parquet file, folder, zip or database URL.")],
    photos: Annotated[
        str | None, typer.Option(help="Folder, zip or s3:// address of the photos.", show_default=False)
    ] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="Column map (TOML or JSON).", show_default=False)
    ] = None,
    query: Annotated[
        str | None, typer.Option(help="SQL to read from a database URL.", show_default=False)
    ] = None,
    delete_missing: Annotated[
        bool, typer.Option("--delete-missing", help="Delete listings that the source no longer has.")
    ] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Read, clean and store listings and photos; what is refused is kept with its reason."""
    from bowerbird.jobs.import_market import import_market

    settings = load_settings(home)
    with progress_bars() as bars:
        report = import_market(
            settings,
            source,
            bars,
            photos=photos,
            map_file=map_file,
            query=query,
            delete_missing=delete_missing,
        )
    if as_json:
        print_json(report.payload())
        return
    for line in report.lines():
        out.print(line, markup=False, soft_wrap=True)


@app.command()
def profile(
    output: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("profile.html"),
    home: Home = None,
) -> None:
    """Write one self-contained HTML report of the catalogue: what is in it and what was refused."""
    from bowerbird.jobs.profile_market import profile_market

    profile_market(load_settings(home), output)
    out.print(f"wrote {output}: open it in a browser", markup=False)


@app.command()
def encode(home: Home = None, as_json: AsJson = False) -> None:
    """Turn texts and photos into vectors; only what changed is encoded."""
    from bowerbird.jobs.index_market import encode_market

    with progress_bars() as bars:
        counts = encode_market(load_settings(home), bars)
    if as_json:
        print_json({"texts": counts.texts, "photos": counts.photos})
        return
    out.print(f"encoded {counts.texts:,} texts and {counts.photos:,} photos; the rest was stored already")


@app.command()
def index(home: Home = None, as_json: AsJson = False) -> None:
    """Encode what is missing and build a new index; a running server takes it up."""
    from bowerbird.jobs.index_market import index_market

    with progress_bars() as bars:
        report = index_market(load_settings(home), bars)
    if as_json:
        print_json(report.payload())
        return
    out.print(
        f"encoded {report.encoded.texts:,} texts and {report.encoded.photos:,} photos\n"
        f"indexed {report.listings:,} listings and {report.photos:,} photos "
        f"as generation {report.generation} at revision {report.revision:,}"
    )


@app.command()
def search(
    words: Annotated[str, typer.Argument(help="What to look for, in words.")] = "",
    photo: Annotated[Path | None, typer.Option(help="A photo to look like.", show_default=False)] = None,
    category: Annotated[str | None, typer.Option(help="A category at any depth.", show_default=False)] = None,
    price_min: Annotated[float | None, typer.Option(min=0, show_default=False)] = None,
    price_max: Annotated[float | None, typer.Option(min=0, show_default=False)] = None,
    place: Annotated[str | None, typer.Option(help="A place or a part of one.", show_default=False)] = None,
    status: Annotated[Status | None, typer.Option(show_default=False)] = None,
    sort: Annotated[Sort, typer.Option(help="The order of the answer.")] = Sort.RELEVANCE,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many listings.")] = 10,
    cursor: Annotated[str | None, typer.Option(help="Where the last page ended.", show_default=False)] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Search the market by words, by a photo, or by both."""
    from bowerbird.assembly import open_engine
    from bowerbird.serving.front import Front

    settings = load_settings(home)
    filters = Filters(category, price_min, price_max, place, status=status)
    engine = open_engine(settings)
    with contextlib.closing(engine):
        front = Front(engine, settings)
        image = None if photo is None else front.decoded(_read(photo))
        reply = front.search(
            Query(words=words, photo=image, filters=filters, sort=sort, limit=limit, cursor=cursor)
        )
    if as_json:
        print_json(reply)
        return
    print_answer(reply)


@export_app.command("photos")
def export_photos(
    folder: Annotated[Path, typer.Argument(help="The folder to write.")] = Path("cleaned_images"),
    size: Annotated[int, typer.Option(min=8, max=4096, help="Side of the square photos, in pixels.")] = 512,
    home: Home = None,
) -> None:
    """Write every photo as <photo id>.jpg, scaled and padded to a square: the classic cleaned_images."""
    from bowerbird.jobs.export_market import export_photos as job

    with progress_bars() as bars:
        count = job(load_settings(home), folder, size, bars)
    out.print(f"wrote {count:,} photos of {size} x {size} pixels to {folder}", markup=False)


@export_app.command("training-data")
def export_training_data(
    file: Annotated[Path, typer.Argument(help="The CSV file to write.")] = Path("training_data.csv"),
    home: Home = None,
) -> None:
    """Write photo, listing and category label a row, and the label decoder beside it as JSON."""
    from bowerbird.jobs.export_market import export_training_data as job

    count, decoder = job(load_settings(home), file)
    out.print(f"wrote {count:,} rows to {file}, and the labels to {decoder}", markup=False)


@evaluate_app.command("cutoff")
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


@app.command()
def serve(host: Host = None, port: Port = None, home: Home = None) -> None:
    """Serve the API and the pages."""
    _serve(load_settings(home), host, port)


@app.command()
def demo(
    listings: Annotated[int, typer.Option(min=20, max=100_000, help="How many listings to draw.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed draws another market.")] = 0,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop once the market is indexed.")] = False,
    host: Host = None,
    port: Port = None,
    home: Home = None,
) -> None:
    """Draw a market, import, encode and index it, and serve it."""
    from bowerbird.demo.run import run_demo

    settings = load_settings(home)
    with progress_bars() as bars:
        for line in run_demo(settings, bars, listings=listings, seed=seed):
            err.print(line, markup=False, soft_wrap=True)
    if not no_serve:
        _serve(settings, host, port)


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


def _version(wanted: bool) -> None:
    if wanted:
        out.print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Search and recommendation ranking for second-hand marketplaces."""


def _serve(settings: Settings, host: str | None, port: int | None) -> None:
    from bowerbird.serving.server import serve_home

    serve_home(settings, host, port, lambda line: err.print(line, markup=False))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read the photo {path}: {error.strerror}; give the path of a file"
        ) from error


if __name__ == "__main__":
    main()
