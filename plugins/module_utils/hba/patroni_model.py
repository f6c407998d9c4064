# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a Patroni and of the files that it writes, and what its lists are to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from ..errors import InputError
from ..secret import Secret

KEYS = ("pg_hba", "pg_ident")
FILES = {"pg_hba": "pg_hba.conf", "pg_ident": "pg_ident.conf"}
SETTINGS = {"pg_hba": "hba_file", "pg_ident": "ident_file"}


@dataclass(frozen=True)
class Place:
    """Where the server says that its files are: the settings of these names."""

    data_directory: str
    hba_file: str
    ident_file: str

    def file_of(self, key: str) -> str:
        """Give the file that a key of Patroni's is about."""
        return self.hba_file if key == "pg_hba" else self.ident_file


@dataclass(frozen=True)
class Owned:
    """A file that Patroni writes; ``owner`` is ``dynamic`` or ``local``, ``where`` says so in words."""

    key: str
    owner: str
    where: str
    file: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Api:
    """Patroni's REST API; certificates are checked against ``ca_cert``, or the system's where it is empty."""

    url: str
    username: str = ""
    password: Secret = field(default_factory=lambda: Secret(""))
    ca_cert: str = ""
    client_cert: str = ""
    client_key: str = ""
    validate_certs: bool = True


@dataclass(frozen=True)
class Patroni:
    """A Patroni that looks after the server; a file that it doesn't write is None here, and ours to write."""

    hba: Optional[Owned]
    ident: Optional[Owned]
    api: Api
    config: str = ""
    loop_wait: float = 10.0

    def owned(self) -> dict[str, Owned]:
        """Give the files that it writes, by key."""
        return {file.key: file for file in (self.hba, self.ident) if file is not None}


@dataclass(frozen=True)
class Wanted:
    """What Patroni's lists are to be, without its header; None leaves a list alone.

    ``differing`` are the titles of rules that don't count on every member (any role but default and common).
    """

    hba: Optional[Sequence[str]] = None
    ident: Optional[Sequence[str]] = None
    differing: Sequence[str] = ()

    def lists(self) -> dict[str, tuple[str, ...]]:
        """Give what is wanted, by key; the maps come first, for rules name them."""
        given = {"pg_ident": self.ident, "pg_hba": self.hba}
        return {key: tuple(lines) for key, lines in given.items() if lines is not None}


@dataclass(frozen=True)
class Option:
    """The module's option ``patroni``: what is given there wins over what is found."""

    config_file: str = ""
    url: str = ""
    username: str = ""
    password: Optional[Secret] = None
    ca_cert: str = ""
    client_cert: str = ""
    client_key: str = ""
    validate_certs: Optional[bool] = None


def parse_option(value: Optional[Mapping[str, Any]]) -> Option:
    """Give the option as a value; InputError for a key that there isn't."""
    given = {key: item for key, item in (value or {}).items() if item is not None}
    unknown = sorted(set(given) - set(Option.__dataclass_fields__))
    if unknown:
        known = ", ".join(Option.__dataclass_fields__)
        raise InputError(f"patroni has no option {', '.join(unknown)}; there are {known}")
    password = given.pop("password", None)
    secret = Secret(password) if isinstance(password, str) else password
    return Option(**given, password=secret)
