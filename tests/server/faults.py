"""Stop a run at a chosen statement, in a process of its own, and look at what is left of it.

The driver's statements are counted from outside of the product, over all sessions of a run with ``jobs: 1``, whose
order is the same each time. A `Blow` is what happens at a statement.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import signal
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import psycopg2
from ansible_collections.leastpriv.pgsql.plugins.module_utils import connection, settle

from testbed import process, servers, workplace
from tests.server import modules, target

MODULES = "ansible_collections.leastpriv.pgsql.plugins.modules."
OURS = "leastpriv.pgsql"
ENDING = ("COMMIT", "CREATE DATABASE", "DROP DATABASE", "ALTER DATABASE")
State = dict[str, list[str]]
Result = dict[str, Any]
Hook = Callable[[int, Any, str, Any], None]


def nothing(_number: int, _connection: Any, _sql: str, _more: Any) -> None:
    """Let a statement pass."""


@dataclass(frozen=True)
class Blow:
    """What happens right before a statement is sent, or right after it was executed and before its answer counts."""

    name: str
    before: Hook = nothing
    after: Hook = nothing
    deadly: bool = False
    sent: bool = False  # the statement takes effect


@dataclass(frozen=True)
class Told:
    """What a run was: its result unless it was killed, and the signal that killed it."""

    result: Result | None
    signal: int = 0
    trace: list[tuple[str, State | None]] = field(default_factory=list)


# Blows


def kill_with(number: signal.Signals) -> Hook:
    """Send a signal to the process of the module."""

    def hook(_number: int, _connection: Any, _sql: str, _more: Any) -> None:
        os.kill(os.getpid(), number)

    return hook


def send_and_die(_number: int, here: Any, sql: str, values: Any) -> None:
    """Send the statement over the socket as libpq would, and be gone before the answer."""
    with here._raw.cursor() as cursor:
        text = cursor.mogrify(sql, values)
    query = (text.encode() if isinstance(text, str) else text) + b"\0"
    os.write(here._raw.fileno(), b"Q" + (len(query) + 4).to_bytes(4, "big") + query)
    os.kill(os.getpid(), signal.SIGKILL)


def lose_answer(_number: int, here: Any, _sql: str, cursor: Any) -> None:
    """Cut the connection when the statement was executed: the driver itself says so, as it would of the answer."""
    with socket.socket(fileno=os.dup(here._raw.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
    cursor.execute("SELECT 1")


def terminated(server: servers.Server) -> Hook:
    """Let the superuser end the session, and wait until it is gone."""

    def hook(_number: int, here: Any, _sql: str, _more: Any) -> None:
        process_id = here._raw.info.backend_pid
        with closing(servers.connect(server)) as admin, admin.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", (process_id,))
            gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
            until(lambda: value(cursor, gone, process_id) == 0, "the terminated session is still there")

    return hook


def stopped(server: servers.Server, again: bool) -> Hook:
    """Stop the server at once, as a crash would, and start it again if wanted."""

    def hook(_number: int, _connection: Any, _sql: str, _more: Any) -> None:
        workplace.end(server.data_dir, signal.SIGQUIT)
        if again:
            process.wait(server, process.spawn(server))

    return hook


def blows(server: servers.Server) -> dict[str, Blow]:
    """Give all blows that need no other machine."""
    found = [
        Blow("killed before", kill_with(signal.SIGKILL), deadly=True),
        Blow("killed with the statement sent", send_and_die, deadly=True, sent=True),
        Blow("SIGTERM", kill_with(signal.SIGTERM), deadly=True),
        Blow("Ctrl-C", kill_with(signal.SIGINT)),
        Blow("session terminated", terminated(server)),
        Blow("answer lost", after=lose_answer, sent=True),
        Blow("server restarted", stopped(server, again=True)),
        Blow("server stopped", stopped(server, again=False)),
    ]
    return {blow.name: blow for blow in found}


def at(number: int, blow: Blow) -> tuple[Hook, Hook]:
    """Give hooks that strike at one statement."""

    def when(hook: Hook) -> Hook:
        return lambda n, here, sql, more: hook(n, here, sql, more) if n == number else None

    return when(blow.before), when(blow.after)


# Runs


def until(condition: Callable[[], bool], complaint: str, seconds: float = 30.0) -> None:
    """Wait for a condition; `complaint` if it doesn't come true."""
    deadline = process.time.monotonic() + seconds
    while not condition():
        if process.time.monotonic() > deadline:
            raise AssertionError(complaint)
        process.time.sleep(0.01)


