# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell who would no longer come in, of those without whom nobody could repair it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Optional

from .cluster import Attempt, Cluster, Facts
from .decide import doors
from .facts import Found
from .matching import user_matches
from .model import Line, Token
from .shadow import coverers

SELF, REPLICATION, SUPERUSERS = "self", "replication", "superusers"
KINDS = (SELF, REPLICATION, SUPERUSERS)
KEYWORD = Token("replication")


def refusals(lines: Sequence[Line], found: Found, replication_user: Optional[str], allowed: Sequence[str]) -> list[str]:
    """Say which lock-outs the caller hasn't allowed, with the word that would."""
    told = [
        (SELF, shut_out(lines, [found.myself], found.facts.cluster())),
        (REPLICATION, replication(lines, found, replication_user)),
        (SUPERUSERS, superusers(lines, found.facts)),
    ]
    return [
        f"these rules would shut out {who}: add a rule, or allow it with allow_lockout: [{kind}]"
        for kind, whom in told
        if kind not in allowed
        for who in whom
    ]


def shut_out(lines: Sequence[Line], attempts: Sequence[Attempt], cluster: Cluster) -> list[str]:
    """Name the attempts that surely fail."""
    found = doors(lines, attempts, cluster)
    return list(dict.fromkeys(f"{door.attempt.what}{by(door.lines)}" for door in found if door.state == "shut"))


def by(lines: Sequence[Line]) -> str:
    """Say what shuts somebody out, if it is a line."""
    return " (a line with reject comes first)" if lines else " (no line is for that)"


def replication(lines: Sequence[Line], found: Found, declared: Optional[str]) -> list[str]:
    """Name standbys that couldn't connect again, and the declared role if it can't from anywhere."""
    shut = shut_out(lines, found.standbys, found.facts.cluster())
    known = found.facts.roles.keys() | found.facts.assumed_roles
    if declared is None or declared not in known or lets_in(declared, lines, found.facts, KEYWORD):
        return shut
    return [*shut, f"{declared}, the role for replication, from everywhere"]


def superusers(lines: Sequence[Line], facts: Facts) -> Iterator[str]:
    """Name every superuser that can log in, if none of them could any more."""
    names = sorted(name for name, role in facts.roles.items() if role.superuser and role.login)
    if names and not any(lets_in(name, lines, facts, None) for name in names):
        yield f"every superuser ({', '.join(names)})"


def lets_in(name: str, lines: Sequence[Line], facts: Facts, database: Optional[Token]) -> bool:
    """Tell whether a line lets a role in from somewhere: for replication, or if no database is given, to any."""
    cluster = facts.cluster()
    rejecting: list[Line] = []
    for line in (one for one in lines if usable(one, facts)):
        wanted = tuple(token for token in line.databases if (token == KEYWORD) == (database == KEYWORD))
        if not wanted or all(user_matches(token, name, cluster) is False for token in line.users):
            continue
        mine = replace(line, databases=wanted, users=(Token(name, name == "all"),))
        if line.method == "reject":
            rejecting.append(line)
        elif coverers(mine, rejecting, cluster) is None:
            return True
    return False


def usable(line: Line, facts: Facts) -> bool:
    """Tell whether a line can match at all."""
    return facts.ssl or line.type != "hostssl"
