"""Models are published whole, put in use and rolled back in one step, and what is damaged is said to be.

Run as a script, this module is the process that is killed: it publishes and activates models for ever.
"""

import json
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from bowerbird.encoding.learned_model import CARD_FILE, METRICS_FILE, LearnedKind, LearnedModel, load_model
from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.report import measure
from bowerbird.storage.model_registry import (
    ACTIVE_FILE,
    activate_model,
    active_fingerprint,
    active_model,
    damaged_models,
    find_any_model,
    find_model,
    list_models,
    publish_model,
    roll_back_model,
    staged_model,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PRICE, CATEGORY = LearnedKind.PRICE, LearnedKind.CATEGORY


def publish(
    models: Path,
    content: bytes = b"trees",
    kind: LearnedKind = PRICE,
    correct: tuple[int, ...] = (1, 0),
    day: int = 0,
    **config: object,
) -> LearnedModel:
    figure = measure("accuracy", "model", correct, seed=0)
    with staged_model(models, kind) as staged:
        (staged / "trees.txt").write_bytes(content)
        return publish_model(
            staged,
            kind,
            config=config,
            encoders={"text": "abc"},
            data="d" * 16,
            metrics=model_metrics([figure]),
            card=f"# A model of {content!r}\n",
            trained_at=NOON + timedelta(days=day),
        )


def test_what_was_published_is_loaded(tmp_path: Path):
    published = publish(tmp_path, depth=(3, 4), labels={1: "a", 10: "b", 2: "c"})
    loaded = load_model(published.folder)
    assert loaded == published
    assert published.folder == tmp_path / "price" / published.fingerprint
    assert (loaded.kind, loaded.encoders, loaded.data) == (PRICE, {"text": "abc"}, "d" * 16)
    assert loaded.config == {"depth": [3, 4], "labels": {"1": "a", "10": "b", "2": "c"}}
    assert loaded.trained_at == NOON
    assert loaded.metrics["figures"][0]["value"] == 0.5
    assert sorted(path.name for path in published.folder.iterdir()) == [
        "card.md",
        "config.json",
        "metrics.json",
        "trees.txt",
    ]
    assert [path.name for path in (tmp_path / "price").iterdir()] == [published.fingerprint]
    assert active_model(tmp_path, PRICE) is None  # publishing activates nothing


def test_a_fingerprint_follows_files_and_config_and_nothing_else(tmp_path: Path):
    model = publish(tmp_path)
    assert publish(tmp_path, day=9, correct=(1, 1)).fingerprint == model.fingerprint
    assert publish(tmp_path, b"others").fingerprint != model.fingerprint
    assert publish(tmp_path, depth=3).fingerprint != model.fingerprint


def test_an_equal_model_stays_with_its_newest_figures(tmp_path: Path):
    first = publish(tmp_path)
    before = (first.folder / "trees.txt").stat().st_ino
    again = publish(tmp_path, correct=(1, 1))
    assert again.metrics["figures"][0]["value"] == 1.0
    assert (first.folder / "trees.txt").stat().st_ino == before
    assert len(list((tmp_path / "price").iterdir())) == 1


def test_many_publish_the_same_model_at_once(tmp_path: Path):
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(lambda _: publish(tmp_path), range(24)))
    assert len({model.fingerprint for model in models}) == 1
    assert [path.name for path in (tmp_path / "price").iterdir()] == [models[0].fingerprint]
    assert not damaged_models(tmp_path)


def test_models_are_listed_latest_first_and_found_by_prefix(tmp_path: Path):
    models = [publish(tmp_path, bytes([n]), day=n) for n in range(20)]
    assert list_models(tmp_path, PRICE) == models[::-1]
    assert list_models(tmp_path, CATEGORY) == []
    for model in models:
        assert find_model(tmp_path, PRICE, model.fingerprint) == model
    by_letter = [m for m in models if m.fingerprint[0] == models[0].fingerprint[0]]
    assert len(by_letter) > 1, "20 models share 16 first digits"
    with pytest.raises(InputError, match=f"{len(by_letter)} models start with"):
        find_model(tmp_path, PRICE, models[0].fingerprint[0])
    with pytest.raises(NotFoundError, match="there are: "):
        find_model(tmp_path, PRICE, "xyz")
    with pytest.raises(NotFoundError, match="bowerbird train"):
        find_model(tmp_path, CATEGORY, models[0].fingerprint)


