"""Everything that somebody can change by hand on the cluster of drift_cluster, and how an audit names it."""

from __future__ import annotations

import dataclasses
from typing import Any

from tests.server.drift_cluster import OBJECTS, SHOP

TOO_MUCH, MISSING, DIFFERENT = "too much", "missing", "different"
POSTGRES = "postgres"
NEWEST = 99
PARTIAL = ("summary", "privilege")


@dataclasses.dataclass(frozen=True)
class Kind:
    """A change by hand: statements in a database, one row that an audit has to give, and the columns it alters.

    A `summary` has to be part of the row's sentence, a `privilege` one of the row's; everything else has to be equal.
    Where no apply ever repairs it, `remedy` is what somebody has to do by hand.
    """

    name: str
    sql: tuple[str, ...]
    row: dict[str, str]
    covers: tuple[str, ...] = ()
    database: str = POSTGRES
    since: int = 0
    before: int = NEWEST
    remedy: tuple[str, ...] = ()

    def fits(self, version: int) -> bool:
        """Tell whether a version of the server has it."""
        return self.since <= version < self.before

    def named_by(self, row: dict[str, str], together: bool = False) -> bool:
        """Tell whether a row names it; together with others, one statement can both give and take."""
        wanted = {key: value for key, value in self.row.items() if not (together and key == "state")}
        return all(value in row[key] if key in PARTIAL else value == row[key] for key, value in wanted.items())


def role(name: str, sql: str, says: str, column: str, **more: Any) -> Kind:
    """A change to a role's attributes."""
    who = more.pop("who", "app")
    row = {"object_class": "ROLE", "role": who, "state": more.pop("state", DIFFERENT), "summary": says}
    return Kind(f"role: {name}", (sql,), row, (f"pg_authid.{column}",) if column else (), **more)


def membership(name: str, sql: str, parent: str, member: str, state: str, column: str, **more: Any) -> Kind:
    """A change to a membership."""
    row = {"object_class": "MEMBERSHIP", "object": parent, "role": member, "state": state, **more.pop("row", {})}
    return Kind(f"membership: {name}", (sql,), row, (f"pg_auth_members.{column}",), **more)


def setting(name: str, sql: str, parameter: str, says: str, state: str, column: str = "setconfig") -> Kind:
    """A change to a setting of a role, a database or both."""
    row = {"object": parameter, "summary": says, "state": state}
    return Kind(f"setting: {name}", (sql,), row, (f"pg_db_role_setting.{column}",))


def database(name: str, sql: str, row: dict[str, str], column: str, **more: Any) -> Kind:
    """A change to a database."""
    covers = (f"pg_database.{column}",) if column else ()
    return Kind(f"database: {name}", (sql,), {"object_class": "DATABASE", **row}, covers, **more)


def default(name: str, sql: str, row: dict[str, str], column: str = "defaclacl", **more: Any) -> Kind:
    """A change to default privileges."""
    head = "ALTER DEFAULT PRIVILEGES FOR ROLE "
    return Kind(f"default ACL: {name}", (head + sql,), row, (f"pg_default_acl.{column}",), SHOP, **more)


