"""The ways to come in: a client certificate, a service file, peer with a map, several hosts, and SET ROLE."""

from __future__ import annotations

import getpass
import json
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.modules import (
    pg_db_isolation,
    pg_default_privs,
    pg_object_privs,
    pg_role_set,
)

from testbed import datadir, process, servers, workplace
from testbed.account import account, run
from testbed.servers import Server
from tests.server import modules
from tests.server.isolation import READ_ONLY, sql

ADMIN = "cloudadmin"
PASSWORD = "right-Cloud-77"
READ_ONLY_OPTION = READ_ONLY["connect_params"]["options"]


def everything(login: dict[str, Any], name: str = "x") -> None:
    """Let each module make something of its own by a login, and find nothing to do on a read-only session."""
    calls: list[tuple[Any, dict[str, Any]]] = [
        (pg_role_set, {"roles": [{"name": f"{name}_role", "comment": "made"}]}),
        (pg_db_isolation, {"databases": [{"name": f"{name}_db", "comment": "made", "schemas": ["app"]}]}),
        (
            pg_default_privs,
            {
                "databases": [f"{name}_db"],
                "creators": [ADMIN],
                "privileges": [f"GRANT SELECT ON TABLES TO {name}_role"],
            },
        ),
        (pg_object_privs, {"databases": [f"{name}_db"], "privileges": [f"GRANT USAGE ON SCHEMA app TO {name}_role"]}),
    ]
    for module, params in calls:
        foreseen, done = modules.call(module, True, **login, **params), modules.call(module, **login, **params)
        assert foreseen["sql"] == done["sql"] != []
        connect = {**(login.get("connect_params") or {}), "options": READ_ONLY_OPTION}
        assert not modules.call(module, **{**login, "connect_params": connect}, **params)["changed"]


# A client certificate


