# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of users: what PgBouncer reads in it, and what of it may be shown.

Source: https://www.pgbouncer.org/config.html, authentication file format; src/loader.c of PgBouncer 1.18 to 1.25.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from ..secret import Secret
from .names import quoted

MASK = "********"
HEADER = "; written by leastpriv.pgsql: what is changed here by hand is lost\n"
STAMP = "leastpriv.pgsql "
_LINE = re.compile(r'\s*"((?:[^"]|"")*)"[^"]*"((?:[^"]|"")*)"[^\n]*')
_SKIPPED = re.compile(r"(?:\s+|;[^\n]*)+")

Secrets = Mapping[str, Secret]


@dataclass(frozen=True)
class Userlist:
    """A list as PgBouncer reads it: secrets by name, the stamp, and whether the reading stops before the end."""

    users: Secrets = field(default_factory=dict)
    stamp: Optional[str] = None
    broken: bool = False


def read_userlist(text: str) -> Userlist:
    """Read a list up to where PgBouncer would stop."""
    found: dict[str, Secret] = {}
    place = after_skipped(text, 0)
    while place < len(text):
        line = _LINE.match(text, place)
        if line is None:
            break
        found[unquoted(line[1])] = Secret(unquoted(line[2]))
        place = after_skipped(text, line.end())
    stamps = [name for name in found if name.startswith(STAMP)]
    users = {name: secret for name, secret in found.items() if name not in stamps}
    return Userlist(users, stamps[-1] if stamps else None, place < len(text))


def after_skipped(text: str, place: int) -> int:
    """Give where the next line with something begins."""
    skipped = _SKIPPED.match(text, place)
    return skipped.end() if skipped else place


def unquoted(text: str) -> str:
    """Give what was between the quotes."""
    return text.replace('""', '"')


def new_stamp() -> str:
    """Make the name of a user that is in no other list.

    It has no secret, so nobody can come in as it. SHOW USERS names it as soon as the pool has read the list that it
    is in, and nothing else of the console tells that.
    """
    return STAMP + secrets.token_hex(8)


def userlist_text(users: Secrets, stamp: str) -> str:
    """Give the file, with the secrets."""
    lines = [f"{quoted(name)} {quoted(secret.reveal())}\n" for name, secret in sorted(users.items())]
    return "".join([HEADER, *lines, f"{quoted(stamp)} {quoted('')}\n"])


def masked(users: Secrets, before: Optional[Secrets] = None) -> str:
    """Give the list for people: no secret, and a word at those that aren't as they were."""
    lines = [f"{quoted(name)} {shown(secret)}{fresh(name, secret, before)}\n" for name, secret in sorted(users.items())]
    return "".join(lines)


def shown(secret: Secret) -> str:
    """Give what stands for a secret; that there is none is no secret."""
    return quoted(MASK if secret.reveal() else "")


def fresh(name: str, secret: Secret, before: Optional[Secrets]) -> str:
    """Mark a secret that is another one now."""
    return " (new)" if before is not None and name in before and before[name] != secret else ""
