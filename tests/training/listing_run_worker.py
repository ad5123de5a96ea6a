"""Trains a listing encoder in the home given, and kills its own process (-9) after so many epochs.

python listing_run_worker.py HOME EPOCHS_BEFORE_THE_KILL
"""

import os
import signal
import sys
from pathlib import Path

from bowerbird.settings import load_settings
from bowerbird.training.listing_examples import read_examples
from bowerbird.training.listing_training import ListingTraining
from bowerbird.training.train_listing_encoder import learned
from bowerbird.training.training_data import load_training_data
from tiny_listing import TINY


class Killing:
    """A display that ends the process where another epoch would begin."""

    def __init__(self, epochs: int) -> None:
        self._left = epochs

    def step(self, name: str, total: int | None) -> None:  # noqa: ARG002
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def advance(self, units: int) -> None:
        pass


if __name__ == "__main__":
    settings = load_settings(Path(sys.argv[1]))
    examples = read_examples(settings, load_training_data(settings))
    learned(examples, ListingTraining(**TINY), settings.home / "runs" / "killed", Killing(int(sys.argv[2])))
