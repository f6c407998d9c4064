# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Privileges of the lookup: whatever is too much goes at once, and what is needed is granted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Optional

from ..acl import grantee_sql, grantee_text
from ..change import GRANT, GRANT_AGAIN, REVOKE, Change
from ..privileges.model import Privilege, Privileges
from ..quoting import ident, literal, qualified
from .function import NAME, target_sql
from .model import Inside

AUTHID = "TABLE"

# Default privileges can have given something to whomever, also while this transaction runs: so whoever has something
# is looked for when the object is there, and nobody keeps anything but its owner.
CLOSE = """
DECLARE
  one record;
BEGIN
  FOR one IN
    SELECT DISTINCT coalesce(pg_catalog.quote_ident(r.rolname), 'PUBLIC') AS name
    FROM {catalog} o
    CROSS JOIN LATERAL pg_catalog.aclexplode(coalesce(o.{acl}, pg_catalog.acldefault({letter}, o.{owner}))) a
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
    WHERE o.oid = {place} AND a.grantee <> o.{owner} AND (a.grantee = 0 OR r.oid IS NOT NULL)
  LOOP
    EXECUTE {revoke} || one.name || ' CASCADE';
  END LOOP;
END
"""


def close_sql(inside: Inside, kind: str) -> str:
    """Give the statement that takes the schema or the function from everybody but its owner."""
    if kind == "SCHEMA":
        names = {"catalog": "pg_catalog.pg_namespace", "acl": "nspacl", "owner": "nspowner", "letter": "'n'"}
        place = f"{literal(ident(inside.schema))}::pg_catalog.regnamespace"
    else:
        names = {"catalog": "pg_catalog.pg_proc", "acl": "proacl", "owner": "proowner", "letter": "'f'"}
        place = f"{literal(qualified(inside.schema, NAME) + '(pg_catalog.text)')}::pg_catalog.regprocedure"
    revoke = literal(f"REVOKE ALL ON {target(inside, kind)} FROM ")
    return "DO " + literal(CLOSE.format(**names, place=place, revoke=revoke))


def target(inside: Inside, kind: str) -> str:
    """Give the object as it stands in GRANT and REVOKE."""
    return f"SCHEMA {ident(inside.schema)}" if kind == "SCHEMA" else target_sql(inside.schema)


def diff_acl(inside: Inside, kind: str, owner: str, base: Optional[Privileges], goal: Privileges) -> Iterator[Change]:
    """Bring one object's ACL to what it is to be; without a ``base`` the object is new."""
    excess = (base or frozenset()) - goal
    if base is None or excess:
        yield closing(inside, kind, excess)
    missing = goal if base is None or excess else goal - base
    for entry in sorted(missing):
        if entry.grantor == owner:
            yield granting(inside, entry)


def closing(inside: Inside, kind: str, excess: Privileges) -> Change:
    """Take an object from everybody but its owner; those who are known to have too much are named."""
    names = tuple(sorted({grantee_text(entry.grantee) for entry in excess}))
    whom = ", ".join(names) if names else "everybody to whom a default gives it"
    name = spoken(inside, kind)
    words = f"revoke everything on {kind.lower()} {name} from {whom}"
    return Change(REVOKE, kind, name, words, close_sql(inside, kind), roles=names, destructive=bool(names))


def granting(inside: Inside, entry: Privilege) -> Change:
    """Grant one privilege on the schema or the function."""
    option = " WITH GRANT OPTION" if entry.grantable else ""
    kind, name, who = entry.object_class, spoken(inside, entry.object_class), grantee_text(entry.grantee)
    sql = f"GRANT {entry.privilege} ON {target(inside, kind)} TO {grantee_sql(entry.grantee)}{option}"
    words = f"grant {entry.privilege} on {kind.lower()} {name} to {who}{option.lower()}"
    return Change(GRANT_AGAIN, kind, name, words, sql, role=who, privilege=entry.privilege, grantor=entry.grantor)


def spoken(inside: Inside, kind: str) -> str:
    """Name an object."""
    return inside.schema if kind == "SCHEMA" else f"{inside.schema}.{NAME}"


def diff_authid(owner: str, base: Privileges, goal: Privileges) -> Iterator[Change]:
    """Bring to what it is to be what the function's owner may read of pg_authid, in this database."""
    excess = base - goal
    if excess:
        sql = f"REVOKE ALL ON TABLE pg_catalog.pg_authid FROM {ident(owner)} CASCADE"
        words = f"revoke everything on table pg_authid from {owner}"
        yield Change(REVOKE, "TABLE", "pg_authid", words, sql, role=owner, destructive=True)
    missing = goal if excess else goal - base
    action = GRANT_AGAIN if excess else GRANT
    for privilege, grantable in sorted({(entry.privilege, entry.grantable) for entry in missing}):
        group = [entry for entry in missing if (entry.privilege, entry.grantable) == (privilege, grantable)]
        yield from read_grants(action, owner, group)


def read_grants(action: str, owner: str, group: Iterable[Privilege]) -> Iterator[Change]:
    """Grant one privilege on columns of pg_authid, and on all of it if that is meant."""
    entries = sorted(group)
    columns = ", ".join(ident(entry.object) for entry in entries if entry.object_class == "COLUMN")
    wide = [""] if any(entry.object_class == AUTHID for entry in entries) else []
    option = " WITH GRANT OPTION" if entries[0].grantable else ""
    for listed in [*wide, *([f" ({columns})"] if columns else [])]:
        what = f"{entries[0].privilege}{listed}"
        sql = f"GRANT {what} ON TABLE pg_catalog.pg_authid TO {ident(owner)}{option}"
        words = f"grant {what} on table pg_authid to {owner}{option.lower()}".replace('"', "")
        yield Change(action, "TABLE", "pg_authid", words, sql, role=owner, privilege=entries[0].privilege)
