"""The demo: a market is drawn, imported, encoded and indexed as any other would be, and shoppers come."""

from collections.abc import Iterator

from bowerbird.demo.market import draw_market
from bowerbird.demo.simulate_shoppers import Simulation, simulate_shoppers
from bowerbird.jobs.import_market import import_market
from bowerbird.jobs.index_market import index_market
from bowerbird.progress import Progress
from bowerbird.settings import Settings

DRAWN_FOLDER = "drawn"


def run_demo(
    settings: Settings, progress: Progress, *, listings: int, seed: int, shoppers: int = 0
) -> Iterator[str]:
    """Make the home's market from nothing, and let `shoppers` loose on it; what is done is not done again.

    Yields what was done.
    """
    progress.step("drawing", None)
    drawn_photos = 0

    def on_drawn(done: int, total: int) -> None:
        nonlocal drawn_photos
        if not drawn_photos:
            progress.step("drawing photos", total)
        progress.advance(done - drawn_photos)
        drawn_photos = done

    market = draw_market(settings.home / DRAWN_FOLDER, listings=listings, seed=seed, progress=on_drawn)
    yield f"drew {market.listings:,} listings and {market.photos:,} photos"
    report = import_market(
        settings,
        str(market.listings_path),
        progress,
        photos=str(market.photos_path),
        map_file=market.column_map_path,
        delete_missing=True,
    )
    yield from report.lines()
    indexed = index_market(settings, progress)
    yield (
        f"encoded {indexed.encoded.texts:,} texts and {indexed.encoded.photos:,} photos, "
        f"indexed {indexed.listings:,} listings"
    )
    if shoppers:
        yield simulate_shoppers(settings, progress, Simulation(shoppers, seed))
