"""What shoppers do on a page: look at upper positions more, click what they like, now and then by mistake.

The position-based model (Craswell et al., WSDM 2008, doi:10.1145/1341531.1341545): position k is looked at
with probability k^-eta; a listing that is looked at is clicked with its relevance, or by mistake. Who clicked
may save it, contact the seller and buy; who dislikes what a feed shows may hide it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.market.event import EventType

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ClickModel:
    """How shoppers look and act. Chances are of who liked the listing entirely."""

    eta: float = 0.8  # looks at position k: k^-eta
    mistakes: float = 0.02  # clicks on what is looked at and not wanted
    saves: float = 0.4
    contacts: float = 0.2
    purchases: float = 0.08
    hides: float = 0.01  # of what a feed showed, was looked at and is hardly relevant

    def examination(self, positions: int) -> Floats:
        """(positions,) the chance that each is looked at."""
        return np.asarray(np.arange(1, positions + 1.0) ** -self.eta)

    def click_chances(self, relevance: Floats) -> Floats:
        """The chance that what is looked at is clicked."""
        return self.mistakes + (1 - self.mistakes) * relevance

    def act(self, relevance: Floats, feed: Mask, rng: np.random.Generator) -> dict[EventType, Mask]:
        """Who does what: (p, l) masks by event type, of pages whose listings have `relevance` (p, l).

        Args:
            relevance: of the listing at each position, from the first; 0 where a page is shorter.
            feed: (p,) whether nothing was asked.
            rng: of every choice.
        """
        looked = rng.random(relevance.shape) < self.examination(relevance.shape[1])
        viewed = looked & (rng.random(relevance.shape) < self.click_chances(relevance))
        saved = viewed & (rng.random(relevance.shape) < self.saves * relevance)
        contacted = viewed & (rng.random(relevance.shape) < self.contacts * relevance)
        bought = contacted & (rng.random(relevance.shape) < self.purchases / self.contacts)
        unwanted = looked & ~viewed & feed[:, None] & (relevance < 0.02)
        return {
            EventType.VIEW: viewed,
            EventType.SAVE: saved,
            EventType.CONTACT: contacted,
            EventType.PURCHASE: bought,
            EventType.HIDE: unwanted & (rng.random(relevance.shape) < self.hides),
        }
