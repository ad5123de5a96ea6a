"""A search on the disk: what makes it the same, what a kill may leave, and one process at a time."""

import subprocess
import sys

import pytest

from bowerbird.errors import InputError, MismatchError, NotFoundError, UnavailableError
from bowerbird.training.folder_lock import alone_in
from bowerbird.training.search_folder import LEDGER_FILE, PLAN_FILE, End, SearchFolder

PLAN = {"photos": "abc", "settings": {"epochs": 3, "seed": 0}, "space": {"dropout": "0 to 0.6"}}
DRAWN = [{"dropout": 0.1}, {"dropout": 0.2}]


def metrics(epoch, accuracy):
    return {"epoch": epoch, "accuracy": accuracy, "macro_f1": 0.5, "loss": 1.0, "seconds": 2.0}


@pytest.fixture
def search(tmp_path):
    folder = SearchFolder(tmp_path / "search")
    folder.begin(PLAN, DRAWN, resume=None)
    return folder


def test_the_ledger_says_how_far_each_trial_got(search):
    search.write_epoch(1, metrics(0, 0.4))
    search.write_epoch(2, metrics(0, 0.3))
    search.write_epoch(1, metrics(0, 0.4))  # told again after a kill
    search.write_epoch(1, metrics(1, 0.6))
    search.write_epoch(1, metrics(2, 0.6))
    search.write_end(1, End.FINISHED)
    first, second = search.trials()
    assert [one["epoch"] for one in first.epochs] == [0, 1, 2]
    assert (first.end, first.best["epoch"], first.values) == (End.FINISHED, 1, {"dropout": 0.1})
    assert first.as_json()["best_epoch"] == 2
    assert first.as_json()["seconds"] == 6.0
    assert (second.end, len(second.epochs), second.best["accuracy"]) == (None, 1, 0.3)
    assert max(search.trials(), key=lambda one: one.score) == first


def test_a_failed_trial_is_never_the_best(search):
    search.write_epoch(1, metrics(0, 0.9))
    search.write_end(1, End.FAILED, "the run has diverged")
    search.write_epoch(2, metrics(0, 0.1))
    first, second = search.trials()
    assert first.best is None
    assert first.reason == "the run has diverged"
    assert second.score > first.score


def test_of_equal_trials_the_earlier_one_is_best(search):
    search.write_epoch(2, metrics(0, 0.5))
    search.write_epoch(1, metrics(0, 0.5))
    assert max(search.trials(), key=lambda one: one.score).number == 1


def test_a_torn_line_is_dropped_and_the_rest_kept(search):
    search.write_epoch(1, metrics(0, 0.4))
    with (search.path / LEDGER_FILE).open("ab") as file:
        file.write(b'{"trial": 1, "epo')
    search.begin(PLAN, DRAWN, resume=None)
    search.write_epoch(1, metrics(1, 0.5))
    assert [one["accuracy"] for one in search.trials()[0].epochs] == [0.4, 0.5]


def test_another_search_is_refused_and_the_difference_named(search):
    other = {**PLAN, "photos": "def", "settings": {"epochs": 4, "seed": 0}}
    with pytest.raises(
        MismatchError, match=r"photos is 'def' and was 'abc'; settings\.epochs is 4 and was 3\. Give those"
    ) as error:
        search.begin(other, DRAWN, resume=None)
    assert len(error.value.details) == 2


def test_trials_can_be_added_but_not_taken_away(search):
    search.write_end(1, End.STOPPED)
    search.begin(PLAN, [*DRAWN, {"dropout": 0.3}], resume=None)
    assert [one.end for one in search.trials()] == [End.STOPPED, None, None]
    with pytest.raises(InputError, match="has 3 trials, but 2 were asked for"):
        search.begin(PLAN, DRAWN, resume=None)


def test_fresh_forgets_everything(search):
    search.write_end(1, End.STOPPED)
    search.trial(1).mkdir()
    search.begin({**PLAN, "photos": "def"}, DRAWN, resume=False)
    assert [one.end for one in search.trials()] == [None, None]
    assert [one.name for one in search.path.iterdir()] == [PLAN_FILE]


def test_what_is_no_search_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds something else than a search"):
        SearchFolder(tmp_path).begin(PLAN, DRAWN, resume=False)
    with pytest.raises(NotFoundError, match="no search was begun"):
        SearchFolder(tmp_path / "none").begin(PLAN, DRAWN, resume=True)
    assert (tmp_path / "thesis.txt").exists()


def test_a_damaged_plan_says_what_to_do(search):
    (search.path / PLAN_FILE).write_text("{")
    with pytest.raises(MismatchError, match=r"is damaged .* give --fresh"):
        search.begin(PLAN, DRAWN, resume=None)
    with pytest.raises(MismatchError, match="is damaged"):
        search.trials()


def test_one_search_at_a_time_until_its_process_is_killed(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from bowerbird.training.folder_lock import alone_in\n"
        "with alone_in(Path(sys.argv[1]), wait=True): print('in', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "in\n"
        with (
            pytest.raises(UnavailableError, match="another search is running"),
            alone_in(tmp_path, wait=False),
        ):
            pass
        other.kill()
        other.wait()
    with alone_in(tmp_path, wait=False):
        pass
