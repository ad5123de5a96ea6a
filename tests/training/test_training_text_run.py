"""A text run: it learns, stops early, and a killed one resumes to the same result."""

import dataclasses
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from text_run_worker import TRAINING, drawn_texts, train

from bowerbird.encoding.network import Network, Precision
from bowerbird.errors import InputError, MismatchError
from bowerbird.training.run_folder import RunFolder
from bowerbird.training.text_export import write_text_network
from bowerbird.training.text_networks import ConvText
from bowerbird.training.text_run import TextEpoch, _out_of_patience, best_epoch, epoch_batches
from bowerbird.training.text_training import TextTraining

WORKER = Path(__file__).with_name("text_run_worker.py")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return train(tmp_path_factory.mktemp("whole") / "run")


def test_it_learns_which_token_names_the_class(whole):
    history, _ = whole
    assert len(history) == TRAINING.epochs
    assert history[-1].loss < history[0].loss
    assert best_epoch(history).accuracy > 0.6  # a guess is right once in three


@pytest.mark.parametrize("killed_at", [1, 3])
def test_killed_at_any_epoch_it_resumes_to_the_same_result(whole, tmp_path, killed_at):
    folder = tmp_path / "run"
    killed = subprocess.run([sys.executable, str(WORKER), str(folder), str(killed_at)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(folder.glob("epoch-*.safetensors"))) == killed_at - 1
    history, weights = train(folder)
    assert [one.accuracy for one in history] == [one.accuracy for one in whole[0]]
    assert [one.loss for one in history] == pytest.approx([one.loss for one in whole[0]], abs=1e-4)
    for name, tensor in whole[1].items():
        assert torch.allclose(weights[name], tensor, atol=1e-4)


def test_a_run_with_other_settings_does_not_go_on(tmp_path):
    RunFolder(tmp_path / "run").begin(TRAINING, "drawn", resume=None)
    (tmp_path / "run" / "epoch-00000.safetensors").write_bytes(b"")
    with pytest.raises(MismatchError, match=r"dropout is 0\.5 and was 0\.3"):
        train(tmp_path / "run", resume=True, training=dataclasses.replace(TRAINING, dropout=0.5))


def test_tensorboard_has_loss_accuracy_and_rate(tmp_path):
    train(tmp_path / "run", training=dataclasses.replace(TRAINING, epochs=1))
    events = EventAccumulator(str(tmp_path / "run")).Reload()
    assert set(events.Tags()["scalars"]) == {"train/loss", "validation/accuracy", "learning_rate"}


def test_every_row_is_in_one_batch_and_epochs_differ():
    texts, rows = drawn_texts(), np.arange(50)
    first, again, second = (list(epoch_batches(texts, rows, 8, 3, epoch)) for epoch in (0, 0, 1))
    assert sorted(row for batch in first for row in batch) == rows.tolist()
    assert first == again
    assert first != second


def test_patience_counts_epochs_since_the_best():
    history = [TextEpoch(number + 1, 0.0, accuracy) for number, accuracy in enumerate((0.5, 0.7, 0.7, 0.6))]
    assert best_epoch(history).epoch == 2
    assert _out_of_patience(history, 2)
    assert not _out_of_patience(history, 3)
    assert not _out_of_patience(history, 0)


def test_padding_changes_nothing_and_the_export_says_the_same(tmp_path):
    torch.manual_seed(0)
    network = ConvText(torch.randn(40, 16), 3, 0.2).eval()
    ids, mask = drawn_texts().batch([0, 1, 2])
    with torch.inference_mode():
        together = network(ids, mask).numpy()
        alone = [network(*drawn_texts().batch([row])).numpy()[0] for row in range(3)]
    assert together == pytest.approx(np.stack(alone), abs=1e-5)
    write_text_network(network, 40, tmp_path / "network.onnx")
    served = Network(tmp_path / "network.onnx", Precision.F32).run([ids.numpy(), mask.numpy()])
    assert served == pytest.approx(together, abs=1e-4)


@pytest.mark.parametrize("values", [{"epochs": 0}, {"dropout": 1.0}, {"learning_rate": 0.0}])
def test_settings_out_of_range_are_refused(values):
    with pytest.raises(InputError, match=next(iter(values))):
        TextTraining(**values)
