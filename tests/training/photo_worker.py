"""A photo run that is about to be killed: it says each epoch that was saved.

Usage: photo_worker.py FOLDER RUN_FOLDER SETTINGS_FILE
"""

import sys
from pathlib import Path

import torch

from bowerbird.progress import Silent
from bowerbird.training.epoch_end import EpochMetrics
from bowerbird.training.photo_folder import read_photo_folder
from bowerbird.training.photo_training import read_photo_training
from bowerbird.training.train_photo_classifier import train_photo_classifier


def main(folder: str, run_folder: str, settings: str) -> None:
    torch.set_num_threads(1)
    photos = read_photo_folder(Path(folder), Silent(), seed=0)
    training = read_photo_training(Path(settings))
    train_photo_classifier(photos, training, Path(run_folder), Silent(), on_epoch=_say)


def _say(metrics: EpochMetrics) -> None:
    sys.stdout.write(f"{metrics.epoch}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
