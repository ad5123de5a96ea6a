"""The JSON API under /v1, the classic endpoints, photos, health and metrics."""

import asyncio
import base64
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile as ReceivedFile

from bowerbird.errors import InputError, TooLargeError
from bowerbird.market.listing import Listing
from bowerbird.market.query import Query as MarketQuery
from bowerbird.serving.audit import note_change
from bowerbird.serving.bodies import checked, parsed
from bowerbird.serving.front import Front
from bowerbird.serving.limits import write_lane_of
from bowerbird.serving.photo_replies import photo_reply
from bowerbird.serving.replies import ERRORS, JSONReply
from bowerbird.serving.requests import (
    LONGEST_ID,
    BulkListing,
    EmbedModel,
    ListingChange,
    ListingModel,
    SearchModel,
)

_SEARCH_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": SearchModel.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "photo": {"type": "string", "format": "binary"},
                        "query": {"type": "string", "description": "The JSON body, without photo."},
                    },
                }
            },
        },
    }
}


def front_of(request: Request) -> Front:
    """The market that this application serves."""
    front: Front = request.app.state.front
    return front


def api_router() -> APIRouter:
    """Every endpoint but the pages."""
    router = APIRouter(responses=ERRORS, default_response_class=JSONReply)
    _add_search(router)
    _add_catalogue(router)
    _add_vectors(router)
    _add_classic(router)
    _add_operations(router)
    return router


def _add_search(router: APIRouter) -> None:
    @router.post("/v1/search", openapi_extra=_SEARCH_BODY, tags=["search"])
    async def search(request: Request) -> Response:
        """Words, a photo or both; filters, facets, sort and cursor paging over one match set."""
        model = await _search_model(request)
        return JSONReply(await run_in_threadpool(front_of(request).search_model, model))

    @router.get("/v1/listings/{listing_id:path}/similar", tags=["search"])
    def similar(
        request: Request, listing_id: str, limit: Annotated[int, Query(ge=1, le=100)] = 12
    ) -> Response:
        """The listings most like one, by its words and photos."""
        return JSONReply(front_of(request).similar(listing_id, limit))

    @router.get("/v1/autocomplete", tags=["search"])
    def autocomplete(
        request: Request,
        q: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=50)] = 8,
    ) -> Response:
        """Completions and corrections of what is being typed."""
        return JSONReply(front_of(request).autocomplete(q, limit))


def _add_catalogue(router: APIRouter) -> None:
    @router.get("/v1/listings/{listing_id:path}", tags=["catalogue"])
    def read(request: Request, listing_id: str) -> Response:
        """One listing, whole."""
        return JSONReply(front_of(request).listing(listing_id))

    @router.put(
        "/v1/listings/{listing_id:path}", tags=["catalogue"], responses={201: {"description": "Created."}}
    )
    async def put(request: Request, listing_id: str, model: ListingModel) -> Response:
        """Create or replace a listing; it is searchable within a second."""
        _check_id(listing_id)
        return await write_lane_of(request).run(partial(_put, request, listing_id, model))

    @router.patch("/v1/listings/{listing_id:path}", tags=["catalogue"])
    async def patch(request: Request, listing_id: str, change: ListingChange) -> Response:
        """Change some fields, such as the status of what was sold."""
        return await write_lane_of(request).run(partial(_patch, request, listing_id, change))

    @router.delete("/v1/listings/{listing_id:path}", status_code=204, tags=["catalogue"])
    async def delete(request: Request, listing_id: str) -> Response:
        """Remove a listing; no answer holds it from then on."""
        return await write_lane_of(request).run(partial(_delete, request, listing_id))

    @router.post("/v1/listings/bulk", tags=["catalogue"], openapi_extra=_BULK_BODY)
    async def bulk(request: Request) -> Response:
        """JSONL, one listing with its `listing_id` a line; one status a row comes back."""
        body = await request.body()
        return await write_lane_of(request).run(partial(_bulk, request, body))


_BULK_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
}


def _add_vectors(router: APIRouter) -> None:
    @router.post("/v1/embed", tags=["vectors"])
    def embed(request: Request, model: EmbedModel) -> Response:
        """Unit vectors of texts and of photos."""
        return JSONReply(front_of(request).embed(model))


