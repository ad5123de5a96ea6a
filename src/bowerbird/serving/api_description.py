"""The OpenAPI description, with what each call needs and what any call may be refused with."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from bowerbird.serving.replies import ERROR_SCHEMA
from bowerbird.serving.rules import rule_of

_SCHEME = "key"
_METHODS = frozenset({"get", "put", "post", "delete", "patch"})
_REFUSALS = {
    401: "No key, or one that is unknown, revoked or expired.",
    403: "The key lacks the scope, or a page of another site asks.",
}
_LIMITED = {
    400: "The request itself is broken.",
    408: "The body took too long to arrive.",
    429: "Too much at once; again after the seconds that Retry-After says.",
}


def describe_access(app: FastAPI) -> None:
    """Have the description of `app` say what each call needs."""
    written: Callable[[], dict[str, Any]] = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        schema = written()
        components = schema.setdefault("components", {})
        components["securitySchemes"] = {
            _SCHEME: {"type": "http", "scheme": "bearer", "description": "Made by `bowerbird keys create`."}
        }
        for path, calls in schema["paths"].items():
            for method in calls.keys() & _METHODS:
                _describe(calls[method], method.upper(), path)
        return schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def _describe(call: dict[str, Any], method: str, path: str) -> None:
    rule = rule_of(method, path)
    if rule.scope is not None:
        call["security"] = [{_SCHEME: []}]
        call["description"] = f"{call.get('description', '')}\n\nNeeds the scope `{rule.scope}`.".strip()
        _add(call, _REFUSALS)
    if rule.cost:
        _add(call, _LIMITED)


def _add(call: dict[str, Any], refusals: dict[int, str]) -> None:
    for status, meaning in refusals.items():
        call["responses"][str(status)] = {
            "description": meaning,
            "content": {"application/json": {"schema": ERROR_SCHEMA}},
        }
