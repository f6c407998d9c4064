"""Run one module in this process, as Ansible does on a target, and print what it took: `python -m bench.one_call`."""

from __future__ import annotations

import importlib
import json
import re
import sys
import time
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args

MODULES = "ansible_collections.leastpriv.pgsql.plugins.modules."


def main() -> None:
    """Read a module's name and its options from standard input, run it, and print figures after its result."""
    call: dict[str, Any] = json.load(sys.stdin)
    module = importlib.import_module(MODULES + call["name"])
    spent: list[float] = []
    for name in ("__init__", "exit_json", "fail_json"):
        setattr(basic.AnsibleModule, name, clocked(getattr(basic.AnsibleModule, name), spent))
    begin = time.perf_counter()
    with patch_module_args(call["options"]), suppress(SystemExit):
        module.main()
    seconds = time.perf_counter() - begin
    print(f"\n{json.dumps({'seconds': seconds - sum(spent), 'ansible': sum(spent), 'megabytes': peak()})}")


def peak() -> float:
    """Give the most memory that this process had, in MB; getrusage would count its parent's, too."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"VmHWM:\s+([0-9]+) kB", status)[0]) / 1024


def clocked(function: Any, spent: list[float]) -> Any:
    """Note how long a function of Ansible's takes."""

    @wraps(function)
    def run(*arguments: Any, **options: Any) -> Any:
        begin = time.perf_counter()
        try:
            return function(*arguments, **options)
        finally:
            spent.append(time.perf_counter() - begin)

    return run


if __name__ == "__main__":
    main()
