# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a rule of default privileges, from text or from a dict."""

from __future__ import annotations

from collections.abc import Mapping

from ..acl import ALL
from ..errors import InputError
from .mapping import parse_limited, parse_mapping
from .model import Rule
from .reading import (
    read_class,
    read_grant_option,
    read_grantees,
    read_option_only,
    read_privilege,
    read_restrict,
    read_schemas,
    refuse_public,
)
from .tokens import Reader, Source


def parse_rule(value: object, where: str) -> Rule:
    """Return the rule that a text or a dict declares; InputError, starting with where, for anything else.

    The text is the abbreviated GRANT or REVOKE of ALTER DEFAULT PRIVILEGES, with IN SCHEMA in front if wanted. It can
    stand in a dict as ``rule``, beside the databases and creators that it is limited to.
    """
    if isinstance(value, str):
        return _parse_text(value, where)
    if isinstance(value, Mapping):
        return parse_limited(value, where, _parse_text) if "rule" in value else parse_mapping(value, where)
    raise InputError(f"{where}: a rule is a text or a dict, not {type(value).__name__}")


def _parse_text(text: str, where: str) -> Rule:
    reader = Reader(Source(text, where))
    schemas = read_schemas(reader)
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
    grantees = read_grantees(reader)
    option = read_grant_option(reader, grantees)
    return Rule("present", privileges, object_class, tuple(grantees), schemas, option or None, source=source)


def _revoke(reader: Reader, schemas: tuple[str, ...], source: str) -> Rule:
    option_only = read_option_only(reader)
    privileges, object_class = _target(reader, schemas)
    reader.expect("from")
    grantees = read_grantees(reader)
    if option_only:
        refuse_public(reader, grantees)
    read_restrict(reader)
    return Rule("absent", privileges, object_class, tuple(grantees), schemas, None, option_only, source=source)


def _target(reader: Reader, schemas: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    privileges = _privileges(reader)
    reader.expect("on", before="" if privileges == (ALL,) else "a comma or ")
    return privileges, read_class(reader, schemas)


def _privileges(reader: Reader) -> tuple[str, ...]:
    if reader.accept("all"):
        reader.accept("privileges")
        return (ALL,)
    names = [read_privilege(reader)]
    while reader.accept(","):
        names.append(read_privilege(reader))
    return tuple(dict.fromkeys(names))
