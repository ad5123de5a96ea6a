"""The seller's page: photos and words in, category, price and possible duplicates out, as HTML.

It is whole without JavaScript, as a form that is posted; with it, `static/sell.js` posts the same form at
every pause in the typing and swaps what is suggested. Photos posted by a plain form come back small in the
page, since a browser does not fill in a file twice.
"""

import base64
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from PIL import Image
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from bowerbird.errors import BowerbirdError
from bowerbird.serving.bodies import checked
from bowerbird.serving.price_picture import HEIGHT, WIDTH, price_picture
from bowerbird.serving.requests import photo_bytes
from bowerbird.serving.search_form import SearchForm
from bowerbird.serving.sell_api import sell_front_of
from bowerbird.serving.sell_front import Reply, SellFront
from bowerbird.serving.sell_requests import MOST_PHOTOS, SuggestModel

KEPT_SIDE = 640  # pixels on the longest side of a photo that comes back in the page
_KEPT_BYTES = 1_500_000
_GUESSES = 4


@dataclass(frozen=True, slots=True)
class SellForm:
    """What the seller filled in; `live` where a script asks, which keeps the photos itself."""

    title: str = ""
    description: str = ""
    category: str = ""
    place: str = ""
    live: bool = False
    photos: tuple[bytes, ...] = field(default=(), repr=False)

    @classmethod
    async def read(cls, form: FormData) -> "SellForm":
        """The form as it was posted."""
        # The last of a name: a suggested category that was pressed stands after the list it is chosen over.
        texts = {
            name: str((form.getlist(name) or [""])[-1]).strip()
            for name in ("title", "description", "category", "place")
        }
        kept = [photo_bytes(str(photo)) for photo in form.getlist("kept")]
        files = [part for part in form.getlist("photos") if isinstance(part, UploadFile) and part.size]
        read = [await part.read() for part in files]
        return cls(**texts, live=form.get("live") == "1", photos=(*kept, *read))

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing to go by."""
        return not (self.title or self.description or self.photos)

    def model(self) -> SuggestModel:
        """What the API would be sent."""
        given = {"title": self.title, "description": self.description, "place": self.place}
        return checked(SuggestModel, {**given, "category": self.category or None})


def register_sell_page(app: FastAPI, environment: Environment) -> None:
    """Add `/sell` to `app`."""
    page = _SellPage(environment)
    app.add_api_route("/sell", page.blank, methods=["GET"], include_in_schema=False)
    app.add_api_route("/sell", page.filled, methods=["POST"], include_in_schema=False)


class _SellPage:
    """The routes."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def blank(self, request: Request) -> HTMLResponse:
        """The page as it is found."""
        return self._page(sell_front_of(request), SellForm(), None)

    async def filled(self, request: Request) -> HTMLResponse:
        """The page with suggestions."""
        async with request.form(
            max_files=MOST_PHOTOS, max_fields=MOST_PHOTOS + 8, max_part_size=_KEPT_BYTES
        ) as given:
            form = await SellForm.read(given)
        return await run_in_threadpool(self._suggested, sell_front_of(request), form)

    def _suggested(self, front: SellFront, form: SellForm) -> HTMLResponse:
        if form.is_blank:
            return self._page(front, form, None)
        try:
            return self._page(front, form, front.suggest(form.model(), form.photos))
        except BowerbirdError as error:
            return self._page(front, form, None, error)

    def _page(
        self, front: SellFront, form: SellForm, reply: Reply | None, error: BowerbirdError | None = None
    ) -> HTMLResponse:
        kept = [] if form.live or error else [_kept(photo) for photo in form.photos]
        html = self._environment.get_template("sell.html").render(
            now=datetime.now(UTC),
            form=SearchForm(),
            here="sell",
            given=form,
            kept=kept,
            categories=front.categories(),
            error=error,
            most_photos=MOST_PHOTOS,
            **_suggestions(reply),
        )
        return HTMLResponse(html, error.http_status if error else 200)


def _suggestions(reply: Reply | None) -> dict[str, Any]:
    """What the panels need beside the reply."""
    price = reply["price"] if reply else None
    category = reply["category"] if reply else None
    return {
        "reply": reply,
        "guesses": category["leaf"][:_GUESSES] if category else [],
        "picture": price_picture(price) if price else None,
        "picture_size": (WIDTH, HEIGHT),
        "summary": _summary(reply) if reply else "",
    }


def _summary(reply: Reply) -> str:
    """What a screen reader is told when the suggestions change."""
    said: list[str] = []
    category, price, duplicates = reply["category"], reply["price"], reply["duplicates"]
    if category:
        first = category["leaf"][0]
        name = first["path"][-1]
        said.append("Category not sure" if category["unsure"] else f"Category {name}")
    if price and price["priceable"]:
        said.append(f"price {price['low']:g} to {price['high']:g} {price['currency']}")
    if duplicates:
        said.append(f"{len(duplicates)} possible duplicate{'s' if len(duplicates) > 1 else ''}")
    return ", ".join(said) or "No suggestions yet"


def _kept(photo: bytes) -> str:
    """A small copy of a photo, as base64 of a JPEG."""
    with Image.open(io.BytesIO(photo)) as image:
        image.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
        small = image.convert("RGB")
    small.thumbnail((KEPT_SIDE, KEPT_SIDE))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=88)
    return base64.b64encode(data.getvalue()).decode()
