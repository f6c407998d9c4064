# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a role's password expires: timestamps as the text that the server gives in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Optional, Union

from ..errors import InputError

NEVER = "infinity"
ISO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[ T](?P<time>\d\d:\d\d(?::\d\d)?)(?P<fraction>\.\d{1,6})?"
    r" ?(?:(?P<utc>[zZ])|(?P<hours>[+-]\d\d):?(?P<minutes>\d\d)?)?)?",
    re.ASCII,
)
HELP = "give a date (2031-12-31), a timestamp (2031-12-31 18:00:00+01:00) or infinity"


@dataclass(frozen=True)
class ExpireAt:
    """A declared end."""

    until: str


@dataclass(frozen=True)
class ExpireIn:
    """A declared distance in days, renewed when few are left."""

    days: int


Expiry = Union[ExpireAt, ExpireIn]


def parse_expiry(at: Optional[str], days: Optional[int], where: str) -> Optional[Expiry]:
    """Read ``expire_in`` or else ``expire_at``; relative words are refused, for they are never idempotent."""
    until = None if at is None else ExpireAt(timestamp(at, where))
    if days is None:
        return until
    if not 1 <= days <= 100000:
        raise InputError(f"{where}: expire_in is {days}; give a number of days from 1 to 100000")
    return ExpireIn(days)


def timestamp(text: str, where: str) -> str:
    """Give an ISO date or timestamp as the server's text in UTC; without a zone it is UTC."""
    found = ISO.fullmatch(text.strip())
    if text.strip().lower() == NEVER:
        return NEVER
    try:
        if found:
            return server_text(moment_of(found).astimezone(timezone.utc))
    except (ValueError, OverflowError):
        pass
    raise InputError(f"{where}: expire_at isn't a time: {HELP}")


def moment_of(found: re.Match[str]) -> datetime:
    """Give the moment that a matched text means; Python's own reader takes other forms with each version."""
    clock = (found["time"] or "00:00").ljust(8, "#").replace("###", ":00")
    fraction = (found["fraction"] or ".0").ljust(7, "0")
    zone = f"{found['hours']}:{found['minutes'] or '00'}" if found["hours"] else "+00:00"
    return datetime.fromisoformat(f"{found['day']}T{clock}{fraction}{zone}")


def server_text(moment: datetime) -> str:
    """Give a moment in UTC as PostgreSQL does with ISO dates."""
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{moment.year:04d}-{moment:%m-%d %H:%M:%S}{fraction}+00"


def expiry_of(spec: Expiry, current: Optional[str], today: date, renew_days: Optional[int]) -> str:
    """Give the end that is to be: a distance moves it only when too few or too many days are left."""
    if isinstance(spec, ExpireAt):
        return spec.until
    renew = spec.days / 2 if renew_days is None else renew_days
    left = days_left(current, today)
    if current is not None and left is not None and renew <= left <= spec.days:
        return current
    return server_text(datetime.combine(today + timedelta(days=spec.days), datetime.min.time()))


def days_left(until: Optional[str], today: date) -> Optional[int]:
    """Count the days to an end; None if there is none, or none that a calendar knows."""
    found = re.match(r"(\d{4})-(\d\d)-(\d\d) .*\+00$", until or "")
    return (date(int(found[1]), int(found[2]), int(found[3])) - today).days if found else None


def is_past(until: str, today: date) -> bool:
    """Tell whether the end has come, to the day."""
    left = days_left(until, today)
    return until == "-infinity" or " BC" in until or (left is not None and left <= 0)
