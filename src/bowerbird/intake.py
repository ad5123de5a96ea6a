"""The knobs of what is taken in and served: photos, events, the web server, who may use it, what is told.

They are groups of `settings.Settings`, which reads them.
"""

import ipaddress
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Group(BaseModel):
    """Settings that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PhotoSettings(Group):
    """What photos are taken in, and where they are kept."""

    url: str = Field(
        "",
        description="A folder or s3://bucket/folder that keeps the photos, shared by all machines; empty "
        "keeps them in the home.",
    )
    signed_seconds: int = Field(
        0,
        ge=0,
        le=604_800,
        description="Whole photos are read from the bucket itself, at addresses signed for so long; 0 passes "
        "them through this server.",
    )
    max_bytes: int = Field(20_000_000, ge=1, description="Largest photo file.")
    max_pixels: int = Field(50_000_000, ge=1, description="Most pixels of a photo, from its header.")


class EventSettings(Group):
    """What shoppers do: what is taken, logged and kept."""

    log_queries: bool = Field(
        True, description="Log each reply served: what was asked, by whom, and the listings shown."
    )
    keep_days: float = Field(
        0, ge=0, description="Days after which events and logged replies are deleted; 0 keeps them for ever."
    )
    oldest_days: float = Field(
        7300, ge=0, description="Events of more days ago are refused, as of a wrong clock; 0 takes any."
    )
    future_seconds: float = Field(
        300, ge=0, description="Events that lie further in the future are refused; clocks differ a little."
    )
    waiting_pages: int = Field(
        10_000, ge=1, description="Most replies that wait to be logged; more are not logged, but counted."
    )


class ServingSettings(Group):
    """The web server."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    processes: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes that answer, about one processor each; every one holds the index in memory.",
    )
    max_body_bytes: int = Field(32_000_000, ge=1, description="Largest request body.")
    max_request_seconds: float = Field(
        30.0, gt=0, description="Seconds in which a body must arrive, and each part of a reply be read."
    )
    max_connections: int = Field(
        1000, ge=1, description="Most connections of a process; more are answered 429."
    )
    keep_alive_seconds: int = Field(
        65,
        ge=1,
        description="How long an idle connection stays open; longer than a proxy before it keeps its own.",
    )
    threads: int = Field(
        2, ge=1, description="Searches, feeds and pages that a process works on at once; more take turns."
    )
    write_threads: int = Field(
        4, ge=1, description="... and calls that change something: listings, events, reports."
    )
    waiting: int = Field(
        32,
        ge=1,
        description="Most requests of either kind that wait for a thread of a process; more get 429.",
    )
    key_per_second: float = Field(
        200.0, ge=0, description="Requests of one key to a process; 0 for no limit."
    )
    key_burst: float = Field(400.0, ge=1, description="... and so many at once.")
    address_per_second: float = Field(
        20.0, ge=0, description="Requests of one address without a key, to public pages; 0 for no limit."
    )
    address_burst: float = Field(200.0, ge=1, description="... and so many at once.")
    trusted_proxies: list[str] = Field(
        ["127.0.0.1"], description="Addresses of proxies whose X-Forwarded-For and -Proto are believed."
    )
    max_bulk_rows: int = Field(10_000, ge=1, description="Most listings, or events, in one bulk call.")
    public_pages: bool = Field(
        False, description="Home, search and listing pages need no key; the owner's page always does."
    )
    cors_origins: list[str] = Field(
        [], description="Other sites whose pages may call the API, such as https://shop.example."
    )
    keep_audit_days: float = Field(
        400.0, ge=0, description="Days after which the log of who changed what is deleted; 0 keeps it."
    )
    follow_visitors: bool = Field(
        True, description="The pages keep a session in a cookie, and log looks, saves and hides under it."
    )
    demo_shoppers: int = Field(
        0, ge=0, le=20, description="Busiest shoppers whom any visitor of the pages may be seen as; in demos."
    )


class ObservingSettings(Group):
    """What a server tells those who run it; metrics are at /metrics."""

    log_format: Literal["text", "json"] = Field(
        "text", description="text for people, json for programs: an object a line."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="Lines of lesser weight are left out."
    )
    log_requests: bool = Field(
        False, description="A line for each request: route, status, seconds and stages; not what was asked."
    )
    otlp_endpoint: str = Field(
        "", description="Where traces are sent, such as http://localhost:4318/v1/traces; empty for nowhere."
    )
    trace_share: float = Field(
        1.0, ge=0, le=1, description="Share of requests traced; a caller's own choice goes before."
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
