# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write names and values as PgBouncer reads them, in each of its files.

What its documentation says of names in double quotes isn't so: up to 1.24 a key of the configuration can't be quoted
at all, and from 1.25 in single quotes, without any way to write one of those. A line that it can't read stops the
loading of the whole configuration.
"""

from __future__ import annotations

import re
from typing import Optional

from ..errors import InputError

Version = tuple[int, int]

QUOTED_KEYS: Version = (1, 25)
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.*-]+", re.ASCII)
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_./:,+@-]+", re.ASCII)
_VERSION = re.compile(r"(\d+)\.(\d+)")


def version_of(text: str) -> Optional[Version]:
    """Read the version that SHOW VERSION gives, such as ``PgBouncer 1.18.0``."""
    found = _VERSION.search(text)
    return (int(found[1]), int(found[2])) if found else None


def is_plain(name: str, version: Optional[Version] = None) -> bool:
    """Tell whether a name can be a key of the configuration, in quotes if this version takes them."""
    quotes = version is not None and version >= QUOTED_KEYS
    return bool(_PLAIN_KEY.fullmatch(name)) or (quotes and "'" not in name)


def key_text(name: str, version: Optional[Version], where: str) -> str:
    """Give a name as a key of the configuration; InputError if this version can't read it, or any."""
    if _PLAIN_KEY.fullmatch(name):
        return name
    if "'" in name:
        raise InputError(
            f"{where}: a name with a single quote can't stand in the configuration of PgBouncer: rename it"
        )
    if version is None or version < QUOTED_KEYS:
        known = f"{version[0]}.{version[1]}" if version else "of which the version isn't known, for it doesn't run"
        raise InputError(
            f"{where}: a name with other characters than letters without accents, digits, _ . * - can't stand in the "
            f"configuration of PgBouncer before 1.25 (this one is {known}): rename it, or update PgBouncer"
        )
    return f"'{name}'"


def value_text(value: str, where: str) -> str:
    """Give a value of a ``key=value`` pair; InputError if there is no way to write it."""
    if not value or "\n" in value or "\0" in value:
        raise InputError(f"{where}: PgBouncer takes no empty value and none with a line break: correct it")
    return value if _PLAIN_VALUE.fullmatch(value) else "'" + value.replace("'", "''") + "'"


def quoted(text: str) -> str:
    """Give a name or a secret for ``userlist.txt``, and a name for the console and for an HBA file."""
    return '"' + text.replace('"', '""') + '"'
