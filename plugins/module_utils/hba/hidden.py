# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the secrets out of lines and items: passwords for LDAP and RADIUS stand in them as plain text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

MASK = "********"
SECRET = ("passw", "secret")
# Quotes and continuations may stand within a name, and a misspelt one is as secret. To the end of the line: where the
# secret ends is a matter of quotes, which somebody may have forgotten.
_BETWEEN = r"(?:\"|\\\r?\n)*"
_WORDS = "|".join(_BETWEEN.join(word) for word in SECRET)
PATTERN = re.compile(rf"((?:{_WORDS})(?:[a-z_\"]|\\\r?\n)*)(\s*=)(?:.*\\\r?\n)*.*", re.IGNORECASE)


def hidden_text(text: str) -> str:
    """Give a text without its secrets."""
    return PATTERN.sub(rf"\1\2{MASK}", text)


def hidden_error(text: str) -> str:
    """Give the server's words without a secret that they quote."""
    return re.sub(r'(RADIUS secrets?\b[^"]*").*', rf"\1{MASK}", hidden_text(text), flags=re.DOTALL)


def is_secret(name: Any) -> bool:
    """Tell whether an option's name, be it misspelt, is one of a secret."""
    return any(word in str(name).lower() for word in SECRET)


def hidden(value: Any) -> Any:
    """Give items without their secrets."""
    if isinstance(value, Mapping):
        return {key: MASK if is_secret(key) else hidden(one) for key, one in value.items()}
    if isinstance(value, list):
        return [hidden(one) for one in value]
    return hidden_text(value) if isinstance(value, str) else value
