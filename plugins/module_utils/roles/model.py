# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles: what is declared, and what is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ..errors import InputError
from ..items import check_choices, checked_name, checked_text
from ..keys import ROLE_ITEM
from ..memberships.model import MembershipSpec, parse_memberships
from ..quoting import is_public
from ..removal.model import Successor, parse_successor
from ..secret import Secret
from ..settings.model import Parameters, parse_parameters
from .expiry import Expiry, parse_expiry

FLAGS = ("login", "superuser", "createdb", "createrole", "inherit", "replication", "bypassrls")
NO_EXPIRY = "infinity"


@dataclass(frozen=True)
class RoleState:
    """A role as it is; the defaults are those of CREATE USER, which the access model counts on.

    ``valid_until`` is a timestamp as text in UTC; NULL and ``infinity`` mean the same. ``connlimit`` -1 is no limit.
    """

    name: str
    login: bool = True
    superuser: bool = False
    createdb: bool = False
    createrole: bool = False
    inherit: bool = True
    replication: bool = False
    bypassrls: bool = False
    connlimit: int = -1
    valid_until: str = NO_EXPIRY
    comment: Optional[str] = None


@dataclass(frozen=True)
class RoleSpec:
    """A role as declared; what is None or not in ``flags`` is not managed.

    With ``exact_attributes``, mode ``exact`` gives those that aren't declared PostgreSQL's defaults. ``successor`` and
    ``terminate`` say how a role goes that isn't to be there.
    """

    name: str
    present: bool = True
    flags: Mapping[str, bool] = field(default_factory=dict)
    connlimit: Optional[int] = None
    expiry: Optional[Expiry] = None
    comment: Optional[str] = None
    password: Optional[Secret] = None
    memberships: Optional[tuple[MembershipSpec, ...]] = None
    parameters: Optional[Parameters] = None
    database_parameters: Optional[Mapping[str, Parameters]] = None
    exact_attributes: bool = False
    successor: Optional[Successor] = None
    terminate: bool = False

    def leaves(self) -> bool:
        """Tell whether it is removed in steps: shut, handed on in each database, and dropped last."""
        return not self.present and (self.successor is not None or self.terminate)


def superusers_of(roles: Mapping[str, RoleState]) -> frozenset[str]:
    """Name the superusers among roles."""
    return frozenset(name for name, role in roles.items() if role.superuser)


def parse_role(item: Mapping[str, Any], where: str) -> RoleSpec:
    """Read one item of the access model; a key that is None is absent."""
    name = role_name(item["name"], where)
    check_choices(item, ROLE_ITEM, where)
    roles, databases = item.get("roles"), item.get("database_parameters")
    return RoleSpec(
        name,
        item.get("state") != "absent",
        {flag: item[flag] for flag in FLAGS if item.get(flag) is not None},
        connection_limit(item.get("connlimit"), where),
        parse_expiry(item.get("expire_at"), item.get("expire_in"), where),
        checked_text(item.get("comment"), f"{where}: comment"),
        item.get("password"),
        None if roles is None else parse_memberships(roles, where),
        role_parameters(item, where),
        None if databases is None else in_databases(databases, where),
        item.get("attributes") == "exact",
        parse_successor(item.get("reassign_to"), where),
        bool(item.get("terminate")),
    )


def role_name(name: Any, where: str) -> str:
    """Give the name of a role that may be made or altered."""
    if name == "none" or (isinstance(name, str) and is_public(name)):
        raise InputError(f"{where}: the name {name} is reserved, PUBLIC in any case for everybody: choose another")
    if isinstance(name, str) and name.startswith("pg_"):
        raise InputError(f"{where}: names with pg_ are PostgreSQL's own: grant {name} to others, don't declare it")
    return checked_name(name, where)


def connection_limit(value: Optional[int], where: str) -> Optional[int]:
    """Give a limit that PostgreSQL takes; -1 is none."""
    if value is not None and not -1 <= value < 2**31:
        raise InputError(f"{where}: connlimit is {value}; give -1 for no limit, or a number of connections")
    return value


def role_parameters(item: Mapping[str, Any], where: str) -> Optional[Parameters]:
    """Read ``parameters``, with a top-level ``search_path`` as one of them."""
    declared, path = item.get("parameters"), item.get("search_path")
    if declared is None and path is None:
        return None
    parameters = parse_parameters(declared or {}, f"{where}: parameters")
    if path is None:
        return parameters
    alone = parse_parameters({"search_path": path}, where)
    if parameters.get("search_path", alone["search_path"]) != alone["search_path"]:
        raise InputError(f"{where}: search_path and parameters.search_path differ: keep one of them")
    return {**parameters, **alone}


def in_databases(value: Mapping[str, Any], where: str) -> Mapping[str, Parameters]:
    """Read ``database_parameters``: parameters by database."""
    found = {}
    for database, parameters in value.items():
        place = f"{where}: database_parameters.{database}"
        if parameters is None:
            continue
        if not isinstance(parameters, Mapping):
            raise InputError(f"{place} has to be a dictionary of parameters")
        found[checked_name(database, place)] = parse_parameters(parameters, place)
    return found
