# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the cluster as far as it concerns databases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from ..connection import Connection
from ..databases.inspect import (
    Databases,
    read_database_privileges,
    read_databases,
    read_encodings,
    read_tablespaces,
)
from ..databases.removal import read_obstacles
from ..databases.trial import read_locales
from ..insides.model import ExtensionOffer
from ..lockout.inspect import read_missing_libraries
from ..privileges.entering import read_closed
from ..role_graph import read_role_graph
from ..settings.inspect import read_settings, read_unknown_parameters
from ..settings.rights import read_barred_parameters
from .lockout import libraries
from .model import Isolation, IsolationState

OFFERS = """
SELECT v.name::text, e.default_version, v.version, v.schema::text, v.requires::text[],
       v.superuser, v.trusted
FROM pg_catalog.pg_available_extension_versions v
JOIN pg_catalog.pg_available_extensions e ON e.name = v.name
WHERE v.name = ANY (%(names)s::text[])
"""

BARRED_TABLESPACES = """
SELECT spcname::text FROM pg_catalog.pg_tablespace
WHERE NOT pg_catalog.has_tablespace_privilege(oid, 'CREATE')
"""

SESSIONS = """
SELECT datname::text, pg_catalog.array_agg(DISTINCT usename::text) FROM pg_catalog.pg_stat_activity
WHERE datname = ANY (%(names)s::text[]) AND usename IS NOT NULL AND pid <> pg_catalog.pg_backend_pid() GROUP BY datname
"""


def read_isolation(connection: Connection, declared: Isolation) -> IsolationState:
    """Read databases, roles and memberships of the whole cluster, and of declared databases what their items name."""
    graph = read_role_graph(connection, declared.assume)
    databases = with_assumed(read_databases(connection), declared)
    settings = read_settings(connection, databases=declared.specs)
    extensions = {extension.name for spec in declared.specs.values() for extension in spec.extensions}
    state = IsolationState(
        connection.server,
        databases,
        read_database_privileges(connection, declared.specs),
        settings,
        graph.roles,
        graph.memberships,
        read_tablespaces(connection),
        read_unknown_parameters(connection, declared.parameter_names()),
        read_offers(connection, extensions),
        read_encodings(connection, declared.encodings()),
        read_obstacles(connection, declared.absent.keys() & databases.keys()),
        missing_libraries=read_missing_libraries(connection, libraries(declared, connection.server.database)),
        locales=read_locales(connection, declared.ordered(), databases),
    )
    return with_rights(connection, state, declared)


def with_rights(connection: Connection, state: IsolationState, declared: Isolation) -> IsolationState:
    """Add what a login without superuser may not do."""
    if connection.server.superuser:
        return state
    parameters = declared.parameter_names().union(setting.name for setting in state.settings)
    return replace(
        state,
        barred_parameters=read_barred_parameters(connection, parameters),
        barred_tablespaces=frozenset(name for (name,) in connection.rows(BARRED_TABLESPACES)),
        closed=read_closed(connection),
        sessions=read_sessions(connection, [spec.name for spec in declared.ordered() if spec.terminate]),
    )


def read_sessions(connection: Connection, names: list[str]) -> Mapping[str, frozenset[str]]:
    """Read who has sessions in databases."""
    rows = connection.rows(SESSIONS, names=names) if names else []
    return {name: frozenset(users) for name, users in rows}


def with_assumed(databases: Databases, declared: Isolation) -> Databases:
    """Give databases that aren't declared here the owners that earlier tasks will have given them."""
    owners = {a.name: a.owner for a in declared.assume.databases if a.owner and a.name not in declared.specs}
    changed = {name: replace(databases[name], owner=owner) for name, owner in owners.items() if name in databases}
    return MappingProxyType({**databases, **changed})


def read_offers(connection: Connection, names: Iterable[str]) -> Mapping[str, ExtensionOffer]:
    """Read which versions of extensions the server has; the files are the same for all databases."""
    wanted = sorted(names)
    found: dict[str, ExtensionOffer] = {}
    for name, default, version, schema, needs, superuser, trusted in (
        connection.rows(OFFERS, names=wanted) if wanted else ()
    ):
        known = found.get(name, ExtensionOffer(default, {}))
        found[name] = ExtensionOffer(
            default,
            {**known.schemas, version: schema},
            known.needs.union(needs or ()),
            known.by_superuser | ({version} if superuser else set()),
            known.trusted | ({version} if trusted else set()),
        )
    return found
