# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the parts that the texts of all rules have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..acl import DEFAULT_CLASSES, PUBLIC, canonical_privilege
from ..errors import InputError
from .model import CLASS_WORDS, GLOBAL_ONLY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .tokens import Reader, Token

_CLASS_HELP = "expected one of " + ", ".join(DEFAULT_CLASSES)
_PSEUDO_ROLES = frozenset({"current_user", "current_role", "session_user", "system_user", "user"})


def read_schemas(reader: Reader) -> tuple[str, ...]:
    """Take IN SCHEMA and the names after it, if it comes next."""
    if not reader.accept("in"):
        return ()
    reader.expect("schema")
    return read_names(reader, "a schema's name")


def read_names(reader: Reader, what: str) -> tuple[str, ...]:
    """Take names with commas between them, each once."""
    names = [reader.name(what).value]
    while reader.accept(","):
        names.append(reader.name(what).value)
    return tuple(dict.fromkeys(names))


def read_privilege(reader: Reader) -> str:
    """Take one privilege, which isn't ALL."""
    token = reader.token
    if token.kind != "word" or token.value == "on":
        raise reader.error("expected a privilege")
    if token.value == "all":
        raise reader.error("ALL stands alone, without other privileges")
    words = "alter system" if reader.accept("alter", "system") else reader.take().value
    try:
        return canonical_privilege(words)
    except InputError as error:
        raise reader.error(error.message, token) from None


def read_class(reader: Reader, schemas: tuple[str, ...]) -> str:
    """Take a class of default privileges, which these schemas don't contradict."""
    token = reader.token
    words = "large objects" if reader.accept("large", "objects") else reader.take().value
    if token.kind != "word" or words not in CLASS_WORDS:
        raise reader.error(_CLASS_HELP, token)
    object_class = CLASS_WORDS[words]
    if schemas and object_class in GLOBAL_ONLY:
        raise reader.error(f"IN SCHEMA can't be used with {object_class}: leave it out", token)
    return object_class


def read_option_only(reader: Reader) -> bool:
    """Take GRANT OPTION FOR after REVOKE, if it comes next."""
    found = reader.accept("grant")
    if found:
        reader.expect("option", "for")
    return found


def read_grant_option(reader: Reader, grantees: Mapping[str, Token]) -> bool:
    """Take WITH GRANT OPTION, if it comes next and these grantees can have it."""
    found = reader.accept("with")
    if found:
        reader.expect("grant", "option")
        refuse_public(reader, grantees)
    return found


def read_restrict(reader: Reader) -> None:
    """Take RESTRICT, which means nothing, if it comes next."""
    if reader.token.kind == "word" and reader.token.value == "cascade":
        raise reader.error("CASCADE can't be used: revoke what depends on it by rules of its own")
    reader.accept("restrict")


def read_grantees(reader: Reader) -> dict[str, Token]:
    """Return the grantees in their order, each with the place where it stands first."""
    grantees: dict[str, Token] = {}
    more = True
    while more:
        reader.accept("group")
        token = reader.token
        grantees.setdefault(_grantee(reader), token)
        more = reader.accept(",")
    return grantees


def _grantee(reader: Reader) -> str:
    token = reader.token
    if token.kind == "word" and token.value in _PSEUDO_ROLES:
        raise reader.error(f"{token.value.upper()} can't be used: name the role")
    name = reader.name("a role's name or PUBLIC").value
    if name == "none":
        raise reader.error("NONE is no role: PostgreSQL reserves the name", token)
    return PUBLIC if name == "public" else name


def refuse_public(reader: Reader, grantees: Mapping[str, Token]) -> None:
    """Fail where a grantee of the grant option is PUBLIC."""
    if PUBLIC in grantees:
        raise reader.error("PUBLIC can't have the grant option: only roles can", grantees[PUBLIC])
