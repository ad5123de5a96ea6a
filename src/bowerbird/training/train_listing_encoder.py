"""One run of the listing encoder: learn, measure on the test part, publish, put in use.

Each epoch is drawn from the seed and its number, and its end is saved whole. So a run that was killed goes on
after its last epoch and ends as if it had not been.
"""

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import datetime
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from bowerbird.encoding.artefact import digest
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.errors import TrainingError
from bowerbird.progress import Progress
from bowerbird.settings import Settings
from bowerbird.storage.model_registry import activate_model
from bowerbird.training.listing_examples import (
    ListingBatch,
    ListingExamples,
    epoch_batches,
    listing_batch,
    read_examples,
    steps_an_epoch,
)
from bowerbird.training.listing_looks import ListingLooks, fit_looks
from bowerbird.training.listing_losses import category_loss, symmetric_loss
from bowerbird.training.listing_network import CategoryHeads, FeatureStatistics, ListingNetwork
from bowerbird.training.listing_publishing import publish_listing_encoder
from bowerbird.training.listing_space import ListingSpace
from bowerbird.training.listing_training import ListingTraining
from bowerbird.training.listing_validation import Validation, learned_space, validated
from bowerbird.training.networks import unit
from bowerbird.training.safe_checkpoint import SafeCheckpointIO, read_checkpoint
from bowerbird.training.training_data import Part, TrainingData

CHECKPOINT, BEST = "last.safetensors", "best.safetensors"
_WARM_UP = 0.1  # of the steps


@dataclass(slots=True, eq=False)
class _Run:
    """What a checkpoint holds, and looks, which need no steps."""

    network: ListingNetwork
    heads: CategoryHeads
    looks: ListingLooks
    optimiser: torch.optim.AdamW
    epoch: int = 0  # the next one
    history: list[dict[str, float]] = field(default_factory=list)
    best_score: float = -1.0

    def save(self, path: Path) -> None:
        state: dict[str, Any] = {name: getattr(self, name).state_dict() for name in _PARTS}
        state |= {"epoch": self.epoch, "history": self.history, "best_score": self.best_score}
        SafeCheckpointIO().save_checkpoint(state, path)

    def load(self, path: Path) -> None:
        state = read_checkpoint(path)
        for name in _PARTS:
            getattr(self, name).load_state_dict(state[name])
        self.epoch, self.history = state["epoch"], state["history"]
        self.best_score = state["best_score"]


_PARTS = ("network", "heads", "optimiser")


def train_listing_encoder(
    settings: Settings,
    data: TrainingData,
    training: ListingTraining,
    progress: Progress,
    *,
    trained_at: datetime,
    fresh: bool = False,
) -> LearnedModel:
    """The listing encoder of a home, published and in use; an unfinished run of these settings goes on.

    Args:
        settings: of the home.
        data: its listings.
        training: the choices.
        progress: is told of each epoch.
        trained_at: when.
        fresh: begin anew, whatever was begun.

    Raises:
        TrainingError: too few listings have photos, or the loss is no number any more.
    """
    examples = read_examples(settings, data)
    folder = settings.home / "runs" / "listing" / run_name(data, training)
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    run = learned(examples, training, folder, progress)
    progress.step("fitting what photos tell", None)
    space = learned_space(examples, training, run.network, run.looks)
    progress.step("measuring on the test listings", None)
    model = publish_listing_encoder(settings, examples, training, space, run.history, trained_at=trained_at)
    for name in (CHECKPOINT, BEST):
        (folder / name).unlink(missing_ok=True)
    return activate_model(settings.models, LearnedKind.LISTING, model.fingerprint)


def run_name(data: TrainingData, training: ListingTraining) -> str:
    """Runs of equal settings on equal data share a folder, and no others."""
    return digest(data.fingerprint, data.encoders, training.as_json())


def learned(examples: ListingExamples, training: ListingTraining, folder: Path, progress: Progress) -> _Run:
    """The run, over; its network is that of the best epoch, in evaluation mode."""
    folder.mkdir(parents=True, exist_ok=True)
    run = _begun(examples, training)
    if (folder / CHECKPOINT).is_file():
        run.load(folder / CHECKPOINT)
    steps = steps_an_epoch(examples, training)
    with closing(SummaryWriter(str(folder), purge_step=run.epoch)) as writer:
        while run.epoch < training.epochs:
            progress.step(f"epoch {run.epoch + 1} of {training.epochs}", steps)
            losses = list(_epoch(run, examples, training, progress))
            metrics = _ended(run, examples, losses, folder)
            for name, value in metrics.items():
                writer.add_scalar(f"listing/{name}", value, int(metrics["epoch"]))
    run.network.load_state_dict(read_checkpoint(folder / BEST)["network"])
    run.network.eval()
    return run


