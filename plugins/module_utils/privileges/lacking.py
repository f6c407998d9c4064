# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a login may not do, for which right it lacks, and the statement that would give it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..quoting import ident

SHOWN = 5
OPTIONS_SINCE = 160000


@dataclass(frozen=True, order=True)
class Lack:
    """A right that a login hasn't, in words, and what to do to get it; without a remedy only superusers have it."""

    right: str
    remedy: str = ""


Barred = tuple[str, Lack]
"""What can't be done, and what is lacking for it."""

SUPERUSER = Lack("superuser")


def attribute(me: str, word: str) -> Lack:
    """Give the lack of a role's attribute, such as CREATEROLE."""
    return Lack(word, f"run ALTER ROLE {ident(me)} {word}")


def membership(me: str, role: str, version: int) -> str:
    """Give the statement that lets a login act for a role, and have its privileges."""
    options = " WITH INHERIT TRUE, SET TRUE" if version >= OPTIONS_SINCE else ""
    return f"GRANT {ident(role)} TO {ident(me)}{options}"


def told(me: str, barred: Iterable[Barred], where: str = "") -> Iterator[str]:
    """Say once for each right that is lacking what can't be done without it, and how to get it."""
    found: dict[Lack, list[str]] = {}
    for doing, lack in barred:
        found.setdefault(lack, []).append(doing)
    for lack, doings in found.items():
        yield f"{where}{me} can't {listed(doings)}, for {reason(lack)}"


def reason(lack: Lack) -> str:
    """Say which right is lacking, and how to get it."""
    if not lack.remedy:
        return "that takes a superuser: log in as one, or leave it out"
    return f"it has no {lack.right}: {lack.remedy}, or log in as a superuser"


def listed(doings: Iterable[str]) -> str:
    """Name the first things, each once, and say how many there are more."""
    named = list(dict.fromkeys(doings))
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return ", ".join(named[:SHOWN]) + more
