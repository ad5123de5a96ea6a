"""How many relistings are found at upload, and how many drafts are told of something unrelated.

    python benchmarks/duplicates.py --home DIR [--listings 150] [--json]

Listings of the home's test part are offered again through `Engine.suggest`: with a photo alone, changed as
sellers and copying sites change them; with their words alone, some of them changed; and as they are, with the
listing itself left out, where whatever is found should belong to its duplicate group (the same photo or
text). What is found outside the group is counted as unrelated, though some of it is a relisting that the
groups, which know no crops, do not hold together: `--pairs` prints it to be looked at.
"""

import argparse
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFont, ImageOps

from bowerbird.assembly import open_engine
from bowerbird.engine import Engine
from bowerbird.errors import BowerbirdError
from bowerbird.evaluation.report import Figure, measure, table
from bowerbird.market.listing import Listing
from bowerbird.settings import load_settings
from bowerbird.suggesting.sellers import Part as Suggested
from bowerbird.training.training_data import Part, TrainingData, load_training_data

FOUND = "found again"
UNRELATED = "told of an unrelated one"
Edit = Callable[[Image.Image], Image.Image]


def cropped(share: float) -> Edit:
    """Cuts `share` of each side away on the average, more of two sides than of the others."""

    def crop(image: Image.Image) -> Image.Image:
        dx, dy = share * image.width, share * image.height
        box = (0.8 * dx, 1.2 * dy, image.width - 1.2 * dx, image.height - 0.8 * dy)
        return image.crop(tuple(round(edge) for edge in box))  # type: ignore[arg-type]  # four they are

    return crop


def marked(image: Image.Image) -> Image.Image:
    """Words across the foot of the photo."""
    copy = image.copy()
    font = ImageFont.load_default(size=max(12, image.width // 14))
    place = (0.3 * image.width, 0.85 * image.height)
    ImageDraw.Draw(copy).text(place, "best deals in town", fill="white", font=font)
    return copy


def half_size(image: Image.Image) -> Image.Image:
    """Half as wide and as high."""
    return image.resize((image.width // 2, image.height // 2))


PHOTO_EDITS: dict[str, tuple[Edit, int]] = {  # the edit, and the JPEG quality it is saved with
    "photo as it is": (lambda image: image, 95),
    "recompressed at quality 40": (lambda image: image, 40),
    "half the size": (half_size, 85),
    "3% cropped": (cropped(0.03), 85),
    "5% cropped": (cropped(0.05), 85),
    "10% cropped": (cropped(0.1), 85),
    "20% brighter": (lambda image: ImageEnhance.Brightness(image).enhance(1.2), 85),
    "words across it": (marked, 85),
    "mirrored": (ImageOps.mirror, 85),
    "turned by 2 degrees, cropped": (
        lambda image: cropped(0.03)(image.rotate(2, Image.Resampling.BICUBIC)),
        85,
    ),
    "in grey": (lambda image: image.convert("L").convert("RGB"), 85),
    "5% cropped, brighter, half the size": (
        lambda image: half_size(ImageEnhance.Brightness(cropped(0.05)(image)).enhance(1.1)),
        60,
    ),
}
TEXT_CHANGES = {"words as they are": 0.0, "1 word in 20 changed": 0.05, "1 word in 10 changed": 0.1}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    given = _parsed(arguments)
    settings = load_settings(given.home)
    try:
        data = load_training_data(settings)
        with closing(open_engine(settings)) as engine:
            figures = list(_measured(engine, data, given))
    except BowerbirdError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    print(json.dumps({"figures": [one.as_json() for one in figures]}) if given.json else table(figures))
    return 0


def _measured(engine: Engine, data: TrainingData, given: argparse.Namespace) -> Iterator[Figure]:
    rng = np.random.default_rng(given.seed)
    rows = rng.permutation(data.rows(Part.TEST))
    pictured = [int(row) for row in rows if data.listings[row].photos][: given.listings]
    for name, (edit, quality) in PHOTO_EDITS.items():
        found = [
            _finds(engine, Listing("", ""), row, data, [_edited(engine, data.listings[row], edit, quality)])
            for row in pictured
        ]
        yield measure(name, FOUND, found, seed=given.seed)
    worded = [int(row) for row in rows if len(data.listings[row].description) >= 60][: given.listings]
    words = sorted({word for listing in data.listings for word in listing.title.split()})
    for name, share in TEXT_CHANGES.items():
        found = [
            _finds(engine, _reworded(data.listings[row], share, words, rng), row, data, []) for row in worded
        ]
        yield measure(name, FOUND, found, seed=given.seed)
    strangers = [_strangers(engine, int(row), data, given.pairs) for row in rows[: 4 * given.listings]]
    yield measure("a listing of the test part, itself left out", UNRELATED, strangers, seed=given.seed)


def _finds(engine: Engine, listing: Listing, row: int, data: TrainingData, uploads: Sequence[bytes]) -> bool:
    """Whether the draft is told of the listing it was made from, or of one of its group."""
    told = engine.suggest(listing, uploads, [Suggested.DUPLICATES]).duplicates or ()
    group = {data.listings[other].listing_id for other in np.flatnonzero(data.groups == data.groups[row])}
    return any(duplicate.listing.listing_id in group for duplicate in told)


def _strangers(engine: Engine, row: int, data: TrainingData, show: bool) -> bool:
    """Whether a stored listing, offered as it is, is told of one outside its group."""
    listing = data.listings[row]
    told = engine.suggest(listing, None, [Suggested.DUPLICATES]).duplicates or ()
    group = {data.listings[other].listing_id for other in np.flatnonzero(data.groups == data.groups[row])}
    strangers = [duplicate for duplicate in told if duplicate.listing.listing_id not in group]
    for duplicate in strangers if show else ():
        other = duplicate.listing
        print(
            f"{duplicate.score:.2f} {listing.listing_id} | {other.listing_id} | {duplicate.reason} | "
            f"{listing.title} | {other.title}",
            file=sys.stderr,
        )
    return bool(strangers)


def _edited(engine: Engine, listing: Listing, edit: Edit, quality: int) -> bytes:
    with Image.open(io.BytesIO(engine.photo_store.read(listing.photos[0].content_hash))) as stored:
        image = edit(stored.convert("RGB"))
    saved = io.BytesIO()
    image.save(saved, "JPEG", quality=quality)
    return saved.getvalue()


def _reworded(listing: Listing, share: float, words: Sequence[str], rng: np.random.Generator) -> Listing:
    """`listing` as another, with every `share` of its words replaced by some word of the market's titles."""

    def changed(text: str) -> str:
        return " ".join(
            words[int(rng.integers(len(words)))] if rng.random() < share else word for word in text.split(" ")
        )

    return replace(
        listing,
        listing_id="",
        title=changed(listing.title) or listing.title,
        description=changed(listing.description),
        photos=(),
    )


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--listings", type=int, default=150, help="of each kind of draft")
    parser.add_argument("--pairs", action="store_true", help="print what was found outside the groups")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
