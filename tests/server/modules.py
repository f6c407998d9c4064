"""Run a module's main against a real server: in this process, or by the interpreter that TARGET_PYTHON names."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

from testbed.servers import Server
from tests.server import interpreters, target

Result = dict[str, Any]


class Failed(AssertionError):
    """A module failed; `result` is what it returned."""

    def __init__(self, result: Result) -> None:
        super().__init__(result["msg"])
        self.result = result


def login(server: Server, user: str | None = None, password: str | None = None) -> dict[str, str]:
    """Give the connection options for a server: over the socket, as the superuser unless a user is named."""
    options = {"login_unix_socket": str(server.socket_dir), "login_port": str(server.port)}
    options["login_user"] = user or server.superuser
    return options if password is None else {**options, "login_password": password}


def output(module: ModuleType, check: bool = False, **params: Any) -> str:
    """Give everything that a module writes to standard output, which is its whole result."""
    arguments = {**params, "_ansible_check_mode": check, "_ansible_diff": True}
    if interpreters.OTHER:
        return interpreters.ask(module.__name__.rpartition(".")[2], arguments)
    return target.run(module, arguments)


def outcome(module: ModuleType, check: bool = False, **params: Any) -> Result:
    """Give a module's result, a failure too (then `failed` is true); `warnings` is always there, as texts."""
    return read(output(module, check, **params))


def read(written: str) -> Result:
    """Read what a module wrote."""
    result: Result = json.loads(written)
    return {**result, "warnings": [text_of(warning) for warning in result.get("warnings", [])]}


def text_of(warning: Any) -> str:
    """Give a warning's text; ansible-core 2.19 and newer can write it with its origin."""
    return warning if isinstance(warning, str) else str(warning["event"]["msg"])


def call(module: ModuleType, check: bool = False, **params: Any) -> Result:
    """Give the result of a module that has to succeed; Failed if it doesn't."""
    result = outcome(module, check, **params)
    if result.get("failed"):
        raise Failed(result)
    return result


def in_a_process(name: str, params: dict[str, Any]) -> Result:
    """Give the result of a module that runs in a process of its own."""
    return read(interpreters.ask_alone(name, {**params, "_ansible_check_mode": False, "_ansible_diff": True}))


def failure(module: ModuleType, check: bool = False, **params: Any) -> str:
    """Give the message of a module that has to fail."""
    result = outcome(module, check, **params)
    if not result.get("failed"):
        raise AssertionError(f"the module succeeded, with {result['changes']}")
    return str(result["msg"])
