"""What each call needs: the one table of who may do what; what is not in it needs admin.

`tests/serving/test_serving_access.py` walks the OpenAPI against it.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from bowerbird.storage.key_store import Scope

_REMEMBERED = 10_000  # paths, most of which are of photos and listings


@dataclass(frozen=True, slots=True)
class Rule:
    """What calls of some methods to some paths need.

    `scope` None is open to everyone. `is_shoppers` is a part of a public marketplace, open to everyone where
    the setting says so; `is_page` is answered with pages, so who has no key is shown where to sign in.
    `cost` is what a call takes of its caller's rate; what costs nothing never waits.
    """

    methods: frozenset[str]
    path: re.Pattern[str]
    scope: Scope | None
    is_shoppers: bool = False
    is_page: bool = False
    cost: float = 1.0

    @property
    def is_write(self) -> bool:
        """Whether such calls run in the `WriteLane`."""
        return self.scope in (Scope.EVENT, Scope.WRITE)


def _rule(
    methods: str,
    path: str,
    scope: Scope | None,
    *,
    shoppers: bool = False,
    page: bool = False,
    cost: float = 1.0,
) -> Rule:
    return Rule(frozenset(methods.split()), re.compile(path), scope, shoppers, page, cost)


_PHOTO_COST = 0.1  # a page of results shows two dozen
# The first that fits counts.
RULES = (
    _rule("GET", r"/health/live|/health/ready|/healthcheck", None, cost=0),
    _rule("GET", r"/static/.+", None, cost=0),
    _rule("GET POST", r"/sign-in|/sign-out", None, page=True),
    _rule("GET", r"/photos/[^/]+", Scope.READ, shoppers=True, cost=_PHOTO_COST),
    _rule("GET POST", r"/", Scope.READ, shoppers=True, page=True),
    _rule("GET", r"/listings/.+", Scope.READ, shoppers=True, page=True),
    _rule("POST", r"/acts|/visitor|/reports", Scope.READ, shoppers=True, page=True),
    _rule("GET", r"/v1/autocomplete", Scope.READ, shoppers=True),
    _rule("GET POST", r"/sell", Scope.READ, page=True),
    _rule("GET", r"/docs|/redoc|/openapi\.json", Scope.READ),
    _rule("GET", r"/metrics", Scope.READ, cost=0),  # wanted most where nothing else is answered
    _rule("POST", r"/v1/search|/v1/embed|/v1/suggest(/\w+)?|/v1/sessions/recommendations", Scope.READ),
    _rule("POST", r"/predict/\w+", Scope.READ),
    _rule("GET", r"/v1/listings/.*", Scope.READ),
    _rule("GET", r"/v1/shoppers/.+/recommendations", Scope.READ),
    _rule("POST", r"/v1/events(/bulk)?", Scope.EVENT),
    _rule("POST", r"/v1/listings/.+/reports", Scope.EVENT),
    _rule("PUT PATCH DELETE", r"/v1/listings/.*", Scope.WRITE),
    _rule("POST", r"/v1/listings/bulk", Scope.WRITE),
    _rule("POST", r"/v1/listings/.+/(un)?hide", Scope.ADMIN),
    _rule("GET DELETE", r"/v1/reports(/.+)?", Scope.ADMIN),
    _rule("GET", r"/v1/audit", Scope.ADMIN),
    _rule("GET POST", r"/owner(/listings)?", Scope.ADMIN, page=True),
    _rule("GET DELETE", r"/v1/shoppers/.*", Scope.ADMIN),
    _rule("GET POST DELETE", r"/v1/keys(/\w+)?", Scope.ADMIN),
)
_OTHERWISE = Rule(frozenset(), re.compile(""), Scope.ADMIN)


@lru_cache(_REMEMBERED)
def rule_of(method: str, path: str) -> Rule:
    """What a call needs; admin where no rule fits."""
    method = "GET" if method == "HEAD" else method
    for rule in RULES:
        if method in rule.methods and rule.path.fullmatch(path):
            return rule
    return _OTHERWISE
