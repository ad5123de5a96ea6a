"""A ranker learned from clicks: LambdaMART (Burges, MSR-TR-2010-82), boosted trees as LightGBM's text."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bowerbird.encoding.learned_model import LearnedModel
from bowerbird.encoding.lightgbm_runtime import lightgbm as lgb
from bowerbird.errors import MismatchError
from bowerbird.ranking.features import FEATURES, FEATURES_VERSION

TREES_FILE = "trees.txt"
Floats = NDArray[np.float32]


class LearnedRanker:
    """Boosted trees over the features. Safe between threads.

    Args:
        trees: over the columns of `FEATURES`.
        name: of the model.
    """

    def __init__(self, trees: lgb.Booster, name: str) -> None:
        self._trees = trees
        self.name = name

    @classmethod
    def open(cls, model: LearnedModel) -> "LearnedRanker":
        """The ranker in a model's folder, whose digests were checked; its name is the model's fingerprint.

        Raises:
            MismatchError: it learned from other features than these.
        """
        learned_from = (model.config.get("features_version"), tuple(model.config.get("features", ())))
        if learned_from != (FEATURES_VERSION, FEATURES):
            raise MismatchError(
                f"ranker {model.fingerprint} learned from version {learned_from[0]} of the features, but "
                f"this is version {FEATURES_VERSION}; run `bowerbird train ranker` again"
            )
        return cls(cls._read(model.folder / TREES_FILE), model.fingerprint)

    @staticmethod
    def _read(path: Path) -> lgb.Booster:
        try:
            return lgb.Booster(model_str=path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, lgb.basic.LightGBMError) as error:
            raise MismatchError(
                f"{path} holds no whole ranker ({error}); run `bowerbird train ranker` again"
            ) from error

    def order(self, features: NDArray[np.floating]) -> Floats:
        """(n,) scores of the (n, f) `features`."""
        if not len(features):
            return np.empty(0, np.float32)
        return np.asarray(self._trees.predict(features, num_threads=1), np.float32)

    def parts(self, features: NDArray[np.floating], chosen: NDArray[np.int64]) -> list[Mapping[str, float]]:
        """What each feature adds to the score by TreeSHAP (Lundberg et al., 2020); 'usual' is the mean score.

        It costs many times what ordering does, so it is for the few of a page.
        """
        if not len(chosen):
            return []
        found = np.asarray(self._trees.predict(features[chosen], num_threads=1, pred_contrib=True))
        names = (*FEATURES, "usual")
        return [
            {name: float(value) for name, value in zip(names, row, strict=True) if value}
            for row in found.tolist()
        ]