def _add_classic(router: APIRouter) -> None:
    @router.get("/healthcheck", tags=["classic"])
    @router.head("/healthcheck", include_in_schema=False)  # as many a monitor asks
    async def healthcheck() -> Response:
        """The classic projects' health check."""
        return JSONReply({"message": "API is up and running!"})

    @router.post("/predict/feature_embedding", tags=["classic"])
    def feature_embedding(request: Request, image: Annotated[UploadFile, File()]) -> Response:
        """The vector of one photo."""
        front = front_of(request)
        decoded = front.decoded(image.file.read())
        return JSONReply({"features": front.engine.embed_photos([decoded])[0]})

    @router.post("/predict/similar_images", tags=["classic"])
    def similar_images(
        request: Request,
        image: Annotated[UploadFile, File()],
        text: Annotated[str, Form(max_length=2000)] = "",
        limit: Annotated[int, Form(ge=1, le=100)] = 10,
    ) -> Response:
        """The listings whose photos look most like this one; `image_index` holds their photos' ids."""
        front = front_of(request)
        reply = front.search(MarketQuery(words=text, photo=front.decoded(image.file.read()), limit=limit))
        shown = [hit["photos"][0]["photo_id"] for hit in reply["hits"] if hit["photos"]]
        return JSONReply({"image_index": shown, "hits": reply["hits"]})


def _add_operations(router: APIRouter) -> None:
    # Health is told by the event loop itself, so that it does not wait where all threads are busy.
    @router.get("/photos/{content_hash}.jpg", tags=["photos"])
    def photo(request: Request, content_hash: str, size: int | None = None) -> Response:
        """A stored photo; it never changes, so it may be cached for ever."""
        return photo_reply(front_of(request), request, content_hash, size)

    @router.get("/health/live", tags=["operations"])
    @router.head("/health/live", include_in_schema=False)
    async def live() -> Response:
        """The process answers."""
        return JSONReply({"status": "live"})

    @router.get("/health/ready", tags=["operations"])
    @router.head("/health/ready", include_in_schema=False)
    async def ready(request: Request) -> Response:
        """The market can be searched; 503 while the index cannot follow the catalogue."""
        engine = front_of(request).engine
        error = engine.projection.last_error
        status: dict[str, Any] = {"status": "degraded", "message": error} if error else {"status": "ready"}
        if engine.models.errors:  # search works without them
            status["models"] = engine.models.errors
        return JSONReply(status, status_code=503 if error else 200)

    @router.get("/metrics", tags=["operations"])
    async def metrics(request: Request) -> Response:
        """Prometheus metrics."""
        front = front_of(request)
        # In a thread of its own: it is wanted most where all others are busy.
        text = await asyncio.get_running_loop().run_in_executor(front.telemetry.reader, front.metrics)
        return Response(text, media_type="text/plain; version=0.0.4")


async def _search_model(request: Request) -> SearchModel:
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "multipart/form-data":
        async with request.form(max_files=1, max_fields=4) as form:
            photo, text = form.get("photo"), form.get("query", "{}")
            fields = parsed(str(text).encode())
            if isinstance(photo, ReceivedFile):
                fields["photo"] = base64.b64encode(await photo.read()).decode()
            elif photo:  # a form whose field was left empty sends an empty text
                fields["photo"] = photo
        return checked(SearchModel, fields)
    return checked(SearchModel, parsed(await request.body()))


def _check_id(listing_id: str) -> None:
    if not listing_id.strip() or len(listing_id) > LONGEST_ID:
        raise InputError(
            f"a listing id has 1 to {LONGEST_ID} characters, but {listing_id[:40]!r} has {len(listing_id)}"
        )


def _put(request: Request, listing_id: str, model: ListingModel) -> Response:
    listing, created = front_of(request).put(listing_id, model)
    note_change(request, "listing.put", listing_id)
    return JSONReply(listing, status_code=201 if created else 200)


def _patch(request: Request, listing_id: str, change: ListingChange) -> Response:
    changed = front_of(request).patch(listing_id, change)
    note_change(request, "listing.patch", listing_id)
    return JSONReply(changed)


def _delete(request: Request, listing_id: str) -> Response:
    front_of(request).delete(listing_id)
    note_change(request, "listing.delete", listing_id)
    return Response(status_code=204)


def _bulk(request: Request, body: bytes) -> Response:
    front = front_of(request)
    lines = [line for line in body.split(b"\n") if line.strip()]
    limit = front.settings.serving.max_bulk_rows
    if len(lines) > limit:
        raise TooLargeError(f"a bulk call takes at most {limit} rows, but {len(lines)} were sent; split it")
    listings: dict[str, Listing] = {}
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(lines, 1):
        try:
            model = checked(BulkListing, parsed(line))
            listings[model.listing_id] = front.new_listing(model.listing_id, model)
            rows.append({"row": number, "listing_id": model.listing_id, "status": 200})
        except InputError as error:
            rows.append(
                {"row": number, "listing_id": None, "status": error.http_status, "message": error.message}
            )
    front.put_many(list(listings.values()))
    note_change(request, "listing.bulk", *listings)
    accepted = sum(row["status"] == 200 for row in rows)
    return JSONReply({"accepted": accepted, "rejected": len(rows) - accepted, "rows": rows})
