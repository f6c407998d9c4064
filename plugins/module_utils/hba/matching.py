# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell whether a line matches an attempt to connect: True, False, or None where only the server can know."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_interface
from typing import Optional

from .addresses import network
from .cluster import Attempt, Cluster
from .expressions import SINCE as EXPRESSIONS_SINCE
from .expressions import found
from .model import Line, Token
from .words import is_file, is_group


def matches(line: Line, attempt: Attempt, cluster: Cluster) -> Optional[bool]:
    """Tell whether a line is for an attempt."""
    return all_of(
        (
            type_matches(line, attempt),
            address_matches(line, attempt, cluster),
            any_of(database_matches(token, attempt, cluster) for token in line.databases),
            any_of(user_matches(token, attempt.user, cluster) for token in line.users),
        )
    )


def all_of(parts: Iterable[Optional[bool]]) -> Optional[bool]:
    """Tell whether all hold; one that doesn't decides over those that aren't known."""
    known = list(parts)
    return False if False in known else None if None in known else True


def any_of(parts: Iterable[Optional[bool]]) -> Optional[bool]:
    """Tell whether one holds; it decides over those that aren't known."""
    known = list(parts)
    return True if True in known else None if None in known else False


def type_matches(line: Line, attempt: Attempt) -> Optional[bool]:
    """Tell whether a line's type is for an attempt."""
    if line.type == "local" or attempt.address is None:
        return line.type == "local" and attempt.address is None
    if line.type in ("hostssl", "hostnossl"):
        return None if attempt.ssl is None else attempt.ssl == (line.type == "hostssl")
    if line.type in ("hostgssenc", "hostnogssenc"):
        return attempt.gss == (line.type == "hostgssenc")
    return True


def address_matches(line: Line, attempt: Attempt, cluster: Cluster) -> Optional[bool]:
    """Tell whether a line's address is the attempt's; host names are a matter of the server's resolver."""
    if line.type == "local" or attempt.address is None or line.address == "all":
        return True
    if line.address in ("samehost", "samenet"):
        return _is_own(line.address, attempt.address, cluster)
    net = network(line.address, line.mask)
    return None if net is None else ip_address(attempt.address.partition("%")[0]) in net


def _is_own(word: str, text: str, cluster: Cluster) -> Optional[bool]:
    address = ip_address(text.partition("%")[0])
    if cluster.networks is None:
        return True if text in ("127.0.0.1", "::1") else None
    own = [ip_interface(re.sub("%[^/]*", "", each)) for each in cluster.networks]
    return any(address == each.ip if word == "samehost" else address in each.network for each in own)


def database_matches(token: Token, attempt: Attempt, cluster: Cluster) -> Optional[bool]:
    """Tell whether a word of the database column is for an attempt; physical replication is for its keyword only."""
    keyword = "" if token.quoted else token.text
    if attempt.replication:
        return None if is_file(keyword) else keyword == "replication"
    if keyword in ("samerole", "samegroup"):
        return is_member(attempt.user, attempt.database, cluster)
    if keyword in ("all", "sameuser"):
        return keyword == "all" or attempt.database == attempt.user
    return keyword != "replication" and name_matches(token, attempt.database, cluster)


def user_matches(token: Token, user: str, cluster: Cluster) -> Optional[bool]:
    """Tell whether a word of the user column is for a user."""
    if is_group(token):
        return is_member(user, token.text[1:], cluster)
    if token == Token("all"):
        return True
    return name_matches(token, user, cluster)


def name_matches(token: Token, name: str, cluster: Cluster) -> Optional[bool]:
    """Tell whether a word names somebody or something, by an expression perhaps."""
    if not token.quoted and is_file(token.text):
        return None
    if token.text.startswith("/") and cluster.version >= EXPRESSIONS_SINCE:
        return found(token.text[1:], name)
    return token.text == name


def is_member(user: str, group: str, cluster: Cluster) -> bool:
    """Tell whether a role is a group or a member of it, directly or not; being superuser is no membership."""
    groups = cluster.groups.get(user)
    return groups is not None and (user == group or group in groups)
