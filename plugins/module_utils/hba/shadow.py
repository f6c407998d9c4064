# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell which lines come too late: all that they match is decided before.

Each pair of a database and a user of a line is looked for in the lines before it; several lines that only together
match what one pair stands for aren't noticed, and host names and expressions only cover what is written the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Optional

from .addresses import network
from .cluster import Cluster
from .matching import is_member, name_matches
from .model import Line, Token
from .words import is_file, is_group

ALL = Token("all")
SAME = (Token("samerole"), Token("samegroup"))


def coverers(line: Line, earlier: Sequence[Line], cluster: Cluster) -> Optional[tuple[Line, ...]]:
    """Give the earlier lines that decide all that a line matches; None if something is left for it."""
    near = [other for other in earlier if type_covers(other.type, line.type) and address_covers(other, line)]
    found = [_first(near, database, user, cluster) for database in line.databases for user in line.users]
    return None if None in found else tuple(dict.fromkeys(other for other in found if other is not None))


def _first(lines: Iterable[Line], database: Token, user: Token, cluster: Cluster) -> Optional[Line]:
    for line in lines:
        covered = any(database_covers(token, database, cluster) for token in line.databases)
        if covered and any(user_covers(token, user, cluster) for token in line.users):
            return line
    return None


def type_covers(first: str, second: str) -> bool:
    """Tell whether a line's type takes all connections of another one."""
    return first == second or (first == "host" and second != "local")


def address_covers(first: Line, second: Line) -> bool:
    """Tell whether a line's address holds all of another one's."""
    if first.type == "local" or first.address == "all" or (first.address, first.mask) == (second.address, second.mask):
        return True
    if (first.address, second.address) == ("samenet", "samehost"):
        return True
    outer, inner = network(first.address, first.mask), network(second.address, second.mask)
    return outer is not None and inner is not None and outer.covers(inner)


def database_covers(first: Token, second: Token, cluster: Cluster) -> bool:
    """Tell whether a word of the database column holds all of another one; ``all`` holds all but replication."""
    if is_open(second):
        return False
    if first == second:
        return True
    if first == ALL:
        return second != Token("replication")
    if first in SAME:
        return second in (*SAME, Token("sameuser"))
    return is_name(second, databases=True) and is_name(first, databases=True) and _names(first, second, cluster)


def user_covers(first: Token, second: Token, cluster: Cluster) -> bool:
    """Tell whether a word of the user column holds all of another one, by the memberships that there are."""
    if is_open(second):
        return False
    if first in (ALL, second):
        return True
    if is_group(first):
        name = second.text[1:] if is_group(second) else second.text
        return second != ALL and not second.text.startswith("/") and is_member(name, first.text[1:], cluster)
    return is_name(second) and is_name(first) and _names(first, second, cluster)


def is_open(token: Token) -> bool:
    """Tell whether a word stands for a file, of which nothing is known."""
    return not token.quoted and is_file(token.text)


def is_name(token: Token, databases: bool = False) -> bool:
    """Tell whether a word is a name or an expression, not a keyword or group."""
    keywords = {ALL, *SAME, Token("sameuser"), Token("replication")} if databases else {ALL}
    return token not in keywords and (databases or not is_group(token)) and not is_open(token)


def _names(first: Token, second: Token, cluster: Cluster) -> bool:
    return not second.text.startswith("/") and name_matches(first, second.text, cluster) is True