def test_no_digits_find_nothing_even_where_there_is_one_model(tmp_path: Path):
    model = publish(tmp_path)
    with pytest.raises(InputError, match="give more"):
        find_model(tmp_path, PRICE, "")
    assert find_model(tmp_path, PRICE, model.fingerprint[:4]) == model


def test_a_model_of_any_kind_is_found(tmp_path: Path):
    price, category = publish(tmp_path), publish(tmp_path, kind=CATEGORY)
    assert find_any_model(tmp_path, price.fingerprint) == price
    assert find_any_model(tmp_path, category.fingerprint[:8]) == category


def test_rolling_back_goes_through_what_was_in_use(tmp_path: Path):
    first, second, third = (publish(tmp_path, bytes([n])) for n in range(3))
    with pytest.raises(InputError, match="no price model is in use"):
        roll_back_model(tmp_path, PRICE)
    for model in (first, second, second, third):
        activate_model(tmp_path, PRICE, model.fingerprint[:10])
        assert active_model(tmp_path, PRICE) == model
    assert roll_back_model(tmp_path, PRICE) == second  # once, though activated twice
    assert roll_back_model(tmp_path, PRICE) == first
    assert roll_back_model(tmp_path, PRICE) is None
    assert active_model(tmp_path, PRICE) is None
    assert active_model(tmp_path, CATEGORY) is None


def test_a_model_that_is_gone_is_not_rolled_back_to(tmp_path: Path):
    first, second = publish(tmp_path, b"1"), publish(tmp_path, b"2")
    for model in (first, second):
        activate_model(tmp_path, PRICE, model.fingerprint)
    shutil.rmtree(first.folder)
    with pytest.raises(NotFoundError):
        roll_back_model(tmp_path, PRICE)
    assert active_model(tmp_path, PRICE) == second


def test_the_model_in_use_may_be_gone(tmp_path: Path):
    first, second = publish(tmp_path, b"1"), publish(tmp_path, b"2")
    for model in (first, second):
        activate_model(tmp_path, PRICE, model.fingerprint)
    shutil.rmtree(second.folder)
    with pytest.raises(NotFoundError, match="bowerbird models rollback price"):
        active_model(tmp_path, PRICE)
    assert roll_back_model(tmp_path, PRICE) == first


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("trees.txt", None, NotFoundError),
        ("trees.txt", b"tampered", MismatchError),
        ("config.json", None, NotFoundError),
        ("config.json", b"{", MismatchError),
        ("config.json", b"[]", MismatchError),
        ("config.json", b"\xff\xfe", MismatchError),
        ("config.json", b'{"format": 99}', MismatchError),
        (METRICS_FILE, None, NotFoundError),
        (METRICS_FILE, b"[1]", MismatchError),
        (METRICS_FILE, b"{}", MismatchError),
    ],
)
def test_damage_is_reported_and_spares_the_others(tmp_path: Path, name, content, error):
    whole, damaged = publish(tmp_path, b"1"), publish(tmp_path, b"2")
    if content is None:
        (damaged.folder / name).unlink()
    else:
        (damaged.folder / name).write_bytes(content)
    with pytest.raises(error, match="bowerbird models activate"):
        load_model(damaged.folder)
    with pytest.raises(error):
        activate_model(tmp_path, PRICE, damaged.fingerprint)
    assert isinstance(damaged_models(tmp_path)[damaged.folder], error)
    assert list(damaged_models(tmp_path)) == [damaged.folder]
    assert whole in list_models(tmp_path, PRICE)
    assert activate_model(tmp_path, PRICE, whole.fingerprint) == whole
    assert publish(tmp_path, b"2") == damaged  # trained again, it takes the place of the damaged one
    assert not damaged_models(tmp_path)


