# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's module, which keeps what it was given to itself."""

from __future__ import annotations

from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule


class Module(AnsibleModule):  # type: ignore[misc]  # Ansible has no types
    """Log names of parameters instead of values, and return no parameters with an error.

    Ansible masks only what stands where a password belongs, and only where it stands there letter for letter: not
    under a misspelt key, and not with a quote or a line break in it, which a list in the system's log shows escaped.
    """

    def fail_json(self, msg: str, **kwargs: Any) -> NoReturn:
        """End with an error; what was given could be what is wrong, and a password in the wrong place."""
        super().fail_json(msg, **{"invocation": {"module_args": {}}, **kwargs})
        raise SystemExit(1)  # never reached: the line above ends the process

    def _log_invocation(self) -> None:
        """Say in the system's log what was called; ansible-core calls this once it has accepted the parameters."""
        given = sorted(name for name, value in self.params.items() if value is not None)
        self.log(f"Invoked with {', '.join(given)}")
