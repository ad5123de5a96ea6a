"""API keys as JSON under /v1/keys: made, listed and revoked by whoever holds one with the scope admin."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.serving.audit import note_change
from bowerbird.serving.keyring import Keyring
from bowerbird.serving.replies import ERRORS, JSONReply
from bowerbird.storage.key_store import LONGEST_NAME, ApiKey, Scope

LONGEST_DAYS = 36_500
KeyPayload = dict[str, Any]


class NewKeyModel(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(
        extra="forbid",
        str_strip_whitespace=True,
        json_schema_extra={"examples": [{"name": "shop window", "scopes": ["read", "event"]}]},
    )

    name: str = Field(min_length=1, max_length=LONGEST_NAME, description="Says whose or what for.")
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))]
    days: float | None = Field(
        None, gt=0, le=LONGEST_DAYS, description="How long it opens anything; null for until it is revoked."
    )


def keys_router() -> APIRouter:
    """The endpoints of keys."""
    router = APIRouter(responses=ERRORS, default_response_class=JSONReply, tags=["keys"])

    @router.get("/v1/keys")
    def keys(request: Request) -> Response:
        """Every key ever made, without its token."""
        return JSONReply({"keys": key_payloads(keyring_of(request).store.keys())})

    @router.post("/v1/keys", status_code=201)
    def create(request: Request, model: NewKeyModel) -> Response:
        """Make a key; `token` is shown this once and stored nowhere."""
        keyring, now = keyring_of(request), datetime.now(UTC)
        expires_at = None if model.days is None else now + timedelta(days=model.days)
        made = keyring.store.create(model.name, model.scopes, now, expires_at)
        keyring.reread()
        note_change(request, "key.create", made.key.key_id)
        return JSONReply({**key_payload(made.key), "token": made.token}, status_code=201)

    @router.delete("/v1/keys/{key_id}")
    def revoke(request: Request, key_id: str) -> Response:
        """Revoke a key: it opens nothing from now on, and within a second nowhere."""
        keyring = keyring_of(request)
        revoked = keyring.store.revoke(key_id, datetime.now(UTC))
        keyring.reread()
        note_change(request, "key.revoke", key_id)
        return JSONReply(key_payload(revoked))

    return router


def keyring_of(request: Request) -> Keyring:
    """The keys of the market that this application serves."""
    keyring: Keyring = request.app.state.keyring
    return keyring


def key_payloads(keys: Sequence[ApiKey]) -> list[KeyPayload]:
    """Keys as a program reads them."""
    return [key_payload(key) for key in keys]


def key_payload(key: ApiKey) -> KeyPayload:
    """A key as a program reads it, without its token."""
    return {
        "key_id": key.key_id,
        "name": key.name,
        "scopes": [scope.value for scope in Scope if scope in key.scopes],
        "created_at": key.created_at.isoformat(),
        "expires_at": None if key.expires_at is None else key.expires_at.isoformat(),
        "revoked_at": None if key.revoked_at is None else key.revoked_at.isoformat(),
    }
