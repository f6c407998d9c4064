"""Run the role and the playbooks as a user would: by ansible-playbook, on a real server."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from testbed import collection, servers

collection.link()
CHECKOUT = Path(__file__).resolve().parents[2]
EMBEDDED = CHECKOUT / "inventories" / "embedded"
PLAYBOOKS = CHECKOUT / "playbooks"
LOGGED = {
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_error_verbosity": "verbose",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "all",
    "compute_query_id": "on",
}


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run of ansible-playbook gave."""

    code: int
    output: str
    results: tuple[dict[str, Any], ...]

    @property
    def changed(self) -> int:
        """Changed tasks of all hosts."""
        return sum(int(number) for number in re.findall(r"changed=(\d+)", self.output))

    def changes(self, host: str = "") -> list[tuple[str, str]]:
        """The sentences of all modules, each with its task."""
        return [
            (entry["task"], change["summary"])
            for entry in self.results
            if host in ("", entry["host"])
            for change in entry["result"].get("changes", ())
        ]

    def tasks(self, status: str, host: str = "") -> list[str]:
        """The tasks that ended with a status."""
        return [entry["task"] for entry in self.results if entry["status"] == status and host in ("", entry["host"])]


Play = Callable[..., Run]


@pytest.fixture(scope="session", autouse=True)
def linked() -> Path:
    """The collection's search path."""
    return collection.link()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    """A server for the tests of one file; it logs all that it is told."""
    running = servers.start(18, tmp_path_factory.mktemp("server"), settings=LOGGED)
    with servers.connect(running) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION pg_stat_statements")
    yield running
    servers.stop(running)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which the embedded inventory puts its passwords."""
    return tmp_path_factory.mktemp("secrets")


@pytest.fixture(scope="module")
def run_playbook(secrets: Path, linked: Path, tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Run a playbook; the caller says which inventory."""

    def run(
        playbook: Path | Sequence[Mapping[str, Any]],
        *arguments: str,
        inventory: Sequence[Path | Mapping[str, Any]] = (EMBEDDED,),
        variables: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Run:
        folder = tmp_path_factory.mktemp("run")
        sources = [written(folder / f"inventory{n}.json", source) for n, source in enumerate(inventory)]
        command = [str(Path(sys.executable).parent / "ansible-playbook"), str(written(folder / "play.json", playbook))]
        command += [part for source in sources for part in ("-i", str(source))]
        command += ["-e", f"@{written(folder / 'variables.json', variables or {})}", *arguments]
        results = folder / "results"
        results.touch()
        surroundings = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PG", "ANSIBLE_"))},
            "ANSIBLE_COLLECTIONS_PATH": str(linked),
            "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
            "ANSIBLE_HOME": str(CHECKOUT / ".ansible"),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "results",
            "RESULTS_FILE": str(results),
            "EMBEDDED_SECRETS_DIR": str(secrets),
            **(environment or {}),
        }
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
        lines = tuple(json.loads(line) for line in results.read_text().splitlines())
        return Run(done.returncode, done.stdout + done.stderr, lines)

    return run


@pytest.fixture(scope="module")
def play(run_playbook: Play, server: servers.Server) -> Play:
    """Run a playbook on the embedded inventory and the file's server; site.yml unless told otherwise."""

    def run(*arguments: str, playbook: Any = PLAYBOOKS / "site.yml", variables: Any = None, **more: Any) -> Run:
        where = {"embedded_socket_dir": str(server.socket_dir), "embedded_port": server.port}
        return run_playbook(playbook, *arguments, variables={**where, **(variables or {})}, **more)

    return run


def written(path: Path, content: Any) -> Path:
    """Return where the content lies: paths as they are, everything else as a file of JSON."""
    if isinstance(content, Path):
        return content
    path.write_text(json.dumps(content))
    return path


@pytest.fixture(scope="session")
def succeeded() -> Callable[[Run], Run]:
    """Require that a run succeeded, and show its output if it didn't."""

    def require(run: Run) -> Run:
        assert run.code == 0, run.output
        return run

    return require


@pytest.fixture(scope="module")
def query(server: servers.Server) -> Callable[..., list[tuple[Any, ...]]]:
    """Run a statement on the file's server and return its rows."""

    def run(sql: str, dbname: str = "postgres", **login: Any) -> list[tuple[Any, ...]]:
        connection = servers.connect(server, dbname, **login)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    return run


CATALOGS = (
    "pg_authid",
    "pg_auth_members",
    "pg_db_role_setting",
    "pg_shdescription",
    "pg_default_acl",
    "pg_extension",
    "pg_database",
    "pg_namespace",
)


@pytest.fixture(scope="module")
def catalogs(query: Callable[..., list[tuple[Any, ...]]]) -> Callable[[], Any]:
    """Read all that the role could have changed, in every database, each row with the transaction that wrote it."""

    def read() -> Any:
        names = [name for (name,) in query("SELECT datname FROM pg_database WHERE datallowconn ORDER BY 1")]
        return {
            (name, table): query(f"SELECT t.xmin::text || t::text FROM {table} t ORDER BY 1", name)
            for name in names
            for table in CATALOGS
        }

    return read