def value(cursor: Any, question: str, *values: Any) -> Any:
    """Give one value."""
    cursor.execute(question, values)
    return cursor.fetchone()[0]


def instrument(before: Hook, after: Hook) -> None:
    """Count the statements of all sessions from now on, and call the hooks."""
    numbers, original = itertools.count(1), connection.Connection._cursor

    @contextmanager
    def cursor(self: Any, sql: str, values: Any) -> Iterator[Any]:
        number = next(numbers)
        before(number, self, sql, values)
        with original(self, sql, values) as found:
            after(number, self, sql, found)
            yield found

    connection.Connection._cursor = cursor  # type: ignore[method-assign]


def forked(work: Callable[[], Any]) -> tuple[Any, int]:
    """Do work in a copy of this process, and give what it gives, or the signal that ended it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        alone(work, reading, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        written = pipe.read()
    _child, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return None, os.WTERMSIG(status)
    answer, broken = json.loads(written)
    if broken:
        raise AssertionError(f"the run itself broke:\n{broken}")
    return answer, 0


def alone(work: Callable[[], Any], reading: int, writing: int) -> None:
    """Work, write the answer, and end the process without any clean-up of the one that it is a copy of."""
    os.close(reading)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        answer = json.dumps([work(), ""])
    except BaseException:  # noqa: BLE001  the test has to see it
        answer = json.dumps([None, traceback.format_exc()])
    with os.fdopen(writing, "w") as pipe:
        pipe.write(answer)
    os._exit(0)


def stay() -> None:
    """Run where this process runs."""


def run(
    module: ModuleType,
    arguments: dict[str, Any],
    before: Hook = nothing,
    after: Hook = nothing,
    go: Callable[[], None] = stay,
) -> Told:
    """Run a module in a process of its own, with hooks around its statements."""

    def work() -> Result:
        go()
        settle.PATIENCE = 1.0
        instrument(before, after)
        return modules.read(target.run(module, arguments))

    return Told(*forked(work))


def traced(
    module: ModuleType, arguments: dict[str, Any], look: Callable[[], State], go: Callable[[], None] = stay
) -> Told:
    """Run a module undisturbed, and note each statement, with the state after those that can end a transaction."""

    def work() -> Any:
        go()
        trace: list[tuple[str, State | None]] = []

        def note(_number: int, _connection: Any, sql: str, _cursor: Any) -> None:
            trace.append((sql, look() if sql.startswith(ENDING) else None))

        instrument(nothing, note)
        return [modules.read(target.run(module, arguments)), trace]

    (result, trace), _signal = forked(work)
    return Told(result, trace=trace)


def module_of(name: str) -> ModuleType:
    """Import a module of the collection."""
    return importlib.import_module(MODULES + name)


# What is left

LEFT = """
SELECT 'session ' || pid || ': ' || state FROM pg_stat_activity WHERE application_name = %(ours)s
UNION ALL SELECT 'lock of ' || pid FROM pg_locks WHERE locktype = 'advisory'
UNION ALL SELECT 'prepared ' || gid FROM pg_prepared_xacts
"""


def left_over(server: servers.Server) -> list[str]:
    """Wait until nothing of a run is left in the server, and say what doesn't go."""
    with closing(servers.connect(server)) as admin, admin.cursor() as cursor:

        def left() -> list[str]:
            cursor.execute(LEFT, {"ours": OURS})
            return [text for (text,) in cursor.fetchall()]

        with suppress(AssertionError):
            until(lambda: not left(), "")
        return left()


