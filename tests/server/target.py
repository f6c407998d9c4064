"""The side of a target: run modules' mains, in this process or, as a program, in that of any Python from 3.9 on.

As a program it gets the folders to import from as arguments, reads a request a line (a JSON list of a module's name,
its arguments and the environment), and answers each with a line: a JSON list of what the module wrote, and the
traceback if it broke.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import sys
import traceback
from collections.abc import Iterator
from types import ModuleType
from typing import Any

MODULES = "ansible_collections.leastpriv.pgsql.plugins.modules."


def run(module: ModuleType, arguments: dict[str, Any]) -> str:
    """Give everything that a module writes to standard output, which is its whole result."""
    warnings = importlib.import_module("ansible.module_utils.common.warnings")
    warnings._global_warnings.clear()
    written = io.StringIO()
    with given(arguments), contextlib.redirect_stdout(written), contextlib.suppress(SystemExit):
        module.main()
    return written.getvalue()


@contextlib.contextmanager
def given(arguments: dict[str, Any]) -> Iterator[None]:
    """Hand arguments to the next module; ansible-core 2.18 and older have no function for it."""
    try:
        testing = importlib.import_module("ansible.module_utils.testing")
    except ImportError:
        basic = importlib.import_module("ansible.module_utils.basic")
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
        try:
            yield
        finally:
            basic._ANSIBLE_ARGS = None
    else:
        with testing.patch_module_args(arguments):
            yield


def answer(name: str, arguments: dict[str, Any], environment: dict[str, str]) -> list[str]:
    """Run a module by its name, and give what it wrote and, if it broke, the traceback."""
    os.environ.clear()
    os.environ.update(environment)
    try:
        return [run(importlib.import_module(MODULES + name), arguments), ""]
    except Exception:  # noqa: BLE001  whatever it was, the test has to see it
        return ["", traceback.format_exc()]


def serve() -> None:
    """Answer the requests of standard input."""
    for line in sys.stdin:
        print(json.dumps(answer(*json.loads(line))), flush=True)


if __name__ == "__main__":
    sys.path[:0] = sys.argv[1:]
    serve()
