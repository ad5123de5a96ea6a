"""`bowerbird train photo --on`: machines of a cluster learn together, and end where devices of one do."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bowerbird.cli import app
from bowerbird.errors import BowerbirdError
from bowerbird.workers.ray_cluster import Machine
from ray_nodes import ray_nodes

SETTINGS = (
    "--architecture", "scratch", "--size", "32", "--augmentation", "0.5", "--precision", "f32",
    "--batch-size", "12", "--epochs", "3",
)  # fmt: skip
TOOL = Path(sys.executable).with_name("bowerbird")


def command(home, folder, *arguments):
    words = (TOOL, "train", "photo", "--home", home, "--folder", folder, *SETTINGS, *arguments)
    return [str(one) for one in words]


def checkpoints(home):
    return sorted((home / "runs/photo/scratch").glob("epoch-*.safetensors"))


def learned_on(nodes, words, environment, *, killed_after=None, while_it_runs=lambda: None):
    """What the command says; `while_it_runs` is called once an epoch is whole."""
    words = [*words, "--on", nodes.address]
    with subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        if killed_after is not None:
            while not checkpoints(killed_after):
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.05)
            while_it_runs()
        said, wrong = process.communicate()
    assert process.returncode == 0, wrong
    return json.loads(said), wrong


@pytest.fixture
def environment():
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        yield {**os.environ, "TMPDIR": folder, "OMP_NUM_THREADS": "1"}


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_machines_that_learn_together_end_where_devices_of_one_do(photo_folder, tmp_path, environment):
    """Also where one of them is killed after the first epoch, and another comes in for it."""
    here = subprocess.run(
        command(tmp_path / "here", photo_folder, "--devices", "2", "--json"),
        env=environment, capture_output=True, check=True,
    )  # fmt: skip
    expected = json.loads(here.stdout)
    with ray_nodes(processors=0) as nodes:
        nodes.add(1)
        second = nodes.add(1)
        whole, said = learned_on(nodes, command(tmp_path / "whole", photo_folder, "--json"), environment)
        assert [f"epoch {number}: validation accuracy" in said for number in (1, 2, 3)] == [True] * 3
        home = tmp_path / "broken"

        def lose_one():
            nodes.kill(second)
            nodes.add(1)

        words = command(home, photo_folder, "--json")
        broken, _ = learned_on(nodes, words, environment, killed_after=home, while_it_runs=lose_one)
        done = checkpoints(home)
        again, _ = learned_on(nodes, [*words, "--resume"], environment)
        assert checkpoints(home) == done
    assert len(expected["epochs"]) == 3
    for one in (whole, broken, again):
        assert one["best_epoch"] == expected["best_epoch"]
        for epoch, other in zip(one["epochs"], expected["epochs"], strict=True):
            assert epoch["loss"] == pytest.approx(other["loss"], abs=1e-4)
            assert epoch["accuracy"] == pytest.approx(other["accuracy"], abs=1e-4)
    left = [one.name for one in (home / "runs/photo").iterdir() if one.name.startswith(".")]
    assert not left


@pytest.mark.long
@pytest.mark.timeout(900)
def test_what_is_wrong_with_a_run_on_a_cluster_is_told(photo_folder, tmp_path, environment):
    with ray_nodes(processors=2) as nodes:
        words = command(
            tmp_path / "home", photo_folder, "--on", nodes.address, "--learning-rate", "10",
            "--optimiser", "sgd", "--weight-decay", "10", "--average", "0", "--warmup", "0", "--epochs", "40",
        )  # fmt: skip
        said = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert said.returncode == 6, said.stderr
    assert "the run has diverged; give a lower --learning-rate" in " ".join(said.stderr.split())
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize(
    ("machines", "devices", "share"),
    [
        ([(4, 0), (4, 0)], "auto", (2, 4, False)),
        ([(4, 0), (4, 0), (0, 0)], "auto", (2, 4, False)),  # one that only holds the cluster together
        ([(4, 0), (4, 0)], 4, (4, 2, False)),
        ([(4, 0), (2, 0)], 3, (3, 2, False)),
        ([(1, 0), (1, 0)], 3, None),
        ([(0, 0)], "auto", None),
        ([(8, 2), (8, 2)], "auto", (4, 4, True)),
        ([(8, 2), (8, 0)], 2, (2, 4, True)),
        ([(8, 2)], 3, None),
    ],
)
def test_processes_share_what_a_cluster_has(machines, devices, share):
    from bowerbird.training.ray_epochs import shared_out

    found = shared_out([Machine(*one) for one in machines], devices)
    assert (found and (found.processes, found.processors, found.gpu)) == share


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ray://127.0.0.1:10001", "is for processes outside a cluster.* --on HOST:6379"),
        ("somewhere", "is no address of a Ray cluster"),
        ("127.0.0.1:1", "no Ray cluster answers at 127.0.0.1:1.*ray start --head --port 1`"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_told(photo_folder, tmp_path, address, message):
    words = command(tmp_path / "home", photo_folder, "--on", address)[1:]
    with pytest.raises(BowerbirdError, match=message):
        CliRunner().invoke(app, words, catch_exceptions=False, standalone_mode=False)
