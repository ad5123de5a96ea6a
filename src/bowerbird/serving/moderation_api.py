"""Reports of listings as JSON, and what the owner does about them."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.serving.audit import note_change
from bowerbird.serving.limits import write_lane_of
from bowerbird.serving.moderation import Moderation, Reported
from bowerbird.serving.replies import ERRORS, JSONReply
from bowerbird.storage.reports import ReportReason

LONGEST_NOTE = 1000
LONGEST_PHOTO_ID = 200
OnePhoto = Annotated[
    str | None,
    Query(max_length=LONGEST_PHOTO_ID, description="One of its photos, where only that is meant."),
]


class ReportModel(BaseModel):
    """What is wrong with a listing."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={"examples": [{"reason": "scam", "note": "asks for gift cards"}]},
    )

    reason: ReportReason
    note: str = Field("", max_length=LONGEST_NOTE)
    photo_id: str | None = Field(
        None, max_length=LONGEST_PHOTO_ID, description="One of its photos, if it is about that."
    )


def moderation_router() -> APIRouter:
    """The endpoints of reports and of hiding."""
    router = APIRouter(responses=ERRORS, default_response_class=JSONReply, tags=["moderation"])

    @router.post("/v1/listings/{listing_id:path}/reports", status_code=202)
    async def report(request: Request, listing_id: str, model: ReportModel) -> Response:
        """Report a listing, or one of its photos, to the owner; who does so is not kept."""
        given = (listing_id, model.reason, model.note, model.photo_id)
        kept = await write_lane_of(request).run(partial(moderation_of(request).report, *given))
        return JSONReply({"listing_id": listing_id, "kept": kept}, status_code=202)

    @router.get("/v1/reports")
    def reports(request: Request) -> Response:
        """The listings with open reports, those reported last first."""
        return JSONReply({"listings": [_payload(one) for one in moderation_of(request).reported()]})

    @router.delete("/v1/reports/{listing_id:path}")
    def settle(request: Request, listing_id: str) -> Response:
        """Settle the reports of a listing, which stays as it is."""
        settled = moderation_of(request).settle(listing_id)
        note_change(request, "report.settle", listing_id)
        return JSONReply({"listing_id": listing_id, "settled": settled})

    @router.post("/v1/listings/{listing_id:path}/hide")
    def hide(request: Request, listing_id: str, photo_id: OnePhoto = None) -> Response:
        """Hide a listing and its photos at once, whatever is written to it; its reports are settled."""
        return _hidden(request, listing_id, True, photo_id)

    @router.post("/v1/listings/{listing_id:path}/unhide")
    def unhide(request: Request, listing_id: str, photo_id: OnePhoto = None) -> Response:
        """Show a listing, or a photo of it, again, as it was written last."""
        return _hidden(request, listing_id, False, photo_id)

    return router


def moderation_of(request: Request) -> Moderation:
    """The reports and hidden listings of the market that this application serves."""
    moderation: Moderation = request.app.state.moderation
    return moderation


def hide_listing(request: Request, listing_id: str, hidden: bool, photo_id: str | None = None) -> None:
    """Hide a listing, or one photo of it, or show it again, and write it down.

    Raises:
        NotFoundError: there is no such listing.
        InputError: it has no such photo.
    """
    moderation_of(request).hide(listing_id, hidden, photo_id)
    what = "listing" if photo_id is None else "photo"
    note_change(request, f"{what}.hide" if hidden else f"{what}.unhide", listing_id)


def _hidden(request: Request, listing_id: str, hidden: bool, photo_id: str | None) -> Response:
    hide_listing(request, listing_id, hidden, photo_id)
    of_photo = {} if photo_id is None else {"photo_id": photo_id}
    return JSONReply({"listing_id": listing_id, **of_photo, "hidden": hidden})


def _payload(reported: Reported) -> dict[str, Any]:
    return {
        "listing_id": reported.listing_id,
        "title": reported.listing.title if reported.listing else None,
        "status": reported.listing.status if reported.listing else None,
        "reports": [
            {
                "reason": report.reason.value,
                "note": report.note,
                "photo_id": report.photo_id,
                "time": report.time.isoformat(),
            }
            for report in reported.reports
        ],
    }
