# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions about objects and their ACLs: one for each class, all of one shape."""

from __future__ import annotations

# Every question gives oid, schema, name, arguments, kind, owner, acl, the letter for acldefault(), whether it is the
# system's, and whether it runs with its owner's rights. Other sessions' temporary objects are left out.
TABLES = """
SELECT c.tableoid AS catalog, c.oid, n.nspname::text AS schema, c.relname::text AS name, NULL::text[] AS arguments,
       c.relkind::text AS kind, c.relowner AS owner, c.relacl AS acl, 'r'::"char" AS letter,
       n.nspname ~ '^pg_' OR n.nspname = 'information_schema' AS system, false AS definer
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_(toast_)?temp_'
"""
SEQUENCES = """
SELECT c.tableoid AS catalog, c.oid, n.nspname::text AS schema, c.relname::text AS name, NULL::text[] AS arguments,
       c.relkind::text AS kind, c.relowner AS owner, c.relacl AS acl, 's'::"char" AS letter,
       n.nspname ~ '^pg_' OR n.nspname = 'information_schema' AS system, false AS definer
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND n.nspname !~ '^pg_(toast_)?temp_'
"""
ROUTINES = """
SELECT p.tableoid AS catalog, p.oid, n.nspname::text AS schema, p.proname::text AS name,
       ARRAY(SELECT pg_catalog.format_type(a.type, NULL)
             FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY a (type, place) ORDER BY a.place) AS arguments,
       p.prokind::text AS kind, p.proowner AS owner, p.proacl AS acl, 'f'::"char" AS letter,
       n.nspname ~ '^pg_' OR n.nspname = 'information_schema' AS system, p.prosecdef AS definer
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_(toast_)?temp_'
"""
# Arrays have no ACL of their own, nor have multiranges from 17; to 16 these, and the row types of tables, count only
# where somebody has given them one.
TYPES = """
SELECT t.tableoid AS catalog, t.oid, n.nspname::text AS schema, t.typname::text AS name, NULL::text[] AS arguments,
       t.typtype::text AS kind, t.typowner AS owner, t.typacl AS acl, 'T'::"char" AS letter,
       n.nspname ~ '^pg_' OR n.nspname = 'information_schema' AS system, false AS definer
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE n.nspname !~ '^pg_(toast_)?temp_'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
  AND (t.typacl IS NOT NULL OR (t.typtype <> 'm' AND (t.typrelid = 0 OR c.relkind = 'c')))
"""
SCHEMAS = """
SELECT n.tableoid AS catalog, n.oid, ''::text AS schema, n.nspname::text AS name, NULL::text[] AS arguments,
       ''::text AS kind, n.nspowner AS owner, n.nspacl AS acl, 'n'::"char" AS letter,
       n.nspname ~ '^pg_' OR n.nspname = 'information_schema' AS system, false AS definer
FROM pg_catalog.pg_namespace n
WHERE n.nspname !~ '^pg_(toast_)?temp_'
"""
LARGE_OBJECTS = """
SELECT l.tableoid AS catalog, l.oid, ''::text AS schema, l.oid::text AS name, NULL::text[] AS arguments,
       ''::text AS kind, l.lomowner AS owner, l.lomacl AS acl, 'L'::"char" AS letter, false AS system,
       false AS definer
FROM pg_catalog.pg_largeobject_metadata l
"""
# What initdb made has an oid below 16384.
LANGUAGES = """
SELECT l.tableoid AS catalog, l.oid, ''::text AS schema, l.lanname::text AS name, NULL::text[] AS arguments,
       ''::text AS kind, l.lanowner AS owner, l.lanacl AS acl, 'l'::"char" AS letter, l.oid < 16384 AS system,
       false AS definer
FROM pg_catalog.pg_language l
"""
WRAPPERS = """
SELECT w.tableoid AS catalog, w.oid, ''::text AS schema, w.fdwname::text AS name, NULL::text[] AS arguments,
       ''::text AS kind, w.fdwowner AS owner, w.fdwacl AS acl, 'F'::"char" AS letter, false AS system,
       false AS definer
FROM pg_catalog.pg_foreign_data_wrapper w
"""
SERVERS = """
SELECT s.tableoid AS catalog, s.oid, ''::text AS schema, s.srvname::text AS name, NULL::text[] AS arguments,
       ''::text AS kind, s.srvowner AS owner, s.srvacl AS acl, 'S'::"char" AS letter, false AS system,
       false AS definer
FROM pg_catalog.pg_foreign_server s
"""
DATABASES = """
SELECT d.tableoid AS catalog, d.oid, ''::text AS schema, d.datname::text AS name, NULL::text[] AS arguments,
       ''::text AS kind, d.datdba AS owner, d.datacl AS acl, 'd'::"char" AS letter, false AS system,
       false AS definer
FROM pg_catalog.pg_database d
"""
TABLESPACES = """
SELECT t.tableoid AS catalog, t.oid, ''::text AS schema, t.spcname::text AS name, NULL::text[] AS arguments,
       ''::text AS kind, t.spcowner AS owner, t.spcacl AS acl, 't'::"char" AS letter, false AS system,
       false AS definer
FROM pg_catalog.pg_tablespace t
"""
# Parameters have no owner; their ACLs are granted by the bootstrap superuser.
PARAMETERS = """
SELECT p.tableoid AS catalog, p.oid, ''::text AS schema, p.parname::text AS name, NULL::text[] AS arguments,
       ''::text AS kind, 10::oid AS owner, p.paracl AS acl, 'p'::"char" AS letter, false AS system,
       false AS definer
FROM pg_catalog.pg_parameter_acl p
"""
SHARED = {"DATABASE": DATABASES, "TABLESPACE": TABLESPACES, "PARAMETER": PARAMETERS}
OWN = {
    "SCHEMA": SCHEMAS,
    "TABLE": TABLES,
    "SEQUENCE": SEQUENCES,
    "FUNCTION": ROUTINES,
    "TYPE": TYPES,
    "LANGUAGE": LANGUAGES,
    "FOREIGN DATA WRAPPER": WRAPPERS,
    "FOREIGN SERVER": SERVERS,
    "LARGE OBJECT": LARGE_OBJECTS,
}

