"""The table of rights: which login may do what, on which version, and what it is told where it may not.

A cell is a kind of login and an action: a small declaration that takes one right. Its verdict is empty where the login
may, or else what the refusal has to say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FAR = "far"
"""A database of somebody else, ``lord``, with objects that only he may share."""


@dataclass(frozen=True)
class Kind:
    """A login without superuser: its attributes, and what is its own.

    ``owns`` is who owns the database that is named after it; with ``session_role`` it works as another role.
    """

    name: str
    createrole: bool = False
    createdb: bool = False
    owns: bool = False
    member: str = ""
    session_role: bool = False

    @property
    def me(self) -> str:
        """Return as whom it works."""
        return f"{self.name}_boss" if self.session_role else self.name

    @property
    def attributes(self) -> str:
        """Return the attributes of the role that it works as."""
        return f"{'' if self.createrole else 'NO'}CREATEROLE {'' if self.createdb else 'NO'}CREATEDB"


KINDS = {
    kind.name: kind
    for kind in (
        Kind("managed", createrole=True, createdb=True, owns=True),
        Kind("service", createrole=True, createdb=True, owns=True, member="cloud_superuser"),
        Kind("creator", createrole=True),
        Kind("maker", createdb=True, owns=True),
        Kind("owner", owns=True),
        Kind("tabler"),
        Kind("becomer", createrole=True, createdb=True, owns=True, session_role=True),
        Kind("signaller", createrole=True, member="pg_signal_backend"),
        Kind("keeper", createdb=True),
    )
}

Verdict = Callable[[Kind, int], str]
OK, SUPER = "", "that takes a superuser"


@dataclass(frozen=True)
class Action:
    """A declaration for one module; in its texts ``{k}`` is the login, ``{me}`` the role that it works as."""

    name: str
    module: str
    params: dict[str, Any]
    verdict: Verdict
    since: int = 13
    unchanged: bool = False
    remedied: bool = True


def role(title: str, verdict: Verdict, unchanged: bool = False, /, **item: Any) -> Action:
    """Declare one role."""
    return Action(title, "pg_role_set", {"roles": [item]}, verdict, unchanged=unchanged)


def database(title: str, verdict: Verdict, /, **item: Any) -> Action:
    """Declare one database."""
    remedied = item["name"] != FAR or "state" not in item
    return Action(title, "pg_db_isolation", {"databases": [item]}, verdict, remedied=remedied)


def default(name: str, verdict: Verdict, creator: str, where: str = "{k}") -> Action:
    """Declare a default privilege of one creator."""
    rules = ["GRANT SELECT ON TABLES TO {k}_old2"]
    return Action(name, "pg_default_privs", {"databases": [where], "creators": [creator], "privileges": rules}, verdict)


def grant(name: str, verdict: Verdict, rule: str, where: str = "{k}", since: int = 13) -> Action:
    """Declare a privilege on an object."""
    params = {"databases": [where], "privileges": [rule]}
    return Action(name, "pg_object_privs", params, verdict, since=since)


def anybody(_kind: Kind, _version: int) -> str:
    """Let everybody."""
    return OK


def nobody(_kind: Kind, _version: int) -> str:
    """Let superusers only."""
    return SUPER


def by_createrole(kind: Kind, _version: int) -> str:
    """Let who has CREATEROLE."""
    return OK if kind.createrole else "CREATEROLE"


def by_both(kind: Kind, version: int) -> str:
    """Let who has CREATEROLE, and from 16 CREATEDB as well."""
    return OK if kind.createrole and (kind.createdb or version < 16) else "CREATE"


def own_attribute(kind: Kind, version: int) -> str:
    """Let superusers, and from 16 who has the attribute, which nobody here has."""
    return SUPER if version < 16 else "ALTER ROLE"


def by_admin(kind: Kind, version: int) -> str:
    """Let who has CREATEROLE; from 16 the role takes ADMIN, too, which nobody has on roles of others."""
    if version >= 16:
        return "WITH ADMIN OPTION"
    return OK if kind.createrole else "CREATEROLE"


def by_createrole_to_15(kind: Kind, version: int) -> str:
    """Let to 15 who has CREATEROLE; from 16 it takes ADMIN, which nobody can have on oneself."""
    return by_createrole(kind, version) if version < 16 else SUPER


def by_membership(kind: Kind, version: int) -> str:
    """Let to 15 who has CREATEROLE, from 16 who has ADMIN, which nobody has on roles of others."""
    return OK if version < 16 and kind.createrole else "WITH ADMIN OPTION"


def by_made(kind: Kind, _version: int) -> str:
    """Let who made the role: those with CREATEROLE."""
    return OK if kind.createrole else "WITH ADMIN OPTION"


def replication(kind: Kind, version: int) -> str:
    """Let superusers, and from 16 who has CREATEROLE and ADMIN on the role."""
    if version < 16:
        return SUPER
    return OK if kind.createrole else "CREATEROLE"


def to_set(_kind: Kind, version: int) -> str:
    """Let superusers, and from 15 to whom it was granted."""
    return SUPER if version < 15 else "GRANT SET ON PARAMETER"


def by_createdb(kind: Kind, _version: int) -> str:
    """Let who has CREATEDB."""
    return OK if kind.createdb else "CREATEDB"


def as_owner(kind: Kind, _version: int) -> str:
    """Let who owns the database."""
    return OK if kind.owns else "postgres"


def to_create(kind: Kind, _version: int) -> str:
    """Let who owns the database, or has CREATE there."""
    return OK if kind.owns else "GRANT CREATE ON DATABASE"


def far_owner(_kind: Kind, _version: int) -> str:
    """Let only the other owner."""
    return 'GRANT "lord" TO'


def missing(words: str) -> Verdict:
    """Let nobody, for these words."""
    return lambda _kind, _version: words


def hands_on(kind: Kind, version: int) -> str:
    """Let from 16 who made the role and may create in the database."""
    return OK if kind.createrole and kind.owns and version >= 16 else "GRANT|ALTER ROLE"


def lends(kind: Kind, version: int) -> str:
    """Let from 16 who made the role, and so can lend itself membership."""
    return OK if kind.createrole and version >= 16 else "GRANT"


ACTIONS = (
    role("create a role", by_createrole, name="{k}_new", login=True),
    role("create a role with CREATEDB", by_both, name="{k}_newdb", createdb=True),
    role("create a role with CREATEROLE", by_createrole, name="{k}_newcr", createrole=True),
    role("create a role with REPLICATION", own_attribute, name="{k}_newrepl", replication=True),
    role("create a role with BYPASSRLS", own_attribute, name="{k}_newbyp", bypassrls=True),
    role("create a superuser", nobody, name="{k}_newsup", superuser=True),
    role(
        "create a role with everything",
        by_createrole,
        name="{k}_full",
        password="long enough",
        comment="x",
        connlimit=3,
        expire_at="2099-01-01",
        parameters={"work_mem": "5MB"},
    ),
    role("alter a role of one's own", by_createrole, name="{k}_old", connlimit=7),
    role("give CREATEDB", by_both, name="{k}_old2", createdb=True),
    role("alter somebody's role", by_admin, name="{k}_far", connlimit=7),
    role("alter a superuser", nobody, name="{k}_sup", connlimit=7),
    role("alter a replication role", replication, name="{k}_repl", connlimit=7),
    role("give BYPASSRLS", own_attribute, name="{k}_old2", bypassrls=True),
    role("give SUPERUSER", nobody, name="{k}_old2", superuser=True),
    role("keep a password", anybody, True, name="{k}_old", password="long enough"),
    role("comment on a role of one's own", by_createrole, name="{k}_old", comment="a comment"),
    role("comment on somebody's role", by_admin, name="{k}_far", comment="a comment"),
    role("comment on a superuser", nobody, name="{k}_sup", comment="a comment"),
    role("drop a role of one's own", by_createrole, name="{k}_gone", state="absent"),
    role("drop somebody's role", by_admin, name="{k}_fargone", state="absent"),
    role("drop a superuser", nobody, name="{k}_sup", state="absent"),
    role("grant a role of one's own", by_made, name="{k}_old2", roles=["{k}_old"]),
    role("grant somebody's role", by_membership, name="{k}_old2", roles=["{k}_far"]),
    role("grant a predefined role", by_membership, name="{k}_old2", roles=["pg_monitor"]),
    role("grant a superuser's role", nobody, name="{k}_old2", roles=["{k}_sup"]),
    role(
        "revoke somebody's grant",
        lambda kind, version: OK if kind.createrole and version < 16 else ("OPTION" if version < 16 else "postgres"),
        name="{k}_farmember",
        roles=[{"name": "{k}_old2", "state": "absent"}],
    ),
    role("set a parameter of a role", by_createrole, name="{k}_old", parameters={"work_mem": "6MB"}),
    role("set a parameter of somebody", by_admin, name="{k}_far", parameters={"work_mem": "6MB"}),
    role("set a parameter of oneself", anybody, name="{me}", parameters={"statement_timeout": "70s"}),
    role("set a parameter of oneself for superusers", to_set, name="{me}", parameters={"log_statement": "ddl"}),
    role(
        "set a hidden parameter of oneself",
        to_set,
        name="{me}",
        parameters={"dynamic_library_path": "$libdir"},
    ),
    role("set an unknown extension's parameter", to_set, name="{me}", parameters={"my.own": "x"}),
    role("reset a parameter for superusers", to_set, name="{me}", parameters={"log_min_messages": None}),
    role("comment on oneself", by_createrole_to_15, name="{me}", comment="myself"),
    role(
        "hand on what a role owns, and drop it",
        hands_on,
        name="{k}_leaver",
        state="absent",
        reassign_to="{k}_old",
    ),
    database("create a database", by_createdb, name="{k}_made", comment="x", connlimit=9),
    database(
        "create a database and fill it",
        by_createdb,
        name="{k}_made2",
        schemas=["app"],
        extensions=["hstore"],
        revokeconn=True,
        connect=["{k}_old", "{k}"],
    ),
    database("create a database for another owner", missing("CREATE|GRANT"), name="{k}_for", owner="{k}_old"),
    database("create a database in a tablespace", missing("CREATE"), name="{k}_ts", tablespace="pg_default"),
    database("copy somebody's database", missing("lord|CREATEDB"), name="{k}_copy", template=FAR),
    database("give a database away", missing("GRANT"), name="{k}", owner="{k}_old"),
    database("alter a database", as_owner, name="{k}", connlimit=50, comment="x"),
    database("alter somebody's database", far_owner, name=FAR, comment="of {k}"),
    database("share a database", as_owner, name="{k}", connect=["{k}_old"]),
    database("share somebody's database", far_owner, name=FAR, connect=["{k}_old"]),
    database("set a parameter of a database", as_owner, name="{k}", parameters={"work_mem": "7MB"}),
    database("set a database's parameter for superusers", to_set, name="{k}", parameters={"log_statement": "ddl"}),
    database("create a schema", to_create, name="{k}", schemas=["mine"]),
    database(
        "create a schema for another owner", missing("GRANT"), name="{k}", schemas=[{"name": "his", "owner": "{k}_old"}]
    ),
    database("create a schema in somebody's database", missing("GRANT CREATE ON DATABASE"), name=FAR, schemas=["{k}"]),
    database("give a schema away", missing("GRANT"), name="{k}", schemas=[{"name": "given", "owner": "{k}_old"}]),
    database("drop a schema", anybody, name="{k}", schemas=[{"name": "spare", "state": "absent"}]),
    database("drop somebody's schema", far_owner, name=FAR, schemas=[{"name": "empty_{k}", "state": "absent"}]),
    database("create a trusted extension", to_create, name="{k}", extensions=["hstore"]),
    database("create an extension that isn't trusted", nobody, name="{k}", extensions=["file_fdw"]),
    database(
        "move an extension",
        nobody,
        name="{k}",
        extensions=[{"name": "citext", "schema": "given"}],
    ),
    database("drop a database", as_owner, name="{k}_drop", state="absent"),
    database("drop somebody's database", far_owner, name=FAR, state="absent"),
    default("set default privileges of oneself", anybody, "{me}"),
    default("set default privileges of a role of one's own", lends, "{k}_old"),
    default("set default privileges of somebody", missing('GRANT "lord"'), "lord", FAR),
    grant("grant on a table of one's own", anybody, "GRANT SELECT ON TABLE own.t TO {k}_old"),
    grant("revoke on a table of one's own", anybody, "REVOKE SELECT ON TABLE own.given FROM {k}_old"),
    grant("grant on a column of one's own", anybody, "GRANT UPDATE (id) ON TABLE own.t TO {k}_old"),
    grant("grant on a function of one's own", anybody, "GRANT EXECUTE ON FUNCTION own.f() TO {k}_old"),
    grant("grant on a large object of one's own", anybody, "GRANT SELECT ON LARGE OBJECT 4711 TO {k}_old"),
    grant("grant on a schema of one's own", anybody, "GRANT USAGE ON SCHEMA own TO {k}_old"),
    grant("grant on a table of somebody", far_owner, "GRANT SELECT ON TABLE lordly.t TO {k}_old", FAR),
    grant("revoke on a table of somebody", far_owner, "REVOKE SELECT ON TABLE lordly.given FROM {k}_old", FAR),
    grant("grant with grant option only", anybody, "GRANT SELECT ON TABLE lordly.shared TO {k}_old", FAR),
    grant("grant beyond the grant option", far_owner, "GRANT UPDATE ON TABLE lordly.shared TO {k}_old", FAR),
    grant(
        "grant in a closed schema", missing("GRANT USAGE ON SCHEMA"), "GRANT SELECT ON TABLE closed.t TO {k}_old", FAR
    ),
    grant("grant on a sequence of somebody", far_owner, "GRANT USAGE ON SEQUENCE lordly.s TO {k}_old", FAR),
    grant("grant on a function of somebody", far_owner, "GRANT EXECUTE ON FUNCTION lordly.f() TO {k}_old", FAR),
    grant("grant on a type of somebody", far_owner, "GRANT USAGE ON TYPE lordly.mood TO {k}_old", FAR),
    grant("grant on a large object of somebody", far_owner, "GRANT SELECT ON LARGE OBJECT 4712 TO {k}_old", FAR),
    grant("grant on a schema of somebody", far_owner, "GRANT USAGE ON SCHEMA lordly TO {k}_old", FAR),
    grant("grant on a language", missing("postgres"), "GRANT USAGE ON LANGUAGE plpgsql TO {k}_old", FAR),
    grant(
        "grant on a foreign data wrapper",
        missing("postgres"),
        "GRANT USAGE ON FOREIGN DATA WRAPPER fdw TO {k}_old",
        FAR,
    ),
    grant("grant on a foreign server", far_owner, "GRANT USAGE ON FOREIGN SERVER srv TO {k}_old", FAR),
    grant("grant on a parameter", missing("postgres"), "GRANT SET ON PARAMETER log_duration TO {k}_old", since=15),
    grant("grant on a parameter by the option", anybody, "GRANT SET ON PARAMETER log_lock_waits TO {k}_old", since=15),
    grant("grant on a wrapper by the option", anybody, "GRANT USAGE ON FOREIGN DATA WRAPPER fdw2 TO {k}_old", FAR),
    grant("grant on a database of one's own", as_owner, "GRANT CREATE ON DATABASE {k} TO {k}_old"),
    grant("grant on a database of somebody", far_owner, "GRANT CREATE ON DATABASE far TO {k}_old"),
    grant(
        "grant in a database that one may not enter",
        missing("GRANT CONNECT"),
        "GRANT USAGE ON SCHEMA public TO {k}_old",
        "shut",
    ),
)
