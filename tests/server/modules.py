"""Run a module's main in this process, as Ansible would on a target, against a real server."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from types import ModuleType
from typing import Any

from ansible.module_utils.common import warnings as ansible_warnings
from ansible.module_utils.testing import patch_module_args

from testbed.collection import CHECKOUT, COLLECTIONS
from testbed.servers import Server

Result = dict[str, Any]
SCRIPT = """
import importlib, json, sys
sys.path[:0] = sys.argv[1:3]
from tests.server import modules
module = importlib.import_module("ansible_collections.leastpriv.pgsql.plugins.modules." + sys.argv[3])
print(json.dumps(modules.outcome(module, **json.loads(sys.argv[4]))))
"""


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
    ansible_warnings._global_warnings.clear()
    written = io.StringIO()
    arguments = {**params, "_ansible_check_mode": check, "_ansible_diff": True}
    with patch_module_args(arguments), contextlib.redirect_stdout(written), contextlib.suppress(SystemExit):
        module.main()
    return written.getvalue()


def outcome(module: ModuleType, check: bool = False, **params: Any) -> Result:
    """Give a module's result, a failure too (then `failed` is true); `warnings` is always there, as texts."""
    result: Result = json.loads(output(module, check, **params))
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
    paths = [str(CHECKOUT), str(COLLECTIONS)]
    command = [sys.executable, "-c", SCRIPT, *paths, name, json.dumps(params)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: Result = json.loads(done.stdout)
    return result


def failure(module: ModuleType, check: bool = False, **params: Any) -> str:
    """Give the message of a module that has to fail."""
    result = outcome(module, check, **params)
    if not result.get("failed"):
        raise AssertionError(f"the module succeeded, with {result['changes']}")
    return str(result["msg"])
