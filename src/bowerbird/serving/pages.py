"""The shopper's and the owner's pages: the engine's own replies, rendered as HTML.

Every page is whole without JavaScript; the modules in `static/` fetch the same addresses and swap `<main>`,
so a card, a chip or a facet is written in one place only, its template. A photo is posted to `/` with the
fields of the search form, and answered with the same page.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.types import Scope

from bowerbird.errors import BowerbirdError, NotFoundError
from bowerbird.market.query import Sort
from bowerbird.serving import wording
from bowerbird.serving.error_shape import told_outside
from bowerbird.serving.events_api import events_of
from bowerbird.serving.facet_links import category_links, price_bars, value_links
from bowerbird.serving.feed_pages import home_context, register_feed_pages, visits_of
from bowerbird.serving.front import Front
from bowerbird.serving.moderation_api import moderation_of
from bowerbird.serving.moderation_pages import REASONS, register_moderation_pages
from bowerbird.serving.owner import Health, ModelPanels
from bowerbird.serving.owner_activity import DOINGS, ActivityPanels
from bowerbird.serving.search_form import SORT_LABELS, SearchForm
from bowerbird.serving.sell_pages import register_sell_page
from bowerbird.serving.sign_in import register_sign_in, signed_in_as
from bowerbird.serving.visitor import Visitor, remembered
from bowerbird.serving.visits import Visits
from bowerbird.storage.log_tally import LITTLE

SIMILAR_LIMIT = 12
STATIC_FOLDER = Path(__file__).parent / "static"
LIKE_SIZE = 640  # pixels on the longest side of a stored photo that is searched with
A_YEAR = "public, max-age=31536000, immutable"
Payload = dict[str, Any]


def register_pages(app: FastAPI, front_of: Callable[[Request], Front]) -> None:
    """Add `/`, `/listings/{listing_id}`, `/owner` and `/static` to `app`.

    Args:
        app: the web application.
        front_of: the market that answers a request.
    """
    assets = f"/static/{_version(STATIC_FOLDER)}"
    app.mount(assets, _VersionedFiles(directory=STATIC_FOLDER), name="static")
    environment = _environment(assets)
    pages = _Pages(front_of, environment)
    app.add_api_route("/", pages.search, methods=["GET"], include_in_schema=False)
    app.add_api_route("/", pages.search_with_photo, methods=["POST"], include_in_schema=False)
    app.add_api_route("/listings/{listing_id:path}", pages.listing, include_in_schema=False)
    app.add_api_route("/owner", pages.owner, include_in_schema=False)
    register_feed_pages(app)
    register_sell_page(app, environment)
    register_moderation_pages(app)
    register_sign_in(app, environment)


class _Pages:
    """The routes; an error is a page too."""

    def __init__(self, front_of: Callable[[Request], Front], environment: Environment) -> None:
        self._front_of = front_of
        self._environment = environment
        self._health = Health()
        self._models = ModelPanels()
        self._activity = ActivityPanels()

    def search(self, request: Request) -> Response:
        """The search page of an address; where it asks nothing, the home feed."""
        return self._found(request, request.query_params, None)

    async def search_with_photo(self, request: Request) -> Response:
        """The search page of a form that may hold a photo."""
        async with request.form(max_files=1, max_fields=len(fields(SearchForm))) as form:
            photo = form.get("photo")
            upload = await photo.read() if isinstance(photo, UploadFile) and photo.size else None
            return await run_in_threadpool(self._found, request, dict(form), upload)

    def listing(self, request: Request, listing_id: str) -> Response:
        """One listing and those like it."""
        front = self._front_of(request)
        try:
            found = front.listing(listing_id)
        except BowerbirdError as error:
            return self._problem(error)
        try:
            similar = front.similar(listing_id, SIMILAR_LIMIT)
        except NotFoundError:  # stored, but not among what is searched
            similar = None
        visits = visits_of(request)
        visitor = visits.visitor(request)
        visits.looked_at(visitor, listing_id, request.query_params)
        context: Payload = {"visitor": visitor, "saved": visits.saved(visitor), "form": SearchForm()}
        context |= {"report_reasons": REASONS, "reported": "reported" in request.query_params}
        page = self._page("listing.html", listing=found, similar=similar, **context)
        return remembered(page, request, visitor)

    def owner(self, request: Request) -> HTMLResponse:
        """The state of the market."""
        try:
            front = self._front_of(request)
            state = front.state()
        except BowerbirdError as error:
            return self._problem(error)
        return self._page(
            "owner.html",
            state=state,
            models=self._models.panels(front.settings.models),
            checks=self._health.checks(front.settings),
            activity=self._activity.latest(events_of(request).stores),
            doings=DOINGS,
            little=LITTLE,
            signed_in=signed_in_as(request),
            reported=moderation_of(request).reported(),
            hidden=moderation_of(request).hidden(),
            hidden_photos=moderation_of(request).hidden_photos(),
            report_reasons=REASONS,
            form=SearchForm(),
        )

    def _found(self, request: Request, given: Mapping[str, object], upload: bytes | None) -> Response:
        front, visits = self._front_of(request), visits_of(request)
        visitor = visits.visitor(request)
        try:
            form = SearchForm.read(given)
            if form == SearchForm() and upload is None:
                return self._home(request, front, visits, visitor)
            if upload is None and form.like:
                upload = front.photo(form.like, LIKE_SIZE)
            query = form.query(None if upload is None else front.decoded(upload))
            reply = front.search(replace(query, shopper=visitor.shopper, session=visitor.session))
        except BowerbirdError as error:
            return self._problem(error)
        context = _search_context(form, reply, upload is not None, front.settings.currency)
        page = self._page("search.html", visitor=visitor, saved=visits.saved(visitor), **context)
        return remembered(page, request, visitor)

    def _home(self, request: Request, front: Front, visits: Visits, visitor: Visitor) -> Response:
        context = home_context(request, front, visitor)
        form, reply = context.pop("form"), context.pop("reply")
        links = _search_context(form, reply, False, front.settings.currency) | context
        page = self._page("home.html", visitor=visitor, saved=visits.saved(visitor), **links)
        return remembered(page, request, visitor)

    def _problem(self, error: BowerbirdError) -> HTMLResponse:
        return self._page(
            "problem.html", error.http_status, error=error, told=told_outside(error), form=SearchForm()
        )

    def _page(self, template: str, status: int = 200, **context: object) -> HTMLResponse:
        html = self._environment.get_template(template).render(now=datetime.now(UTC), **context)
        return HTMLResponse(html, status)


class _VersionedFiles(StaticFiles):
    """Files under an address that changes with their content, so that a browser may keep them for good."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = A_YEAR
        return response


