"""`bowerbird tune photo` as it is typed: Ray runs the trials, and a kill costs nothing that ended."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bowerbird.cli import app
from bowerbird.errors import BowerbirdError, NotFoundError
from bowerbird.training.photo_training import read_photo_training
from ray_nodes import ray_nodes

SETTINGS = (
    "--architecture", "scratch", "--size", "32", "--augmentation", "0", "--precision", "f32", "--batch-size",
    "16",
)  # fmt: skip
TOOL = Path(sys.executable).with_name("bowerbird")


@pytest.fixture
def environment():
    """One in which Ray's processes can be told from others', by their short temporary folder."""
    folder = tempfile.mkdtemp(prefix="t-")
    yield {**os.environ, "TMPDIR": folder, "OMP_NUM_THREADS": "1"}
    deadline = time.monotonic() + 60
    while left := processes_of(folder):
        assert time.monotonic() < deadline, f"processes are left: {left}"
        time.sleep(0.5)
    shutil.rmtree(folder)


def processes_of(folder):
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        try:
            words = (one / "cmdline").read_bytes().decode(errors="replace")
        except OSError:  # it ended
            continue
        if folder in words:
            found.append(words.replace("\0", " "))
    return found


def command(home, folder, *arguments):
    words = (TOOL, "tune", "photo", "--home", home, "--folder", folder, *SETTINGS, *arguments)
    return [str(one) for one in words]


def ledger(home, name="photo"):
    path = home / "runs/tune" / name / "ledger.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.timeout(900)
def test_a_search_ends_with_settings_to_train_with(photo_folder, tmp_path, environment):
    home = tmp_path / "home"
    words = command(home, photo_folder, "--epochs", "2", "--trials", "2", "--slice", "0.5", "--json")
    said = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    report = json.loads(said.stdout)
    assert 72 <= report["photos"] < 144  # whole groups of photos that look alike
    assert (report["classes"], report["unfinished"]) == (6, [])
    assert {one["trial"] for one in report["trials"]} == {1, 2}
    accuracies = [one["accuracy"] for one in report["trials"]]
    assert accuracies == sorted(accuracies, reverse=True)
    assert "--settings-from" in report["command"]
    best = read_photo_training(Path(report["best_file"]))
    assert best.as_json() == report["best"]
    assert best.batch_size == 16
    assert best.learning_rate == report["trials"][0]["settings"]["learning_rate"]
    for trial in ("trial-0001", "trial-0002"):
        files = [one.name for one in (home / "runs/tune/photo" / trial).iterdir()]
        assert any("tfevents" in one for one in files)
        assert "best.safetensors" in files
    pickles = [one for one in home.rglob("*") if one.suffix in (".pkl", ".pickle", ".pt", ".ckpt")]
    assert not pickles

    before = ledger(home)
    started = time.monotonic()
    again = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(again.stdout) == report
    assert ledger(home) == before, f"a trial ran again, for {time.monotonic() - started:.0f} s"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_search_that_is_killed_ends_where_an_unbroken_one_ends(photo_folder, tmp_path, environment):
    options = ("--epochs", "3", "--trials", "3", "--json")
    whole = subprocess.run(
        command(tmp_path / "whole", photo_folder, *options), env=environment, capture_output=True, check=True
    )
    home = tmp_path / "killed"
    words = command(home, photo_folder, *options)
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL) as search:
        while not any(line["trial"] == 2 and "epoch" in line for line in ledger(home)):
            assert search.poll() is None
            time.sleep(0.05)
        search.kill()
    before = ledger(home)
    assert any(line["trial"] == 1 and "end" in line for line in before)
    resumed = subprocess.run(words, env=environment, capture_output=True, check=True)
    after = ledger(home)
    assert after[: len(before)] == before
    assert not [line for line in after[len(before) :] if line["trial"] == 1], "an ended trial ran again"
    old, new = json.loads(whole.stdout), json.loads(resumed.stdout)
    assert new["best"] == old["best"]
    for one, other in zip(old["trials"], new["trials"], strict=True):
        assert (one["trial"], one["end"], one["epochs"]) == (other["trial"], other["end"], other["epochs"])
        assert one["accuracy"] == pytest.approx(other["accuracy"], abs=1e-4)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_search_on_a_cluster_ends_where_one_here_ends(photo_folder, tmp_path, environment):
    """On two nodes, one of which is killed after the first epoch."""
    options = ("--epochs", "2", "--trials", "2", "--json")
    here = subprocess.run(
        command(tmp_path / "here", photo_folder, *options), env=environment, capture_output=True, check=True
    )
    home = tmp_path / "there"
    with ray_nodes(processors=0) as nodes:
        first = nodes.add(1)
        nodes.add(1)
        words = command(home, photo_folder, *options, "--on", nodes.address)
        with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as search:
            while not any("epoch" in line for line in ledger(home)):
                assert search.poll() is None
                time.sleep(0.05)
            nodes.kill(first)
            said, _ = search.communicate()
    old, new = json.loads(here.stdout), json.loads(said)
    assert (new["best"], new["unfinished"]) == (old["best"], [])
    for one, other in zip(old["trials"], new["trials"], strict=True):
        assert (one["trial"], one["end"], one["epochs"]) == (other["trial"], other["end"], other["epochs"])
        assert one["accuracy"] == pytest.approx(other["accuracy"], abs=1e-4)
    assert not [one.name for one in (home / "runs/tune").iterdir() if one.name.startswith(".")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--trials", "0"), "trials and parallel must be at least 1, but 0 and 1"),
        (("--parallel", "0"), "trials and parallel must be at least 1, but 8 and 0"),
        (("--slice", "3"), r"has none to learn .* give a larger --slice"),
        (("--slice", "lots"), "a slice is a share up to 1.0 or a number of photos, but 'lots'"),
        (("--teacher-weight", "0.5"), "a search has no teacher"),
        (("--epochs", "0"), "epochs must lie between 1"),
        (("--resume",), "no search was begun"),
        (("--folder", "nowhere"), r"there is no folder .*nowhere"),
        (("--name", "../photo"), "a search's name is of letters"),
        (("--on", "ray://127.0.0.1:10001"), "is for processes outside a cluster.* --on HOST:6379"),
        (
            (
                "--learning-rate", "0.1", "--optimiser", "sgd", "--schedule", "step", "--dropout", "0",
                "--label-smoothing", "0", "--weight-decay", "0",
            ),
            "every setting that can be searched is fixed",
        ),
    ],
)  # fmt: skip
def test_what_a_newcomer_gets_wrong_is_told(photo_folder, tmp_path, arguments, message):
    result = CliRunner().invoke(app, [*command(tmp_path / "home", photo_folder)[1:], *arguments])
    assert isinstance(result.exception, BowerbirdError)
    with pytest.raises(BowerbirdError, match=message):
        raise result.exception


def test_a_home_must_be_there(tmp_path):
    result = CliRunner().invoke(app, ["tune", "photo", "--home", str(tmp_path / "none")])
    assert isinstance(result.exception, NotFoundError)


@pytest.mark.parametrize("words", [("tune", "photo"), ("train", "photo")])
def test_the_help_says_what_the_command_does(words):
    said = " ".join(CliRunner().invoke(app, [*words, "--help"]).stdout.split())
    assert {"tune": "Search for settings", "train": "Learn a photo's category"}[words[0]] in said
    assert ("searched: adamw or sgd" in said) == (words[0] == "tune")
