"""A market backed up while it changes and put back: the same catalogue, the same answers; damage is told."""

import io
import itertools
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import tomllib
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

import known_market
from bowerbird.assembly import database_url, open_catalogue, open_engine, open_event_stores, open_generations
from bowerbird.engine import Engine
from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.jobs import backup_market as job
from bowerbird.jobs.backup_market import backup_market
from bowerbird.jobs.restore_market import restore_market
from bowerbird.market.event import Event, EventType
from bowerbird.market.listing import Listing
from bowerbird.market.query import Query
from bowerbird.progress import Silent
from bowerbird.settings import Settings, load_settings, write_settings
from bowerbird.storage.database import open_existing
from bowerbird.storage.key_store import KeyStore, Scope
from bowerbird.storage.photo_store import PhotoStore
from bowerbird.storage.store_copy import TableSum, store_sums
from market_homes import MarketHomes
from postgresql_server import PostgresqlServer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sums(settings: Settings) -> list[TableSum]:
    with closing(open_existing(database_url(settings))) as database:
        return store_sums(database)


def answers(engine: Engine) -> list[list[tuple[str, float]]]:
    """Ids and scores of fifty queries, by words and by photos."""
    things = itertools.product(known_market.COLOURS, known_market.KINDS)
    words = [f"{colour} {thing}" for colour, thing in itertools.islice(things, 44)]
    queries = [
        Query(words=text, limit=50) for text in [*words, "sofa", "tent", "bicicle", "a lamp to read by", ""]
    ]
    found = [[(hit.listing.listing_id, hit.score) for hit in engine.search(query).hits] for query in queries]
    similar = engine.similar("red-sofa", 20)
    return [*found, [(hit.listing.listing_id, hit.score) for hit in similar.hits]]


@pytest.fixture
def lived_in(settings: Settings) -> Settings:
    """A home with events, a key and a photo of no listing."""
    with closing(open_event_stores(settings)) as stores:
        stores.log.append([Event("e1", EventType.VIEW, "red-sofa", NOW, shopper="ann")])
        KeyStore(stores.database).create("shop", [Scope.READ], NOW)
    write_settings(settings, search={"rrf_k": 50.0}, photos={"max_bytes": 1_000_000})
    return load_settings(settings.home)


@pytest.fixture
def backed_up(lived_in: Settings, tmp_path: Path) -> Path:
    place = tmp_path / "backup"
    backup_market(lived_in, place, NOW, Silent())
    return place


@pytest.mark.parametrize(("name", "with_index"), [("backup", True), ("backup.tar", False)])
def test_a_restored_market_holds_and_answers_the_same(
    lived_in: Settings, tmp_path: Path, name: str, with_index: bool, homes: MarketHomes
):
    with closing(open_engine(lived_in)) as engine:
        before = answers(engine)
        made = backup_market(lived_in, tmp_path / name, NOW, Silent(), with_index=with_index)
    assert len(before) == 50
    assert sum(map(len, before)) > 200
    new = load_settings(tmp_path / "new")
    restored = restore_market(new, tmp_path / name, Silent())
    homes.name_collections(new.home)  # where vectors are is in no backup
    new = load_settings(new.home)
    assert sums(new) == sums(lived_in) == list(made.manifest.tables)
    assert restored.manifest == made.manifest
    in_files = new.index.vector_index != "milvus"
    assert (open_generations(new).newest() is not None) is (with_index and in_files)
    assert new.search == lived_in.search
    with closing(open_engine(new)) as engine:
        assert answers(engine) == before
    hashes = set(PhotoStore(lived_in.home / "photos").hashes())
    assert made.photos == len(hashes)
    assert set(PhotoStore(new.home / "photos").hashes()) == hashes


