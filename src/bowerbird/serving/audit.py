"""Every change that is made through the API, written down before it is acknowledged."""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from bowerbird.serving.gate import caller_of
from bowerbird.serving.replies import ERRORS, JSONReply
from bowerbird.storage.audit_log import AuditLog

EXPIRE_EVERY_SECONDS = 3600.0


class Audit:
    """The audit log of one application. Safe between threads.

    Args:
        log: where changes are kept.
        keep_days: for how long; 0 for ever.
        clock: seconds, from anywhere.
        now: the time of a change.
    """

    def __init__(
        self,
        log: AuditLog,
        keep_days: float,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self.log = log
        self._keep_days = keep_days
        self._clock = clock
        self._now = now or (lambda: datetime.now(UTC))
        self._expired_at = float("-inf")
        self._expiring = threading.Lock()

    def note(self, action: str, subjects: Sequence[str | None], key_id: str | None) -> None:
        """Write down that a key did `action` to each of `subjects`; now and then, forget what is old.

        Raises:
            UnavailableError: the database does not answer.
        """
        self.log.append(action, subjects, key_id, self._now())
        with self._expiring:
            due = self._keep_days and self._clock() - self._expired_at >= EXPIRE_EVERY_SECONDS
            if due:
                self._expired_at = self._clock()
        if due:
            self.log.expire(self._now() - timedelta(days=self._keep_days))


def note_change(request: Request, action: str, *subjects: str | None) -> None:
    """Write down what `request` did, in the name of its key.

    Raises:
        UnavailableError: the database does not answer; the change itself was made, and may be sent again.
    """
    audit: Audit = request.app.state.audit
    audit.note(action, subjects, caller_of(request).key_id)


def audit_router() -> APIRouter:
    """The endpoint of the audit log."""
    router = APIRouter(responses=ERRORS, default_response_class=JSONReply, tags=["keys"])

    @router.get("/v1/audit")
    def audit(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        subject: Annotated[str | None, Query(max_length=200)] = None,
        key_id: Annotated[str | None, Query(max_length=50)] = None,
    ) -> Response:
        """Who changed what, the latest first; of one listing or key, or by one key."""
        log: AuditLog = request.app.state.audit.log
        entries = log.latest(limit, subject=subject, key_id=key_id)
        return JSONReply(
            {
                "changes": [
                    {
                        "time": entry.time.isoformat(),
                        "action": entry.action,
                        "subject": entry.subject,
                        "key_id": entry.key_id,
                    }
                    for entry in entries
                ]
            }
        )

    return router
