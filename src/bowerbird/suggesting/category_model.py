"""Root and leaf probabilities of a listing from its words, its photos or both, read from tables.

Each kind of evidence gives scores s by a kernel machine, which are rough probabilities. Calibrated ones are a
softmax of weighed s and log max(s, least), with weights of their own for words only, photos only and both,
fitted on listings that the machines had not seen. A root reads the scores of all roots, since photos tell
some roots apart better than others. A leaf's probability is its root's times its share within the root, so a
root's is always the sum of its leaves'.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from bowerbird.encoding.encoder import Vectors
from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.errors import InputError, MismatchError
from bowerbird.market.listing import CATEGORY_SEPARATOR
from bowerbird.suggesting.kernel_machine import (
    LookKernel,
    Scores,
    Terms,
    WordKernel,
    read_word_kernel,
    word_tables,
)
from bowerbird.suggesting.word_features import NO_PLACE

TABLES_FILE = "tables.safetensors"
# Least score that a logarithm is taken of, at root and leaf (docs/experiments.md).
LEAST_ROOT, LEAST_LEAF = 0.03, 0.01
Probabilities = NDArray[np.float64]


class Evidence(StrEnum):
    """What a suggestion rests on."""

    WORDS = "words"
    PHOTOS = "photos"
    BOTH = "both"


@dataclass(frozen=True, slots=True, eq=False)
class Pooling:
    """How scores by k kinds of evidence, WORDS before PHOTOS, become probabilities."""

    root: Probabilities  # (2 k R, R) weights of `root_features`
    bias: Probabilities  # (R,)
    leaf: Mapping[Evidence, tuple[float, float]]  # weights of a leaf's score and of its logarithm
    sure: float  # the least root probability that is no guess


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What kernel ridge regression learned: the (m, c) weights of remembered listings, and (c,) means."""

    alpha: Scores
    mean: Scores

    def scores(self, likeness: Scores) -> Scores:
        """(c,) or (n, c) scores for (m,) or (n, m) kernel values."""
        return np.asarray(likeness @ self.alpha + self.mean, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class CategoryModel:
    """R roots and L leaves; targets are the roots, then the leaves."""

    roots: tuple[str, ...]
    leaves: tuple[str, ...]  # whole paths; a root that has no children is its own leaf
    pooling: Mapping[Evidence, Pooling]
    words: tuple[WordKernel, Learned] | None
    looks: tuple[LookKernel, Learned] | None

    def scores(
        self, terms: Terms | None, meaning: Vectors, features: Vectors, place: int = NO_PLACE
    ) -> dict[Evidence, Scores]:
        """(R + L,) scores by WORDS and by PHOTOS, for what is there and what the model can read.

        Args:
            terms: of the words, by `word_features.listing_terms`; None without words.
            meaning: (t,) unit vector of the words.
            features: (p, f) raw photo features, p may be 0.
            place: of the listing, by `word_features.place_key`; it is read beside words.
        """
        found: dict[Evidence, Scores] = {}
        if terms is not None and self.words is not None:
            kernel, learned = self.words
            found[Evidence.WORDS] = learned.scores(kernel.likeness(terms, meaning, place))
        if len(features) and self.looks is not None:
            look_kernel, learned = self.looks
            found[Evidence.PHOTOS] = learned.scores(look_kernel.likeness(features))
        return found

    def probabilities(
        self, scores: Mapping[Evidence, Scores]
    ) -> tuple[Evidence, Probabilities, Probabilities]:
        """What the answer rests on, (R,) root and (L,) leaf probabilities.

        Raises:
            InputError: there are no scores.
        """
        evidence = evidence_of(scores)
        root, leaf = pool(scores, self.pooling[evidence], self.leaf_roots)
        return evidence, root[0], leaf[0]

    @property
    def leaf_roots(self) -> NDArray[np.int64]:
        """(L,) place of each leaf's root."""
        return leaf_roots(self.roots, self.leaves)


def leaf_roots(roots: tuple[str, ...], leaves: tuple[str, ...]) -> NDArray[np.int64]:
    """(L,) place in `roots` of the root of each leaf path."""
    places = {root: place for place, root in enumerate(roots)}
    return np.array([places[leaf.split(CATEGORY_SEPARATOR)[0]] for leaf in leaves], np.int64)


def evidence_of(scores: Mapping[Evidence, Scores]) -> Evidence:
    """WORDS, PHOTOS, or BOTH where there are scores by each.

    Raises:
        InputError: there are none.
    """
    if not scores:
        raise InputError("a category can be suggested from words or photos, but neither was given")
    return Evidence.BOTH if len(scores) > 1 else next(iter(scores))


def pool(
    scores: Mapping[Evidence, Scores],
    pooling: Pooling,
    roots_of_leaves: NDArray[np.int64],
) -> tuple[Probabilities, Probabilities]:
    """(n, R) root and (n, L) leaf probabilities of (n, R + L) or (R + L,) scores by kind of evidence."""
    roots = int(roots_of_leaves.max()) + 1
    own = {kind: np.atleast_2d(one).astype(np.float64) for kind, one in scores.items()}
    leaf = np.zeros((1, 1))
    for kind, one in own.items():
        leaf = leaf + linked(one[:, roots:], LEAST_LEAF) @ np.array(pooling.leaf[kind])
    chances = softmax(root_features(own, roots) @ pooling.root + pooling.bias)
    return chances, chances[:, roots_of_leaves] * shares_within(leaf, roots_of_leaves)


def root_features(scores: Mapping[Evidence, NDArray[np.floating[Any]]], roots: int) -> Probabilities:
    """(n, 2 k R) root scores and their logarithms, of words before those of photos."""
    kinds = [kind for kind in (Evidence.WORDS, Evidence.PHOTOS) if kind in scores]
    pairs = [linked(scores[kind][:, :roots].astype(np.float64), LEAST_ROOT) for kind in kinds]
    return np.concatenate([pair[:, :, part] for pair in pairs for part in range(2)], axis=1)


def linked(scores: Probabilities, least: float) -> Probabilities:
    """(n, c, 2) what is weighed of (n, c) scores: themselves, and their logarithms from `least` up."""
    return np.stack([scores, np.log(np.maximum(scores, least))], axis=2)


def shares_within(scores: Probabilities, roots_of_leaves: NDArray[np.int64]) -> Probabilities:
    """(n, L) p(leaf | root): a softmax of the leaves of each root."""
    shares = np.empty_like(scores)
    for root in np.unique(roots_of_leaves).tolist():
        siblings = roots_of_leaves == root
        shares[:, siblings] = softmax(scores[:, siblings])
    return shares


def softmax(scores: NDArray[np.floating[Any]]) -> Probabilities:
    """(n, c) probabilities, each row's summing to 1."""
    exponentials = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))


