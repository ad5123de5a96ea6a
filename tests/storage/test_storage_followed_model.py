"""A running process takes up the model that is put in use, and keeps the old one where the new is broken."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.errors import MismatchError, UnavailableError
from bowerbird.evaluation.model_metrics import model_metrics
from bowerbird.evaluation.report import measure
from bowerbird.storage.followed_model import FollowedModel, ModelWatch
from bowerbird.storage.model_registry import (
    ACTIVE_FILE,
    activate_model,
    publish_model,
    roll_back_model,
    staged_model,
)

Put = Callable[..., LearnedModel]
ENCODERS = {"text": "t1", "photo": "p1"}


def word_of(model: LearnedModel) -> str:
    word = (model.folder / "word.txt").read_text()
    if word == "broken":
        raise MismatchError("its word is broken")
    return word


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Publishes a model that says a word, and puts it in use."""

    def put_in_use(word: str, encoder: str = "t1") -> LearnedModel:
        with staged_model(tmp_path, LearnedKind.CATEGORY) as staged:
            (staged / "word.txt").write_text(word)
            model = publish_model(
                staged,
                LearnedKind.CATEGORY,
                config={},
                encoders={"text": encoder},
                data="d",
                metrics=model_metrics([measure("accuracy", "model", [1, 0], seed=0)]),
                card="",
                trained_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
        return activate_model(tmp_path, LearnedKind.CATEGORY, model.fingerprint)

    return put_in_use


@pytest.fixture
def followed(tmp_path: Path) -> FollowedModel[str]:
    return FollowedModel(tmp_path, LearnedKind.CATEGORY, ENCODERS, word_of)


def test_without_a_model_the_message_says_what_to_run(followed: FollowedModel[str]):
    with pytest.raises(UnavailableError, match="no category model is in use; run `bowerbird train category`"):
        followed.get()
    assert followed.error is None


def test_the_model_in_use_is_opened_once_and_followed(put: Put, tmp_path: Path):
    opened: list[str] = []
    followed = FollowedModel(
        tmp_path, LearnedKind.CATEGORY, ENCODERS, lambda model: opened.append(word_of(model)) or opened[-1]
    )
    first = put("one")
    assert (followed.get(), followed.fingerprint) == ("one", first.fingerprint)
    put("two")
    assert followed.get() == "one"  # until it is told to look
    followed.look()
    followed.look()
    assert followed.get() == "two"
    assert opened == ["one", "two"]
    roll_back_model(tmp_path, LearnedKind.CATEGORY)
    followed.look()
    assert followed.get() == "one"
    roll_back_model(tmp_path, LearnedKind.CATEGORY)
    followed.look()
    with pytest.raises(UnavailableError):
        followed.get()


def test_a_broken_model_leaves_the_old_one_in_use_and_is_said(
    put: Put, followed: FollowedModel[str], caplog: pytest.LogCaptureFixture
):
    put("one")
    assert followed.get() == "one"
    put("broken")
    for _ in range(3):
        followed.look()
    assert followed.get() == "one"
    assert followed.error == "the category model in use cannot be used: its word is broken"
    assert caplog.text.count("its word is broken") == 1
    put("three")
    followed.look()
    assert (followed.get(), followed.error) == ("three", None)


def test_a_damaged_file_leaves_the_old_one_in_use(put: Put, followed: FollowedModel[str]):
    put("one")
    followed.get()
    (put("two").folder / "word.txt").write_text("other")
    followed.look()
    assert followed.get() == "one"
    assert "is not the file that was published" in followed.error


def test_a_model_of_other_encoders_is_not_taken_up(put: Put, followed: FollowedModel[str]):
    put("one")
    assert followed.get() == "one"
    put("two", encoder="t2")
    followed.look()
    assert followed.get() == "one"
    assert "vectors of the text encoder t2, but this home uses t1" in followed.error


def test_a_first_model_that_is_broken_is_why_there_is_none(put: Put, followed: FollowedModel[str]):
    put("broken")
    with pytest.raises(UnavailableError, match="its word is broken"):
        followed.get()


def test_the_watch_takes_up_models_and_outlives_a_damaged_registry(
    put: Put, followed: FollowedModel[str], tmp_path: Path
):
    put("one")
    watch = ModelWatch([followed], poll_seconds=0.02)
    watch.start()
    try:
        wait_for(lambda: followed.fingerprint is not None)
        (tmp_path / LearnedKind.CATEGORY / ACTIVE_FILE).write_bytes(b"\xff\xfe")
        wait_for(lambda: bool(watch.errors))
        assert followed.get() == "one"
        (tmp_path / LearnedKind.CATEGORY / ACTIVE_FILE).unlink()
        second = put("two")
        wait_for(lambda: followed.fingerprint == second.fingerprint)
        assert followed.get() == "two"
        assert watch.errors == []
    finally:
        watch.close()


def wait_for(true: Callable[[], bool]) -> None:
    last = time.monotonic() + 20
    while not true():
        assert time.monotonic() < last
        time.sleep(0.01)