def learning_rate(training: ListingTraining, step: int, steps: int) -> float:
    """Rises evenly to the highest over a tenth of all steps, then falls as a cosine does, to nothing."""
    warm = max(1, round(_WARM_UP * steps))
    if step < warm:
        return training.learning_rate * (step + 1) / warm
    return training.learning_rate * (1 + cos(pi * (step - warm) / max(1, steps - warm))) / 2


def batch_losses(
    network: ListingNetwork, heads: CategoryHeads, batch: ListingBatch, training: ListingTraining
) -> dict[str, Tensor]:
    """The losses of one step by name; their weighted sum is what falls."""
    first, words = network.photos(batch.first), network.words(batch.text)
    same = batch.same.repeat(1, 2)
    photos = torch.cat([first, network.photos(batch.second)], dim=1)  # (members, 2B, m)
    joint = unit(first + words)
    shared = [
        symmetric_loss(own @ theirs.T / training.temperature, same)
        for own, theirs in zip(words, photos, strict=True)
    ]
    roots, leaves = heads(torch.cat([photos, words, joint], dim=1))  # (members, 4B, classes)
    members = len(photos)
    return {
        "photo_words": torch.stack(shared).mean(),
        "root": category_loss(roots, batch.roots.repeat(4).expand(members, -1)),
        "leaf": category_loss(leaves, batch.leaves.repeat(4).expand(members, -1)),
    }


def _begun(examples: ListingExamples, training: ListingTraining) -> _Run:
    torch.manual_seed(training.seed)
    rows = examples.data.photo_rows(Part.TRAIN)
    statistics = FeatureStatistics.fit(examples.data.features[rows])
    network = ListingNetwork(examples.features.shape[1], examples.texts.shape[1], training, statistics)
    heads = CategoryHeads(training.width, examples.n_roots, examples.n_leaves)
    optimiser = torch.optim.AdamW(
        [*network.parameters(), *heads.parameters()],
        lr=training.learning_rate,
        weight_decay=training.weight_decay,
    )
    return _Run(network, heads, fit_looks(examples, examples.rows(Part.TRAIN), training), optimiser)


def _epoch(
    run: _Run, examples: ListingExamples, training: ListingTraining, progress: Progress
) -> Iterator[dict[str, float]]:
    """One pass; the losses of each step."""
    torch.manual_seed(int(np.random.SeedSequence([training.seed, run.epoch]).generate_state(1)[0]))
    rng = np.random.default_rng([training.seed, run.epoch, 1])
    steps = steps_an_epoch(examples, training)
    run.network.train()
    for number, rows in enumerate(epoch_batches(examples, training, run.epoch)):
        rate = learning_rate(training, run.epoch * steps + number, training.epochs * steps)
        for group in run.optimiser.param_groups:
            group["lr"] = rate
        losses = batch_losses(
            run.network, run.heads, listing_batch(examples, rows, training.title_share, rng), training
        )
        weight = training.category_weight
        total = losses["photo_words"] + weight * (losses["root"] + losses["leaf"])
        if not torch.isfinite(total):
            raise TrainingError(
                f"the loss of epoch {run.epoch + 1} is {float(total.detach())}: the run has diverged; give a "
                "lower --learning-rate"
            )
        run.optimiser.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]  # torch has no type for it
        run.optimiser.step()
        progress.advance(1)
        yield {name: float(loss.detach()) for name, loss in losses.items()}


def _ended(
    run: _Run, examples: ListingExamples, losses: list[dict[str, float]], folder: Path
) -> dict[str, float]:
    """The metrics of the epoch, after which its state is on the disk, and the best one's network."""
    seen: Validation = validated(ListingSpace(run.network.eval(), run.looks), examples)
    metrics = {name: float(np.mean([step[name] for step in losses])) for name in losses[0]}
    metrics |= {"epoch": run.epoch + 1.0, **asdict(seen)}
    run.history.append(metrics)
    run.epoch += 1
    if seen.score > run.best_score:
        run.best_score = seen.score
        run.save(folder / BEST)
    run.save(folder / CHECKPOINT)
    return metrics
