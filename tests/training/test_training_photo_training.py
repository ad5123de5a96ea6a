"""The settings of a photo run: ranges, files, and what a resumed run may not change."""

import json
import subprocess
import sys

import pytest

from bowerbird.errors import InputError, MismatchError, NotFoundError
from bowerbird.training.photo_training import DEFAULT_ARCHITECTURE, PhotoTraining, read_photo_training


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, "epochs must lie between 1 and 10000, but 0 was given"),
        ({"label_smoothing": 1.0}, "label_smoothing must lie between 0 and 0.9"),
        ({"optimiser": "adam"}, "optimiser is one of adamw, sgd, but 'adam' was given"),
        ({"schedule": "linear"}, "schedule is one of cosine, step, constant"),
        ({"precision": "f16"}, "precision is one of auto, f32, bf16"),
        ({"unfreeze": "0"}, "unfreeze is none, all or a number of blocks from 1, but '0'"),
        ({"unfreeze": "some"}, "unfreeze is none, all or a number"),
        ({"unfreeze": "all", "views": 2}, "unfreeze=all freezes nothing"),
        ({"speed": 3}, "photo training has no speed; it has architecture, "),
        ({"epochs": "many"}, "cannot be used"),
        ({"epochs": 2.5}, "2.5 is no int"),
        ({"tta": 1}, "1 is no bool"),
        ({"epochs": True}, "True is no int"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(values, message):
    with pytest.raises(InputError, match=message):
        PhotoTraining().changed(values)


def test_a_network_from_scratch_is_trained_whole():
    assert PhotoTraining(architecture="scratch").unfreeze == "all"


@pytest.mark.parametrize("name", ["best.json", "best.toml"])
def test_settings_come_from_a_file(name, tmp_path):
    path = tmp_path / name
    values = {"learning_rate": 0.01, "unfreeze": 3, "tta": True}
    path.write_text(
        json.dumps(values) if path.suffix == ".json" else "learning_rate = 0.01\nunfreeze = 3\ntta = true\n"
    )
    found = read_photo_training(path)
    assert (found.learning_rate, found.unfreeze, found.tta) == (0.01, "3", True)
    assert found.epochs == PhotoTraining().epochs


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "holds no settings"), ("[1]", "holds a list"), ('{"rate": 1}', "photo training has no rate")],
)
def test_a_file_of_something_else_is_refused(content, message, tmp_path):
    path = tmp_path / "best.json"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_photo_training(path)
    with pytest.raises(NotFoundError, match="there are no settings at"):
        read_photo_training(tmp_path / "none.json")


def test_other_settings_are_named():
    begun = PhotoTraining(epochs=3).as_json()
    PhotoTraining(epochs=3).check_same(begun, "the run")
    with pytest.raises(
        MismatchError, match=r"epochs is 4 and was 3; seed is 1 and was 0\. Give those"
    ) as error:
        PhotoTraining(epochs=4, seed=1).check_same(begun, "the run")
    assert len(error.value.details) == 2


def test_the_default_is_the_packaged_network():
    from bowerbird.training.photo_backbone import PACKAGED_PHOTO

    assert DEFAULT_ARCHITECTURE == PACKAGED_PHOTO


def test_the_command_line_starts_without_what_trains():
    code = (
        "import sys, bowerbird.cli; print([m for m in ('torch', 'lightning', 'kornia') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