def test_a_backup_is_of_one_moment_while_the_market_changes(lived_in: Settings, tmp_path: Path):
    stop = threading.Event()

    def change() -> None:
        with closing(open_catalogue(lived_in)) as catalogue:
            for number in itertools.count():
                catalogue.upsert([Listing(f"a{number}", "one"), Listing(f"b{number}", "two")])
                if stop.is_set():
                    return

    changing = threading.Thread(target=change)
    changing.start()
    try:
        made = [backup_market(lived_in, tmp_path / f"b{turn}", NOW, Silent()).manifest for turn in range(3)]
    finally:
        stop.set()
        changing.join()
    assert made[0].revision < made[2].revision
    for turn in range(3):
        new = load_settings(tmp_path / f"new{turn}")
        restore_market(new, tmp_path / f"b{turn}", Silent())
        with closing(open_catalogue(new)) as catalogue:
            ids = set(catalogue.all_ids())
            assert len(catalogue) == len(ids)
            assert {one[1:] for one in ids if one[0] == "a" and one[1:].isdigit()} == {
                one[1:] for one in ids if one[0] == "b" and one[1:].isdigit()
            }


def test_a_backup_holds_no_secret_and_no_place(settings: Settings, tmp_path: Path):
    with closing(open_event_stores(settings)) as stores:
        token = KeyStore(stores.database).create("shop", [Scope.READ], NOW).token
    secret = token.split("_", 2)[2].encode()  # it may have the sign in it too
    write_settings(settings, milvus={"token": "root:hu5h-hu5h"}, photos={"signed_seconds": 0})
    backup_market(load_settings(settings.home), tmp_path / "backup", NOW, Silent())
    kept = tomllib.loads((tmp_path / "backup" / "bowerbird.toml").read_text())
    assert "database" not in kept
    assert "milvus" not in kept
    assert kept["photos"] == {}
    for path in (tmp_path / "backup").rglob("*"):
        if path.is_file() and path.suffix != ".onnx":
            data = path.read_bytes()
            assert secret not in data
            assert b"hu5h-hu5h" not in data


def test_an_erased_shopper_is_in_no_byte_of_a_backup(lived_in: Settings, tmp_path: Path):
    with closing(open_event_stores(lived_in)) as stores:
        stores.log.append([Event("e2", EventType.VIEW, "red-sofa", NOW, shopper="shopper-to-forget")])
        stores.shoppers.erase("shopper-to-forget")
    backup_market(lived_in, tmp_path / "backup", NOW, Silent())
    assert b"shopper-to-forget" not in (tmp_path / "backup" / "catalogue.db").read_bytes()


def test_it_goes_from_one_kind_of_database_to_the_other(
    lived_in: Settings, tmp_path: Path, postgresql: PostgresqlServer
):
    backup_market(lived_in, tmp_path / "first.tar", NOW, Silent())
    url = postgresql.create()
    there = load_settings(tmp_path / "there")
    told = restore_market(there, tmp_path / "first.tar", Silent(), url)
    there = load_settings(there.home)
    assert there.database == url
    assert told.database is not None
    assert not (there.home / "catalogue.db").exists()
    backup_market(there, tmp_path / "second.tar", NOW, Silent())
    back = load_settings(tmp_path / "back")
    restore_market(back, tmp_path / "second.tar", Silent())
    back = load_settings(back.home)
    assert back.database == ""
    assert sums(back) == sums(there) == sums(lived_in)
    with pytest.raises(InputError, match="is not empty: its table"):
        restore_market(load_settings(tmp_path / "again"), tmp_path / "first.tar", Silent(), url)
    assert not (tmp_path / "again").exists()
    postgresql.drop(url)


def test_photos_come_from_a_bucket_and_go_to_another(lived_in: Settings, tmp_path: Path, bucket: str):
    backup_market(lived_in, tmp_path / "first", NOW, Silent())
    there = load_settings(tmp_path / "there", photos={"url": f"{bucket}/a"})
    restore_market(there, tmp_path / "first", Silent())
    assert not (there.home / "photos").exists()
    hashes = set(PhotoStore(lived_in.home / "photos").hashes())
    assert set(PhotoStore(f"{bucket}/a").hashes()) == hashes
    made = backup_market(there, tmp_path / "second", NOW, Silent())
    assert made.photos == len(hashes)
    lost = min(hashes)
    PhotoStore(f"{bucket}/a")._files.rm(PhotoStore(f"{bucket}/a").path(lost))
    less = backup_market(there, tmp_path / "third", NOW, Silent())
    assert (less.photos, less.manifest.lost_photos) == (len(hashes) - 1, (lost,))
    assert "1 photos that listings name were not in the market" in less.lines()


