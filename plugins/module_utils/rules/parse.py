# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a rule of default privileges, from text or from a dict."""

from __future__ import annotations

from collections.abc import Mapping

from ..acl import ALL, DEFAULT_CLASSES, PUBLIC, canonical_privilege
from ..errors import InputError
from .mapping import parse_mapping
from .model import CLASS_WORDS, GLOBAL_ONLY, Rule
from .tokens import Reader, Token

_PSEUDO_ROLES = frozenset({"current_user", "current_role", "session_user", "system_user", "user"})
_CLASS_HELP = "expected one of " + ", ".join(DEFAULT_CLASSES)


def parse_rule(value: object, where: str) -> Rule:
    """Return the rule that a text or a dict declares; InputError, starting with where, for anything else.

    The text is the abbreviated GRANT or REVOKE of ALTER DEFAULT PRIVILEGES, with IN SCHEMA in front if wanted.
    """
    if isinstance(value, str):
        return _parse_text(value, where)
    if isinstance(value, Mapping):
        return parse_mapping(value, where)
    raise InputError(f"{where}: a rule is a text or a dict, not {type(value).__name__}")


def _parse_text(text: str, where: str) -> Rule:
    reader = Reader(text, where)
    schemas = _schemas(reader)
    if reader.accept("grant"):
        rule = _grant(reader, schemas, text.strip())
    elif reader.accept("revoke"):
        rule = _revoke(reader, schemas, text.strip())
    elif reader.token.value == "for":
        raise reader.error("FOR ROLE can't stand in a rule: creators are declared beside the rules")
    else:
        raise reader.error("expected GRANT or REVOKE" + ("" if schemas else ", or IN SCHEMA before it"))
    reader.finish()
    return rule


def _grant(reader: Reader, schemas: tuple[str, ...], source: str) -> Rule:
    privileges, object_class = _target(reader, schemas)
    reader.expect("to")
    grantees = _grantees(reader)
    option = reader.accept("with")
    if option:
        reader.expect("grant", "option")
        _refuse_public(reader, grantees)
    return Rule("present", privileges, object_class, tuple(grantees), schemas, option or None, source=source)


def _revoke(reader: Reader, schemas: tuple[str, ...], source: str) -> Rule:
    option_only = reader.accept("grant")
    if option_only:
        reader.expect("option", "for")
    privileges, object_class = _target(reader, schemas)
    reader.expect("from")
    grantees = _grantees(reader)
    if option_only:
        _refuse_public(reader, grantees)
    if reader.token.kind == "word" and reader.token.value == "cascade":
        raise reader.error("CASCADE can't be used: revoke what depends on it by rules of its own")
    reader.accept("restrict")
    return Rule("absent", privileges, object_class, tuple(grantees), schemas, None, option_only, source)


def _schemas(reader: Reader) -> tuple[str, ...]:
    if not reader.accept("in"):
        return ()
    reader.expect("schema")
    names = [reader.name("a schema's name").value]
    while reader.accept(","):
        names.append(reader.name("a schema's name").value)
    return tuple(dict.fromkeys(names))


def _target(reader: Reader, schemas: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    privileges = _privileges(reader)
    reader.expect("on", before="" if privileges == (ALL,) else "a comma or ")
    return privileges, _object_class(reader, schemas)


def _privileges(reader: Reader) -> tuple[str, ...]:
    if reader.accept("all"):
        reader.accept("privileges")
        return (ALL,)
    names = [_privilege(reader)]
    while reader.accept(","):
        names.append(_privilege(reader))
    return tuple(dict.fromkeys(names))


def _privilege(reader: Reader) -> str:
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


def _object_class(reader: Reader, schemas: tuple[str, ...]) -> str:
    token = reader.token
    words = "large objects" if reader.accept("large", "objects") else reader.take().value
    if token.kind != "word" or words not in CLASS_WORDS:
        raise reader.error(_CLASS_HELP, token)
    object_class = CLASS_WORDS[words]
    if schemas and object_class in GLOBAL_ONLY:
        raise reader.error(f"IN SCHEMA can't be used with {object_class}: leave it out", token)
    return object_class


def _grantees(reader: Reader) -> dict[str, Token]:
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


def _refuse_public(reader: Reader, grantees: Mapping[str, Token]) -> None:
    if PUBLIC in grantees:
        raise reader.error("PUBLIC can't have the grant option: only roles can", grantees[PUBLIC])
