"""Suggestions for sellers, as JSON under /v1/suggest."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile as ReceivedFile

from bowerbird.errors import InputError
from bowerbird.serving.bodies import checked, parsed
from bowerbird.serving.replies import ERRORS, JSONReply
from bowerbird.serving.sell_front import SellFront
from bowerbird.serving.sell_requests import MOST_PHOTOS, SuggestModel
from bowerbird.suggesting.sellers import Part

_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": SuggestModel.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "photos": {"type": "array", "items": {"type": "string", "format": "binary"}},
                        "query": {"type": "string", "description": "The JSON body, without photos."},
                    },
                }
            },
        },
    }
}
_WHAT = {
    Part.CATEGORY: "Categories with their probabilities, at the root and at the leaf; `unsure` where none "
    "stands out.",
    Part.PRICE: "A median and a range that holds the asking price of four such things in five, with the "
    "listings it rests on; or why it has no price.",
    Part.DUPLICATES: "Listings on sale that show the same picture or say the same words, with the reason.",
}


def sell_front_of(request: Request) -> SellFront:
    """The suggestions of the market that this application serves."""
    front: SellFront = request.app.state.sell
    return front


def sell_router() -> APIRouter:
    """Every endpoint for sellers."""
    router = APIRouter(responses=ERRORS, default_response_class=JSONReply, tags=["for sellers"])

    @router.post("/v1/suggest", openapi_extra=_BODY)
    async def suggest(request: Request) -> Response:
        """Category, price and duplicates in one call; a part that no model gives yet is null."""
        model, files = await _asked(request)
        return JSONReply(await run_in_threadpool(sell_front_of(request).suggest, model, files))

    for part in Part:
        router.add_api_route(
            f"/v1/suggest/{part.value}",
            _part_endpoint(part),
            methods=["POST"],
            name=f"suggest {part.value}",
            description=_WHAT[part],
            openapi_extra=_BODY,
        )
    return router


def _part_endpoint(part: Part) -> Callable[[Request], Awaitable[Response]]:
    async def suggest_part(request: Request) -> Response:
        model, files = await _asked(request)
        return JSONReply(await run_in_threadpool(sell_front_of(request).suggest_part, model, files, part))

    return suggest_part


async def _asked(request: Request) -> tuple[SuggestModel, list[bytes]]:
    """The draft, and its photos that came as files."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "multipart/form-data":
        return checked(SuggestModel, parsed(await request.body())), []
    async with request.form(max_files=MOST_PHOTOS, max_fields=4) as form:
        fields: dict[str, Any] = parsed(str(form.get("query", "{}")).encode())
        uploads = [part for name in ("photos", "photo") for part in form.getlist(name)]
        files = [await part.read() for part in uploads if isinstance(part, ReceivedFile)]
    if len(files) < len(uploads):
        raise InputError("the form's photos must be files; send photos in base64 in a JSON body")
    return checked(SuggestModel, fields), files