ROLES = (
    *(
        role(f"{word} given", f"ALTER ROLE app {word}", f" NO{word}", column, state=TOO_MUCH)
        for word, column in {
            "SUPERUSER": "rolsuper",
            "CREATEDB": "rolcreatedb",
            "CREATEROLE": "rolcreaterole",
            "REPLICATION": "rolreplication",
            "BYPASSRLS": "rolbypassrls",
        }.items()
    ),
    role("INHERIT taken", "ALTER ROLE app NOINHERIT", " INHERIT", "rolinherit"),
    role("LOGIN taken", "ALTER ROLE app NOLOGIN", " LOGIN", "rolcanlogin"),
    role("LOGIN given", "ALTER ROLE readers LOGIN", " NOLOGIN", "rolcanlogin", who="readers", state=TOO_MUCH),
    role("connection limit", "ALTER ROLE app CONNECTION LIMIT 6", "CONNECTION LIMIT 5", "rolconnlimit"),
    role("valid until", "ALTER ROLE app VALID UNTIL 'infinity'", "VALID UNTIL", "rolvaliduntil"),
    role("password changed", "ALTER ROLE app PASSWORD 'another one'", "set the password of", "rolpassword"),
    role("password cleared", "ALTER ROLE app PASSWORD NULL", "set the password of", "rolpassword"),
    role("comment changed", "COMMENT ON ROLE app IS 'something else'", "comment on role app", ""),
    role("comment removed", "COMMENT ON ROLE app IS NULL", "comment on role app", ""),
    role("dropped", "DROP ROLE leaver", "create role leaver", "rolname", who="leaver", state=MISSING),
    role(
        "attributes nobody declared",
        "ALTER ROLE bare CREATEDB CONNECTION LIMIT 3",
        "NOCREATEDB CONNECTION LIMIT -1",
        "rolcreatedb",
        who="bare",
        state=TOO_MUCH,
    ),
    role("made", "CREATE ROLE stray LOGIN", "stray", "oid", who="stray", state=TOO_MUCH),
    role("renamed", "ALTER ROLE leaver RENAME TO stranger", "stranger", "rolname", who="stranger", state=TOO_MUCH),
)
MEMBERSHIPS = (
    membership("added", "GRANT readers TO bare", "readers", "bare", TOO_MUCH, "roleid"),
    membership("removed", "REVOKE readers FROM app", "readers", "app", MISSING, "member"),
    membership("ADMIN given", "GRANT writers TO app WITH ADMIN OPTION", "writers", "app", TOO_MUCH, "admin_option"),
    membership(
        "ADMIN taken", "REVOKE ADMIN OPTION FOR writers FROM other", "writers", "other", DIFFERENT, "admin_option"
    ),
    membership(
        "INHERIT taken",
        "GRANT writers TO app WITH INHERIT FALSE",
        "writers",
        "app",
        DIFFERENT,
        "inherit_option",
        since=16,
    ),
    membership("SET taken", "GRANT writers TO app WITH SET FALSE", "writers", "app", DIFFERENT, "set_option", since=16),
    membership(
        "added by another grantor",
        "GRANT writers TO bare GRANTED BY other",
        "writers",
        "bare",
        TOO_MUCH,
        "grantor",
        row={"grantor": "other"},
    ),
    membership("the other way round", "GRANT app TO owner", "app", "owner", TOO_MUCH, "roleid"),
)
SETTINGS = (
    setting(
        "of a role changed", "ALTER ROLE app SET work_mem = '9MB'", "work_mem", "for role app", DIFFERENT, "setrole"
    ),
    setting("of a role added", "ALTER ROLE app SET jit = off", "jit", "reset jit for role app", TOO_MUCH),
    setting(
        "of a role reset", "ALTER ROLE app RESET work_mem", "work_mem", "set work_mem to 8MB for role app", DIFFERENT
    ),
    setting(
        "in a database changed",
        "ALTER ROLE app IN DATABASE shop SET statement_timeout = '6s'",
        "statement_timeout",
        "for role app in database shop",
        DIFFERENT,
        "setdatabase",
    ),
    setting(
        "in a database added",
        "ALTER ROLE app IN DATABASE shop SET jit = off",
        "jit",
        "reset jit for role app in database shop",
        TOO_MUCH,
    ),
    setting(
        "in another database added",
        "ALTER ROLE app IN DATABASE spare SET jit = off",
        "jit",
        "reset jit for role app in database spare",
        TOO_MUCH,
    ),
    setting(
        "in a database reset",
        "ALTER ROLE app IN DATABASE shop RESET ALL",
        "statement_timeout",
        "for role app in database shop",
        DIFFERENT,
    ),
    setting(
        "of a database changed", "ALTER DATABASE shop SET work_mem = '1MB'", "work_mem", "for database shop", DIFFERENT
    ),
    setting("of a database added", "ALTER DATABASE shop SET jit = off", "jit", "reset jit for database shop", TOO_MUCH),
    setting("of a database reset", "ALTER DATABASE shop RESET work_mem", "work_mem", "for database shop", DIFFERENT),
)
DATABASES = (
    database(
        "owner",
        "ALTER DATABASE shop OWNER TO other",
        {"object": SHOP, "summary": "to owner", "state": DIFFERENT},
        "datdba",
    ),
    database(
        "comment", "COMMENT ON DATABASE shop IS 'no'", {"object": SHOP, "summary": "comment", "state": DIFFERENT}, ""
    ),
    database(
        "connection limit",
        "ALTER DATABASE shop CONNECTION LIMIT 7",
        {"object": SHOP, "summary": "limit 20"},
        "datconnlimit",
    ),
    database(
        "closed", "ALTER DATABASE spare ALLOW_CONNECTIONS false", {"object": "spare", "summary": "true"}, "datallowconn"
    ),
    database("dropped", "DROP DATABASE spare", {"object": "spare", "state": MISSING}, "datname"),
    database(
        "made",
        "CREATE DATABASE stray",
        {"object": "stray", "state": TOO_MUCH},
        "oid",
        remedy=("DROP DATABASE stray",),
    ),
    database("made a template", "ALTER DATABASE spare IS_TEMPLATE true", {"object": "spare"}, "datistemplate"),
    database(
        "PUBLIC let in", "GRANT CONNECT ON DATABASE shop TO PUBLIC", {"role": "PUBLIC", "state": TOO_MUCH}, "datacl"
    ),
    database(
        "somebody let in", "GRANT CONNECT ON DATABASE shop TO bare", {"role": "bare", "state": TOO_MUCH}, "datacl"
    ),
    database("shut out", "REVOKE CONNECT ON DATABASE shop FROM app", {"role": "app", "state": MISSING}, "datacl"),
    database(
        "CREATE given", "GRANT CREATE ON DATABASE shop TO other", {"role": "other", "privilege": "CREATE"}, "datacl"
    ),
    database(
        "grant option given",
        "GRANT TEMP ON DATABASE shop TO app WITH GRANT OPTION",
        {"role": "app", "privilege": "TEMPORARY", "summary": "grant option", "state": TOO_MUCH},
        "datacl",
    ),
    Kind(
        "database: let in by another grantor",
        (
            "GRANT CONNECT ON DATABASE shop TO other WITH GRANT OPTION",
            "SET ROLE other",
            "GRANT CONNECT ON DATABASE shop TO bare",
        ),
        {"object_class": "DATABASE", "object": SHOP, "role": "bare", "grantor": "other", "state": TOO_MUCH},
    ),
)
INSIDES = (
    Kind(
        "schema: owner",
        ("ALTER SCHEMA app OWNER TO other",),
        {"object_class": "SCHEMA", "object": "app", "summary": "to owner", "state": DIFFERENT},
        database=SHOP,
    ),
    Kind("schema: dropped", ("DROP SCHEMA spare",), {"object": "spare", "state": MISSING}, database=SHOP),
    Kind(
        "schema: PUBLIC may create in public",
        ("GRANT CREATE ON SCHEMA public TO PUBLIC",),
        {"database": SHOP, "object": "public", "role": "PUBLIC", "privilege": "CREATE", "state": TOO_MUCH},
        ("pg_namespace.nspacl",),
        database=SHOP,
    ),
    Kind("extension: dropped", ("DROP EXTENSION pg_trgm",), {"object": "pg_trgm", "state": MISSING}, database=SHOP),
)
ON_TABLES, ON_TYPES, ON_FUNCTIONS = (f"DEFAULT PRIVILEGES ON {name}" for name in ("TABLES", "TYPES", "FUNCTIONS"))
DEFAULTS = (
    default(
        "added",
        "owner GRANT DELETE ON TABLES TO readers",
        {"object_class": ON_TABLES, "role": "readers", "privilege": "DELETE", "state": TOO_MUCH, "grantor": "owner"},
    ),
    default(
        "removed",
        "owner REVOKE SELECT ON TABLES FROM readers",
        {"object_class": ON_TABLES, "role": "readers", "privilege": "SELECT", "state": MISSING, "grantor": "owner"},
    ),
    default(
        "added in a schema",
        "owner IN SCHEMA app GRANT UPDATE ON TABLES TO bare",
        {"object": "owner in schema app", "role": "bare", "privilege": "UPDATE", "state": TOO_MUCH},
        "defaclnamespace",
    ),
    default(
        "removed in a schema",
        "owner IN SCHEMA app REVOKE INSERT ON TABLES FROM writers",
        {"object": "owner in schema app", "role": "writers", "privilege": "INSERT", "state": MISSING},
        "defaclnamespace",
    ),
    default(
        "grant option given",
        "owner GRANT SELECT ON TABLES TO readers WITH GRANT OPTION",
        {"object_class": ON_TABLES, "role": "readers", "privilege": "GRANT OPTION FOR SELECT", "state": TOO_MUCH},
    ),
    default(
        "of another creator",
        "postgres GRANT TRIGGER ON TABLES TO bare",
        {"object": POSTGRES, "role": "bare", "privilege": "TRIGGER", "state": TOO_MUCH},
        "defaclrole",
    ),
    default(
        "PUBLIC's entry added",
        "owner GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
        {"object_class": ON_FUNCTIONS, "role": "PUBLIC", "privilege": "EXECUTE", "state": TOO_MUCH},
        "defaclobjtype",
    ),
    default(
        "PUBLIC's entry removed",
        "owner REVOKE USAGE ON TYPES FROM PUBLIC",
        {"object_class": ON_TYPES, "role": "PUBLIC", "privilege": "USAGE", "state": MISSING},
        "defaclobjtype",
    ),
    default(
        "on sequences",
        "owner GRANT USAGE ON SEQUENCES TO bare",
        {"object_class": "DEFAULT PRIVILEGES ON SEQUENCES", "role": "bare", "state": TOO_MUCH},
        "defaclobjtype",
    ),
    default(
        "on schemas",
        "owner GRANT USAGE ON SCHEMAS TO bare",
        {"object_class": "DEFAULT PRIVILEGES ON SCHEMAS", "role": "bare", "state": TOO_MUCH},
        "defaclobjtype",
    ),
    default(
        "on large objects",
        "owner REVOKE SELECT ON LARGE OBJECTS FROM readers",
        {"object_class": "DEFAULT PRIVILEGES ON LARGE OBJECTS", "role": "readers", "state": MISSING},
        "defaclobjtype",
        since=18,
    ),
)

