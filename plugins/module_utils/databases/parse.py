# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the declaration of a database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Optional

from ..acl import ALL, PUBLIC, canonical_privilege, privileges_of
from ..errors import InputError
from ..insides.model import parse_extensions, parse_schemas, refuse_homeless
from ..items import check_choices, check_texts, checked_name, known_keys
from ..keys import DATABASE_GRANT_ITEM, DATABASE_ITEM
from ..quoting import is_public
from ..settings.model import Parameters, parse_parameters
from .locale import provider_values
from .model import DEFAULT_TEMPLATE, NO_LIMIT, DatabaseGrant, DatabaseSpec, Removal

PRIVILEGES = privileges_of("DATABASE", 0)

KEPT = ("postgres", "template0", "template1")
AS_GIVEN = ("allowconn", "comment", "is_template", "tablespace", "revokeconn", "revoketemp")
POOL_KEYS = ("pgbouncer", "pool_mode", "pool_size", "pool_size_min", "pool_reserve", "pool_connlimit", "pool_auth_user")
LATER_KEYS = (*POOL_KEYS, "baseline", "register_datasource", "cascade")
FORMER_KEYS = {"pool_size_reserve": "pool_reserve", "pool_max_db_conn": "pool_connlimit"}


def parse_database(item: Mapping[str, Any], where: str, revoke_create: bool) -> DatabaseSpec:
    """Read one item of the access model; a key that is None is absent."""
    check_item(item, where)
    spec = DatabaseSpec(
        database_name(item["name"], where),
        owner=role_of(item, "owner", where),
        **{key: item.get(key) for key in AS_GIVEN},
        connlimit=limit(item.get("connlimit"), where),
        template=item.get("template") or DEFAULT_TEMPLATE,
        strategy=strategy(item.get("strategy"), where),
        **locales(item, where),
        **provider_values(item, where),
        revoke_create=revoke_create if item.get("revoke_create") is None else item["revoke_create"],
        connect=None if item.get("connect") is None else names(item["connect"], f"{where}: connect"),
        deny_connect=names(item.get("deny_connect") or (), f"{where}: deny_connect"),
        grants=None if item.get("grants") is None else parse_grants(item["grants"], f"{where}: grants"),
        parameters=parameters(item, where),
        schemas=parse_schemas(item.get("schemas") or (), where),
        extensions=parse_extensions(item.get("extensions") or (), where),
        terminate=bool(item.get("terminate")),
        ignored=tuple(key for key in (*LATER_KEYS, *FORMER_KEYS) if item.get(key) is not None),
    )
    refuse_contradictions(spec, where)
    return spec


def check_item(item: Mapping[str, Any], where: str) -> None:
    """Refuse what no key can mean."""
    check_texts(item, where)
    check_choices(item, DATABASE_ITEM, where)
    refuse_recreation(item, where)


def parameters(item: Mapping[str, Any], where: str) -> Optional[Parameters]:
    """Read the settings of a database, if they are declared."""
    return None if item.get("parameters") is None else parse_parameters(item["parameters"], f"{where}: parameters")


def parse_removal(item: Mapping[str, Any], where: str) -> Removal:
    """Read an item of a database that is to go; what else it declares doesn't matter."""
    check_choices(item, DATABASE_ITEM, where)
    name = checked_name(item["name"], where)
    if name in KEPT:
        raise InputError(f"{where}: state absent: {name} is PostgreSQL's own and is never dropped: remove the item")
    return Removal(name, bool(item.get("force")), bool(item.get("terminate")))


def refuse_recreation(item: Mapping[str, Any], where: str) -> None:
    """Refuse what would never come to rest."""
    if item.get("state") == "recreate":
        raise InputError(
            f"{where}: state recreate would drop it on every run: declare state absent once, then state create"
        )


def refuse_contradictions(spec: DatabaseSpec, where: str) -> None:
    """Refuse keys that can't both be meant."""
    both = sorted(set(spec.connect or ()) & set(spec.deny_connect))
    if both:
        raise InputError(f"{where}: {', '.join(both)} in connect and in deny_connect: keep one of them")
    if spec.deny_connect and spec.revokeconn is not True:
        raise InputError(f"{where}: deny_connect needs revokeconn: true, for PUBLIC's CONNECT lets everybody in")
    if PUBLIC in spec.deny_connect:
        raise InputError(f"{where}: deny_connect names roles; revokeconn: true is for PUBLIC")
    refuse_homeless(spec.schemas, spec.extensions, where)
    given = frozenset(given_to_public(spec))
    taken = (("CONNECT", spec.revokeconn), ("TEMPORARY", spec.revoketemp), ("CREATE", spec.revoke_create))
    for name, takes in taken:
        if takes and given & {name, ALL}:
            raise InputError(f"{where}: one key takes {name} from PUBLIC, and another one grants it: keep one of them")


