# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a plan needs: the server's roles, databases and standbys, this connection, the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Optional

from ..assume import Assume
from ..connection import Connection
from ..memberships.inspect import read_memberships
from .cluster import Attempt, DatabaseFact, Facts, RoleFact
from .facts import About, Read, closure
from .networks import own_networks

ABOUT = """
SELECT (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'hba_file'),
       (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'ident_file'),
       (SELECT setting FROM pg_catalog.pg_settings WHERE name = 'data_directory'),
       pg_catalog.current_setting('port')::int,
       pg_catalog.current_setting('ssl') = 'on',
       pg_catalog.date_part('epoch', pg_catalog.pg_conf_load_time()),
       pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()),
       pg_catalog.host(pg_catalog.inet_client_addr()),
       pg_catalog.host(pg_catalog.inet_server_addr()),
       coalesce((SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()), false),
       coalesce((SELECT encrypted FROM pg_catalog.pg_stat_gssapi WHERE pid = pg_catalog.pg_backend_pid()), false)
"""
# What isn't everybody's: functions, by their signatures, and the predefined roles that open settings and statistics.
MAY_CALL = """
SELECT p.oid::pg_catalog.regprocedure::text
FROM pg_catalog.pg_proc p
WHERE p.oid = ANY (%(wanted)s::pg_catalog.regprocedure[])
  AND NOT pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
ORDER BY 1
"""
MAY_SEE = """
SELECT rolname::text FROM pg_catalog.pg_roles
WHERE rolname = ANY (%(wanted)s::text[]) AND NOT pg_catalog.pg_has_role(oid, 'USAGE')
ORDER BY 1
"""
ROLES = "SELECT rolname::text, rolcanlogin, rolsuper, rolreplication FROM pg_catalog.pg_roles"
DATABASES = """
SELECT d.datname::text, p.open,
       CASE WHEN p.open THEN '{}'
            ELSE ARRAY (SELECT r.rolname::text FROM pg_catalog.pg_roles r
                        WHERE r.rolcanlogin AND pg_catalog.has_database_privilege(r.oid, d.oid, 'CONNECT')) END
FROM pg_catalog.pg_database d
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a
                   WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT') AS open
) p
"""
# A logical one is connected to a database, and is for its lines.
STANDBYS = """
SELECT DISTINCT r.usename::text, coalesce(a.datname::text, ''), pg_catalog.host(r.client_addr),
       coalesce(s.ssl, false), coalesce(g.encrypted, false), r.application_name
FROM pg_catalog.pg_stat_replication r
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = r.pid
LEFT JOIN pg_catalog.pg_stat_ssl s ON s.pid = r.pid
LEFT JOIN pg_catalog.pg_stat_gssapi g ON g.pid = r.pid
WHERE r.usename IS NOT NULL
ORDER BY 1, 2, 3, 6
"""
FILES_SINCE = 160000
HBA_RULES = "SELECT {file}, line_number, auth_method, error FROM pg_catalog.pg_hba_file_rules() ORDER BY line_number"
IDENT_SINCE = 150000
MAPPINGS = "SELECT {file}, line_number, map_name, error FROM pg_catalog.pg_ident_file_mappings() ORDER BY line_number"
SETTINGS, STATISTICS = "pg_read_all_settings", "pg_read_all_stats"


def read_about(connection: Connection, ident: bool, named: bool) -> About:
    """Read what the server says of itself and of this connection; the files needn't be asked for if they are named."""
    about = About(*connection.rows(ABOUT)[0])
    return replace(about, missing=tuple(missing_grants(connection, ident, named)))


