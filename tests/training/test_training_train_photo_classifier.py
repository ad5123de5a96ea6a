"""The whole run: it learns what is known, goes on after a kill as if nothing was, and gives what it says."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bowerbird.errors import InputError, MismatchError, NotFoundError, TrainingError
from bowerbird.progress import Silent
from bowerbird.training.epoch_end import EpochMetrics, best_epoch, out_of_patience
from bowerbird.training.networks import EfficientNetLite
from bowerbird.training.photo_backbone import load_photo_backbone
from bowerbird.training.photo_folder import read_photo_folder
from bowerbird.training.photo_training import PhotoTraining
from bowerbird.training.safe_checkpoint import read_checkpoint
from bowerbird.training.train_photo_classifier import train_photo_classifier
from bowerbird.training.training_data import Part

WORKER = Path(__file__).with_name("photo_worker.py")
SMALL = PhotoTraining(
    architecture="scratch",
    size=16,
    epochs=3,
    batch_size=24,
    learning_rate=3e-3,
    mixup=0.2,
    average=0.9,
    precision="f32",
    patience=0,
)


@pytest.fixture(scope="module")
def photos(photo_folder):
    return read_photo_folder(photo_folder, Silent(), seed=0)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def unbroken(photos, tmp_path_factory):
    return train_photo_classifier(photos, SMALL, tmp_path_factory.mktemp("runs") / "unbroken", Silent())


def history(result):
    return [replace(one, seconds=0) for one in result.history]


def check_same(found, expected):
    for one, other in zip(history(found), history(expected), strict=True):
        assert one.as_json() == pytest.approx(other.as_json(), abs=1e-4)
    weights, others = found.classifier.state_dict(), expected.classifier.state_dict()
    torch.testing.assert_close(weights, others, atol=1e-4, rtol=0)
    np.testing.assert_allclose(found.test, expected.test, atol=1e-4)


def killed_after(epoch, photo_folder, folder, training, settings_file):
    settings_file.write_text(json.dumps(training.as_json()))
    worker = subprocess.Popen(
        [sys.executable, WORKER, photo_folder, folder, settings_file], stdout=subprocess.PIPE, text=True
    )
    for line in worker.stdout:
        if int(line) == epoch:
            worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    assert worker.returncode == -signal.SIGKILL


def test_a_killed_run_ends_as_an_unbroken_one(photos, photo_folder, unbroken, tmp_path):
    killed_after(1, photo_folder, tmp_path / "run", SMALL, tmp_path / "settings.json")
    saved = sorted(path.name for path in (tmp_path / "run").glob("epoch-*.safetensors"))
    assert saved == ["epoch-00000.safetensors", "epoch-00001.safetensors"]
    seen = []
    found = train_photo_classifier(photos, SMALL, tmp_path / "run", Silent(), on_epoch=seen.append)
    assert [one.epoch for one in seen] == [2]
    check_same(found, unbroken)


@pytest.mark.long
@pytest.mark.parametrize(
    "training",
    [
        replace(SMALL, epochs=5, optimiser="sgd", schedule="step", learning_rate=0.05),
        replace(SMALL, epochs=5, average=0.0, mixup=0.0, class_weights=True),
        replace(SMALL, architecture="efficientnet-lite0", unfreeze="1", size=32, views=1, epochs=5),
        replace(SMALL, architecture="efficientnet-lite0", unfreeze="2", size=32, epochs=5),
    ],
    ids=["sgd", "adamw", "kept", "fly"],
)
def test_a_run_killed_after_every_epoch_ends_as_an_unbroken_one(photos, photo_folder, training, tmp_path):
    expected = train_photo_classifier(photos, training, tmp_path / "unbroken", Silent())
    for epoch in range(4):
        killed_after(epoch, photo_folder, tmp_path / "run", training, tmp_path / "settings.json")
    check_same(train_photo_classifier(photos, training, tmp_path / "run", Silent()), expected)


@pytest.mark.long
def test_two_devices_train_together(photo_folder, tmp_path):
    """Two processes on the CPU stand for two GPUs, by the same strategy of Lightning's."""
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(replace(SMALL, epochs=2).as_json()))
    command = [sys.executable, "-m", "bowerbird.cli", "train", "photo", "--folder", str(photo_folder)]
    command += [
        "--home",
        str(tmp_path / "home"),
        "--settings-from",
        str(settings),
        "--devices",
        "2",
        "--json",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    report = json.loads(said.stdout)
    assert len(report["epochs"]) == 2
    assert len(list((tmp_path / "home/models/photo-classifier").glob("[!.]*/network.onnx"))) == 1


def test_another_seed_is_another_run(photos, unbroken, tmp_path):
    other = train_photo_classifier(photos, replace(SMALL, seed=1, epochs=1), tmp_path / "run", Silent())
    assert abs(other.history[0].loss - unbroken.history[0].loss) > 1e-4


def test_a_run_leaves_checkpoints_and_pictures(unbroken):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    names = {path.name for path in unbroken.folder.glob("*.safetensors")}
    assert names == {f"epoch-0000{epoch}.safetensors" for epoch in range(3)} | {
        "best.safetensors",
        "last.safetensors",
    }
    best = read_checkpoint(unbroken.folder / "best.safetensors")
    assert best["epoch"] == unbroken.best.epoch
    events = EventAccumulator(str(unbroken.folder), size_guidance={"images": 0})
    events.Reload()
    assert {"training/loss", "training/learning_rate", "validation/accuracy", "validation/macro_f1"} <= set(
        events.Tags()["scalars"]
    )
    assert set(events.Tags()["images"]) == {"validation/confusion", "validation/worst mistakes"}


def test_a_caller_may_stop_a_run_and_it_can_go_on(photos, unbroken, tmp_path):
    stopped = train_photo_classifier(
        photos, SMALL, tmp_path / "run", Silent(), on_epoch=lambda one: one.epoch == 0
    )
    assert len(stopped.history) == 1
    check_same(train_photo_classifier(photos, SMALL, tmp_path / "run", Silent(), resume=True), unbroken)


def test_a_run_with_other_settings_does_not_go_on(photos, unbroken):
    with pytest.raises(MismatchError, match=r"batch_size is 16 and was 24\. Give those, or --fresh"):
        train_photo_classifier(photos, replace(SMALL, batch_size=16), unbroken.folder, Silent(), resume=True)
    other = replace(photos, fingerprint="other")
    with pytest.raises(MismatchError, match="was begun on other photos, labels or parts"):
        train_photo_classifier(other, SMALL, unbroken.folder, Silent(), resume=True)


def test_there_must_be_a_run_to_go_on_with(photos, tmp_path):
    with pytest.raises(NotFoundError, match="no run was begun at"):
        train_photo_classifier(photos, SMALL, tmp_path / "run", Silent(), resume=True)


def test_a_run_that_diverges_says_so(photos, tmp_path):
    wild = replace(SMALL, learning_rate=10, optimiser="sgd", weight_decay=10, average=0.0, warmup=0.0)
    with pytest.raises(TrainingError, match="the run has diverged; give a lower --learning-rate"):
        train_photo_classifier(photos, replace(wild, epochs=40), tmp_path / "run", Silent())


def test_only_the_trained_half_keeps_batch_statistics(photos, tmp_path):
    training = replace(SMALL, architecture="efficientnet-lite0", unfreeze="1", size=32, epochs=1, average=0.0)
    found = train_photo_classifier(photos, training, tmp_path / "run", Silent())
    before = EfficientNetLite()
    before.load_checkpoint(load_photo_backbone("efficientnet-lite0").network.state_dict())
    changed = {
        name
        for name, value in found.backbone.network.state_dict().items()
        if not torch.equal(value, before.state_dict()[name])
    }
    assert "_blocks.15._bn1.running_mean" in changed
    assert "_blocks.15._expand_conv.weight" in changed
    assert not {name for name in changed if not name.startswith(("_blocks.15.", "_conv_head.", "_bn1."))}


def test_validation_photos_are_learned_from_where_asked_and_the_last_epoch_kept(photos, tmp_path):
    training = replace(SMALL, epochs=2, learn_validation=True)
    result = train_photo_classifier(photos, training, tmp_path / "run", Silent())
    both = len(photos.rows(Part.TRAIN)) + len(photos.rows(Part.VALIDATION))
    assert len(result.photos.learned_rows) == both > len(photos.learned_rows)
    assert result.best.epoch == 1


def test_what_is_learned_cannot_stop_a_run():
    with pytest.raises(InputError, match="patience=3 stops by the validation photos"):
        replace(SMALL, learn_validation=True, patience=3)


def test_patience_by_hand():
    accuracies = [0.1, 0.4, 0.4, 0.3, 0.2]
    run = [EpochMetrics(epoch, 1.0, one, 0.0, 0.0, 0.0) for epoch, one in enumerate(accuracies)]
    assert best_epoch(run) == 1
    assert best_epoch(run, is_last=True) == 4
    assert [out_of_patience(run[:n], 3) for n in range(1, 6)] == [False, False, False, False, True]
    assert not out_of_patience(run, 0)
    assert not out_of_patience([], 3)