def write_tables(model: CategoryModel, folder: Path) -> dict[str, Any]:
    """Write the tables of `model` into `folder`; returns what config.json says beside them."""
    tables: dict[str, NDArray[Any]] = {}
    config: dict[str, Any] = {
        "roots": list(model.roots),
        "leaves": list(model.leaves),
        "pooling": {
            kind: {
                "root": one.root.tolist(),
                "bias": one.bias.tolist(),
                "leaf": dict(one.leaf),
                "sure": one.sure,
            }
            for kind, one in model.pooling.items()
        },
    }
    if model.words is not None:
        kernel, learned = model.words
        tables |= word_tables(kernel) | {"word_alpha": learned.alpha, "word_mean": learned.mean}
        config["words"] = {
            "meaning_weight": kernel.meaning_weight,
            "sharpness": kernel.sharpness,
            "place_weight": kernel.place_weight,
        }
    if model.looks is not None:
        looks, learned = model.looks
        tables |= {"looks": looks.looks.astype(np.float16), "look_centre": looks.centre}
        tables["look_spread"] = looks.spread
        tables |= {"look_alpha": learned.alpha, "look_mean": learned.mean}
        config["looks"] = {"sharpness": looks.sharpness}
    safetensors.numpy.save_file(
        {name: np.ascontiguousarray(table) for name, table in tables.items()}, folder / TABLES_FILE
    )
    return config


def read_category_model(model: LearnedModel) -> CategoryModel:
    """The model that the registry keeps.

    Raises:
        MismatchError: it is of another kind, or its tables do not fit its config.
    """
    if model.kind is not LearnedKind.CATEGORY:
        raise MismatchError(f"{model.folder} holds a {model.kind} model; a {LearnedKind.CATEGORY} is needed")
    return read_tables(model.folder, model.config)


def read_tables(folder: Path, config: Mapping[str, Any]) -> CategoryModel:
    """The model that `write_tables` wrote into `folder`.

    Raises:
        MismatchError: the tables do not fit the config.
    """
    try:
        tables = safetensors.numpy.load_file(folder / TABLES_FILE)
        return CategoryModel(
            roots=tuple(config["roots"]),
            leaves=tuple(config["leaves"]),
            pooling={Evidence(kind): _read_pooling(values) for kind, values in config["pooling"].items()},
            words=_read_words(tables, config["words"]) if "words" in config else None,
            looks=_read_looks(tables, config["looks"]) if "looks" in config else None,
        )
    except (KeyError, TypeError, ValueError, OSError, safetensors.SafetensorError) as error:
        raise MismatchError(
            f"{folder} holds no category model that can be read ({error}); run `bowerbird train category`"
        ) from error


def _read_pooling(values: Mapping[str, Any]) -> Pooling:
    leaf = {Evidence(kind): (float(a), float(b)) for kind, (a, b) in values["leaf"].items()}
    return Pooling(np.array(values["root"]), np.array(values["bias"]), leaf, float(values["sure"]))


def _read_words(
    tables: Mapping[str, NDArray[Any]], config: Mapping[str, float]
) -> tuple[WordKernel, Learned]:
    kernel = read_word_kernel(tables, **config)
    return kernel, Learned(tables["word_alpha"].astype(np.float32), tables["word_mean"])


def _read_looks(
    tables: Mapping[str, NDArray[Any]], config: Mapping[str, float]
) -> tuple[LookKernel, Learned]:
    centre = tables["look_centre"]
    # A model that was learned before spreads were divided by has none.
    spread = tables.get("look_spread", np.ones_like(centre))
    kernel = LookKernel(tables["looks"].astype(np.float32), centre, spread, config["sharpness"])
    return kernel, Learned(tables["look_alpha"].astype(np.float32), tables["look_mean"])
