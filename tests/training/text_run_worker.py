"""Trains a small network on drawn texts into the folder named; killed from inside at the epoch named."""

import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch

from bowerbird.training.run_folder import RunFolder
from bowerbird.training.text_networks import ConvText
from bowerbird.training.text_run import TokenisedTexts, run_training
from bowerbird.training.text_training import TextArchitecture, TextTraining

TRAINING = TextTraining(TextArchitecture.CONV, epochs=5, batch_size=8, learning_rate=3e-3, patience=0)


class KilledAt:
    """Progress that kills its process where epoch `number` begins; 0 never does."""

    def __init__(self, number):
        self._number = number

    def step(self, name, total):  # noqa: ARG002 - a progress has it
        if name.startswith(f"epoch {self._number} "):
            os.kill(os.getpid(), signal.SIGKILL)

    def advance(self, units):
        pass


def drawn_texts():
    """400 texts of 20 tokens in which token 5 + class stands somewhere."""
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=400)
    ids = rng.integers(10, 40, size=(400, 20))
    ids[np.arange(400), rng.integers(20, size=400)] = 5 + labels
    lengths = rng.integers(10, 21, size=400)
    cut = [row[:length].tolist() for row, length in zip(ids, lengths, strict=True)]
    return TokenisedTexts(cut, labels, 0)


def train(folder, killed_at=0, *, resume=None, training=TRAINING):
    """The history and the trained network's weights."""
    torch.manual_seed(training.seed)
    torch.set_num_threads(1)
    network = ConvText(torch.randn(40, 16), 3, training.dropout)
    run = RunFolder(Path(folder))
    checkpoint = run.begin(training, "drawn", resume=resume)
    rows = np.arange(400)
    history = run_training(
        network, drawn_texts(), rows[:300], rows[300:], training, run, checkpoint, KilledAt(killed_at)
    )
    run.finish()
    return history, network.state_dict()


if __name__ == "__main__":
    train(sys.argv[1], int(sys.argv[2]))
