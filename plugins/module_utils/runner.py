# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The border to Ansible: parameters in, result out; the only file that knows it."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule

from .apply import explained, opened
from .assume import Assume, parse_assume
from .connection import Connection
from .errors import AccessError
from .login import parse_login
from .pipeline import perform
from .progress import summaries
from .result import result_of
from .retry import retried
from .secret import Secret
from .task import Run, Task, Unfinished

Params = Mapping[str, Any]
Result = dict[str, Any]
SECRET_OPTIONS = ("login_password", "password")
SECRET_PARAMETERS = ("password", "sslpassword")


def run(module: AnsibleModule, parse: Callable[[Params, Assume], Task]) -> None:
    """Bring the server to what the parameters declare, or in check mode say what that would take."""
    check = bool(module.check_mode)
    leave(module, attempt(lambda params: changed(params, parse, check), taken(module)))


def inform(module: AnsibleModule, read: Callable[[Connection, Params], Result]) -> None:
    """Read and give facts; nothing is ever written."""
    leave(module, attempt(lambda params: asked(params, read), taken(module)))


def converge(module: AnsibleModule, work: Callable[[Params, bool], Result]) -> None:
    """Bring files to what the parameters declare; ``work`` plans, and applies unless this is check mode."""
    check = bool(module.check_mode)
    leave(module, attempt(lambda params: work(params, check), taken(module)))


def changed(params: Params, parse: Callable[[Params, Assume], Task], check: bool) -> Result:
    """Parse, perform, and give the result."""
    task = parse(params, parse_assume(params["assume"], check))
    how = Run(parse_login(params), check, params["verify"], jobs_of(params.get("jobs")), audit_of(params, check))
    outcome = perform(task, how)
    left = [f"undeclared, and left as it is in mode report: {summaries(outcome.drift)}"] if outcome.drift else []
    said = [*outcome.warnings, *left, *how.login.heard.warnings]
    return {**result_of(outcome), **task.facts, "warnings": list(dict.fromkeys(said))}


def asked(params: Params, read: Callable[[Connection, Params], Result]) -> Result:
    """Read what was asked for in one session."""
    login = parse_login(params)

    def once() -> Result:
        with opened(login) as connection:
            return {"changed": False, **read(connection, params)}

    found = retried(once)
    return {**found, "warnings": list(dict.fromkeys([*found.get("warnings", []), *login.heard.warnings]))}


def audit_of(params: Params, check: bool) -> bool:
    """Tell whether this is an audit, which has to be in check mode."""
    if params["audit"] and not check:
        raise AccessError("audit is true outside of check mode: run this in check mode, or leave audit out")
    return bool(params["audit"])


def jobs_of(value: Optional[int]) -> int:
    """Give how many databases are worked on side by side."""
    if value is None:
        return min(8, os.cpu_count() or 1)
    if value < 1:
        raise AccessError(f"jobs is {value}; give 1 or more")
    return value


def taken(module: AnsibleModule) -> Params:
    """Take the secrets out of Ansible's hands: its masking would falsify SQL, and nothing of it is needed then."""
    params = {key: secured(key, value) for key, value in module.params.items()}
    module.params.update({key: shown(key, value) for key, value in module.params.items()})
    module.no_log_values.clear()
    return params


def secured(key: str, value: Any, keys: tuple[str, ...] = SECRET_OPTIONS) -> Any:
    """Wrap every password below a parameter."""
    if isinstance(value, dict):
        inner = SECRET_PARAMETERS if key == "connect_params" else keys
        return {name: secured(name, item, inner) for name, item in value.items()}
    if isinstance(value, list):
        return [secured("", item, keys) for item in value]
    return Secret(value) if key in keys and isinstance(value, str) else value


def shown(key: str, value: Any) -> Any:
    """Give a parameter without its passwords, for Ansible's ``invocation``; of libpq's parameters only the names."""
    if isinstance(value, dict):
        hidden = value if key == "connect_params" else SECRET_OPTIONS
        return {name: None if name in hidden else item for name, item in value.items()}
    if isinstance(value, list):
        return [shown("", item) for item in value]
    return None if key in SECRET_OPTIONS else value


def attempt(work: Callable[[Params], Result], params: Params) -> Result:
    """Do the work and give its result, or the failure as a result; an exception's text could hold a secret."""
    try:
        return work(params)
    except Unfinished as error:
        return {**result_of(error.outcome), **failure(error.error, error.far), "warnings": list(error.warnings)}
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  whatever it is, its text must not get out
        return failure(error)


def failure(error: BaseException, far: str = "") -> Result:
    """Give an error as a result, with how far the run came."""
    state = getattr(error, "sqlstate", None)
    text = "; ".join(filter(None, [worded(error), far]))
    return {"failed": True, "msg": text, **({"sqlstate": state} if state else {})}


def worded(error: BaseException) -> str:
    """Give an error in words; of an unforeseen one only its type and place."""
    if isinstance(error, AccessError):
        return explained(error)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted by the signal SIGINT (Ctrl-C)"
    if isinstance(error, MemoryError):
        return "the module ran out of memory on the host that it runs on"
    return f"internal error {type(error).__name__} at {places(error)}: please report it"


def places(error: BaseException) -> str:
    """Say where an error came from, by files and lines only."""
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)


def leave(module: AnsibleModule, result: Result) -> None:
    """End the module; the only place that does. Outside of any exception handler, so that no traceback is added."""
    for text in result.pop("warnings", []):
        module.warn(text)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)