# The column in which the ACL of a class lies.
COLUMN_OF = {
    "SCHEMA": "pg_namespace.nspacl",
    "TABLE": "pg_class.relacl",
    "SEQUENCE": "pg_class.relacl",
    "FUNCTION": "pg_proc.proacl",
    "PROCEDURE": "pg_proc.proacl",
    "TYPE": "pg_type.typacl",
    "DOMAIN": "pg_type.typacl",
    "LANGUAGE": "pg_language.lanacl",
    "FOREIGN DATA WRAPPER": "pg_foreign_data_wrapper.fdwacl",
    "FOREIGN SERVER": "pg_foreign_server.srvacl",
    "LARGE OBJECT": "pg_largeobject_metadata.lomacl",
    "TABLESPACE": "pg_tablespace.spcacl",
    "PARAMETER": "pg_parameter_acl.paracl",
}
CLASS_OF = {"PROCEDURE": "FUNCTION", "DOMAIN": "TYPE"}


def class_of(target: str) -> str:
    """Give the class of what a GRANT is on."""
    return next(name for name in sorted(COLUMN_OF, key=len, reverse=True) if target.startswith(f"{name} "))


def on_object(target: str, privilege: str, since: int = 0) -> tuple[Kind, ...]:
    """A privilege on an object that somebody has too much, and one that somebody lost."""
    found = class_of(target)
    row = {"object_class": CLASS_OF.get(found, found), "privilege": privilege}
    statements = (
        ("given", "GRANT", "TO bare", "bare", TOO_MUCH),
        ("lost", "REVOKE", "FROM readers", "readers", MISSING),
    )
    return tuple(
        Kind(
            f"object: {target} {word}",
            (f"{verb} {privilege} ON {target} {whom}",),
            {**row, "role": who, "state": state},
            (COLUMN_OF[found],),
            SHOP,
            since,
        )
        for word, verb, whom, who, state in statements
    )


