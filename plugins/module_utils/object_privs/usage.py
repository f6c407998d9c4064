# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find what is granted in vain: on objects in a schema into which nobody of the grantee's may go."""

from __future__ import annotations

from collections.abc import Iterator

from ..acl import PUBLIC
from ..connection import Connection
from ..object_rules.model import IN_SCHEMA
from .looking import Looking
from .model import SCHEMA

# A group's members can have USAGE from elsewhere; superusers are members of everything.
IN_VAIN = """
SELECT n.nspname::text, r.rolname::text
FROM ROWS FROM (
    pg_catalog.unnest(%(schemas)s::text[]), pg_catalog.unnest(%(grantees)s::text[])) p (schema, grantee)
JOIN pg_catalog.pg_namespace n ON n.nspname = p.schema
JOIN pg_catalog.pg_roles r ON r.rolname = p.grantee
WHERE NOT pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE') AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_roles m
    WHERE NOT m.rolsuper AND pg_catalog.pg_has_role(m.oid, r.oid, 'MEMBER')
      AND pg_catalog.has_schema_privilege(m.oid, n.oid, 'USAGE'))
ORDER BY 1, 2
"""


def in_vain(connection: Connection, looking: Looking) -> list[str]:
    """Name who gets something in a schema, by its name, and lacks USAGE on it; of whole classes nothing is said."""
    pairs = sorted(set(granted_in(looking)) - let_in(looking))
    if not pairs:
        return []
    schemas, grantees = ([pair[place] for pair in pairs] for place in (0, 1))
    return [
        f"{grantee} lacks USAGE on schema {schema}, so what it is granted there has no effect: grant that, too"
        for schema, grantee in connection.rows(IN_VAIN, schemas=schemas, grantees=grantees)
    ]


def granted_in(looking: Looking) -> Iterator[tuple[str, str]]:
    """Give schemas in which the rules grant something, each with its grantee."""
    for rule in looking.rules:
        if rule.state == "present" and not rule.option_only and rule.object_class in IN_SCHEMA:
            schemas = {*rule.schemas, *(one.schema for one in rule.objects)}
            yield from ((schema, grantee) for schema in schemas for grantee in rule.grantees if grantee != PUBLIC)


def let_in(looking: Looking) -> frozenset[tuple[str, str]]:
    """Give schemas with those whom the rules, or in check mode earlier tasks, let into them."""
    entries = [entry for entry in looking.entries if entry.present and entry.privilege == "USAGE"]
    ruled = ((looking.rules[entry.rule], entry.grantee) for entry in entries)
    found = {(one.name, grantee) for rule, grantee in ruled if rule.object_class == SCHEMA for one in rule.objects}
    earlier = {(one.schema, one.grantee) for one in looking.assumed_privileges if one.present}
    everybody = {schema for schema, grantee in found | earlier if grantee == PUBLIC}
    return frozenset(
        (schema, grantee)
        for schema, grantee in granted_in(looking)
        if (schema, grantee) in found | earlier or schema in everybody
    )
