"""SIGKILL at random instants: what was acknowledged is there, and the index is whole.

Run as a script, this module is the process that is killed: it changes a home for ever and prints a line for
every change once it was acknowledged.
"""

import hashlib
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np
import orjson
import pytest

from bowerbird.cleaning.rejection import Part, Reason, Rejection
from bowerbird.market.listing import Listing
from bowerbird.storage.catalogue import Catalogue
from bowerbird.storage.database import Database, open_database, sqlite_url
from bowerbird.storage.embedding_store import EmbeddingStore
from bowerbird.storage.generations import Generations
from bowerbird.storage.photo_store import PhotoStore

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
MARKET = 60  # listings, which all change again and again
BATCH = 10


@dataclass(slots=True)
class Home:
    """Every store of one home, and what its process was told is safe."""

    folder: Path
    database: Database = field(init=False)
    catalogue: Catalogue = field(init=False)
    photos: PhotoStore = field(init=False)
    embeddings: EmbeddingStore = field(init=False)
    generations: Generations = field(init=False)

    def __post_init__(self) -> None:
        self.database = open_database(sqlite_url(self.folder / "catalogue.db"))
        self.catalogue = Catalogue(self.database)
        self.photos = PhotoStore(self.folder / "photos")
        self.embeddings = EmbeddingStore(self.folder / "embeddings", "abc", 4)
        self.generations = Generations(self.folder / "index")

    def close(self) -> None:
        self.database.close()
        self.embeddings.close()


def work(folder: Path) -> None:
    """Change the home until killed."""
    home, rng = Home(folder), random.Random(time.time_ns())  # noqa: S311  (no secret)
    run = home.catalogue.imports.begin("a.csv", NOON)
    position = run.position
    for turn in count(home.catalogue.revision()):
        chosen = rng.sample(range(MARKET), BATCH)
        batch = [Listing(f"listing-{n}", f"{turn}") for n in chosen]
        revision = home.catalogue.upsert(batch).revision
        acknowledge(upserted=[listing.listing_id for listing in batch], turn=turn, revision=revision)

        left_out = [Rejection(Part.ROW, position + 1, None, "title", "", Reason.MISSING_TITLE)]
        home.catalogue.import_batch(run.run_id, [Listing(f"row-{position}", "a row")], left_out, position + 2)
        position += 2
        acknowledge(position=position)

        photo = b"photo %d" % turn
        content_hash = hashlib.sha256(photo).hexdigest()
        home.photos.put(content_hash, photo)
        home.embeddings.put([content_hash], np.full((1, 4), turn % 100, np.float32))
        acknowledge(photo=content_hash, value=turn % 100)

        home.catalogue.delete([f"passing-{turn - 1}"])
        home.catalogue.upsert([Listing(f"passing-{turn}", "to be deleted")])
        if turn % 2:
            publish(home, rng)


def publish(home: Home, rng: random.Random) -> None:
    staged = home.generations.stage()
    revision = home.catalogue.revision()
    for part in range(3):
        (staged / f"part-{part}").mkdir()
        (staged / f"part-{part}" / "rows").write_bytes(rng.randbytes(rng.randrange(200_000)))
    generation = home.generations.publish(staged, revision=revision, encoders={}, counts={}, cutoff={})
    acknowledge(generation=generation.name, revision=revision)
    home.generations.prune(keep=2)


def acknowledge(**said: object) -> None:
    sys.stdout.write(orjson.dumps(said).decode() + "\n")
    sys.stdout.flush()


def acknowledged_before_the_kill(folder: Path, lines: int, seconds: float) -> list[dict]:
    """What a worker said before it was killed, `seconds` after so many `lines`, however fast it is."""
    worker = subprocess.Popen([sys.executable, __file__, str(folder)], stdout=subprocess.PIPE)
    assert worker.stdout is not None
    first = b"".join(worker.stdout.readline() for _ in range(lines))
    time.sleep(seconds)
    worker.kill()
    rest, _ = worker.communicate()
    assert worker.returncode == -9, "the worker must die by our hand, not its own"
    whole = [line for line in (first + rest).splitlines(keepends=True) if line.endswith(b"\n")]
    return [orjson.loads(line) for line in whole]


def check(folder: Path, said: list[dict]) -> None:
    home = Home(folder)
    check_listings(home.catalogue, said)
    check_import(home.catalogue, said)
    for photo in (one for one in said if "photo" in one):
        assert hashlib.sha256(home.photos.read(photo["photo"])).hexdigest() == photo["photo"]
        assert home.embeddings.get([photo["photo"]]).tolist() == [[photo["value"]] * 4]
    check_index(home, [one for one in said if "generation" in one])
    home.close()


def check_listings(catalogue: Catalogue, said: list[dict]) -> None:
    assert catalogue.revision() >= max(one.get("revision", 0) for one in said)
    expected = {name: one["turn"] for one in said if "upserted" in one for name in one["upserted"]}
    found = catalogue.get(list(expected))
    assert all(int(found[name].title) >= turn for name, turn in expected.items())
    changes = catalogue.changes_since(0, 10**6)
    assert len({change.revision for change in changes}) == len(changes)
    assert changes[-1].revision == catalogue.revision()
    assert sum(change.listing is not None for change in changes) == len(catalogue)


def check_import(catalogue: Catalogue, said: list[dict]) -> None:
    run = catalogue.imports.begin("a.csv", NOON)
    assert run.run_id == 1
    assert run.position >= max((one["position"] for one in said if "position" in one), default=0)
    # A batch is a listing and a rejection: none is lost, none is counted twice.
    assert run.created == run.rejected == len(catalogue.imports.rejections(1, 10**6)) == run.position // 2
    assert len(catalogue.get([f"row-{row}" for row in range(0, run.position, 2)])) == run.position // 2


def check_index(home: Home, published: list[dict]) -> None:
    selection = home.generations.select()
    assert selection.skipped == ()
    if published:
        assert selection.generation is not None
        assert selection.generation.name >= published[-1]["generation"]
        assert selection.generation.manifest.revision >= published[-1]["revision"]
    home.generations.prune(keep=1)
    left = [path.name for path in (home.folder / "index").iterdir()]
    assert [name for name in left if name.startswith(".")] == []


@pytest.mark.parametrize("kills", [3, pytest.param(30, marks=pytest.mark.long)])
def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path, kills: int):
    rng = random.Random(kills)  # noqa: S311  (no secret)
    published = 0
    for _ in range(kills):
        said = acknowledged_before_the_kill(tmp_path, rng.randint(1, 50), rng.uniform(0.0, 0.1))
        check(tmp_path, said)
        published += sum("generation" in one for one in said)
    assert published > kills  # the kills fell among enough work to mean something


if __name__ == "__main__":
    work(Path(sys.argv[1]))
