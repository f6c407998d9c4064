"""What one module call costs that finds nothing to do: statements and time, without Ansible's start."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import time
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.testing import patch_module_args

from bench.books import names
from testbed.servers import Server

MODULE = "ansible_collections.leastpriv.pgsql.plugins.modules.pg_role_set"
LOGGED = {"options": "-c log_statement=all"}


@dataclass(frozen=True)
class Call:
    """A call with nothing to do: how many roles, how many statements the server saw, and what it took here."""

    roles: int
    passwords: bool
    statements: int
    seconds: float
    processor: float


def measured(server: Server, count: int, passwords: bool) -> Call:
    """Apply a declaration of roles, and measure a second call: once for the time, once for the statements."""
    roles = [declared(name, passwords) for name in names(count)]
    call(server, roles=roles)
    begin, used = time.perf_counter(), time.process_time()
    call(server, unchanged=True, roles=roles)
    seconds, processor = time.perf_counter() - begin, time.process_time() - used
    before = len(server.log_file.read_text())
    call(server, unchanged=True, roles=roles, connect_params=LOGGED)
    statements = server.log_file.read_text()[before:].count("LOG:  statement:")
    return Call(count, passwords, statements, seconds, processor)


def declared(name: str, passwords: bool) -> dict[str, Any]:
    """Return a role with a limit, a comment and a membership, with or without a password."""
    role = {"name": name, "connlimit": 10, "comment": "a role", "roles": ["dbrole_readonly"]}
    return {**role, "password": f"correct horse {name}"} if passwords else role


def call(server: Server, unchanged: bool = False, name: str = MODULE, **options: Any) -> None:
    """Run a module's main in this process; it has to succeed."""
    module = importlib.import_module(name)
    login = {"login_unix_socket": str(server.socket_dir), "login_port": str(server.port), "login_user": "postgres"}
    written = io.StringIO()
    arguments = patch_module_args({**login, **options})
    with arguments, contextlib.redirect_stdout(written), contextlib.suppress(SystemExit):
        module.main()
    result = json.loads(written.getvalue())
    if result.get("failed") or (unchanged and result["changed"]):
        raise SystemExit(result.get("msg") or f"something changed: {result['sql'][:3]}")
