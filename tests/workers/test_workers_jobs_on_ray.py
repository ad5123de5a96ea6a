"""The jobs on a Ray cluster leave what they leave here, whatever dies meanwhile."""

import csv
import io
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bowerbird.assembly import open_catalogue
from bowerbird.errors import InputError, MismatchError, NotFoundError, UnavailableError
from bowerbird.jobs.import_market import import_market
from bowerbird.jobs.index_market import encode_market
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings, write_settings
from bowerbird.storage.listing_vectors import EncodedCounts
from bowerbird.workers import connection, ray_cluster
from bowerbird.workers.connection import cluster_at
from ray_nodes import RayNodes, ray_nodes


@pytest.fixture(scope="module")
def nodes() -> Iterator[RayNodes]:
    with ray_nodes(processors=2) as nodes:
        yield nodes


class _StoppedError(Exception):
    """What a display raises to end a job."""


class _OnAdvance:
    """A display that does something when the first units are done."""

    def __init__(self, do) -> None:
        self._do = do
        self._is_done = False

    def step(self, name: str, total: int | None) -> None:
        pass

    def advance(self, _units: int) -> None:
        if not self._is_done:
            self._is_done = True
            self._do()


def stop() -> None:
    raise _StoppedError


def vectors(home: Path) -> dict[str, dict[bytes, bytes]]:
    """Every stored vector, bit by bit, by encoder and key."""
    found = {}
    for path in (home / "embeddings").glob("*/vectors.db"):
        with closing(sqlite3.connect(path)) as connected:
            found[path.parent.name] = dict(connected.execute("SELECT key, value FROM vectors"))
    return found


def catalogue(settings: Settings) -> tuple[list, list, int]:
    """Every listing without the time it was stored, everything that was refused, and the revision."""
    with closing(open_catalogue(settings)) as opened:
        listings = [listing for batch in opened.scan() for listing in batch]
        last = opened.imports.runs(1)[0]
        return listings, opened.imports.rejections(last.run_id, limit=10_000), opened.revision()


def photo_files(settings: Settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (settings.home / "photos").rglob("*.jpg")}


def test_what_is_encoded_on_a_cluster_is_what_is_encoded_here(
    settings: Settings, indexed_home: Path, nodes: RayNodes
):
    shutil.rmtree(settings.home / "embeddings")
    with pytest.raises(_StoppedError):
        encode_market(settings, _OnAdvance(stop), on=nodes.address)
    some = vectors(settings.home)
    assert 0 < sum(map(len, some.values())) < sum(map(len, vectors(indexed_home).values()))
    counts = encode_market(settings, Silent(), on=nodes.address)
    assert counts.texts + counts.photos + sum(map(len, some.values())) == 2 * len(catalogue(settings)[0])
    assert vectors(settings.home) == vectors(indexed_home)
    assert encode_market(settings, Silent(), on=nodes.address) == EncodedCounts()


def test_what_is_imported_on_a_cluster_is_what_is_imported_here(
    tmp_path: Path, known_source: Path, nodes: RayNodes
):
    source = tmp_path / "source"
    shutil.copytree(known_source.parent, source)
    (source / "photos" / "red-sofa.jpg").write_bytes(b"no photo")
    (source / "photos" / "blue-sofa.jpg").unlink()
    here, there = load_settings(tmp_path / "here"), load_settings(tmp_path / "there")
    place = str(source / known_source.name)
    report = import_market(here, place, Silent())
    assert (report.photos_read, report.photos_accepted) == (48, 46)
    assert import_market(there, place, Silent(), on=nodes.client_address) == report
    assert catalogue(there) == catalogue(here)
    assert photo_files(there) == photo_files(here)


def test_a_lost_photo_is_named_by_a_cluster_too(settings: Settings, nodes: RayNodes):
    shutil.rmtree(settings.home / "embeddings")
    lost = next(iter(photo_files(settings)))
    next((settings.home / "photos").rglob(lost)).unlink()
    with pytest.raises(NotFoundError, match=f"{lost.removesuffix('.jpg')}.*--photos"):
        encode_market(settings, Silent(), on=nodes.address)


