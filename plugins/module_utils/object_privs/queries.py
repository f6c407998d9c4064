# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the server which objects aren't as declared.

Objects that look alike are compared once, as one shape, so a comparison costs about the same for ten tables and for
many thousands, and only what deviates is sent. What counts as a deviation is said a second time in ``wanted.py``,
which decides what becomes of a shape.
"""

from __future__ import annotations

# The rules: what they reach, which objects they name, and what they want. Whatever PARAMETER objects aren't there
# yet come from the names.
RULES = """
WITH rule AS MATERIALIZED (
    SELECT * FROM pg_catalog.jsonb_to_recordset(%(rules)s::jsonb) AS r (
        no int, class text, kinds text, schemas text[], pattern_schemas text[], pattern_names text[],
        except_schemas text[], except_names text[])
), named AS MATERIALIZED (
    SELECT n.no, n.place, n.class, n.schema, n.name, n.kinds, n.columns,
           CASE WHEN n.types IS NOT NULL THEN pg_catalog.array_to_string(ARRAY(
               SELECT coalesce(pg_catalog.to_regtype(t.name), pg_catalog.to_regtype('public.' || t.name))::oid
               FROM pg_catalog.unnest(n.types) WITH ORDINALITY t (name, place) ORDER BY t.place
           ), ' ', 'unknown') END AS arguments
    FROM pg_catalog.jsonb_to_recordset(%(named)s::jsonb) AS n (
        no int, place int, class text, schema text, name text, kinds text, types text[], columns text[])
), wanted AS MATERIALIZED (
    SELECT * FROM pg_catalog.jsonb_to_recordset(%(wanted)s::jsonb) AS w (
        no int, level int, col text, grantee text, privilege text, present bool, soft bool, narrowed bool, option bool)
), object AS MATERIALIZED ({objects}
)
"""

# A function that was dropped meanwhile has no name any more: regprocedure gives its number.
SHAPES = """
, object_in_scope AS MATERIALIZED (
    SELECT o.*, o.class NOT IN ('DATABASE')
           AND o.schema !~ '^pg_' AND o.schema <> 'information_schema' AND o.schema <> ALL (%(excepted)s::text[])
           AND (%(owners)s::text[] IS NULL OR w.rolname = ANY (%(owners)s::text[]))
           AND (%(schemas)s::text[] IS NULL OR o.schema = ANY (%(schemas)s::text[]))
           AND m.objid IS NULL AS scoped,
           w.rolname::text AS owner_name
    FROM object o
    JOIN pg_catalog.pg_roles w ON w.oid = o.owner
    LEFT JOIN (
        SELECT DISTINCT classid, objid FROM pg_catalog.pg_depend
        WHERE deptype = 'e' AND refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    ) m ON m.classid = o.catalog AND m.objid = o.oid
    WHERE o.class <> 'FUNCTION' OR o.ident !~ '^[0-9]+$'
), reached_by_class AS (
    SELECT p.class, p.schema, p.kind, pg_catalog.array_agg(r.no ORDER BY r.no) AS rules
    FROM (SELECT DISTINCT class, schema, kind FROM object_in_scope WHERE scoped) p
    JOIN rule r ON r.class = p.class AND r.pattern_names = '{}' AND r.except_names = '{}'
     AND (r.kinds = '' OR pg_catalog.strpos(r.kinds, p.kind) > 0) AND (r.schemas = '{}' OR p.schema = ANY (r.schemas))
    GROUP BY p.class, p.schema, p.kind
), reached_singly AS (
    SELECT f.class, f.ident, pg_catalog.array_agg(DISTINCT f.no) AS rules, pg_catalog.bool_or(f.by_name) AS by_name
    FROM (
        SELECT s.class, s.ident, r.no, false AS by_name
        FROM object_in_scope s JOIN rule r ON r.class = s.class AND (r.pattern_names <> '{}' OR r.except_names <> '{}')
        WHERE s.scoped AND (r.kinds = '' OR pg_catalog.strpos(r.kinds, s.kind) > 0)
          AND (r.schemas = '{}' OR s.schema = ANY (r.schemas))
          AND (r.pattern_names = '{}' OR EXISTS (
              SELECT FROM ROWS FROM (
                  pg_catalog.unnest(r.pattern_schemas), pg_catalog.unnest(r.pattern_names)) p (schema, name)
              WHERE (p.schema = '' OR s.schema LIKE p.schema) AND s.name LIKE p.name))
          AND NOT EXISTS (
              SELECT FROM ROWS FROM (
                  pg_catalog.unnest(r.except_schemas), pg_catalog.unnest(r.except_names)) p (schema, name)
              WHERE (p.schema = '' OR s.schema LIKE p.schema) AND s.name LIKE p.name)
        UNION ALL
        SELECT s.class, s.ident, n.no, true
        FROM object_in_scope s JOIN named n ON n.class = s.class AND n.name = s.name
         AND (n.schema = s.schema OR s.class = 'SCHEMA') AND (n.arguments IS NULL OR n.arguments = s.arguments)
         AND (n.kinds = '' OR pg_catalog.strpos(n.kinds, s.kind) > 0)
    ) f
    GROUP BY f.class, f.ident
), shape AS MATERIALIZED (
    SELECT pg_catalog.row_number() OVER () AS id, g.* FROM (
        SELECT s.class, s.owner_name, s.aside, s.scoped OR s.class = 'DATABASE' AS scoped, u.rules,
               s.class = 'SCHEMA' AND s.schema = 'public' AS is_public, pg_catalog.min(s.ident) AS sample,
               pg_catalog.array_agg(s.ident) AS idents
        FROM object_in_scope s
        LEFT JOIN reached_by_class c ON s.scoped AND (c.class, c.schema, c.kind) = (s.class, s.schema, s.kind)
        LEFT JOIN reached_singly x ON (x.class, x.ident) = (s.class, s.ident)
        CROSS JOIN LATERAL (SELECT coalesce(c.rules, '{}') || coalesce(x.rules, '{}') AS rules) u
        WHERE s.scoped OR x.by_name
        GROUP BY s.class, s.owner_name, s.acl::text, s.columns, s.aside, s.scoped, u.rules, is_public
    ) g
), entry AS MATERIALIZED (
    SELECT e.id, e.col, coalesce(g.rolname::text, '') AS grantee, e.privilege, b.rolname::text AS grantor, e.grantable
    FROM (
        SELECT h.id, '' AS col, a.grantee, a.privilege_type AS privilege, a.grantor, a.is_grantable AS grantable
        FROM shape h JOIN object_in_scope s ON (s.class, s.ident) = (h.class, h.sample)
        CROSS JOIN LATERAL pg_catalog.aclexplode(s.acl) a
        UNION ALL
        SELECT h.id, t.attname::text, a.grantee, a.privilege_type, a.grantor, a.is_grantable
        FROM shape h JOIN object_in_scope s ON (s.class, s.ident) = (h.class, h.sample) AND s.columns IS NOT NULL
        JOIN pg_catalog.pg_attribute t ON t.attrelid = s.oid AND t.attacl IS NOT NULL AND NOT t.attisdropped
        CROSS JOIN LATERAL pg_catalog.aclexplode(t.attacl) a
    ) e
    LEFT JOIN pg_catalog.pg_roles g ON g.oid = e.grantee
    JOIN pg_catalog.pg_roles b ON b.oid = e.grantor
    WHERE e.grantee = 0 OR g.oid IS NOT NULL
)
"""

# The last column has the grantors, but for owners, that lack USAGE on the schema: they couldn't even name the object;
# with a login that isn't superuser (me), itself and the owners, too.
# given: wanted there; taken: wanted gone; tolerated: may be there or not. Of what rules say about one privilege the
# narrowest counts, for the privilege and for its grant option by themselves. Where two rules contradict each other,
# the object is sent, too, and the contradiction is told.
DEVIATIONS = """
, asked AS (
    SELECT h.id, w.col, w.grantee, w.privilege, w.level, h.aside AND w.level < 3 AS tolerated,
           pg_catalog.bool_or(w.present) AS given,
           pg_catalog.bool_or(NOT w.present AND NOT w.narrowed AND NOT w.soft) AS hard,
           pg_catalog.bool_or(NOT w.present AND NOT w.narrowed) AS taken,
           pg_catalog.bool_or(w.option) AS with_option,
           pg_catalog.bool_or(w.narrowed OR NOT w.option) AS without_option
    FROM shape h CROSS JOIN LATERAL pg_catalog.unnest(h.rules) u (no) JOIN wanted w ON w.no = u.no
    GROUP BY h.id, w.col, w.grantee, w.privilege, w.level, h.aside
), presence AS (
    SELECT DISTINCT ON (id, col, grantee, privilege) * FROM asked
    WHERE NOT tolerated AND (given OR taken) ORDER BY id, col, grantee, privilege, level DESC
), option AS (
    SELECT DISTINCT ON (id, col, grantee, privilege) * FROM asked
    WHERE NOT tolerated AND (with_option OR without_option) ORDER BY id, col, grantee, privilege, level DESC
), held AS (
    SELECT e.id, e.col, e.grantee, e.privilege, pg_catalog.bool_or(e.grantable) AS grantable,
           e.grantee = h.owner_name OR (h.is_public AND e.grantee = %(database_owner)s) AS own,
           h.scoped AND %(exact)s AND (%(grantees)s::text[] IS NULL OR e.grantee = ANY (%(grantees)s::text[])) AS exact,
           e.grantee = '' AND (e.privilege = 'EXECUTE' OR h.is_public AND e.privilege = 'USAGE'
                               OR h.class IN ('TYPE', 'LANGUAGE', 'DATABASE') AND e.privilege <> 'CREATE') AS built_in
    FROM entry e JOIN shape h ON h.id = e.id
    GROUP BY e.id, e.col, e.grantee, e.privilege, own, exact, built_in
), deviating AS (
    SELECT p.id FROM presence p LEFT JOIN held d USING (id, col, grantee, privilege)
    WHERE p.given AND (p.hard OR d.id IS NULL)
    UNION
    SELECT d.id FROM held d JOIN presence p
      ON (p.id, p.grantee, p.privilege) = (d.id, d.grantee, d.privilege) AND p.col IN ('', d.col)
    WHERE NOT p.given AND NOT d.own AND NOT EXISTS (
        SELECT FROM presence q WHERE (q.id, q.col, q.grantee, q.privilege) = (d.id, d.col, d.grantee, d.privilege)
          AND q.given)
    UNION
    SELECT o.id FROM option o
    LEFT JOIN presence p USING (id, col, grantee, privilege)
    LEFT JOIN held d USING (id, col, grantee, privilege)
    WHERE CASE WHEN p.id IS NULL OR p.given THEN
        (o.with_option AND o.without_option)
        OR (p.given AND o.with_option AND NOT coalesce(d.grantable, false))
        OR (o.without_option AND d.grantable AND NOT d.own) END
    UNION
    SELECT d.id FROM held d
    LEFT JOIN (SELECT DISTINCT id, col, grantee, privilege FROM asked WHERE given) g USING (id, col, grantee, privilege)
    LEFT JOIN option o USING (id, col, grantee, privilege)
    LEFT JOIN presence p USING (id, col, grantee, privilege)
    WHERE d.exact AND NOT d.own AND CASE
        WHEN g.id IS NULL THEN NOT d.built_in
        ELSE p.given AND d.grantable AND NOT coalesce(o.with_option, false) END
)
SELECT h.class, h.idents, h.owner_name,
       (SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(e.col, e.grantee, e.privilege, e.grantor, e.grantable))
        FROM entry e WHERE e.id = h.id),
       h.rules, h.scoped, h.aside,
       CASE WHEN %(me)s <> '' OR EXISTS (SELECT FROM entry e WHERE e.id = h.id AND e.grantor <> h.owner_name) THEN (
           SELECT pg_catalog.jsonb_agg(DISTINCT pg_catalog.jsonb_build_array(b.name, s.schema))
           FROM (SELECT e.grantor FROM entry e WHERE e.id = h.id AND e.grantor <> h.owner_name
                 UNION SELECT n.name FROM pg_catalog.unnest(ARRAY[h.owner_name, %(me)s]) n (name) WHERE %(me)s <> ''
           ) b (name), pg_catalog.unnest(h.idents) u (ident)
           JOIN object_in_scope s ON (s.class, s.ident) = (h.class, u.ident)
           WHERE s.schema <> '' AND h.class <> 'SCHEMA'
             AND NOT pg_catalog.has_schema_privilege(b.name::name, s.schema, 'USAGE')) END
FROM shape h WHERE h.id IN (SELECT id FROM deviating)
"""

# How many objects each name in a rule stands for, the types of arguments that there aren't, the columns likewise.
NAMED = """
SELECT n.no, n.place,
       (SELECT pg_catalog.count(*) FROM object o WHERE o.class = n.class AND o.name = n.name
          AND (n.schema = o.schema OR o.class = 'SCHEMA') AND (n.arguments IS NULL OR n.arguments = o.arguments)
          AND (n.kinds = '' OR pg_catalog.strpos(n.kinds, o.kind) > 0)),
       pg_catalog.array_position(pg_catalog.string_to_array(n.arguments, ' '), 'unknown'),
       ARRAY(SELECT c.name FROM pg_catalog.unnest(n.columns) c (name) WHERE NOT EXISTS (
           SELECT FROM object o JOIN pg_catalog.pg_attribute a ON a.attrelid = o.oid
           WHERE o.class = n.class AND o.schema = n.schema AND o.name = n.name AND a.attname = c.name
             AND NOT a.attisdropped))
FROM named n
"""
