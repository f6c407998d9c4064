"""Expiry: fixed times as the server writes them, and distances that move when they have to."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.roles.expiry import (
    ExpireAt,
    ExpireIn,
    expiry_of,
    is_past,
    parse_expiry,
    timestamp,
)
from hypothesis import given
from hypothesis import strategies as st

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("2031-12-31", "2031-12-31 00:00:00+00"),
        (" 2031-12-31 ", "2031-12-31 00:00:00+00"),
        ("2031-12-31 18:30", "2031-12-31 18:30:00+00"),
        ("2031-12-31T18:30:05Z", "2031-12-31 18:30:05+00"),
        ("2031-12-31 18:30:05.120+02", "2031-12-31 16:30:05.12+00"),
        ("2031-12-31 18:30:05 -0330", "2031-12-31 22:00:05+00"),
        ("0001-01-01", "0001-01-01 00:00:00+00"),
        ("9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999+00"),
        ("INFINITY", "infinity"),
    ],
)
def test_a_time_is_written_as_the_server_writes_it(text: str, server: str) -> None:
    assert timestamp(text, "role x") == server


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "now",
        "epoch",
        "-infinity",
        "20311231",
        "2031-W01-1",
        "2031-02-30",
        "2031-12-31 25:00",
        "31.12.2031",
        "2031-12-31 18",
        "2031-12-31+01",
        "0001-01-01 00:00+14",
        "2031-12-31 18:30:05.1234567",
        "٢٠٣١-12-31",
    ],
)
def test_what_is_no_fixed_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"^role x: expire_at isn't a time: give a date"):
        timestamp(text, "role x")


NAIVE = st.datetimes(datetime.fromisoformat("0002-01-01"), datetime.fromisoformat("9998-12-31"))


@given(NAIVE, st.integers(-14 * 60, 14 * 60))
def test_every_moment_survives(moment: datetime, offset: int) -> None:
    zone = timezone(timedelta(minutes=offset))
    aware = moment.replace(tzinfo=zone)
    assert datetime.fromisoformat(timestamp(aware.isoformat(), "") + ":00") == aware


def test_a_distance_wins_over_a_fixed_end_and_nothing_is_not_managed() -> None:
    assert parse_expiry("2031-12-31", 5, "") == ExpireIn(5)
    assert parse_expiry("2031-12-31", None, "") == ExpireAt("2031-12-31 00:00:00+00")
    assert parse_expiry(None, None, "") is None


@pytest.mark.parametrize("days", [0, -1, 100001])
def test_a_distance_has_to_be_ahead(days: int) -> None:
    with pytest.raises(InputError, match="expire_in"):
        parse_expiry(None, days, "role x")


@given(st.integers(1, 5000), st.integers(-100, 6000), st.none() | st.integers(0, 6000))
def test_a_distance_is_renewed_at_most_once_a_day(days: int, left: int, renew: int | None) -> None:
    current = f"{TODAY + timedelta(days=left)} 12:34:56+00"
    new = expiry_of(ExpireIn(days), current, TODAY, renew)
    threshold = days / 2 if renew is None else renew
    assert (new == current) is (threshold <= left <= days)
    assert expiry_of(ExpireIn(days), new, TODAY, renew) == new


@pytest.mark.parametrize(
    "current", [None, "infinity", "-infinity", "20000-01-01 00:00:00+00", "0044-03-15 00:00:00+00 BC"]
)
def test_an_end_beyond_the_calendar_is_replaced(current: str | None) -> None:
    assert expiry_of(ExpireIn(10), current, TODAY, None) == "2026-12-02 00:00:00+00"


@pytest.mark.parametrize(
    ("until", "past"),
    [
        ("infinity", False),
        ("2026-11-23 00:00:00+00", False),
        ("2026-11-22 00:00:00+00", True),
        ("-infinity", True),
        ("0044-03-15 00:00:00+00 BC", True),
        ("20000-01-01 00:00:00+00", False),
    ],
)
def test_an_end_is_past_from_its_day_on(until: str, past: bool) -> None:
    assert is_past(until, TODAY) is past