def given_to_public(spec: DatabaseSpec) -> Iterator[str]:
    """Give the privileges that an item grants to PUBLIC by name."""
    grants = (grant for grant in spec.grants or () if grant.role == PUBLIC and not grant.absent)
    yield from (name for grant in grants for name in grant.privileges)
    yield from ("CONNECT" for name in spec.connect or () if name == PUBLIC)


def database_name(name: Any, where: str) -> str:
    """Give a database's name, but never template0's: nobody can enter it."""
    if name == "template0":
        raise InputError(f"{where}: template0 has to stay as it is: declare template1 or another database")
    return checked_name(name, where)


def role_of(item: Mapping[str, Any], key: str, where: str) -> Optional[str]:
    """Give a role that an item names, if it does."""
    return None if item.get(key) in (None, "") else checked_name(item[key], f"{where}: {key}")


def names(values: Any, where: str) -> tuple[str, ...]:
    """Give roles' names, each once; PUBLIC in any case is PUBLIC."""
    return tuple(dict.fromkeys(grantee(value, where) for value in values))


def grantee(value: Any, where: str) -> str:
    """Give a role's name, or PUBLIC."""
    return PUBLIC if isinstance(value, str) and is_public(value) else checked_name(value, where)


def limit(value: Optional[int], where: str) -> Optional[int]:
    """Give a limit that PostgreSQL takes."""
    if value is not None and not NO_LIMIT <= value < 2**31:
        raise InputError(f"{where}: connlimit is {value}; give -1 for no limit, or a number of connections")
    return value


def strategy(value: Optional[str], where: str) -> Optional[str]:
    """Give a strategy of CREATE DATABASE (15 and newer)."""
    known = value.upper() if value else None
    if known not in (None, "WAL_LOG", "FILE_COPY"):
        raise InputError(f"{where}: strategy is one of WAL_LOG, FILE_COPY")
    return known


def locales(item: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Give encoding and locale; ``locale`` is both of the other two."""
    found = {"encoding": item.get("encoding"), "locale": item.get("locale")}
    for key in ("collate", "ctype"):
        value = item.get(f"lc_{key}")
        if value is not None and found["locale"] not in (None, value):
            raise InputError(f"{where}: locale and lc_{key} differ: keep locale, or give lc_collate and lc_ctype")
        found[key] = value
    return found


def parse_grants(values: Any, where: str) -> tuple[DatabaseGrant, ...]:
    """Read ``grants``: privileges of roles on the database."""
    return tuple(parse_grant(known_keys(value, DATABASE_GRANT_ITEM, where), where) for value in values)


def parse_grant(item: Mapping[str, Any], where: str) -> DatabaseGrant:
    """Read what one role has, or must not have been given."""
    privileges = tuple(dict.fromkeys(privilege(name, where) for name in listed(item["privs"])))
    if not privileges:
        raise InputError(f"{where}: privs of {item['role']} names no privilege: name one, or leave the grant out")
    absent, option = item.get("state") == "absent", item.get("grant_option")
    grant = DatabaseGrant(grantee(item["role"], where), privileges, option, absent)
    if absent and option is not None:
        raise InputError(f"{where}: state absent takes the option away with the privilege: leave grant_option out")
    if grant.role == PUBLIC and option:
        raise InputError(f"{where}: PUBLIC can't have the grant option: leave grant_option out")
    return grant


def privilege(word: str, where: str) -> str:
    """Give a privilege that databases have, or ALL."""
    try:
        name = canonical_privilege(word)
    except InputError as error:
        raise InputError(f"{where}: {error.message}") from None
    if name not in (*PRIVILEGES, ALL):
        raise InputError(f"{where}: databases have no privilege {name}: there are {', '.join(PRIVILEGES)}")
    return name


def listed(value: Any) -> list[str]:
    """Give privileges from a list or from text with commas."""
    texts = [value] if isinstance(value, str) else value
    return [word for text in texts for word in re.split(r"\s*,\s*", text) if word]
