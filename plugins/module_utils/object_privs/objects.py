# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List the objects that have privileges: those inside of a database, and those of the cluster.

Each has a class, its names as text and as they stand in SQL, its owner and its ACL, the built-in one where it is NULL.
``aside`` is what rules for many objects leave alone: SECURITY DEFINER routines, and the row types of tables.
"""

from __future__ import annotations

# PostgreSQL's own objects are listed only where a rule could name them: there are thousands. It grants nothing on
# arrays, multiranges, and languages that aren't trusted.
INSIDE_OBJECTS = """
    SELECT 'TABLE' AS class, c.tableoid AS catalog, c.oid, n.nspname::text AS schema, c.relname::text AS name,
           '' AS kind, '' AS arguments,
           pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS ident,
           c.relowner AS owner, coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner)) AS acl, false AS aside,
           k.acls AS columns
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN (
        SELECT attrelid, pg_catalog.string_agg(attname || ' ' || attacl::text, ' ' ORDER BY attnum) AS acls
        FROM pg_catalog.pg_attribute WHERE attacl IS NOT NULL AND NOT attisdropped GROUP BY attrelid
    ) k ON k.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND (n.nspname NOT IN ('pg_catalog', 'information_schema') OR c.relname IN (SELECT name FROM named))
    UNION ALL
    SELECT 'SEQUENCE', c.tableoid, c.oid, n.nspname::text, c.relname::text, '', '',
           pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), c.relowner,
           coalesce(c.relacl, pg_catalog.acldefault('s', c.relowner)), false, NULL
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S'
    UNION ALL
    SELECT 'FUNCTION', p.tableoid, p.oid, n.nspname::text, p.proname::text, p.prokind::text, p.proargtypes::text,
           p.oid::pg_catalog.regprocedure::text, p.proowner,
           coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner)), p.prosecdef, NULL
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') OR p.proname IN (SELECT name FROM named)
    UNION ALL
    SELECT 'TYPE', t.tableoid, t.oid, n.nspname::text, t.typname::text, '', '',
           pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname), t.typowner,
           coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner)), t.typrelid <> 0 AND r.oid IS NULL, NULL
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_class r ON r.oid = t.typrelid AND r.relkind = 'c'
    WHERE t.typinput <> 'pg_catalog.array_in'::pg_catalog.regproc AND t.typtype <> 'm'
      AND (t.typrelid = 0 OR r.oid IS NOT NULL OR t.typacl IS NOT NULL
           OR t.typname IN (SELECT name FROM named WHERE class = 'TYPE'))
      AND (n.nspname NOT IN ('pg_catalog', 'information_schema') OR t.typname IN (SELECT name FROM named))
    UNION ALL
    SELECT 'SCHEMA', n.tableoid, n.oid, n.nspname::text, n.nspname::text, '', '',
           pg_catalog.quote_ident(n.nspname), n.nspowner,
           coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner)), false, NULL
    FROM pg_catalog.pg_namespace n
    UNION ALL
    SELECT 'LANGUAGE', l.tableoid, l.oid, '', l.lanname::text, '', '', pg_catalog.quote_ident(l.lanname),
           l.lanowner, coalesce(l.lanacl, pg_catalog.acldefault('l', l.lanowner)), false, NULL
    FROM pg_catalog.pg_language l
    WHERE l.lanpltrusted
    UNION ALL
    SELECT 'FOREIGN DATA WRAPPER', w.tableoid, w.oid, '', w.fdwname::text, '', '',
           pg_catalog.quote_ident(w.fdwname), w.fdwowner,
           coalesce(w.fdwacl, pg_catalog.acldefault('F', w.fdwowner)), false, NULL
    FROM pg_catalog.pg_foreign_data_wrapper w
    UNION ALL
    SELECT 'FOREIGN SERVER', s.tableoid, s.oid, '', s.srvname::text, '', '', pg_catalog.quote_ident(s.srvname),
           s.srvowner, coalesce(s.srvacl, pg_catalog.acldefault('S', s.srvowner)), false, NULL
    FROM pg_catalog.pg_foreign_server s
    UNION ALL
    SELECT 'LARGE OBJECT', m.tableoid, m.oid, '', m.oid::text, '', '', m.oid::text, m.lomowner,
           coalesce(m.lomacl, pg_catalog.acldefault('L', m.lomowner)), false, NULL
    FROM pg_catalog.pg_largeobject_metadata m
"""

SHARED_OBJECTS = """
    SELECT 'DATABASE' AS class, d.tableoid AS catalog, d.oid, '' AS schema, d.datname::text AS name, '' AS kind,
           '' AS arguments, pg_catalog.quote_ident(d.datname) AS ident, d.datdba AS owner,
           coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba)) AS acl, false AS aside, NULL::text AS columns
    FROM pg_catalog.pg_database d
    UNION ALL
    SELECT 'TABLESPACE', t.tableoid, t.oid, '', t.spcname::text, '', '', pg_catalog.quote_ident(t.spcname),
           t.spcowner, coalesce(t.spcacl, pg_catalog.acldefault('t', t.spcowner)), false, NULL
    FROM pg_catalog.pg_tablespace t
"""

# A parameter has a row only once something was granted on it; it belongs to the bootstrap superuser.
PARAMETERS = """
    UNION ALL
    SELECT 'PARAMETER', p.tableoid, p.oid, '', g.name, '', '',
           pg_catalog.array_to_string(ARRAY(
               SELECT pg_catalog.quote_ident(w.word)
               FROM pg_catalog.unnest(pg_catalog.string_to_array(g.name, '.')) w (word)
           ), '.'),
           10, coalesce(p.paracl, pg_catalog.acldefault('p', 10)), false, NULL
    FROM (
        SELECT parname AS name FROM pg_catalog.pg_parameter_acl
        UNION SELECT n.name FROM named n WHERE n.class = 'PARAMETER' AND (
            pg_catalog.strpos(n.name, '.') > 0
            OR EXISTS (SELECT FROM pg_catalog.pg_settings s WHERE pg_catalog.lower(s.name) = n.name))
    ) g
    LEFT JOIN pg_catalog.pg_parameter_acl p ON p.parname = g.name
"""