def damage_photo(place: Path) -> None:
    path = next(place.glob("photos/*/*/*.jpg"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def lose_photo(place: Path) -> None:
    next(place.glob("photos/*/*/*.jpg")).unlink()


def add_file(place: Path) -> None:
    (place / "models" / "more.onnx").write_bytes(b"x")


def cut_manifest(place: Path) -> None:
    path = place / "manifest.json"
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (damage_photo, "the backup is damaged: photos/.*jpg is not what was backed up"),
        (lose_photo, "the backup is not whole: photos/.*jpg is missing, or should not be there"),
        (add_file, "the backup is not whole: models/more.onnx is missing, or should not be there"),
        (cut_manifest, "this is no whole backup: its manifest.json cannot be read"),
    ],
)
def test_a_damaged_backup_is_refused_whole(
    backed_up: Path, tmp_path: Path, damage: Callable[[Path], None], told: str
):
    damage(backed_up)
    with pytest.raises(MismatchError, match=told):
        restore_market(load_settings(tmp_path / "new"), backed_up, Silent())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "home"]


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "photos/../../evil", "a\\..\\b\n"])  # noqa: S108
def test_names_that_lead_elsewhere_are_not_unpacked(tmp_path: Path, name: str):
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        about = tarfile.TarInfo(name)
        about.size = 4
        tar.addfile(about, io.BytesIO(b"evil"))
    with pytest.raises(MismatchError, match="a name that leads elsewhere"):
        restore_market(load_settings(tmp_path / "new"), tmp_path / "evil.tar", Silent())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.tar"]


def test_links_are_not_unpacked(tmp_path: Path):
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        about = tarfile.TarInfo("photos")
        about.type, about.linkname = tarfile.SYMTYPE, "/"
        tar.addfile(about)
    with pytest.raises(MismatchError, match="is no plain file"):
        restore_market(load_settings(tmp_path / "new"), tmp_path / "evil.tar", Silent())


def test_what_is_there_is_never_written_over(lived_in: Settings, backed_up: Path, tmp_path: Path):
    with pytest.raises(InputError, match="is not empty; give a new --home"):
        restore_market(lived_in, backed_up, Silent())
    with pytest.raises(InputError, match=r"there is something at .* already"):
        backup_market(lived_in, backed_up, NOW, Silent())
    (tmp_path / "not.tar").write_text("no backup")
    for place, error in ((tmp_path / "none", NotFoundError), (tmp_path / "not.tar", MismatchError)):
        with pytest.raises(error):
            restore_market(load_settings(tmp_path / "new"), place, Silent())
    with pytest.raises(NotFoundError):
        backup_market(load_settings(tmp_path / "nowhere"), tmp_path / "b.tar", NOW, Silent())


def test_a_backup_that_fails_leaves_nothing(
    lived_in: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(job, "_add_vectors", fail)
    before = sorted(path.name for path in tmp_path.iterdir())
    for name in ("b", "b.tar"):
        with pytest.raises(ZeroDivisionError):
            backup_market(lived_in, tmp_path / name, NOW, Silent())
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_commands_back_up_and_restore(lived_in: Settings, tmp_path: Path):
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bowerbird.cli", *arguments]
        environment = {**os.environ, "COLUMNS": "200"}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    place, new = str(tmp_path / "b.tar"), str(tmp_path / "new")
    said = run("backup", "--to", place, "--home", str(lived_in.home))
    assert said.returncode == 0, said.stderr
    assert "the index is not in it" in said.stdout
    said = run("restore", "--from", place, "--home", new)
    assert said.returncode == 0, said.stderr
    assert "all of it is verified" in said.stdout
    assert f"bowerbird index --home {new}" in said.stdout
    assert run("restore", "--from", place, "--home", new).returncode == InputError.exit_code
    shutil.rmtree(new)
