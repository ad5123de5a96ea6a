"""Raw rows of any log become events, or say why not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.cleaning.event_rows import EventLimits, RejectedEvent, clean_event
from bowerbird.cleaning.reading_rows import RawRow
from bowerbird.cleaning.rejection import Reason
from bowerbird.market.event import Event, EventType

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
LIMITS = EventLimits(oldest=timedelta(days=30), ahead=timedelta(minutes=5))
PLAIN = {
    "event_id": "e1",
    "type": "view",
    "listing_id": "sofa",
    "time": "2026-05-01T11:00:00Z",
    "shopper": "a",
}
AN_HOUR_AGO = NOW - timedelta(hours=1)


def cleaned(values: dict[str, Any], limits: EventLimits = LIMITS, *, live: bool = False):
    return clean_event(RawRow(7, values), limits, NOW, live=live)


def reason(values: dict[str, Any]) -> tuple[Reason, str]:
    outcome = cleaned(values)
    assert isinstance(outcome, RejectedEvent)
    assert outcome.rejection.row == 7
    return outcome.rejection.reason, outcome.rejection.field


def test_a_plain_row():
    row = {**PLAIN, "session": "s", "query_id": "q", "position": 4, "colour": "passed over"}
    assert cleaned(row) == Event("e1", EventType.VIEW, "sofa", AN_HOUR_AGO, "a", "s", "q", 4)


UBI = {
    "action_name": "add_to_cart",
    "query_id": "q",
    "user_id": "ann",
    "client_id": "browser",
    "session_id": "s",
    "timestamp": "2026-05-01T11:00:00.000+00:00",
    "event_attributes": {"object": {"object_id": 12}, "position": {"ordinal": 3}},
}


@pytest.mark.parametrize(
    "values",
    [
        UBI,
        {**UBI, "event_attributes": orjson.dumps(UBI["event_attributes"]).decode()},
        {
            **{name: value for name, value in UBI.items() if name != "event_attributes"},
            "event_attributes.object.object_id": "12",
            "event_attributes.position.ordinal": "3",
        },
    ],
    ids=["nested", "JSON in a column", "dotted columns"],
)
def test_ubi_rows(values):
    event = cleaned(values)
    assert isinstance(event, Event)
    assert (event.type, event.listing_id, event.position) == (EventType.SAVE, "12", 3)
    assert (event.shopper, event.session, event.query_id) == ("ann", "s", "q")


def test_without_a_user_a_ubi_client_is_the_shopper():
    event = cleaned({**UBI, "user_id": None})
    assert event.shopper == "browser"


@pytest.mark.parametrize(
    ("word", "kind"),
    [("Click", "view"), ("CLICK_THROUGH", "view"), ("transaction", "purchase"), ("like", "save")],
)
def test_other_words_for_types(word, kind):
    assert cleaned({**PLAIN, "type": word}).type == kind


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"type": "gaze"}, (Reason.EVENT_TYPE_UNKNOWN, "type")),
        ({"type": None}, (Reason.EVENT_TYPE_UNKNOWN, "type")),
        ({"type": ["view"]}, None),
        ({"listing_id": None}, (Reason.EVENT_WITHOUT_LISTING, "listing_id")),
        ({"listing_id": "  "}, (Reason.EVENT_WITHOUT_LISTING, "listing_id")),
        ({"listing_id": True}, (Reason.ID_UNUSABLE, "listing_id")),
        ({"listing_id": "x" * 201}, (Reason.ID_UNUSABLE, "listing_id")),
        ({"shopper": "a\0b"}, (Reason.ID_UNUSABLE, "shopper")),
        ({"shopper": None}, (Reason.EVENT_WITHOUT_SHOPPER, "shopper")),
        ({"shopper": ["a", "b"]}, (Reason.ID_UNUSABLE, "shopper")),
        ({"event_id": "\ud800"}, (Reason.ID_UNUSABLE, "event_id")),
        ({"time": None}, (Reason.EVENT_WITHOUT_TIME, "time")),
        ({"time": "yesterday"}, (Reason.DATE_UNREADABLE, "time")),
        ({"time": "2026-05-01T12:06:00Z"}, (Reason.EVENT_IN_FUTURE, "time")),
        ({"time": "2026-05-01T12:04:00Z"}, None),
        ({"time": "2026-03-01"}, (Reason.EVENT_TOO_OLD, "time")),
        ({"time": 0}, (Reason.EVENT_TOO_OLD, "time")),
        ({"position": 0}, (Reason.POSITION_UNUSABLE, "position")),
        ({"position": -1}, (Reason.POSITION_UNUSABLE, "position")),
        ({"position": 1.5}, (Reason.POSITION_UNUSABLE, "position")),
        ({"position": True}, (Reason.POSITION_UNUSABLE, "position")),
        ({"position": 10**30}, (Reason.POSITION_UNUSABLE, "position")),
        ({"position": "first"}, (Reason.POSITION_UNUSABLE, "position")),
        ({"position": "3"}, None),
        ({"position": 3.0}, None),
        ({"position": ""}, None),
    ],
)
def test_what_is_refused_and_why(change, expected):
    if expected is None:
        assert isinstance(cleaned({**PLAIN, **change}), Event)
    else:
        assert reason({**PLAIN, **change}) == expected


def test_a_row_that_could_not_be_read_keeps_its_fault():
    outcome = clean_event(RawRow(3, fault=Reason.NOT_JSON, text="{"), LIMITS, NOW)
    assert isinstance(outcome, RejectedEvent)
    assert (outcome.rejection.reason, outcome.rejection.value) == (Reason.NOT_JSON, "{")


def test_a_refused_row_says_whose_it_is_so_that_erasing_finds_it():
    outcome = cleaned({**PLAIN, "time": "never", "session": 12})
    assert isinstance(outcome, RejectedEvent)
    assert (outcome.shopper, outcome.session, outcome.rejection.listing_id) == ("a", "12", "sofa")


def test_the_id_of_an_event_without_one_follows_from_its_contents():
    nameless = {name: value for name, value in PLAIN.items() if name != "event_id"}
    first, again = cleaned(nameless), cleaned({**nameless, "time": "2026-05-01T12:00:00+01:00"})
    assert first == again
    changed = [{"type": "save"}, {"listing_id": "lamp"}, {"shopper": "b"}, {"session": "a"}, {"position": 1}]
    changed += [{"query_id": "q"}, {"time": "2026-05-01T11:00:01Z"}]
    others = [cleaned({**nameless, **change}).event_id for change in changed]
    assert len({first.event_id, *others}) == 1 + len(changed)


def test_only_what_is_sent_as_it_happens_may_lack_its_time():
    timeless = {name: value for name, value in PLAIN.items() if name != "time"}
    assert cleaned(timeless, live=True).time == NOW
    assert reason(timeless) == (Reason.EVENT_WITHOUT_TIME, "time")


@pytest.mark.parametrize("time", [1777633200, 1777633200000, "1777633200", "2026-05-01 11:00:00"])
def test_times_in_the_forms_that_logs_have(time):
    assert cleaned({**PLAIN, "time": time}).time == AN_HOUR_AGO


def test_without_a_limit_any_past_is_taken():
    assert isinstance(cleaned({**PLAIN, "time": "1970-01-01"}, EventLimits()), Event)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*PLAIN, *UBI, "position", "object_id"]), json_values, max_size=9))
def test_no_row_is_more_than_an_event_or_a_rejection(values):
    outcome = cleaned({**PLAIN, **values}, live=True)
    if isinstance(outcome, Event):
        assert 0 < len(outcome.listing_id) <= 200
        assert outcome.time.tzinfo is not None
        assert cleaned(values | PLAIN, live=True).event_id == "e1"
    else:
        assert outcome.rejection.reason.text
