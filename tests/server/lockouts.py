"""Ways to lock oneself out, each with what is there, what is declared, and what is said of it; and ways that aren't."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from ansible_collections.leastpriv.pgsql.plugins.modules import pg_db_isolation, pg_object_privs, pg_role_set

Params = dict[str, Any]
AS_OPS = {"session_role": "ops"}
SUPER = "ALTER ROLE me SUPERUSER"
# me becomes the superuser ops by SET ROLE; in home, the club has CONNECT.
ACTING = "CREATE ROLE ops SUPERUSER;\nGRANT ops TO me"
CLUB = (
    "CREATE ROLE club;\nREVOKE CONNECT ON DATABASE home FROM PUBLIC;\nGRANT CONNECT ON DATABASE home TO club;\n"
    "GRANT club TO me"
)
# me has the rights of top, who lends keeper to me and doesn't have its rights itself.
LENT = (
    "CREATE ROLE keeper;\nCREATE ROLE top NOINHERIT;\nGRANT keeper TO top WITH ADMIN OPTION;\nGRANT top TO me;\n"
    "SET ROLE top;\nGRANT keeper TO me;\nRESET ROLE"
)
OWNER = "ALTER DATABASE home OWNER TO me"
HANDED = f"CREATE ROLE keeper;\nALTER ROLE me NOINHERIT CREATEDB;\nGRANT keeper TO me;\n{OWNER}"
GIVEN = "CREATE ROLE keeper;\nALTER ROLE me NOINHERIT;\nGRANT keeper TO me;\nALTER DATABASE home OWNER TO keeper"


@dataclass(frozen=True)
class Way:
    """One way to lock oneself out: what is there, what is declared, and what is said of it.

    ``out``: the second plan can't be made then. What isn't ``lifted`` is refused with allow_self, too.
    """

    there: str
    module: ModuleType
    declared: Params
    said: str
    more: Params = field(default_factory=dict)
    out: bool = True
    lifted: bool = True


def role(*items: Params, **options: Any) -> Params:
    return {"roles": list(items), **options}


def me(**keys: Any) -> Params:
    return role({"name": "me", **keys})


def home(**keys: Any) -> Params:
    return {"databases": [{"name": "home", **keys}]}


def without(parent: str) -> Params:
    return me(roles=[{"name": parent, "state": "absent"}])


def rule(text: str) -> Params:
    return {"databases": ["home"], "privileges": [text]}


READ_ONLY = {"default_transaction_read_only": True}
MISSING = {"session_preload_libraries": ["auto_explain", "no_such_library"]}
OTHER = f"{SUPER};\nCREATE ROLE other"

ATTRIBUTES = {
    "own LOGIN": Way(SUPER, pg_role_set, me(login=False), "role me: login false"),
    "own SUPERUSER": Way(SUPER, pg_role_set, me(superuser=False), "role me: superuser false", out=False),
    "own password": Way(SUPER, pg_role_set, me(password=""), "role me: an empty password"),
    "own expiry": Way(SUPER, pg_role_set, me(expire_at="2001-01-01"), "role me: an expiry in the past"),
    "own limit": Way(SUPER, pg_role_set, me(connlimit=0), "role me: connlimit 0", out=False),
    "own limit, no superuser": Way(ACTING, pg_role_set, me(connlimit=0), "role me: connlimit 0", AS_OPS),
    "own LOGIN, as another role": Way(ACTING, pg_role_set, me(login=False), "role me: login false", AS_OPS),
    "own removal": Way(SUPER, pg_role_set, me(state="absent"), "role me: state absent", lifted=False),
    "removal of the role acted as": Way(
        ACTING, pg_role_set, role({"name": "ops", "state": "absent"}), "role ops: state absent", AS_OPS, lifted=False
    ),
    "SUPERUSER of the role acted as": Way(
        ACTING,
        pg_role_set,
        role({"name": "ops", "superuser": False}),
        "role ops: superuser false",
        AS_OPS,
        lifted=False,
    ),
    "exact attributes": Way(
        SUPER, pg_role_set, {**me(attributes="exact"), "mode": "exact"}, "role me: superuser false", out=False
    ),
}

SETTINGS = {
    "read-only by default": Way(
        SUPER, pg_role_set, me(parameters=READ_ONLY), "role me: default_transaction_read_only on", out=False
    ),
    "read-only by default, in the login database": Way(
        SUPER,
        pg_role_set,
        me(database_parameters={"home": READ_ONLY}),
        "role me in database home: default_tr",
        out=False,
    ),
    "read-only by default, for everybody": Way(
        OWNER, pg_db_isolation, home(parameters=READ_ONLY), "database home: default_transaction_read_only on", out=False
    ),
    "a library that isn't there": Way(SUPER, pg_role_set, me(parameters=MISSING), "role me: session_preload_libraries"),
    "another role from the beginning": Way(
        OTHER, pg_role_set, me(parameters={"role": "other"}), "role me: coming in as other", out=False
    ),
    "no time for a statement": Way(
        SUPER, pg_role_set, me(parameters={"statement_timeout": "0.9s"}), "role me: statement_timeout 0.9s", out=False
    ),
}

MEMBERSHIPS = {
    "the role acted as": Way(ACTING, pg_role_set, without("ops"), "role me: leaving it no way to become ops", AS_OPS),
    "the role acted as, exact": Way(
        ACTING, pg_role_set, {**me(roles=[]), "memberships": "exact"}, "no way to become ops", AS_OPS
    ),
    "the role acted as, through another": Way(
        "CREATE ROLE ops SUPERUSER;\nCREATE ROLE crew;\nGRANT ops TO crew;\nGRANT crew TO me",
        pg_role_set,
        role({"name": "crew", "roles": [{"name": "ops", "state": "absent"}]}),
        "no way to become ops",
        AS_OPS,
    ),
    "the role acted as, through one that is dropped": Way(
        "CREATE ROLE ops SUPERUSER;\nCREATE ROLE crew;\nGRANT ops TO crew;\nGRANT crew TO me",
        pg_role_set,
        {**me(), "unlisted_roles": "drop", "unlisted_except": ["postgres"]},
        "no way to become ops",
        AS_OPS,
    ),
    "CONNECT through a group": Way(
        f"{ACTING};\n{CLUB}", pg_role_set, without("club"), "database home: taking CONNECT from me", AS_OPS
    ),
    "CONNECT through a group that goes": Way(
        f"{ACTING};\n{CLUB}",
        pg_role_set,
        role({"name": "club", "state": "absent", "reassign_to": "ops"}),
        "database home: taking CONNECT from me",
        AS_OPS,
        lifted=False,
    ),
    "a database through its owner": Way(
        f"{LENT};\nALTER DATABASE home OWNER TO keeper",
        pg_role_set,
        without("keeper"),
        "database home: owner keeper",
        out=False,
    ),
    "a role through who administers it": Way(
        f"{LENT};\nCREATE ROLE app;\nGRANT app TO keeper WITH ADMIN OPTION",
        pg_role_set,
        without("keeper"),
        "role app: taking its admin option from me",
        out=False,
    ),
}

BEFORE_16 = {
    "own CREATEROLE": Way(
        "ALTER ROLE me CREATEROLE", pg_role_set, me(createrole=False), "role me: createrole false", out=False
    ),
    "own CREATEDB": Way(
        "ALTER ROLE me CREATEROLE CREATEDB", pg_role_set, me(createdb=False), "role me: createdb false", out=False
    ),
    "own ADMIN": Way(
        "CREATE ROLE app;\nGRANT app TO me WITH ADMIN OPTION",
        pg_role_set,
        me(roles=[{"name": "app", "admin": False}]),
        "role app: taking its admin option from me",
        out=False,
    ),
    "own LOGIN, with CREATEROLE": Way("ALTER ROLE me CREATEROLE", pg_role_set, me(login=False), "role me: login false"),
    "own expiry, with CREATEROLE": Way(
        "ALTER ROLE me CREATEROLE", pg_role_set, me(expire_at="2020-02-02"), "role me: an expiry in the past"
    ),
    "own INHERIT": Way(f"{ACTING};\n{CLUB}", pg_role_set, me(inherit=False), "taking CONNECT from me", AS_OPS),
    "own group, with CREATEROLE": Way(
        "ALTER ROLE me CREATEROLE;\nCREATE ROLE keeper;\nGRANT keeper TO me;\nCREATE TABLE t();\n"
        "ALTER TABLE t OWNER TO keeper",
        pg_role_set,
        without("keeper"),
        "role keeper: taking it from me, who manages what keeper owns,",
        out=False,
    ),
}


def option(parent: str, **options: bool) -> Params:
    return me(roles=[{"name": parent, **options}])


SINCE_16 = {
    "SET on the role acted as": Way(ACTING, pg_role_set, option("ops", set=False), "no way to become ops", AS_OPS),
    "INHERIT on a group with CONNECT": Way(
        f"{ACTING};\n{CLUB}", pg_role_set, option("club", inherit=False), "taking CONNECT from me", AS_OPS
    ),
}

DATABASES = {
    "limit of the login database": Way(OWNER, pg_db_isolation, home(connlimit=0), "database home: connlimit 0"),
    "login database shut": Way(
        OWNER, pg_db_isolation, home(allowconn=False), "database home: allowconn false", lifted=False
    ),
    "login database shut, superuser": Way(
        SUPER, pg_db_isolation, home(allowconn=False), "database home: allowconn false", lifted=False
    ),
    "owner of the database": Way(
        HANDED,
        pg_db_isolation,
        home(owner="keeper"),
        "database home: owner keeper, whose rights me would not have,",
        out=False,
    ),
    "CONNECT with the owner": Way(
        HANDED,
        pg_db_isolation,
        home(owner="keeper", revokeconn=True),
        "database home: taking CONNECT from me",
    ),
    "CONNECT of PUBLIC": Way(
        GIVEN, pg_db_isolation, home(revokeconn=True), "taking CONNECT from me", {"session_role": "keeper"}
    ),
    "CONNECT of oneself": Way(
        f"{GIVEN};\nREVOKE CONNECT ON DATABASE home FROM PUBLIC;\nGRANT CONNECT ON DATABASE home TO me",
        pg_db_isolation,
        home(revokeconn=True, deny_connect=["me"]),
        "taking CONNECT from me",
        {"session_role": "keeper"},
    ),
    "CONNECT of oneself, exact": Way(
        f"{GIVEN};\nREVOKE CONNECT ON DATABASE home FROM PUBLIC;\nGRANT CONNECT ON DATABASE home TO me",
        pg_db_isolation,
        {**home(grants=[]), "mode": "exact"},
        "taking CONNECT from me",
        {"session_role": "keeper"},
    ),
    "CONNECT of a group": Way(
        f"{CLUB};\nCREATE ROLE keeper NOINHERIT SUPERUSER;\nGRANT keeper TO me",
        pg_db_isolation,
        home(revokeconn=True, connect=[]),
        "taking CONNECT from me",
        {"session_role": "keeper"},
    ),
    "CONNECT of a group that is denied": Way(
        f"{CLUB};\nCREATE ROLE keeper SUPERUSER NOINHERIT;\nGRANT keeper TO me",
        pg_db_isolation,
        home(revokeconn=True, deny_connect=["club"]),
        "taking CONNECT from me",
        {"session_role": "keeper"},
    ),
    "CONNECT while sessions are to be ended": Way(
        GIVEN,
        pg_db_isolation,
        home(revokeconn=True, terminate=True),
        "taking CONNECT from me",
        {"session_role": "keeper"},
        lifted=False,
    ),
    "CONNECT where there is more to do": Way(
        GIVEN,
        pg_db_isolation,
        home(revokeconn=True, schemas=["app"]),
        "taking CONNECT from me",
        {"session_role": "keeper"},
        lifted=False,
    ),
    "read-only by default, where there is more to do": Way(
        "CREATE DATABASE shop OWNER me",
        pg_db_isolation,
        {"databases": [{"name": "shop", "parameters": READ_ONLY, "schemas": ["public"]}]},
        "database shop: default_transaction_read_only on",
        out=False,
    ),
    "CONNECT by a rule": Way(
        GIVEN,
        pg_object_privs,
        rule("REVOKE CONNECT ON DATABASE home FROM PUBLIC"),
        "taking CONNECT from me",
        {"session_role": "keeper"},
    ),
}

HARMLESS = {
    "PUBLIC loses CONNECT, and the login owns the database": Way(OWNER, pg_db_isolation, home(revokeconn=True), ""),
    "PUBLIC loses CONNECT, and the login inherits from the owner": Way(
        "CREATE ROLE keeper;\nGRANT keeper TO me;\nALTER DATABASE home OWNER TO keeper",
        pg_db_isolation,
        home(revokeconn=True, schemas=["app"]),
        "",
    ),
    "PUBLIC loses CONNECT by a rule, and the login is in a group that has it": Way(
        f"{ACTING};\nCREATE ROLE club;\nGRANT club TO me;\nGRANT CONNECT ON DATABASE home TO club",
        pg_object_privs,
        rule("REVOKE CONNECT ON DATABASE home FROM PUBLIC"),
        "",
        AS_OPS,
    ),
    "a superuser closes its database to others": Way(
        SUPER, pg_db_isolation, home(revokeconn=True, connlimit=0, deny_connect=[]), ""
    ),
    "the owner hands the database to a role that it inherits from": Way(
        f"CREATE ROLE keeper;\nGRANT keeper TO me;\nALTER ROLE me CREATEDB;\n{OWNER}",
        pg_db_isolation,
        home(owner="keeper", revokeconn=True),
        "",
    ),
    "a role goes, and what it owned to another one that the login inherits from": Way(
        "ALTER ROLE me CREATEROLE CREATEDB;\nCREATE ROLE keeper;\nCREATE ROLE heir;\n"
        "GRANT keeper, heir TO me WITH ADMIN OPTION;\nCREATE DATABASE shop OWNER keeper",
        pg_role_set,
        role({"name": "keeper", "state": "absent", "reassign_to": "heir"}),
        "",
    ),
    "the owner of the login database goes, and its CONNECT to another one that the login inherits from": Way(
        "ALTER ROLE me CREATEROLE CREATEDB;\nCREATE ROLE keeper;\nCREATE ROLE heir;\n"
        "GRANT keeper, heir TO me WITH ADMIN OPTION;\nALTER DATABASE home OWNER TO keeper;\n"
        "REVOKE CONNECT ON DATABASE home FROM PUBLIC",
        pg_role_set,
        role({"name": "keeper", "state": "absent", "reassign_to": "heir"}),
        "",
    ),
    "one of two ways to the role acted as goes": Way(
        f"{ACTING};\nCREATE ROLE crew;\nGRANT ops TO crew;\nGRANT crew TO me", pg_role_set, without("crew"), "", AS_OPS
    ),
    "a group that gives nothing goes": Way(
        f"{ACTING};\nCREATE ROLE idle;\nGRANT idle TO me", pg_role_set, without("idle"), "", AS_OPS
    ),
    "another superuser loses everything": Way(
        f"{SUPER};\nCREATE ROLE other SUPERUSER LOGIN PASSWORD 'x'",
        pg_role_set,
        role(
            {
                "name": "other",
                "login": False,
                "superuser": False,
                "password": "",
                "connlimit": 0,
                "expire_at": "2001-01-01",
            }
        ),
        "",
    ),
    "a superuser does without attributes": Way(
        f"{SUPER};\nALTER ROLE me CREATEROLE CREATEDB REPLICATION BYPASSRLS",
        pg_role_set,
        me(createrole=False, createdb=False, replication=False, bypassrls=False, connlimit=1, expire_at="2099-01-01"),
        "",
    ),
    "settings that stop nothing": Way(
        f"{SUPER};\nCREATE DATABASE shop",
        pg_role_set,
        me(
            parameters={
                "search_path": ["nowhere"],
                "statement_timeout": "1min",
                "default_transaction_read_only": False,
                "session_preload_libraries": ["auto_explain"],
                "client_encoding": "LATIN1",
                "role": "me",
                "exit_on_error": True,
            },
            database_parameters={"shop": READ_ONLY},
        ),
        "",
    ),
    "a library that another login would load": Way(
        f"{SUPER};\nCREATE ROLE other", pg_role_set, role({"name": "other", "parameters": MISSING}), ""
    ),
    "the parameter role of who becomes a role anyway": Way(
        f"{ACTING};\nCREATE ROLE other;\nGRANT other TO me", pg_role_set, me(parameters={"role": "other"}), "", AS_OPS
    ),
}
