# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the inside of a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ..acl import PUBLIC
from ..connection import Connection, Server
from ..encoding import refuse_unstorable
from ..privileges.model import Privilege, Privileges, initial
from .contents import EXTENSION, SCHEMA, read_contents
from .model import ExtensionState, Inside, InsideState
from .order import dropped_in_order

PUBLIC_SCHEMA = "public"
OWNED_FROM = 150000

SCHEMAS = """
SELECT n.nspname::text, r.rolname::text
FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
WHERE n.nspname !~ '^pg_(toast_)?temp_'
"""

PRIVILEGES = """
SELECT 'SCHEMA', n.nspname::text, coalesce(e.rolname::text, ''), a.privilege_type::text, o.rolname::text, a.is_grantable
FROM pg_catalog.pg_namespace n
CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a
LEFT JOIN pg_catalog.pg_roles e ON e.oid = a.grantee
JOIN pg_catalog.pg_roles o ON o.oid = a.grantor
WHERE n.nspname = ANY (%(names)s::text[])
"""

# A new schema's ACL follows the default privileges of its owner, whoever runs CREATE SCHEMA; an empty ACL among
# them counts as none.
GIVEN = """
SELECT c.rolname::text, 'SCHEMA', '', coalesce(e.rolname::text, ''), a.privilege_type::text, o.rolname::text,
       a.is_grantable
FROM pg_catalog.pg_default_acl d
JOIN pg_catalog.pg_roles c ON c.oid = d.defaclrole
CROSS JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) a
LEFT JOIN pg_catalog.pg_roles e ON e.oid = a.grantee
JOIN pg_catalog.pg_roles o ON o.oid = a.grantor
WHERE d.defaclobjtype = 'n' AND d.defaclnamespace = 0
"""

EXTENSIONS = """
SELECT e.extname::text, n.nspname::text, e.extversion, r.rolname::text, e.extrelocatable
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
JOIN pg_catalog.pg_roles r ON r.oid = e.extowner
WHERE e.extname = ANY (%(names)s::text[])
"""

PATHS = """
SELECT w.name
FROM ROWS FROM (
    pg_catalog.unnest(%(names)s::text[]), pg_catalog.unnest(%(versions)s::text[])
) AS w (name, version)
JOIN pg_catalog.pg_extension e ON e.extname = w.name
JOIN LATERAL pg_catalog.pg_extension_update_paths(e.extname) p ON p.source = e.extversion AND p.target = w.version
WHERE p.path IS NOT NULL
"""


def read_inside(connection: Connection, inside: Inside) -> InsideState:
    """Read all schemas, the declared extensions, and the ACLs of the declared schemas and of ``public``."""
    names = sorted({*inside.names(), *inside.extension_schemas(), PUBLIC_SCHEMA})
    owners = (inside.owner, *(schema.owner for schema in inside.schemas if schema.owner))
    refuse_unstorable(connection, names, owners)
    extensions = read_extensions(connection, inside)
    return InsideState(
        connection.server,
        MappingProxyType(dict(connection.rows(SCHEMAS))),
        frozenset(Privilege(*row) for row in connection.rows(PRIVILEGES, names=names)),
        MappingProxyType(extensions),
        given_by_role(connection.rows(GIVEN)),
        read_contents(connection, going(inside), moving(inside, extensions)),
        read_unreachable(connection, inside, extensions),
    )


def read_extensions(connection: Connection, inside: Inside) -> dict[str, ExtensionState]:
    """Read the extensions that are declared, to be there or to go."""
    wanted = sorted({*(extension.name for extension in inside.extensions), *inside.dropped_extensions})
    found = [ExtensionState(*row) for row in connection.rows(EXTENSIONS, names=wanted)] if wanted else []
    return {extension.name: extension for extension in found}


def going(inside: Inside) -> list[tuple[str, str]]:
    """Name what is to go, in the order in which it goes."""
    extensions = [(EXTENSION, name) for name in dropped_in_order(inside)]
    return [*extensions, *((SCHEMA, name) for name in sorted(inside.dropped_schemas))]


def moving(inside: Inside, there: Mapping[str, ExtensionState]) -> Iterator[str]:
    """Name the extensions that are declared in another schema than they are in."""
    for spec in inside.extensions:
        if spec.name in there and spec.schema not in (None, there[spec.name].schema):
            yield spec.name


def read_unreachable(connection: Connection, inside: Inside, there: Mapping[str, ExtensionState]) -> frozenset[str]:
    """Read which extensions can't be updated to their declared versions."""
    pairs = [(spec.name, spec.version) for spec in inside.extensions if spec.version and spec.name in there]
    differing = {name: version for name, version in pairs if version != there[name].version}
    if not differing:
        return frozenset()
    rows = connection.rows(PATHS, names=list(differing), versions=list(differing.values()))
    return frozenset(differing).difference(name for (name,) in rows)


def given_by_role(rows: Iterable[tuple[Any, ...]]) -> dict[str, Privileges]:
    """Group the default privileges on schemas by their creator."""
    found: dict[str, set[Privilege]] = {}
    for creator, *entry in rows:
        found.setdefault(creator, set()).add(Privilege(*entry))
    return {creator: frozenset(entries) for creator, entries in found.items()}


def built_in(server: Server) -> InsideState:
    """Give what template0 has: to 14 its schema public is the bootstrap superuser's, and open to everybody."""
    owner = "pg_database_owner" if server.version >= OWNED_FROM else server.bootstrap
    public = {"USAGE"} if server.version >= OWNED_FROM else {"USAGE", "CREATE"}
    entries = frozenset(Privilege("SCHEMA", PUBLIC_SCHEMA, PUBLIC, name, owner) for name in public)
    schemas = {
        **dict.fromkeys(("information_schema", "pg_catalog", "pg_toast"), server.bootstrap),
        PUBLIC_SCHEMA: owner,
    }
    plpgsql = ExtensionState("plpgsql", "pg_catalog", "1.0", server.bootstrap, False)
    own = initial("SCHEMA", PUBLIC_SCHEMA, owner, server.version)
    return InsideState(server, schemas, entries | own, {"plpgsql": plpgsql})
