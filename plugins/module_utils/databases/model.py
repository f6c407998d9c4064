# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases as they are, and as declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ..insides.model import ExtensionSpec, SchemaSpec
from ..settings.model import Parameters

NO_LIMIT, CLOSED, INVALID = -1, 0, -2
DEFAULT_TEMPLATE = "template1"


@dataclass(frozen=True)
class DatabaseState:
    """A database as it is; ``connlimit`` -1 is no limit, 0 closed but for superusers, -2 an interrupted drop.

    ``collate`` and ``ctype`` are the operating system's; ``locale`` is the name for another ``locale_provider``
    than libc, and ``icu_rules`` are what changes the order of an ICU locale.
    """

    name: str
    owner: str
    encoding: str
    collate: str
    ctype: str
    tablespace: str
    allowconn: bool = True
    connlimit: int = NO_LIMIT
    is_template: bool = False
    comment: Optional[str] = None
    locale_provider: str = "libc"
    locale: Optional[str] = None
    icu_rules: Optional[str] = None


@dataclass(frozen=True)
class DatabaseGrant:
    """Declared privileges of a role on a database; absent ones are those that it must not have been given."""

    role: str
    privileges: tuple[str, ...]
    grant_option: Optional[bool] = None
    absent: bool = False


@dataclass(frozen=True)
class Removal:
    """A database that is to go: by force, or after its sessions were ended, or only if nobody is connected."""

    name: str
    force: bool = False
    terminate: bool = False


@dataclass(frozen=True)
class DatabaseSpec:
    """A database as declared; what is None is not managed."""

    name: str
    owner: Optional[str] = None
    allowconn: Optional[bool] = None
    connlimit: Optional[int] = None
    comment: Optional[str] = None
    is_template: Optional[bool] = None
    template: str = DEFAULT_TEMPLATE
    strategy: Optional[str] = None
    encoding: Optional[str] = None
    locale: Optional[str] = None
    collate: Optional[str] = None
    ctype: Optional[str] = None
    tablespace: Optional[str] = None
    locale_provider: Optional[str] = None
    icu_locale: Optional[str] = None
    icu_rules: Optional[str] = None
    builtin_locale: Optional[str] = None
    revokeconn: Optional[bool] = None
    revoketemp: Optional[bool] = None
    revoke_create: bool = False
    connect: Optional[tuple[str, ...]] = None
    deny_connect: tuple[str, ...] = ()
    grants: Optional[tuple[DatabaseGrant, ...]] = None
    parameters: Optional[Parameters] = None
    schemas: tuple[SchemaSpec, ...] = ()
    extensions: tuple[ExtensionSpec, ...] = ()
    terminate: bool = False
    ignored: tuple[str, ...] = ()

    def has_inside(self) -> bool:
        """Tell whether something is declared inside of the database."""
        return bool(self.schemas or self.extensions or self.revoke_create)

    def declares_locale(self) -> bool:
        """Tell whether the item says something about the provider's locale, or about the encoding it has to support."""
        keys = (self.locale_provider, self.icu_locale, self.icu_rules, self.builtin_locale, self.locale, self.encoding)
        return any(key is not None for key in keys)

    def roles(self) -> frozenset[str]:
        """Give the roles that the item names."""
        named = {self.owner, *(self.connect or ()), *self.deny_connect, *(grant.role for grant in self.grants or ())}
        return frozenset(name for name in {*named, *(schema.owner for schema in self.schemas)} if name)
