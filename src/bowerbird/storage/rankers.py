"""The rankers that a home has, by name: that need no clicks, the learned one in use, any learned one."""

import threading
from pathlib import Path

from bowerbird.encoding.learned_model import LearnedKind
from bowerbird.ranking.learned_ranker import LearnedRanker
from bowerbird.ranking.ranker import FusionRanker, Ranker, UntrainedRanker
from bowerbird.storage.followed_model import FollowedModel
from bowerbird.storage.model_registry import find_model

LEARNED = "learned"


class Rankers:
    """Rankers by name; those named by a fingerprint are opened once. Safe between threads.

    Args:
        models_folder: of the home.
        in_use: the learned ranker in use.
        untrained: orders where none was learned.
    """

    def __init__(
        self, models_folder: Path, in_use: FollowedModel[LearnedRanker], untrained: UntrainedRanker
    ) -> None:
        self._models_folder = models_folder
        self._in_use = in_use
        self._untrained = untrained
        self._opened: dict[str, LearnedRanker] = {}
        self._opening = threading.Lock()

    def get(self, name: str) -> Ranker:
        """'fusion', 'untrained', 'learned' (in use; 'untrained' before there is one) or a fingerprint.

        Raises:
            NotFoundError: no ranker's fingerprint starts so.
            UnavailableError: the one in use is broken, and there was none before it.
            MismatchError: it is damaged, or learned from other features.
        """
        if name == FusionRanker().name:
            return FusionRanker()
        if name == self._untrained.name:
            return self._untrained
        return self._learned() if name == LEARNED else self._of_fingerprint(name)

    def _learned(self) -> Ranker:
        if self._in_use.is_absent:
            return self._untrained
        return self._in_use.get()

    def _of_fingerprint(self, name: str) -> Ranker:
        with self._opening:
            if name not in self._opened:
                model = find_model(self._models_folder, LearnedKind.RANKER, name)
                self._opened[name] = LearnedRanker.open(model)
            return self._opened[name]