def _search_context(form: SearchForm, reply: Payload, photo: bool, currency: str) -> Payload:
    """What search.html needs beside the reply: links for chips, facets and the next page."""
    facets = reply["facets"]
    understood = reply["understood"]
    currency = next((hit["price"]["currency"] for hit in reply["hits"] if hit["price"]), currency)
    return {
        "form": form,
        "reply": reply,
        "photo": photo,
        "chips": form.chips(understood, currency),
        "categories": category_links(
            facets.get("category", ()), form, understood["category"] if understood else None
        ),
        "bars": price_bars(facets.get("price", ()), form, currency),
        "value_facets": [
            (label, links)
            for name, label in (("place", "Place"), ("status", "Status"), ("seller", "Seller"))
            if (links := value_links(name, facets.get(name, ()), form))
        ],
        "sorts": _sorts(form, reply, photo),
        "more_href": form.url(cursor=reply["next_cursor"]) if reply["next_cursor"] else None,
    }


def _sorts(form: SearchForm, reply: Payload, photo: bool) -> list[tuple[Sort, str]]:
    """The orders that mean something here: by distance from a place, by date where dates are known."""
    labels = dict(SORT_LABELS)
    if not form.near:
        del labels[Sort.DISTANCE]
    if form.sort != Sort.NEWEST and not any(hit["created_at"] for hit in reply["hits"]):
        del labels[Sort.NEWEST]
    if not form.q and not photo:  # nothing to match: the engine answers with what came last
        labels[Sort.RELEVANCE] = "Latest arrivals"
    return list(labels.items())


def _environment(assets: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("bowerbird.serving"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["assets"] = assets
    for filter_ in (wording.count, wording.money, wording.size, wording.milliseconds, wording.age):
        environment.filters[filter_.__name__] = filter_
    environment.filters["plural"] = wording.plural
    environment.filters["moment"] = wording.moment
    environment.filters["marked_up"] = wording.marked_up
    return environment


def _version(folder: Path) -> str:
    """8 hexadecimal digits that change when any file of `folder` does."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
