"""Draw a whole market into a folder, in the form that `bowerbird import` reads.

::

    listings.csv   photos/*.jpg   column_map.toml   truth.jsonl (what is so)   market.json (how it was drawn)
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path

import numpy as np
import tomli_w

from bowerbird.demo.dirt import spoil
from bowerbird.demo.plan import COLUMNS, DrawnListing, PhotoPlan, Plan, Truth, plan_market
from bowerbird.demo.printing import print_photo
from bowerbird.errors import InputError, NotFoundError

DRAWING = 1  # goes up when the same arguments would give other photos or rows
LAST_DAY = date(2026, 11, 20)
_MARKER = "market.json"
_BATCH = 16  # photos a task: long enough to hide the queue, short enough for a smooth progress bar


@dataclass(frozen=True, slots=True)
class DrawnMarket:
    """Where a drawn market lies, and how large it is."""

    folder: Path
    listings: int
    photos: int

    @property
    def listings_path(self) -> Path:
        """The CSV file with a row a listing."""
        return self.folder / "listings.csv"

    @property
    def photos_path(self) -> Path:
        """The folder of JPEG files that the rows name."""
        return self.folder / "photos"

    @property
    def column_map_path(self) -> Path:
        """The TOML file that tells `import` which column is what."""
        return self.folder / "column_map.toml"

    @property
    def truth_path(self) -> Path:
        """The JSON lines that `read_truth` reads."""
        return self.folder / "truth.jsonl"


def draw_market(
    folder: Path,
    *,
    listings: int = 2000,
    seed: int = 0,
    workers: int | None = None,
    until: date = LAST_DAY,
    progress: Callable[[int, int], None] | None = None,
) -> DrawnMarket:
    """Draw `listings` listings and their photos into `folder`; what is there already is not drawn again.

    Args:
        folder: made if it does not exist.
        listings: how many rows.
        seed: the same seed gives the same market, byte for byte.
        workers: processes; None takes one a core, 1 draws in this process.
        until: listings are dated up to the day before; another day changes the dates alone.
        progress: called with (photos drawn, photos in all).

    Raises:
        InputError: fewer than one listing is asked for, or the folder holds another market.
    """
    if listings < 1:
        raise InputError(f"a market needs at least one listing, but {listings} was asked for")
    made_by = {"drawing": DRAWING, "listings": listings, "seed": seed}
    folder.mkdir(parents=True, exist_ok=True)
    _claim(folder, made_by)
    plans = spoil(plan_market(listings, seed, until), np.random.default_rng([seed, 4]))
    photos = [photo for plan in plans for photo in plan.photos]
    market = DrawnMarket(folder, len(plans), len(photos))
    wanted = _missing(photos, market.photos_path)
    done = len(photos) - len(wanted)
    for drawn in _print_all(market.photos_path, wanted, workers or cpu_count() or 1):
        done += drawn
        if progress is not None:
            progress(done, len(photos))
    _write_tables(market, plans)
    return market


def read_truth(folder: Path) -> list[DrawnListing]:
    """Every listing of the market drawn into `folder`: what is so, and its row.

    Raises:
        NotFoundError: no market was drawn there.
    """
    path = folder / "truth.jsonl"
    if not path.is_file():
        raise NotFoundError(f"there is no {path}; draw a market into that folder first")
    listings = []
    for line in path.read_text(encoding="utf-8").splitlines():
        content = json.loads(line)
        faults = tuple(content["truth"].pop("photo_faults"))
        listings.append(DrawnListing(Truth(**content["truth"], photo_faults=faults), content["row"]))
    return listings


def _missing(photos: list[PhotoPlan], folder: Path) -> list[PhotoPlan]:
    """The photos that are not in `folder` yet; what a stopped run left unfinished there is cleared away."""
    folder.mkdir(exist_ok=True)
    for unfinished in folder.glob("*.part"):
        unfinished.unlink()
    return [photo for photo in photos if not (folder / photo.name).exists()]


def _claim(folder: Path, made_by: Mapping[str, int]) -> None:
    marker = folder / _MARKER
    if marker.exists():
        found = json.loads(marker.read_text(encoding="utf-8"))
        if found != made_by:
            raise InputError(
                f"{folder} holds a market drawn with {found}, not {made_by}; delete it or give another folder"
            )
    elif (folder / "photos").exists():
        raise InputError(f"{folder} holds a folder of photos that was not drawn here; give another folder")
    else:
        marker.write_text(json.dumps(made_by), encoding="utf-8")


def _print_all(folder: Path, photos: list[PhotoPlan], workers: int) -> Iterator[int]:
    """Print `photos`, yielding how many each finished batch held."""
    # One seller's photos share a room, and a kind its textures: sorting keeps each worker's caches warm.
    ordered = sorted(photos, key=lambda photo: (photo.view.home, photo.name))
    batches = [ordered[i : i + _BATCH] for i in range(0, len(ordered), _BATCH)]
    if workers == 1 or len(batches) < 2:
        yield from (_print_batch(folder, batch) for batch in batches)
        return
    # spawn: forking a process that already runs threads (a server, a network) can deadlock.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_print_batch, [folder] * len(batches), batches)


def _print_batch(folder: Path, photos: list[PhotoPlan]) -> int:
    for photo in photos:
        print_photo(photo, folder)
    return len(photos)


def _write_tables(market: DrawnMarket, plans: list[Plan]) -> None:
    with market.listings_path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(plan.listing.row for plan in plans)
    with market.truth_path.open("w", encoding="utf-8") as file:
        for plan in plans:
            file.write(json.dumps(asdict(plan.listing), ensure_ascii=False) + "\n")
    attributes = ["brand", "colour", "material", "condition"]
    columns: dict[str, object] = {name: name for name in COLUMNS if name not in attributes}
    market.column_map_path.write_text(
        tomli_w.dumps(columns | {"attributes": attributes, "currency": "GBP"}), encoding="utf-8"
    )
