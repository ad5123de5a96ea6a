"""Models pushed from one home and taken up by another, through a folder and through a bucket."""

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bowerbird.encoding.artefact import Kind, find_artefact
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.errors import InputError, MismatchError, UnavailableError
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.report import measure
from bowerbird.storage.model_mirror import ModelFollower, ModelMirror
from bowerbird.storage.model_registry import activate_model, active_model, publish_model, staged_model

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PRICE = LearnedKind.PRICE


def learn(models: Path, content: bytes) -> LearnedModel:
    """A model of so many trees, published and in use."""
    with staged_model(models, PRICE) as staged:
        (staged / "trees.txt").write_bytes(content)
        model = publish_model(
            staged,
            PRICE,
            config={},
            encoders={"text": "abc"},
            data="d" * 16,
            metrics=model_metrics([measure("accuracy", "model", (1, 0), seed=0)]),
            card="# A model\n",
            trained_at=NOON,
        )
    return activate_model(models, PRICE, model.fingerprint)


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "shared")
    return str(request.getfixturevalue("bucket"))


@pytest.fixture
def trainer(tmp_path: Path) -> Path:
    return tmp_path / "trainer" / "models"


@pytest.fixture
def server(tmp_path: Path) -> Path:
    return tmp_path / "server" / "models"


def test_what_is_in_use_is_taken_up_and_what_is_there_already_is_not_sent_again(
    place: str, trainer: Path, server: Path
):
    pushing, pulling = ModelMirror(place, trainer), ModelMirror(place, server)
    assert pulling.pull() == []
    first, second = learn(trainer, b"first"), learn(trainer, b"second")
    assert pushing.push() == sorted(f"price/{model.fingerprint}" for model in (first, second))
    assert pushing.push() == []
    assert pulling.pull() == [f"price/{second.fingerprint}"]
    taken = active_model(server, PRICE)
    assert taken is not None
    assert (taken.fingerprint, taken.metrics) == (second.fingerprint, second.metrics)
    assert (taken.folder / "trees.txt").read_bytes() == b"second"
    assert sorted(path.name for path in (server / "price").iterdir()) == sorted(["ACTIVE", taken.fingerprint])
    assert pulling.pull() == []
    activate_model(trainer, PRICE, first.fingerprint)
    assert (pushing.push(), pulling.pull()) == ([], [f"price/{first.fingerprint}"])


def test_backbones_come_along_where_the_home_has_none_of_that_name(
    place: str, exported_models: Path, server: Path
):
    text = find_artefact(exported_models, Kind.TEXT, "all-MiniLM-L6-v2")
    small = server.parent / "source"
    shutil.copytree(text.folder, small / "text" / text.fingerprint)
    ModelMirror(place, small).push()
    assert ModelMirror(place, server).pull() == [f"text/{text.fingerprint}"]
    assert find_artefact(server, Kind.TEXT, "all-MiniLM-L6-v2").fingerprint == text.fingerprint
    own = (server / "text" / text.fingerprint).rename(server / "text" / ("0" * 16))
    assert ModelMirror(place, server).pull() == []
    assert [path.name for path in own.parent.iterdir()] == ["0" * 16]


def test_what_is_broken_on_its_way_is_not_put_in_use(place: str, trainer: Path, server: Path):
    pushing, pulling = ModelMirror(place, trainer), ModelMirror(place, server)
    first = learn(trainer, b"first")
    pushing.push()
    pulling.pull()
    second = learn(trainer, b"second")
    pushing.push()
    pushing._files.pipe_file(f"{pushing._root}/price/{second.fingerprint}/trees.txt", b"secon?")
    with pytest.raises(MismatchError, match="is not the file that was published"):
        pulling.pull()
    in_use = active_model(server, PRICE)
    assert in_use is not None
    assert in_use.fingerprint == first.fingerprint
    # Pushed again it arrives: what came broken is not kept.
    pushing._files.pipe_file(f"{pushing._root}/price/{second.fingerprint}/trees.txt", b"second")
    assert pulling.pull() == [f"price/{second.fingerprint}"]


def test_half_a_model_is_none(place: str, trainer: Path, server: Path):
    pushing, pulling = ModelMirror(place, trainer), ModelMirror(place, server)
    model = learn(trainer, b"first")
    pushing.push()
    pushing._files.rm(f"{pushing._root}/price/{model.fingerprint}/config.json")
    with pytest.raises(MismatchError, match="is not whole; push it again"):
        pulling.pull()
    assert not list((server / "price").iterdir())
    pushing._files.pipe_file(f"{pushing._root}/price/ACTIVE", b"../../etc\n")
    with pytest.raises(MismatchError, match="ACTIVE is damaged: it names no model"):
        pulling.pull()


def test_a_follower_takes_up_what_is_pushed_and_outlives_a_place_that_is_away(
    trainer: Path, server: Path, tmp_path: Path
):
    place = tmp_path / "shared"
    follower = ModelFollower(ModelMirror(str(place), server), poll_seconds=0.02)
    follower.start()
    try:
        place.write_text("a file where a folder should be")
        learn(trainer, b"first")
        with pytest.raises(UnavailableError, match=r"pushing models at .* failed"):
            ModelMirror(str(place), trainer).push()
        place.unlink()
        ModelMirror(str(place), trainer).push()
        last = time.monotonic() + 10
        while active_model(server, PRICE) is None and time.monotonic() < last:
            time.sleep(0.02)
        assert active_model(server, PRICE) is not None
    finally:
        follower.close()


def test_a_url_that_no_driver_knows_is_refused(trainer: Path):
    with pytest.raises(InputError, match="models cannot be shared at nowhere://bucket"):
        ModelMirror("nowhere://bucket", trainer)