CLUSTER = """
SELECT 'role ' || (to_jsonb(r) - '{oid,rolpassword}'::text[])::text
       || coalesce(shobj_description(r.oid, 'pg_authid'), '')
       || CASE WHEN rolpassword IS NULL THEN '' WHEN rolpassword = %(verifier)s THEN 'old' ELSE 'new' END
FROM pg_authid r WHERE oid >= 16384 OR oid = 10
UNION ALL SELECT 'member ' || concat_ws(' ', roleid::regrole, member::regrole, grantor::regrole,
                                        to_jsonb(m) - '{oid,roleid,member,grantor}'::text[]) FROM pg_auth_members m
UNION ALL SELECT 'setting ' || concat_ws(' ', datname, rolname, setconfig)
FROM pg_db_role_setting LEFT JOIN pg_database d ON d.oid = setdatabase LEFT JOIN pg_roles r ON r.oid = setrole
UNION ALL SELECT 'database ' || concat_ws(' ', datname, pg_get_userbyid(datdba), datallowconn, datconnlimit,
    datistemplate, (SELECT array_agg(a ORDER BY a) FROM unnest(datacl::text[]) a),
    shobj_description(oid, 'pg_database'))
FROM pg_database
"""
ACL = "(SELECT array_agg(a ORDER BY a) FROM unnest({}::text[]) a)"
INSIDE = f"""
SELECT 'schema ' || concat_ws(' ', nspname, pg_get_userbyid(nspowner), {ACL.format("nspacl")})
FROM pg_namespace WHERE oid >= 16384 OR nspname = 'public'
UNION ALL SELECT 'relation ' || concat_ws(' ', oid::regclass, pg_get_userbyid(relowner), {ACL.format("relacl")})
FROM pg_class WHERE oid >= 16384
UNION ALL SELECT 'column ' || concat_ws(' ', attrelid::regclass, attname, {ACL.format("attacl")})
FROM pg_attribute WHERE attrelid >= 16384 AND attacl IS NOT NULL
UNION ALL SELECT 'routine ' || concat_ws(' ', oid::regprocedure, pg_get_userbyid(proowner), {ACL.format("proacl")})
FROM pg_proc WHERE oid >= 16384
UNION ALL SELECT 'default ' || concat_ws(' ', pg_get_userbyid(defaclrole), defaclnamespace::regnamespace,
                                         defaclobjtype, {ACL.format("defaclacl")}) FROM pg_default_acl
UNION ALL SELECT 'extension ' || concat_ws(' ', extname, extnamespace::regnamespace, extversion) FROM pg_extension
"""
VERIFIER = (
    "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$"
    "6JzOZ9bzP4fEk9QJcVfFxnZ6mZ1V0o7vZ4c6nB0b4nY=:nR4m8tZ0V9w3K5Jm1o6h8mZ8k3Q2Yt0e3u7x5c1b9gA="
)


def looked_at(server: servers.Server) -> State:
    """Read the cluster's part, and each database's inside, by names only: equal states are equal texts."""
    with closing(servers.connect(server)) as admin, admin.cursor() as cursor:
        cursor.execute(CLUSTER, {"verifier": VERIFIER})
        found = {"cluster": sorted(text for (text,) in cursor.fetchall())}
        cursor.execute("SELECT datname FROM pg_database WHERE datallowconn AND datname <> 'template1' ORDER BY 1")
        names = [name for (name,) in cursor.fetchall()]
    for name in names:
        with closing(servers.connect(server, name)) as inside, inside.cursor() as cursor:
            cursor.execute(INSIDE)
            found[name] = sorted(text for (text,) in cursor.fetchall())
    return found


def is_up(server: servers.Server) -> bool:
    """Tell whether the server takes connections."""
    try:
        servers.connect(server).close()
    except psycopg2.OperationalError:
        return False
    return True
