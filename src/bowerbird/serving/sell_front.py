"""The engine's suggestions for sellers with the shapes of their replies: what page, API and command call."""

from collections.abc import Collection, Sequence
from typing import Any

from bowerbird.engine import Engine
from bowerbird.market.listing import CATEGORY_SEPARATOR
from bowerbird.serving.requests import photo_bytes
from bowerbird.serving.sell_payloads import category_payload, duplicate_payload, price_suggestion_payload
from bowerbird.serving.sell_requests import SuggestModel
from bowerbird.serving.telemetry import Telemetry
from bowerbird.settings import Settings
from bowerbird.suggesting.sellers import Part, Suggestions

Reply = dict[str, Any]


class SellFront:
    """One market as its sellers see it. Safe between threads."""

    def __init__(self, engine: Engine, settings: Settings, telemetry: Telemetry) -> None:
        self.engine = engine
        self.settings = settings
        self._telemetry = telemetry

    def suggest(
        self, model: SuggestModel, files: Sequence[bytes] = (), parts: Collection[Part] = tuple(Part)
    ) -> Reply:
        """Each of `parts`; one that cannot be given is null, named under `degraded`, and `messages` says why.

        Args:
            model: what was typed, photos in base64 among it.
            files: photos that came as files; they follow those in base64.
            parts: what is asked.

        Raises:
            InputError: a photo cannot be used.
            NotFoundError: the listing that is to be changed does not exist.
        """
        suggestions = self._suggestions(model, files, parts)
        reply: Reply = {part.value: self._payload(suggestions, part) for part in Part if part in parts}
        return reply | {
            "degraded": [part.value for part in suggestions.missing],
            "messages": {part.value: error.message for part, error in suggestions.missing.items()},
            "took_ms": round(suggestions.took_ms, 3),
            "stages_ms": {stage: round(ms, 3) for stage, ms in suggestions.stages.items()},
        }

    def suggest_part(self, model: SuggestModel, files: Sequence[bytes], part: Part) -> Reply:
        """One part alone.

        Raises:
            UnavailableError: no model is in use that gives it.
            InputError: a photo cannot be used.
            NotFoundError: the listing that is to be changed does not exist.
        """
        suggestions = self._suggestions(model, files, [part])
        if part in suggestions.missing:
            raise suggestions.missing[part]
        payload = self._payload(suggestions, part)
        reply: Reply = {"duplicates": payload} if part is Part.DUPLICATES else payload
        return {**reply, "took_ms": round(suggestions.took_ms, 3)}

    def categories(self) -> list[tuple[str, list[str]]]:
        """(root, paths under it) of every category of the market, by name."""
        by_root: dict[str, list[str]] = {}
        for path in sorted(self.engine.projection.current.index.columns.vocabularies["category"]):
            by_root.setdefault(path.split(CATEGORY_SEPARATOR)[0], []).append(path)
        return list(by_root.items())

    def _suggestions(
        self, model: SuggestModel, files: Sequence[bytes], parts: Collection[Part]
    ) -> Suggestions:
        stored = self.engine.listing(model.listing_id) if model.listing_id else None
        given = [*(photo_bytes(photo) for photo in model.photos or ()), *files]
        uploads = None if stored is not None and model.photos is None and not files else given
        suggestions = self.engine.suggest(model.listing(stored, self.settings.currency), uploads, parts)
        self._telemetry.observe_stages({f"sell: {name}": ms for name, ms in suggestions.stages.items()})
        return suggestions

    def _payload(self, suggestions: Suggestions, part: Part) -> Any:  # noqa: ANN401  a list, a dictionary or None
        category, price, duplicates = suggestions.category, suggestions.price, suggestions.duplicates
        if part is Part.CATEGORY:
            return None if category is None else category_payload(category)
        if part is Part.DUPLICATES:
            return None if duplicates is None else [duplicate_payload(one) for one in duplicates]
        if price is None:
            return None
        ids = [comparable.listing_id for comparable in price.comparables]
        return price_suggestion_payload(price, self.engine.stores.catalogue.get(ids))
