"""A price for a seller: whether it can be priced, then the median, an 80% range, and what it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass

from bowerbird.encoding.learned_model import LearnedKind, LearnedModel
from bowerbird.errors import MismatchError
from bowerbird.suggesting.comparables import Comparable, Comparables, shown_comparables
from bowerbird.suggesting.draft import Draft
from bowerbird.suggesting.price_model import Estimate, PriceModel
from bowerbird.suggesting.priceable import NoPrice, no_price_by_rule


@dataclass(frozen=True, slots=True)
class PriceSuggestion:
    """What a seller is told; the three prices (major units) are None where it cannot be priced."""

    priceable: bool
    reason: str | None  # why it cannot be priced, a sentence
    median: float | None
    low: float | None  # of the range that holds 80% of the asking prices
    high: float | None
    currency: str
    comparables: tuple[Comparable, ...]  # the nearest first; few or none where nothing is alike


class PriceSuggester:
    """Suggests prices in the one currency that the model was trained in. Safe between threads.

    Args:
        model: of kind 'price', as the registry gives it.
        encoders: fingerprints of the running encoders, by 'text' and 'photo', to check the model against;
            None where the caller has done so.

    Raises:
        MismatchError: the model is of another kind, is damaged, or reads vectors of other encoders.
    """

    def __init__(self, model: LearnedModel, encoders: Mapping[str, str] | None = None) -> None:
        if model.kind is not LearnedKind.PRICE:
            raise MismatchError(f"{model.folder} holds a {model.kind} model, not one of prices; name another")
        for kind, expected in model.encoders.items():
            if encoders is not None and encoders.get(kind) != expected:
                raise MismatchError(
                    f"the price model {model.fingerprint} reads vectors of the {kind} encoder {expected}, "
                    f"but {encoders.get(kind)} is running; run `bowerbird train price`"
                )
        self.fingerprint = model.fingerprint
        self.currency = str(model.config["currency"])
        self._least_priced = float(model.config["least_priced"])
        self._model = PriceModel.load(model.folder)

    def suggest(self, draft: Draft, comparables: Comparables) -> PriceSuggestion:
        """What `draft` may ask.

        Args:
            draft: the vectors of its words are of the encoder of `encoders["text"]`, the raw features of its
                photos of `encoders["photo"]`.
            comparables: its nearest live priced listings, in the model's currency.

        Raises:
            MismatchError: the draft's vectors are of other encoders than the model was trained with.
        """
        if not len(draft.text) and not len(draft.features):
            return self._unpriced(NoPrice.NOTHING_TO_GO_BY, ())
        shown = shown_comparables(comparables)
        reason = no_price_by_rule(draft.listing)
        if reason is not None:
            return self._unpriced(reason, shown)
        estimate = self.estimate(draft, comparables)
        if estimate.priced < self._least_priced:
            return self._unpriced(NoPrice.SELDOM_PRICED, shown)
        return PriceSuggestion(True, None, estimate.median, estimate.low, estimate.high, self.currency, shown)

    def estimate(self, draft: Draft, comparables: Comparables) -> Estimate:
        """The numbers alone, whether or not it can be priced; `draft` needs words or photos.

        Raises:
            MismatchError: the draft's vectors are of other encoders than the model was trained with.
        """
        return self._model.estimate(draft, comparables)

    def _unpriced(self, reason: NoPrice, shown: tuple[Comparable, ...]) -> PriceSuggestion:
        return PriceSuggestion(False, reason.value, None, None, None, self.currency, shown)