def missing_grants(connection: Connection, ident: bool, named: bool) -> Iterator[str]:
    """Give the statements that would let the login read what decides, and reload."""
    login = connection.server.current_user
    functions = ["pg_catalog.pg_hba_file_rules()", "pg_catalog.pg_reload_conf()"]
    functions += ["pg_catalog.pg_ident_file_mappings()"] if ident and has_mappings(connection) else []
    who = '"' + login.replace('"', '""') + '"'
    roles = [name for (name,) in connection.rows(MAY_SEE, wanted=[STATISTICS] if named else [SETTINGS, STATISTICS])]
    if roles:
        yield f"GRANT {', '.join(roles)} TO {who}"
    for (name,) in connection.rows(MAY_CALL, wanted=functions):
        yield f"GRANT EXECUTE ON FUNCTION pg_catalog.{name.rpartition('.')[2]} TO {who}"


def has_mappings(connection: Connection) -> bool:
    """Tell whether the server shows how it reads ``pg_ident.conf``."""
    return connection.server.version >= IDENT_SINCE


def read_facts(connection: Connection, about: About, assume: Assume) -> Facts:
    """Read roles and databases; what earlier tasks will have made counts."""
    groups = closure(edges(connection, assume))
    flags = {name: (login, superuser, sends) for name, login, superuser, sends in connection.rows(ROLES)}
    roles = {name: RoleFact(*flags[name], groups.get(name, frozenset())) for name in flags}
    databases = {name: DatabaseFact(public, frozenset(who)) for name, public, who in connection.rows(DATABASES)}
    return Facts(
        roles,
        {name: database for name, database in databases.items() if name not in assume.gone},
        about.ssl,
        connection.server.version,
        own_networks(),
        frozenset(role.name for role in assume.roles) - roles.keys(),
        frozenset(database.name for database in assume.databases) - databases.keys(),
    )


def edges(connection: Connection, assume: Assume) -> Mapping[str, frozenset[str]]:
    """Give direct memberships, as they will be after earlier tasks."""
    found: dict[str, set[str]] = {}
    assumed = {role.name: role for role in assume.roles}
    for one in read_memberships(connection):
        if one.member not in assumed or not assumed[one.member].leaves(one.role):
            found.setdefault(one.member, set()).add(one.role)
    for role in assume.roles:
        found.setdefault(role.name, set()).update(role.roles)
    return {name: frozenset(groups) for name, groups in found.items()}


def read_standbys(connection: Connection) -> tuple[Attempt, ...]:
    """Read who is connected for replication, physical or logical."""
    return tuple(standby(*row) for row in connection.rows(STANDBYS))


def standby(user: str, database: str, address: Optional[str], ssl: bool, gss: bool, name: str) -> Attempt:
    """Give one connection for replication as an attempt to connect again."""
    what = f"{user}, connected for replication from {address or 'the Unix socket'}{f' ({name})' if name else ''}"
    return Attempt(user, database, address, ssl, gss, not database, what)


def read_rules(connection: Connection) -> list[Read]:
    """Read how the server would read its HBA file now."""
    return [Read(*row) for row in connection.rows(asked(connection, HBA_RULES))]


def read_mappings(connection: Connection) -> list[Read]:
    """Read how the server would read its file of maps now; nothing before 15, which doesn't show it."""
    return [Read(*row) for row in connection.rows(asked(connection, MAPPINGS))] if has_mappings(connection) else []


def asked(connection: Connection, question: str) -> str:
    """Give a question with the column of the file where the server has it."""
    return question.replace("{file}", "file_name" if connection.server.version >= FILES_SINCE else "NULL")


def myself(connection: Connection, about: About, mode: Any) -> Attempt:
    """Give this connection as an attempt to connect again, with or without TLS where ``sslmode`` lets libpq choose."""
    server = connection.server
    chosen = None if str(mode or "prefer") in ("allow", "prefer") else about.encrypted
    ssl = None if about.client and about.ssl and chosen is None else about.encrypted
    where = f"from {about.client}" if about.client else "over the Unix socket"
    what = f"{server.session_user} to database {server.database} {where}"
    return Attempt(server.session_user, server.database, about.client, ssl, about.gss, what=what)
