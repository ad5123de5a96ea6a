"""The form by which a shopper reports a listing, and the owner's buttons."""

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from bowerbird.errors import InputError
from bowerbird.serving.audit import note_change
from bowerbird.serving.moderation_api import LONGEST_NOTE, hide_listing, moderation_of
from bowerbird.serving.visitor import came_from
from bowerbird.storage.reports import ReportReason

REASONS = {
    ReportReason.SCAM: "It looks like a scam",
    ReportReason.FORBIDDEN: "It may not be sold",
    ReportReason.OFFENSIVE: "It is offensive",
    ReportReason.PHOTO: "A photo is not its own, or not fit to be seen",
    ReportReason.MISLEADING: "It is not what it says",
    ReportReason.GONE: "It is sold or gone",
    ReportReason.OTHER: "Something else",
}
HIDE, UNHIDE, SETTLE = "hide", "unhide", "settle"


def register_moderation_pages(app: FastAPI) -> None:
    """Add what the forms of reports, and of the owner about them, are posted to."""
    app.add_api_route("/reports", _report, methods=["POST"], include_in_schema=False)
    app.add_api_route("/owner/listings", _act, methods=["POST"], include_in_schema=False)


async def _report(request: Request) -> Response:
    given = await _fields(request)
    return await run_in_threadpool(_reported, request, given)


def _reported(request: Request, given: dict[str, str]) -> Response:
    reason = given.get("reason", "")
    if reason not in set(ReportReason):
        raise InputError(
            f"a report needs a reason, one of {', '.join(ReportReason)}, but has {reason[:40]!r}"
        )
    note = given.get("note", "")[:LONGEST_NOTE]
    photo_id = given.get("photo_id") or None
    moderation_of(request).report(given.get("listing_id", ""), ReportReason(reason), note, photo_id)
    return RedirectResponse(f"{came_from(request).partition('?')[0]}?reported=1", 303)


async def _act(request: Request) -> Response:
    given = await _fields(request)
    return await run_in_threadpool(_acted, request, given)


def _acted(request: Request, given: dict[str, str]) -> Response:
    act, listing_id = given.get("act", ""), given.get("listing_id", "")
    if act == SETTLE:
        moderation_of(request).settle(listing_id)
        note_change(request, "report.settle", listing_id)
    elif act in (HIDE, UNHIDE):
        hide_listing(request, listing_id, act == HIDE, given.get("photo_id") or None)
    else:
        raise InputError(f"the owner's buttons say {HIDE}, {UNHIDE} or {SETTLE}, but {act[:40]!r} came")
    return RedirectResponse("/owner#reports", 303)


async def _fields(request: Request) -> dict[str, str]:
    async with request.form(max_files=0, max_fields=8) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}
