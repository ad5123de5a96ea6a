"""From raw rows and photos to a searchable market."""

from pathlib import Path
from typing import Annotated

import typer

from bowerbird.commands.options import AsJson, Home, On
from bowerbird.settings import load_settings
from bowerbird.terminal import out, print_json, progress_bars

app = typer.Typer()


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
    on: On = None,
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
            on=on,
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
def encode(on: On = None, home: Home = None, as_json: AsJson = False) -> None:
    """Turn texts and photos into vectors; only what changed is encoded."""
    from bowerbird.jobs.index_market import encode_market

    with progress_bars() as bars:
        counts = encode_market(load_settings(home), bars, on=on)
    if as_json:
        print_json({"texts": counts.texts, "photos": counts.photos})
        return
    out.print(f"encoded {counts.texts:,} texts and {counts.photos:,} photos; the rest was stored already")


@app.command()
def index(on: On = None, home: Home = None, as_json: AsJson = False) -> None:
    """Encode what is missing and build a new index; a running server takes it up."""
    from bowerbird.jobs.index_market import index_market

    with progress_bars() as bars:
        report = index_market(load_settings(home), bars, on=on)
    if as_json:
        print_json(report.payload())
        return
    out.print(
        f"encoded {report.encoded.texts:,} texts and {report.encoded.photos:,} photos\n"
        f"indexed {report.listings:,} listings and {report.photos:,} photos "
        f"as generation {report.generation} at revision {report.revision:,}"
    )
