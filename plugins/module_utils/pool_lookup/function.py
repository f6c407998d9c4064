# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The function that PgBouncer asks for verifiers, as it has to be."""

from __future__ import annotations

from dataclasses import dataclass

from ..quoting import qualified

NAME = "user_lookup"
SIGNATURE = "text"
COLUMNS = ("oid", "rolname", "rolsuper", "rolreplication", "rolcanlogin", "rolpassword", "rolvaliduntil")

# Whom nobody is told about: superusers, whoever can become one, and roles for replication. ``a`` is a row of pg_authid
# or of pg_roles.
NEVER = """(a.rolsuper OR a.rolreplication OR EXISTS (
    SELECT FROM pg_catalog.pg_roles s WHERE s.rolsuper AND pg_catalog.pg_has_role(a.oid, s.oid, 'MEMBER')
))"""

# As SQL that is read at run time, because BEGIN ATOMIC exists from 14 only; the fixed search_path makes every name and
# operator pg_catalog's. Inside, session_user is the pool's own login, which has its secret in a file.
BODY = """
SELECT a.rolname::pg_catalog.text, a.rolpassword
FROM pg_catalog.pg_authid a
WHERE a.rolname = $1
  AND a.rolname <> session_user
  AND a.rolcanlogin
  AND (a.rolvaliduntil IS NULL OR a.rolvaliduntil > pg_catalog.now())
  AND a.rolpassword IS NOT NULL
  AND NOT {never}
""".replace("{never}", NEVER)

CREATE = """CREATE FUNCTION {name}(pg_catalog.text)
RETURNS TABLE (user_name pg_catalog.text, verifier pg_catalog.text)
LANGUAGE sql STABLE STRICT SECURITY DEFINER ROWS 1
SET search_path TO pg_catalog, pg_temp
AS $lookup${body}$lookup$"""


@dataclass(frozen=True)
class Function:
    """A function, procedure or aggregate with everything by which it could be another one; ``result`` is its type."""

    owner: str
    arguments: str = "text"
    result: str = "TABLE(user_name text, verifier text)"
    body: str = BODY
    settings: tuple[str, ...] = ("search_path=pg_catalog, pg_temp",)
    definer: bool = True
    strict: bool = True
    kind: str = "f"
    language: str = "sql"
    volatility: str = "s"
    parallel: str = "u"
    leakproof: bool = False
    supported: bool = False
    cost: float = 100.0
    rows: float = 1.0


def create_sql(schema: str) -> str:
    """Give the statement that creates the function, for its owner to run."""
    return CREATE.replace("{body}", BODY).replace("{name}", qualified(schema, NAME))


def drop_sql(schema: str, signature: str) -> str:
    """Give the statement that drops whatever has the function's name and these argument types."""
    return f"DROP ROUTINE {qualified(schema, NAME)}({signature})"


def target_sql(schema: str) -> str:
    """Give the function as it stands in GRANT and REVOKE."""
    return f"FUNCTION {qualified(schema, NAME)}(pg_catalog.text)"


def auth_query(schema: str) -> str:
    """Give what ``auth_query`` has to be in PgBouncer's configuration."""
    return "SELECT * FROM {name}($1)".replace("{name}", qualified(schema, NAME))