def test_a_changed_config_is_no_longer_what_was_published(tmp_path: Path):
    model = publish(tmp_path, depth=3)
    config = model.folder / "config.json"
    config.write_text(config.read_text().replace('"depth": 3', '"depth": 4'))
    with pytest.raises(MismatchError, match="what was not published"):
        load_model(model.folder)


def test_a_note_in_a_card_is_no_damage(tmp_path: Path):
    model = publish(tmp_path)
    (model.folder / CARD_FILE).write_text("# Ours\nLooked at by the shop.\n")
    assert load_model(model.folder) == model


@pytest.mark.parametrize("content", [b"../../elsewhere", b"\xff\xfe", b"{}"])
def test_a_damaged_active_file_is_reported_and_can_be_mended(tmp_path: Path, content: bytes):
    model = publish(tmp_path)
    (tmp_path / PRICE / ACTIVE_FILE).write_bytes(content)
    for ask in (active_fingerprint, active_model, roll_back_model):
        with pytest.raises(MismatchError, match="bowerbird models activate"):
            ask(tmp_path, PRICE)
    assert activate_model(tmp_path, PRICE, model.fingerprint) == active_model(tmp_path, PRICE)


def test_metrics_that_nobody_could_read_are_not_published(tmp_path: Path):
    nothing = {"config": {}, "encoders": {}, "data": "", "metrics": {"accuracy": 1.0}, "card": ""}
    with staged_model(tmp_path, PRICE) as staged, pytest.raises(MismatchError, match="figures"):
        publish_model(staged, PRICE, trained_at=NOON, **nothing)
    assert list((tmp_path / PRICE).iterdir()) == []


def test_a_folder_in_a_model_is_refused(tmp_path: Path):
    nothing = {"config": {}, "encoders": {}, "data": "", "metrics": model_metrics([]), "card": ""}
    with staged_model(tmp_path, PRICE) as staged:
        (staged / "runs").mkdir()
        with pytest.raises(InputError, match="runs"):
            publish_model(staged, PRICE, trained_at=NOON, **nothing)


@pytest.mark.parametrize("kills", [pytest.param(4), pytest.param(40, marks=pytest.mark.long)])
def test_a_kill_at_any_moment_leaves_old_or_new(tmp_path: Path, kills: int):
    clock = random.Random(kills)  # noqa: S311  (no secret)
    known: set[str] = set()
    for _ in range(kills):
        said = killed(tmp_path, clock.uniform(0.0, 0.4))
        known |= {line["published"] for line in said if "published" in line}
        in_use = [line["active"] for line in said if "active" in line]
        assert not damaged_models(tmp_path)
        listed = {model.fingerprint for model in list_models(tmp_path, PRICE)}
        assert known <= listed
        model = active_model(tmp_path, PRICE)
        if in_use:
            assert model is not None
            assert model.fingerprint in {in_use[-1], said[-1].get("published")} | (listed - known)
        known = listed
    publish(tmp_path, b"the last")  # sweeps away what the dead left
    assert not list((tmp_path / PRICE).glob(".training-*"))


def killed(models: Path, seconds: float) -> list[dict]:
    """What a worker acknowledged until it was killed, `seconds` after its first word."""
    worker = subprocess.Popen([sys.executable, __file__, str(models)], stdout=subprocess.PIPE)
    assert worker.stdout is not None
    first = worker.stdout.readline()
    time.sleep(seconds)
    worker.kill()
    rest, _ = worker.communicate()
    assert worker.returncode == -9, "the worker must die by our hand, not its own"
    return [json.loads(line) for line in (first + rest).splitlines(keepends=True) if line.endswith(b"\n")]


def work(models: Path) -> None:
    for turn in count(time.time_ns()):
        fingerprint = publish(models, random.Random(turn).randbytes(50_000)).fingerprint  # noqa: S311
        _say(published=fingerprint)
        activate_model(models, PRICE, fingerprint)
        _say(active=fingerprint)


def _say(**said: str) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    work(Path(sys.argv[1]))