def openssl(*arguments: str, folder: Path) -> None:
    """Run openssl in a folder."""
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def signed(folder: Path, name: str, common_name: str, authority: str | None = None) -> None:
    """Make a key and a certificate for a name, signed by an authority or by itself."""
    request = ["req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={common_name}"]
    if authority is None:
        openssl(*request, "-x509", "-days", "2", "-out", f"{name}.crt", folder=folder)
        return
    openssl(*request, "-out", f"{name}.csr", folder=folder)
    by = ["-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", "-CAcreateserial"]
    openssl("x509", "-req", "-in", f"{name}.csr", *by, "-days", "2", "-out", f"{name}.crt", folder=folder)
    (folder / f"{name}.key").chmod(0o600)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A folder with an authority, a certificate for the server, one for the administrator, and one for a stranger."""
    signed(tmp_path, "authority", "an authority")
    for name, common_name in (("server", "localhost"), ("admin", ADMIN), ("stranger", "stranger")):
        signed(tmp_path, name, common_name, "authority")
    return tmp_path


@pytest.fixture
def secured(pg_version: int, certificates: Path, tmp_path: Path) -> Iterator[Server]:
    """A server that lets in over TCP only who has a certificate in the role's name."""
    server = servers.start(pg_version, tmp_path / "secured")
    if sql(server, "SHOW ssl_library") == [("",)]:
        servers.stop(server)
        pytest.skip(f"this build of PostgreSQL {pg_version} has no TLS; with PG_BUILD=npm it has")
    for name in ("authority.crt", "server.crt", "server.key"):
        datadir.write(server.data_dir / name, (certificates / name).read_text())
    files = {"ssl_ca_file": "authority.crt", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key"}
    datadir.append(server.data_dir / "postgresql.conf", datadir.configuration({"ssl": "on", **files}))
    datadir.write(server.data_dir / "pg_hba.conf", "local all postgres trust\nhostssl all all 127.0.0.1/32 cert\n")
    servers.restart(server)
    sql(server, f"CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB")
    yield server
    servers.stop(server)


def with_certificate(server: Server, folder: Path, name: str) -> dict[str, Any]:
    """Give the options of a login by certificate, which checks the server's, too."""
    return {
        "login_host": "localhost",
        "login_port": str(server.port),
        "login_user": ADMIN,
        "ssl_mode": "verify-full",
        "ca_cert": str(folder / "authority.crt"),
        "ssl_cert": str(folder / f"{name}.crt"),
        "ssl_key": str(folder / f"{name}.key"),
        "connect_params": {"hostaddr": "127.0.0.1"},
    }


def test_a_client_certificate_lets_every_module_in_without_a_password(secured: Server, certificates: Path) -> None:
    everything(with_certificate(secured, certificates, "admin"))


def test_a_certificate_in_another_name_is_refused_by_an_error_that_says_so(secured: Server, certificates: Path) -> None:
    login = with_certificate(secured, certificates, "stranger")
    said = modules.failure(pg_role_set, **login, roles=[{"name": "x"}])
    assert "no connection to the server" in said
    assert f'certificate authentication failed for user "{ADMIN}"' in said


def test_a_servers_certificate_by_an_unknown_authority_is_refused(secured: Server, certificates: Path) -> None:
    login = {**with_certificate(secured, certificates, "admin"), "ca_cert": str(certificates / "stranger.crt")}
    assert "certificate verify failed" in modules.failure(pg_role_set, **login, roles=[{"name": "x"}])


# A service file


@pytest.fixture
def administered(cluster: Server) -> Server:
    """A server with an administrator who has a password."""
    sql(cluster, f"CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB PASSWORD '{PASSWORD}'")
    return cluster


@pytest.fixture
def service(administered: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The options of a login by an entry of a service file."""
    lines = ["[shop]", "host=127.0.0.1", f"port={administered.port}", f"user={ADMIN}", f"password={PASSWORD}"]
    (tmp_path / "services.conf").write_text("\n".join([*lines, "dbname=postgres", ""]))
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services.conf"))
    return {"connect_params": {"service": "shop"}}


def test_an_entry_of_a_service_file_lets_every_module_in(service: dict[str, Any]) -> None:
    everything(service)


def test_options_win_over_the_service_files_entry(service: dict[str, Any], administered: Server) -> None:
    sql(administered, f"CREATE ROLE plain LOGIN PASSWORD '{PASSWORD}'")
    said = modules.failure(pg_role_set, **service, login_user="plain", roles=[{"name": "x"}])
    assert 'plain can\'t create role x, for it has no CREATEROLE: run ALTER ROLE "plain" CREATEROLE' in said


def test_an_entry_that_is_not_in_the_service_file_is_an_error_that_names_it(service: dict[str, Any]) -> None:
    said = modules.failure(pg_role_set, connect_params={"service": "shopp"}, roles=[{"name": "x"}])
    assert 'definition of service "shopp" not found' in said


# The local socket, peer, and a map


def as_user(user: pwd.struct_passwd, arguments: dict[str, Any]) -> modules.Result:
    """Run pg_role_set in a process that becomes another user once everything is imported."""
    modules.outcome(pg_role_set, check=True, **arguments)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        with os.fdopen(writer, "w") as pipe:
            pipe.write(json.dumps(modules.outcome(pg_role_set, **arguments)))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        written = pipe.read()
    os.waitpid(child, 0)
    result: modules.Result = json.loads(written)
    return result


@pytest.fixture
def mapped(administered: Server) -> Server:
    """A server that lets in over the socket whom a map allows: this user, and the servers' user."""
    users = {getpass.getuser(), account().pw_name}
    datadir.write(
        administered.data_dir / "pg_ident.conf",
        "".join(f"admins {user} {ADMIN}\nadmins {user} postgres\n" for user in users),
    )
    datadir.write(administered.data_dir / "pg_hba.conf", "local all all peer map=admins\n")
    servers.restart(administered)
    return administered


def test_peer_with_a_map_lets_every_module_in_over_the_socket(mapped: Server) -> None:
    everything(modules.login(mapped, ADMIN))


def test_a_user_who_is_not_in_the_map_is_an_error_that_says_so(mapped: Server) -> None:
    sql(mapped, "CREATE ROLE stranger LOGIN CREATEROLE")
    said = modules.failure(pg_role_set, **modules.login(mapped, "stranger"), roles=[{"name": "x"}])
    assert 'Peer authentication failed for user "stranger"' in said


@pytest.mark.in_process
@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user without a password")
def test_peer_lets_another_user_of_the_system_in_without_a_map(cluster: Server, tmp_path: Path) -> None:
    name = account().pw_name
    sql(cluster, f"CREATE ROLE {name} LOGIN CREATEROLE")
    datadir.write(cluster.data_dir / "pg_hba.conf", "local all all peer\n")
    servers.reload(cluster)
    arguments = {**modules.login(cluster, name), "roles": [{"name": "by_peer"}]}
    assert as_user(account(), arguments)["changed"]
    assert not as_user(account(), arguments)["changed"]


# Several hosts


@pytest.fixture
def pair(administered: Server, tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    """A primary and a streaming standby."""
    sql(administered, "CREATE ROLE streamer REPLICATION LOGIN PASSWORD 'streaming'")
    hba = administered.data_dir / "pg_hba.conf"
    datadir.append(hba, "host replication streamer 127.0.0.1/32 scram-sha-256\n")
    servers.reload(administered)
    standby = servers.start(administered.version, tmp_path / "standby")
    workplace.end(standby.data_dir, signal.SIGINT)
    workplace.end(administered.data_dir, signal.SIGINT)
    run(["rm", "-r", standby.data_dir])
    run(["cp", "-a", administered.data_dir, standby.data_dir])
    source = f"host=127.0.0.1 port={administered.port} user=streamer password=streaming"
    own = {"port": str(standby.port), "unix_socket_directories": str(standby.socket_dir), "primary_conninfo": source}
    datadir.append(standby.data_dir / "postgresql.conf", datadir.configuration(own))
    datadir.write(standby.data_dir / "standby.signal", "")
    for server in (administered, standby):
        process.wait(server, process.spawn(server))
    yield administered, standby
    servers.stop(standby)


def hosts(*members: Server, **connect: Any) -> dict[str, Any]:
    """Give the options of a login that tries several hosts in this order."""
    return {
        "login_host": ",".join("127.0.0.1" for _member in members),
        "login_port": ",".join(str(member.port) for member in members),
        "login_user": ADMIN,
        "login_password": PASSWORD,
        "connect_params": connect,
    }


def streamed(standby: Server, role: str) -> bool:
    """Tell whether a role arrives at a standby within five seconds."""
    for _turn in range(100):
        if sql(standby, f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'"):
            return True
        time.sleep(0.05)
    return False


def test_of_several_hosts_the_primary_is_found_though_the_standby_is_named_first(pair: tuple[Server, Server]) -> None:
    primary, standby = pair
    assert sql(standby, "SELECT pg_is_in_recovery()") == [(True,)]
    for attributes in ({}, {"target_session_attrs": "read-write"}):
        name = f"by_{'option' if attributes else 'default'}"
        item = {"roles": [{"name": name}]}
        assert modules.call(pg_role_set, **hosts(standby, primary, **attributes), **item)["changed"]
        assert streamed(standby, name)
        assert not modules.call(pg_role_set, **hosts(standby, primary, **attributes), **item)["changed"]


def test_of_several_hosts_one_may_be_down(pair: tuple[Server, Server]) -> None:
    primary, standby = pair
    workplace.end(standby.data_dir, signal.SIGINT)
    assert modules.call(pg_role_set, **hosts(standby, primary), roles=[{"name": "alone"}])["changed"]


def test_if_all_hosts_are_down_one_error_names_each(pair: tuple[Server, Server]) -> None:
    primary, standby = pair
    for server in pair:
        workplace.end(server.data_dir, signal.SIGINT)
    said = modules.failure(pg_role_set, **hosts(standby, primary), roles=[{"name": "nobody"}])
    assert said.startswith("no connection to the server: ")
    assert said.count("refused") >= 2
    assert str(primary.port) in said
    assert str(standby.port) in said


def test_if_only_the_standby_is_up_the_error_says_that_none_is_writable(pair: tuple[Server, Server]) -> None:
    primary, standby = pair
    workplace.end(primary.data_dir, signal.SIGINT)
    said = modules.failure(pg_role_set, **hosts(standby, primary), roles=[{"name": "nobody"}])
    assert any(text in said for text in ("read-only", "hot standby", "could not make a writable connection")), said


# A role reached by SET ROLE


def test_a_session_role_that_the_login_may_not_become_is_refused_with_the_grant_that_helps(
    administered: Server,
) -> None:
    sql(administered, "CREATE ROLE boss")
    login = modules.login(administered, ADMIN, PASSWORD)
    said = modules.failure(pg_role_set, **login, session_role="boss", roles=[{"name": "x"}])
    assert f'run GRANT "boss" TO "{ADMIN}"' in said
