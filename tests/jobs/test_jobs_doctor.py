"""The doctor names what is broken and what to run, one verdict a thing."""

import shutil
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bowerbird.assembly import create_home, open_catalogue, open_event_stores, open_stores
from bowerbird.encoding.artefact import find_artefact
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.jobs import doctor, trace_parts
from bowerbird.jobs.doctor import Check, Verdict, examine
from bowerbird.market.event import Event, EventType
from bowerbird.market.listing import Listing
from bowerbird.settings import Settings, load_settings
from bowerbird.storage.database import sqlite_url
from bowerbird.storage.generations import Generations
from bowerbird.storage.key_store import KeyStore, Scope
from bowerbird.storage.model_registry import activate_model, publish_model, staged_model


def checks(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in examine(settings)}


def verdicts(settings: Settings) -> dict[str, Verdict]:
    return {name: check.verdict for name, check in checks(settings).items()}


@pytest.fixture(autouse=True)
def _room_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test machine with a full disk is no finding about the home."""
    monkeypatch.setattr(doctor, "SPARE_DISK", 0)


def test_a_home_that_is_fit_is_said_to_be(indexed_home: Path):
    found = checks(load_settings(indexed_home))
    assert list(found) == [
        "disk",
        "catalogue",
        "memory",
        "photos",
        "backbones",
        "index",
        "models",
        "access",
        "clock",
        "observing",
    ]
    assert {check.verdict for check in found.values()} == {Verdict.OK}
    assert found["catalogue"].seen.startswith("48 listings")
    assert "48 sampled photos" in found["photos"].seen
    assert not any(check.advice for check in found.values())


def test_a_server_that_others_reach_needs_a_live_key(home: Path):
    def access(host: str) -> tuple[Verdict, str]:
        settings = load_settings(home)
        check = checks(
            settings.model_copy(update={"serving": settings.serving.model_copy(update={"host": host})})
        )
        return check["access"].verdict, check["access"].seen

    assert access("127.0.0.1") == (
        Verdict.OK,
        "0 of 0 keys live, this machine can reach 127.0.0.1 without a key",
    )
    assert access("shop.example")[0] is Verdict.FAILED
    with closing(open_event_stores(load_settings(home))) as stores:
        store, now = KeyStore(stores.database), datetime.now(UTC)
        reader = store.create("reader", [Scope.READ], now).key
        assert access("shop.example") == (
            Verdict.WARNING,
            "1 of 1 keys live, other machines can reach shop.example, none with the scope admin",
        )
        owner = store.create("owner", [Scope.ADMIN], now).key
        assert access("shop.example")[0] is Verdict.OK
        for key in (reader, owner):
            store.revoke(key.key_id, now)
    assert access("127.0.0.1")[0] is Verdict.FAILED, "keys were made, so nobody is let in without one"


def test_a_home_that_is_not_there_says_how_to_make_one(tmp_path: Path):
    found = checks(load_settings(tmp_path / "nowhere"))
    assert found["disk"].verdict is Verdict.OK
    assert found["catalogue"].verdict is Verdict.FAILED
    assert "bowerbird import" in found["catalogue"].advice
    assert found["index"].verdict is Verdict.FAILED
    assert not (tmp_path / "nowhere").exists()


def test_an_empty_home_says_to_import_and_to_encode(tmp_path: Path):
    settings = load_settings(tmp_path / "home")
    create_home(settings)
    found = checks(settings)
    assert (found["catalogue"].verdict, found["catalogue"].seen) == (Verdict.WARNING, "0 listings")
    assert "bowerbird import" in found["catalogue"].advice
    assert found["backbones"].verdict is Verdict.FAILED
    assert "bowerbird encode" in found["backbones"].advice


def test_a_full_disk_and_a_small_memory_are_warned_of(indexed_home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(doctor, "SPARE_DISK", 10**18)
    monkeypatch.setattr(doctor, "BYTES_A_LISTING", 10**12)
    found = verdicts(load_settings(indexed_home))
    assert (found["disk"], found["memory"]) == (Verdict.WARNING, Verdict.WARNING)


def test_a_database_that_is_none_is_said(settings: Settings, tmp_path: Path):
    other = tmp_path / "catalogue.db"
    other.write_bytes(b"no database at all, but long enough to be read as one" * 50)
    found = checks(load_settings(settings.home, database=sqlite_url(other)))
    assert found["catalogue"].verdict is Verdict.FAILED
    assert "catalogue.db" in found["catalogue"].seen
    assert found["backbones"].verdict is Verdict.OK


def test_lost_photos_are_counted(settings: Settings):
    for path in sorted((settings.home / "photos").rglob("*.jpg"))[:3]:
        path.unlink()
    photos = checks(settings)["photos"]
    assert photos.verdict is Verdict.FAILED
    assert photos.seen.startswith("3 of 48 sampled photos are gone")
    assert "--photos" in photos.advice


@pytest.mark.parametrize("kind", ["photo", "text"])
def test_a_missing_network_is_said(settings: Settings, kind: str):
    shutil.rmtree(settings.models / kind)
    found = checks(settings)
    assert found["backbones"].verdict is found["index"].verdict is Verdict.FAILED
    assert kind in found["backbones"].seen
    assert "bowerbird encode" in found["backbones"].advice


def test_a_damaged_network_is_said(settings: Settings):
    network = find_artefact(settings.models, "text", settings.encoders.text_backbone).network_path
    network.unlink()  # it is a link that other tests share
    network.write_bytes(b"half")
    found = checks(settings)
    assert found["backbones"].verdict is Verdict.FAILED
    assert "bowerbird encode" in found["backbones"].advice


def test_an_index_that_lags_is_warned_of(settings: Settings):
    with closing(open_catalogue(settings)) as catalogue:
        catalogue.upsert([Listing("harp", "Golden harp")])
        catalogue.delete(["red-sofa"])
    index = checks(settings)["index"]
    assert index.verdict is Verdict.WARNING
    assert "2 changes behind" in index.seen


def test_a_home_without_an_index_is_warned_of(settings: Settings):
    shutil.rmtree(settings.home / "index")
    index = checks(settings)["index"]
    assert (index.verdict, index.seen) == (Verdict.WARNING, "no index generation")
    assert "bowerbird index" in index.advice


def test_an_index_whose_only_generation_is_broken_is_said(settings: Settings):
    generation = Generations(settings.home / "index").newest()
    (generation.folder / "columns.json").write_bytes(b"[]")
    index = checks(settings)["index"]
    assert index.verdict is Verdict.WARNING  # the next start builds a new one
    assert index.seen.startswith("no index generation")
    assert f"{generation.name} has a damaged columns.json" in index.seen
    assert "bowerbird index" in index.advice


def test_a_broken_newest_generation_is_said_though_an_older_one_serves(settings: Settings):
    generations = Generations(settings.home / "index")
    first = generations.newest()
    newer = shutil.copytree(first.folder, first.folder.parent / "staged")
    (newer / "manifest.json").unlink()
    manifest = first.manifest
    published = generations.publish(
        newer,
        revision=manifest.revision,
        encoders=manifest.encoders,
        counts=manifest.counts,
        cutoff=manifest.cutoff,
    )
    (published.folder / "columns.json").write_bytes(b"[]")
    index = checks(settings)["index"]
    assert index.verdict is Verdict.WARNING
    assert first.name in index.seen
    assert f"{published.name} has a damaged columns.json" in index.seen
    assert "bowerbird index" in index.advice


def test_an_index_of_other_encoders_fails(settings: Settings, home: Path):
    config = next((home / "models" / "text").iterdir()) / "config.json"
    config.write_text(config.read_text().replace('"max_length": 128', '"max_length": 64'))
    index = checks(settings)["index"]
    assert index.verdict is Verdict.FAILED
    assert "other encoders" in index.seen
    assert index.advice == "run `bowerbird index`"


def learned(settings: Settings, config: str, **encoders: str) -> LearnedModel:
    with staged_model(settings.models, LearnedKind.PRICE) as staged:
        (staged / "trees.txt").write_text(config)
        return publish_model(
            staged,
            LearnedKind.PRICE,
            config={},
            encoders=encoders,
            data="",
            metrics=model_metrics([]),
            card="",
            trained_at=datetime(2026, 3, 1, tzinfo=UTC),
        )


def test_models_in_use_are_whole_and_read_the_vectors_of_this_home(settings: Settings):
    assert checks(settings)["models"].seen == "none in use"
    with closing(open_stores(settings)) as stores:
        model = learned(settings, "1", text=stores.encoders["text"])
    activate_model(settings.models, LearnedKind.PRICE, model.fingerprint)
    found = checks(settings)["models"]
    assert (found.verdict, found.seen) == (Verdict.OK, f"price {model.fingerprint} in use")
    other = learned(settings, "2", text="0123456789abcdef")
    activate_model(settings.models, LearnedKind.PRICE, other.fingerprint)
    found = checks(settings)["models"]
    assert found.verdict is Verdict.FAILED
    assert "price learned from vectors of other encoders" in found.seen
    assert "bowerbird train" in found.advice


def test_a_damaged_model_fails_where_it_is_in_use_and_is_warned_of_elsewhere(settings: Settings):
    model = learned(settings, "1")
    (model.folder / "trees.txt").write_text("tampered")
    found = checks(settings)["models"]
    assert found.verdict is Verdict.WARNING
    assert "1 not whole" in found.seen
    assert "train it again" in found.advice
    (model.folder / "trees.txt").write_text("1")
    activate_model(settings.models, LearnedKind.PRICE, model.fingerprint)
    shutil.rmtree(model.folder)
    found = checks(settings)["models"]
    assert found.verdict is Verdict.FAILED
    assert "bowerbird models rollback price" in found.advice


def test_a_clock_behind_the_log_is_told(settings: Settings):
    ahead = datetime.now(UTC) + timedelta(days=400)
    with closing(open_event_stores(settings)) as stores:
        stores.log.append([Event("e", EventType.VIEW, "red-sofa", ahead, "ann")])
    clock = checks(settings)["clock"]
    assert clock.verdict is Verdict.WARNING
    assert f"logged at {ahead:%Y-%m-%d}" in clock.seen
    assert "set the clock" in clock.advice


def test_traces_that_nobody_takes_are_told(indexed_home: Path, monkeypatch: pytest.MonkeyPatch):
    with socket.create_server(("127.0.0.1", 0)) as collector:
        url = f"http://127.0.0.1:{collector.getsockname()[1]}/v1/traces"
        settings = load_settings(indexed_home, observing={"otlp_endpoint": url})
        assert checks(settings)["observing"].verdict is Verdict.OK
    gone = checks(settings)["observing"]
    assert (gone.verdict, gone.advice) == (Verdict.WARNING, "start the collector; spans are dropped")
    monkeypatch.setattr(trace_parts, "NEEDED", ("no_such_package.sdk",))
    assert checks(settings)["observing"].verdict is Verdict.FAILED