# An object without entries has one row, an empty one. What belongs to the system or to an extension has an initial
# ACL in pg_init_privs, or else the built-in one; entries are compared with it. What initdb grants in
# information_schema isn't noted there.
ENTRIES = """
WITH found AS ({objects}
), object AS (
    SELECT f.*, i.initprivs AS initial,
           f.system OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                               WHERE d.classid = f.catalog AND d.objid = f.oid AND d.deptype = 'e') AS aside
    FROM found f
    LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = f.catalog AND i.objoid = f.oid AND i.objsubid = 0
), place AS (
    SELECT o.oid, o.schema, o.name, o.arguments, o.kind, o.owner, o.aside, o.definer, '' AS column_name,
           coalesce(o.acl, pg_catalog.acldefault(o.letter, o.owner)) AS acl,
           CASE WHEN o.aside THEN coalesce(o.initial, pg_catalog.acldefault(o.letter, o.owner)) END AS initial
    FROM object o
    WHERE NOT o.aside OR %(aside)s = 'all'
       OR (%(aside)s = 'changed' AND o.acl IS NOT NULL AND o.acl IS DISTINCT FROM o.initial)
    UNION ALL
    SELECT o.oid, o.schema, o.name, o.arguments, o.kind, o.owner, o.aside, o.definer, a.attname::text,
           a.attacl, CASE WHEN o.aside THEN i.initprivs END
    FROM object o
    JOIN pg_catalog.pg_attribute a ON a.attrelid = o.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_init_privs i
           ON i.classoid = o.catalog AND i.objoid = o.oid AND i.objsubid = a.attnum
    WHERE o.catalog = 'pg_catalog.pg_class'::pg_catalog.regclass AND (NOT o.aside OR %(aside)s <> 'none')
)
SELECT p.oid, p.schema, p.name, p.arguments, p.kind, w.rolname::text, p.aside, p.definer, p.column_name,
       CASE WHEN e.grantee = 0 THEN '' ELSE g.rolname::text END, e.privilege_type, e.is_grantable,
       coalesce(b.rolname::text, ''),
       EXISTS (SELECT FROM pg_catalog.aclexplode(p.initial) i
               WHERE i.grantee = e.grantee AND i.privilege_type = e.privilege_type
                 AND i.is_grantable >= e.is_grantable)
       OR ('information_schema' IN (p.schema, p.name) AND e.grantee = 0 AND e.privilege_type IN ('SELECT', 'USAGE'))
FROM place p
JOIN pg_catalog.pg_roles w ON w.oid = p.owner
LEFT JOIN LATERAL pg_catalog.aclexplode(p.acl) e ON true
LEFT JOIN pg_catalog.pg_roles g ON g.oid = e.grantee
LEFT JOIN pg_catalog.pg_roles b ON b.oid = e.grantor
ORDER BY 2, 3, 4, 1, 9, 10, 11, 13
"""

DEFAULT_ENTRIES = """
SELECT c.rolname::text, coalesce(n.nspname::text, ''), d.defaclobjtype::text,
       CASE WHEN e.grantee = 0 THEN '' ELSE g.rolname::text END, e.privilege_type, e.is_grantable
FROM pg_catalog.pg_default_acl d
JOIN pg_catalog.pg_roles c ON c.oid = d.defaclrole
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
LEFT JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) e ON true
LEFT JOIN pg_catalog.pg_roles g ON g.oid = e.grantee
"""

OWNED_SCHEMAS = """
SELECT n.nspname::text, r.rolname::text
FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = n.tableoid AND d.objid = n.oid AND d.deptype = 'e')
"""

EXTENSIONS = """
SELECT e.extname::text, n.nspname::text, e.extversion
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
ORDER BY 1
"""

OIDS = "SELECT rolname::text, oid::int8 FROM pg_catalog.pg_roles"
DATABASE_NAMES = "SELECT datname::text FROM pg_catalog.pg_database"

# Settings of ALTER ROLE ALL, for every role in every database.
FOR_EVERYBODY = """
SELECT pg_catalog.split_part(c.setting, '=', 1)
FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c(setting)
WHERE s.setrole = 0 AND s.setdatabase = 0
ORDER BY 1
"""