def object_kind(name: str, *sql: str, covers: str = "pg_class.relacl", since: int = 0, **row: str) -> Kind:
    """A particular change to the privileges on an object."""
    return Kind(f"object: {name}", sql, row, (covers,), SHOP, since)


OBJECT_KINDS = (
    *(kind for target, privilege in OBJECTS.items() for kind in on_object(target, privilege)),
    *on_object("PARAMETER log_min_messages", "SET", since=15),
    object_kind("PUBLIC reads", "GRANT SELECT ON app.plain TO PUBLIC", role="PUBLIC", state=TOO_MUCH),
    object_kind(
        "PUBLIC executes",
        "GRANT EXECUTE ON FUNCTION app.f(text) TO PUBLIC",
        covers="pg_proc.proacl",
        role="PUBLIC",
        privilege="EXECUTE",
        state=TOO_MUCH,
    ),
    object_kind(
        "the other overload",
        "GRANT EXECUTE ON FUNCTION app.f(text) TO bare",
        covers="pg_proc.proacl",
        role="bare",
        privilege="EXECUTE",
        state=TOO_MUCH,
    ),
    object_kind(
        "grant option given",
        "GRANT SELECT ON app.plain TO readers WITH GRANT OPTION",
        role="readers",
        state=TOO_MUCH,
        summary="grant option",
    ),
    object_kind(
        "another grantor",
        "GRANT SELECT ON app.plain TO other WITH GRANT OPTION",
        "GRANT USAGE ON SCHEMA app TO other",
        "SET ROLE other",
        "GRANT SELECT ON app.plain TO bare",
        role="bare",
        grantor="other",
        state=TOO_MUCH,
    ),
    object_kind("MAINTAIN", "GRANT MAINTAIN ON app.plain TO bare", since=17, role="bare", privilege="MAINTAIN"),
    object_kind(
        "a column given",
        "GRANT SELECT (id) ON app.plain TO bare",
        covers="pg_attribute.attacl",
        role="bare",
        state=TOO_MUCH,
    ),
    object_kind(
        "a column lost",
        "REVOKE UPDATE (note) ON app.plain FROM app",
        covers="pg_attribute.attacl",
        role="app",
        state=MISSING,
    ),
    object_kind(
        "a column of a view given",
        "GRANT SELECT (id) ON app.seen TO bare",
        covers="pg_attribute.attacl",
        role="bare",
        state=TOO_MUCH,
    ),
)
KINDS = (*ROLES, *MEMBERSHIPS, *SETTINGS, *DATABASES, *INSIDES, *DEFAULTS, *OBJECT_KINDS)
