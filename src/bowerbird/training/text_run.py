"""One training run of a network on texts, top to bottom, resumable to the same result.

What is in a batch and what dropout drops follows from (seed, epoch) alone; after each epoch weights, the
optimiser's state and the history are saved, so a run that was killed goes on as if it had not been.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.tensorboard import SummaryWriter

from bowerbird.progress import Progress
from bowerbird.training.losses import cross_entropy, dense_targets
from bowerbird.training.optimisation import build_optimiser, build_schedule, parameter_groups
from bowerbird.training.run_folder import BEST, LAST, RunFolder
from bowerbird.training.safe_checkpoint import SafeCheckpointIO, read_checkpoint
from bowerbird.training.text_networks import FineTunedText
from bowerbird.training.text_training import TextTraining

WARMUP = 0.1
BUCKET = 16  # batches whose texts are sorted by length together, so that little is padding
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TokenisedTexts:
    """n texts as token ids, with their classes."""

    ids: Sequence[Sequence[int]]  # (n,) none empty
    labels: NDArray[np.int64]  # (n,)
    padding_id: int

    def batch(self, rows: Sequence[int]) -> tuple[Tensor, Tensor]:
        """(B, T) ids and mask of `rows`, T being the longest."""
        longest = max(len(self.ids[row]) for row in rows)
        ids = torch.full((len(rows), longest), self.padding_id)
        mask = torch.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(self.ids[row])] = torch.tensor(self.ids[row])
            mask[place, : len(self.ids[row])] = 1
        return ids, mask


@dataclass(frozen=True, slots=True)
class TextEpoch:
    """One epoch, counted from 1; `accuracy` is of the validation texts."""

    epoch: int
    loss: float
    accuracy: float


def run_training(
    network: nn.Module,
    texts: TokenisedTexts,
    train: Rows,
    validation: Rows,
    training: TextTraining,
    folder: RunFolder,
    checkpoint: Path | None,
    progress: Progress,
) -> list[TextEpoch]:
    """The epochs of the run; `network` ends with the weights of the best.

    Args:
        network: (ids, mask) -> logits; its `backbone`, where it has one, learns at a rate of its own.
        texts: of all listings.
        train: rows to learn from.
        validation: rows to choose the best epoch by.
        training: the settings.
        folder: of the run.
        checkpoint: where to go on from; None begins.
        progress: is told the steps.
    """
    groups = parameter_groups(
        *_new_and_trained(network),
        rate=training.learning_rate,
        backbone_factor=training.backbone_factor,
        weight_decay=training.weight_decay,
    )
    optimiser = build_optimiser("adamw", groups)
    steps = math.ceil(len(train) / training.batch_size)
    schedule = build_schedule(optimiser, "cosine", steps=steps * training.epochs, warmup=WARMUP)
    history = [] if checkpoint is None else _restore(checkpoint, network, optimiser, schedule)
    with SummaryWriter(str(folder.path)) as board:
        for epoch in range(len(history), training.epochs):
            if _out_of_patience(history, training.patience):
                break
            progress.step(f"epoch {epoch + 1} of at most {training.epochs}", steps)
            loss = _learn(network, texts, train, training, epoch, optimiser, schedule, progress)
            right = predict(network, texts, validation).argmax(axis=1) == texts.labels[validation]
            history.append(TextEpoch(epoch + 1, loss, float(right.mean())))
            board.add_scalar("train/loss", loss, epoch + 1)
            board.add_scalar("validation/accuracy", history[-1].accuracy, epoch + 1)
            board.add_scalar("learning_rate", schedule.get_last_lr()[0], epoch + 1)
            _save(folder, epoch, network, optimiser, schedule, history)
    best = read_checkpoint(folder.checkpoint(best_epoch(history).epoch - 1))
    _load_weights(network, best["network"])
    return history


def predict(network: nn.Module, texts: TokenisedTexts, rows: Rows, *, size: int = 64) -> NDArray[np.float32]:
    """(n, C) probabilities of `rows`."""
    network.eval()
    order = sorted(range(len(rows)), key=lambda place: len(texts.ids[int(rows[place])]))
    chances: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(rows)
    with torch.inference_mode():
        for start in range(0, len(order), size):
            places = order[start : start + size]
            logits = network(*texts.batch(rows[places].tolist()))
            for place, chance in zip(places, torch.softmax(logits, dim=1).numpy(), strict=True):
                chances[place] = chance
    return np.stack(chances)


def best_epoch(history: Sequence[TextEpoch]) -> TextEpoch:
    """The first epoch of the highest validation accuracy."""
    return max(history, key=lambda one: (one.accuracy, -one.epoch))


def epoch_batches(texts: TokenisedTexts, rows: Rows, size: int, seed: int, epoch: int) -> Iterator[list[int]]:
    """`rows` in batches of like length, in an order that follows from seed and epoch."""
    rng = np.random.default_rng([seed, epoch])
    mixed = rng.permutation(rows)
    batches: list[list[int]] = []
    for start in range(0, len(mixed), size * BUCKET):
        near = sorted(mixed[start : start + size * BUCKET].tolist(), key=lambda row: len(texts.ids[row]))
        batches += [near[at : at + size] for at in range(0, len(near), size)]
    for place in rng.permutation(len(batches)).tolist():
        yield batches[place]


def _new_and_trained(network: nn.Module) -> tuple[nn.Module, nn.Module]:
    """The layers that start from nothing, and those that were trained before."""
    if isinstance(network, FineTunedText):
        return network.head, network.backbone
    return network, nn.Module()


def _learn(
    network: nn.Module,
    texts: TokenisedTexts,
    rows: Rows,
    training: TextTraining,
    epoch: int,
    optimiser: Optimizer,
    schedule: LRScheduler,
    progress: Progress,
) -> float:
    """One epoch; the mean loss of its batches."""
    torch.manual_seed(training.seed * 100_003 + epoch)
    network.train()
    losses = []
    for batch in epoch_batches(texts, rows, training.batch_size, training.seed, epoch):
        logits = network(*texts.batch(batch))
        labels = torch.from_numpy(texts.labels[batch])
        loss = cross_entropy(
            logits, dense_targets(labels, logits.shape[1], smoothing=training.label_smoothing)
        )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        progress.advance(1)
    return float(np.mean(losses))


def _out_of_patience(history: Sequence[TextEpoch], patience: int) -> bool:
    return bool(patience and history and history[-1].epoch - best_epoch(history).epoch >= patience)


def _save(
    folder: RunFolder,
    epoch: int,
    network: nn.Module,
    optimiser: Optimizer,
    schedule: LRScheduler,
    history: Sequence[TextEpoch],
) -> None:
    # Frozen weights are in the backbone already, and are most of a network.
    learned = {name for name, one in network.named_parameters() if one.requires_grad}
    state: dict[str, Any] = {
        "network": {name: one for name, one in network.state_dict().items() if name in learned},
        "optimiser": optimiser.state_dict(),
        "schedule": {"last_epoch": schedule.last_epoch},
        "history": [asdict(one) for one in history],
    }
    SafeCheckpointIO().save_checkpoint(state, folder.checkpoint(epoch))
    folder.link(epoch, LAST)
    folder.link(best_epoch(history).epoch - 1, BEST)


def _restore(
    checkpoint: Path, network: nn.Module, optimiser: Optimizer, schedule: LRScheduler
) -> list[TextEpoch]:
    """Take up the state in `checkpoint`; the history until then."""
    state = read_checkpoint(checkpoint)
    _load_weights(network, state["network"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.last_epoch = int(state["schedule"]["last_epoch"])
    return [TextEpoch(**one) for one in state["history"]]


def _load_weights(network: nn.Module, weights: dict[str, Tensor]) -> None:
    network.load_state_dict({**network.state_dict(), **weights}, strict=True)
