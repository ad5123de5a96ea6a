"""The market in the classic projects' forms."""

from pathlib import Path
from typing import Annotated

import typer

from bowerbird.commands.options import Home
from bowerbird.settings import load_settings
from bowerbird.terminal import out, progress_bars

app = typer.Typer(
    name="export", help="Write the market out in the classic projects' forms.", no_args_is_help=True
)


@app.command("photos")
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


@app.command("training-data")
def export_training_data(
    file: Annotated[Path, typer.Argument(help="The CSV file to write.")] = Path("training_data.csv"),
    home: Home = None,
) -> None:
    """Write photo, listing and category label a row, and the label decoder beside it as JSON."""
    from bowerbird.jobs.export_market import export_training_data as job

    count, decoder = job(load_settings(home), file)
    out.print(f"wrote {count:,} rows to {file}, and the labels to {decoder}", markup=False)


@app.command("embeddings")
def export_embeddings(
    to: Annotated[Path, typer.Option(help="The JSON file to write.")] = Path("image_embeddings.json"),
    home: Home = None,
) -> None:
    """Write each photo's 1,000 features by the photo classifier in use: {photo id: [numbers]}."""
    from bowerbird.jobs.export_embeddings import export_embeddings as job

    with progress_bars() as bars:
        count, dimension = job(load_settings(home), to, bars)
    out.print(f"wrote {dimension:,} features of each of {count:,} photos to {to}", markup=False)