def test_what_a_machine_cannot_do_is_said(nodes: RayNodes, monkeypatch: pytest.MonkeyPatch):
    def refuse(shared: str, item: int) -> int:
        raise InputError(f"{shared} {item} cannot be used")

    def fail(shared: str, item: int) -> float:
        return item / len(shared)

    with cluster_at(nodes.address, Silent()) as cluster:
        assert list(cluster.map(lambda shared, item: shared * item, 3, range(40))) == list(range(0, 120, 3))
        with pytest.raises(InputError, match="photo 7 cannot be used"):
            list(cluster.map(refuse, "photo", [7]))
        with pytest.raises(
            UnavailableError, match=r"ZeroDivisionError.*run this again: what is done is kept"
        ):
            list(cluster.map(fail, "", [7]))
        monkeypatch.setattr(ray_cluster, "__version__", "0.0.9")
        with pytest.raises(MismatchError, match=r"has bowerbird 0\.\d+\.\d+, but 0\.0\.9 is needed"):
            list(cluster.map(fail, "", [7]))


@pytest.mark.parametrize(
    ("address", "error", "message"),
    [
        ("cluster", InputError, "'cluster' is no address of a Ray cluster; give ray://HOST:10001"),
        ("ray://127.0.0.1:99999", InputError, "no address of a Ray cluster"),
        (
            "ray://127.0.0.1:1",
            UnavailableError,
            "answers at ray://127.0.0.1:1.*ray start --head --ray-client-server-port 1`",
        ),
    ],
)
def test_an_address_that_leads_nowhere_is_said_at_once(settings, address, error, message):
    with pytest.raises(error, match=message):
        encode_market(settings, Silent(), on=address)


def test_without_ray_what_to_install_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(connection.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(UnavailableError, match=r"pip install 'bowerbird\[cluster\]'"):
        encode_market(settings, Silent(), on="ray://127.0.0.1:10001")


def test_jobs_that_run_here_do_not_import_ray():
    said = (
        "import sys, bowerbird.cli, bowerbird.jobs.import_market, bowerbird.jobs.index_market; "
        "print('ray' in sys.modules)"
    )
    asked = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "False"


@pytest.fixture
def many_photos(tmp_path: Path) -> Path:
    """A table of 700 listings with a photo of noise each."""
    folder = tmp_path / "many"
    (folder / "photos").mkdir(parents=True)
    rng = np.random.default_rng(0)
    with (folder / "listings.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "title", "price", "photos"))
        for number in range(700):
            noise = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
            written = io.BytesIO()
            noise.resize((96, 72)).save(written, "PNG" if number % 3 else "JPEG")
            (folder / "photos" / f"{number}.jpg").write_bytes(written.getvalue())
            words = " ".join(
                rng.choice(["oak", "red", "shelf", "lamp", "worn", "large", "pair"], 1 + number % 40)
            )
            writer.writerow((f"l{number}", words, f"£{number}", f"{number}.jpg"))
    return folder / "listings.csv"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_machine_that_dies_half_way_changes_nothing(
    tmp_path: Path, many_photos: Path, exported_models: Path
):
    """Import and encode on three nodes, one of which is killed during each; every bit is as made here."""
    here, there = load_settings(tmp_path / "here"), load_settings(tmp_path / "there")
    for settings in (here, there):
        shutil.copytree(exported_models, settings.home / "models")
        write_settings(settings, encoders={"precision": "f32"})
    here, there = load_settings(here.home), load_settings(there.home)
    report = import_market(here, str(many_photos), Silent())
    counts = encode_market(here, Silent())
    with ray_nodes(processors=0) as nodes:
        first, second = nodes.add(1), nodes.add(1)
        killing = _OnAdvance(lambda: nodes.kill(first))
        assert import_market(there, str(many_photos), killing, on=nodes.client_address) == report
        third = nodes.add(1)
        killing = _OnAdvance(lambda: nodes.kill(third))
        assert encode_market(there, killing, on=nodes.address) == counts
        shutil.rmtree(there.home / "embeddings")
        killing = _OnAdvance(lambda: (nodes.add(1), nodes.kill(second)))
        assert encode_market(there, killing, on=nodes.client_address) == counts
    assert catalogue(there) == catalogue(here)
    assert photo_files(there) == photo_files(here)
    assert vectors(there.home) == vectors(here.home)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_cluster_that_is_gone_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ray_cluster, "SECONDS_WITHOUT_PROCESSORS", 5.0)

    def kill(_shared: None, _item: int) -> None:
        import os

        os._exit(1)

    with ray_nodes(processors=0) as nodes:
        node = nodes.add(1)
        with cluster_at(nodes.address, Silent()) as cluster:
            with pytest.raises(UnavailableError, match="run this again: what is done is kept"):
                list(cluster.map(kill, None, [1]))
            nodes.kill(node)
            with pytest.raises(UnavailableError, match="no machine of the Ray cluster is left"):
                list(cluster.map(kill, None, [1]))
