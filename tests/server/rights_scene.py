"""The scene of the table of rights: for each kind of login a role, a database, and others to work on."""

from __future__ import annotations

import time
from typing import Any

from testbed import datadir, servers
from testbed.servers import Server
from tests.server.isolation import sql
from tests.server.rights import FAR, Kind

FAR_OBJECTS = """
CREATE SCHEMA lordly AUTHORIZATION lord;
CREATE SCHEMA closed AUTHORIZATION lord;
CREATE FOREIGN DATA WRAPPER fdw;
CREATE FOREIGN DATA WRAPPER fdw2;
CREATE SERVER srv FOREIGN DATA WRAPPER fdw;
ALTER FOREIGN DATA WRAPPER fdw OWNER TO postgres;
GRANT USAGE ON FOREIGN DATA WRAPPER fdw TO lord;
ALTER SERVER srv OWNER TO lord;
SET ROLE lord;
CREATE TABLE lordly.t (id int);
CREATE TABLE lordly.given (id int);
CREATE TABLE lordly.shared (id int);
CREATE TABLE closed.t (id int);
CREATE SEQUENCE lordly.s;
CREATE TYPE lordly.mood AS ENUM ('good');
CREATE FUNCTION lordly.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
GRANT USAGE ON SCHEMA lordly TO PUBLIC;
REVOKE EXECUTE ON FUNCTION lordly.f() FROM PUBLIC;
REVOKE USAGE ON TYPE lordly.mood FROM PUBLIC;
SELECT lo_create(4712)
"""
OWN_OBJECTS = """
CREATE SCHEMA own AUTHORIZATION {me};
CREATE SCHEMA given AUTHORIZATION {me};
CREATE SCHEMA spare AUTHORIZATION {me};
CREATE SCHEMA leaving AUTHORIZATION {k}_leaver;
SET ROLE {me};
CREATE TABLE own.t (id int);
CREATE TABLE own.given (id int);
GRANT SELECT ON own.given TO {k}_old;
CREATE FUNCTION own.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
REVOKE EXECUTE ON FUNCTION own.f() FROM PUBLIC;
SELECT lo_create(4711)
"""


def common(server: Server) -> None:
    """Make what all kinds share, and let everybody in over the socket."""
    datadir.write(server.data_dir / "pg_hba.conf", "local all all trust\n")
    servers.reload(server)
    time.sleep(0.1)
    sql(
        server,
        "CREATE ROLE lord;\nCREATE ROLE cloud_superuser;\nGRANT pg_monitor, pg_signal_backend TO cloud_superuser",
    )
    sql(
        server, f"CREATE DATABASE {FAR} OWNER lord;\nCREATE DATABASE shut;\nREVOKE CONNECT ON DATABASE shut FROM PUBLIC"
    )
    sql(server, FAR_OBJECTS, FAR)


def arranged(server: Server, kind: Kind) -> None:
    """Make a login of one kind with what is its own; what it can make, it makes itself."""
    k, me = kind.name, kind.me
    sql(server, f"CREATE ROLE {k} LOGIN {'' if kind.session_role else kind.attributes}")
    if kind.session_role:
        options = " WITH INHERIT FALSE, SET TRUE" if server.version >= 16 else ""
        sql(server, f"ALTER ROLE {k} NOINHERIT;\nCREATE ROLE {me} {kind.attributes};\nGRANT {me} TO {k}{options}")
    if kind.member:
        sql(server, f"GRANT {kind.member} TO {k}")
    made = [f"CREATE ROLE {k}_{name}" for name in ("old", "old2", "gone", "leaver")]
    become = [f"SET ROLE {me}"] if kind.session_role else []
    sql(server, ";\n".join([*become, *made]), user=k if kind.createrole else None)
    far = [f"CREATE ROLE {k}_{name}" for name in ("far", "fargone", "farmember")]
    sql(server, ";\n".join([*far, f"CREATE ROLE {k}_sup SUPERUSER", f"CREATE ROLE {k}_repl REPLICATION"]))
    sql(server, f"GRANT {k}_old2 TO {k}_farmember;\nALTER ROLE {me} SET log_min_messages = 'error'")
    if server.version >= 16 and kind.createrole:
        sql(server, f"GRANT {k}_repl TO {me} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
    sql(server, f"CREATE DATABASE {k};\nCREATE DATABASE {k}_drop")
    sql(server, OWN_OBJECTS.format(k=k, me=me), k)
    if kind.owns:
        sql(server, f"ALTER DATABASE {k} OWNER TO {me};\nALTER DATABASE {k}_drop OWNER TO {me}")
    extension(server, kind)
    sql(server, f"CREATE SCHEMA empty_{k} AUTHORIZATION lord", FAR)
    sql(server, f"SET ROLE lord;\nGRANT SELECT ON lordly.given TO {k}_old", FAR)
    sql(server, f"SET ROLE lord;\nGRANT SELECT ON lordly.shared TO {me} WITH GRANT OPTION", FAR)
    sql(server, f"GRANT USAGE ON FOREIGN DATA WRAPPER fdw2 TO {me} WITH GRANT OPTION", FAR)
    if server.version >= 15:
        sql(server, f"GRANT SET ON PARAMETER log_lock_waits TO {me} WITH GRANT OPTION")
    sql(server, f"SET ROLE lord;\nGRANT SELECT ON closed.t TO {me} WITH GRANT OPTION", FAR)


def extension(server: Server, kind: Kind) -> None:
    """Let the login own an extension, as if it had made it."""
    sql(server, f"GRANT CREATE ON DATABASE {kind.name} TO {kind.me}", kind.name)
    sql(server, f"SET ROLE {kind.me};\nCREATE EXTENSION citext SCHEMA own;\nRESET ROLE", kind.name)
    if not kind.owns:
        sql(server, f"REVOKE CREATE ON DATABASE {kind.name} FROM {kind.me}", kind.name)


def filled(value: Any, kind: Kind) -> Any:
    """Put the names of a kind into a declaration."""
    if isinstance(value, str):
        return value.replace("{k}", kind.name).replace("{me}", kind.me)
    if isinstance(value, dict):
        return {key: filled(item, kind) for key, item in value.items()}
    return [filled(item, kind) for item in value] if isinstance(value, list) else value
