# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes with a schema or an extension that is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..connection import Connection

SCHEMA, EXTENSION = "SCHEMA", "EXTENSION"

# What depends on a schema or an extension goes with it, in any schema; and so does the owner of what is only a part of
# something (a view of its rule, an extension of its member). What is counted are whole things: not the parts of others
# that go, and not what went before with an earlier one in the list, but partitions, for they hold rows. Extensions that
# are moved out of a schema before it goes are left out, with their members. Everything is found by following
# dependencies once, with a note of how each thing was come by: joining what was found to itself would take minutes.
CONTENTS = """
WITH RECURSIVE listed AS (
    SELECT * FROM ROWS FROM (
        pg_catalog.unnest(%(kinds)s::text[]), pg_catalog.unnest(%(names)s::text[])
    ) WITH ORDINALITY AS l (kind, name, rank)
), root AS (
    SELECT l.rank, l.kind, l.name, e.tableoid AS classid, e.oid AS objid
    FROM listed l JOIN pg_catalog.pg_extension e ON l.kind = 'EXTENSION' AND e.extname = l.name
    UNION ALL
    SELECT l.rank, l.kind, l.name, n.tableoid, n.oid
    FROM listed l JOIN pg_catalog.pg_namespace n ON l.kind = 'SCHEMA' AND n.nspname = l.name
), moving AS (
    SELECT tableoid AS classid, oid AS objid FROM pg_catalog.pg_extension WHERE extname = ANY (%(moving)s::text[])
), staying AS (
    SELECT classid, objid FROM moving
    UNION
    SELECT d.classid, d.objid FROM moving m
    JOIN pg_catalog.pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype = 'e'
), reached (rank, classid, objid, objsubid, come_by) AS (
    SELECT rank, classid, objid, 0, 'itself' FROM root
    UNION
    SELECT g.rank, f.classid, f.objid, f.objsubid, f.come_by
    FROM reached g
    CROSS JOIN LATERAL (
        SELECT d.classid, d.objid, d.objsubid,
               CASE WHEN d.deptype = 'e' THEN 'member' WHEN d.deptype = 'n' THEN 'dependent' ELSE 'part' END
        FROM pg_catalog.pg_depend d
        WHERE d.refclassid = g.classid AND d.refobjid = g.objid AND (g.objsubid = 0 OR d.refobjsubid = g.objsubid)
          AND d.deptype IN ('n', 'i', 'a', 'P', 'S', 'e')
        UNION ALL
        SELECT d.refclassid, d.refobjid, d.refobjsubid, 'owner'
        FROM pg_catalog.pg_depend d
        WHERE d.classid = g.classid AND d.objid = g.objid AND d.objsubid = g.objsubid AND d.deptype IN ('i', 'e')
    ) f (classid, objid, objsubid, come_by)
    WHERE NOT EXISTS (SELECT FROM staying s WHERE s.classid = f.classid AND s.objid = f.objid)
), gone AS (
    SELECT rank, classid, objid, objsubid,
           pg_catalog.bool_or(come_by IN ('itself', 'member')) AS included, pg_catalog.bool_or(come_by = 'part') AS part
    FROM reached GROUP BY 1, 2, 3, 4
), placed AS (
    SELECT g.*,
           pg_catalog.min(rank) OVER (PARTITION BY classid, objid, objsubid) AS first,
           pg_catalog.min(rank) FILTER (WHERE objsubid = 0) OVER (PARTITION BY classid, objid) AS whole
    FROM gone g
)
SELECT r.kind, r.name, o.type, pg_catalog.count(*)
FROM placed p
JOIN root r ON r.rank = p.rank
LEFT JOIN pg_catalog.pg_class c ON c.tableoid = p.classid AND c.oid = p.objid
CROSS JOIN LATERAL pg_catalog.pg_identify_object(p.classid, p.objid, p.objsubid) o
WHERE NOT p.included AND p.rank = p.first
  AND (p.objsubid = 0 OR p.whole IS NULL OR p.whole > p.rank)
  AND (NOT p.part OR c.relkind IN ('r', 'p', 'f'))
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

Key = tuple[str, str]


def read_contents(connection: Connection, going: Sequence[Key], moving: Iterable[str]) -> Mapping[Key, str]:
    """Read what goes with each schema and extension, in words; they are dropped in the order in which they come."""
    if not going:
        return {}
    lists = {"kinds": [kind for kind, _name in going], "names": [name for _kind, name in going]}
    found: dict[Key, list[str]] = {}
    for kind, name, what, count in connection.rows(CONTENTS, moving=sorted(moving), **lists):
        found.setdefault((kind, name), []).append(f"{count} {what if count == 1 else plural(what)}")
    return {key: ", ".join(texts) for key, texts in found.items()}


def plural(word: str) -> str:
    """Give the plural of what PostgreSQL calls a kind of object."""
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x")) else f"{word}s"
