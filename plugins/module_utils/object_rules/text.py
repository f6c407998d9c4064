# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read rules about objects from the text of a GRANT or REVOKE."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..acl import ALL
from ..errors import InputError
from ..rules.reading import (
    read_grant_option,
    read_grantees,
    read_names,
    read_option_only,
    read_privilege,
    read_restrict,
    read_schemas,
    refuse_public,
)
from ..rules.tokens import Reader, Source, Token
from .classes import check_privilege
from .model import ObjectRule
from .target import Target, read_target

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Wanted:
    """Hold a privilege with the columns in brackets after it, and where they stand."""

    privilege: str
    token: Token
    columns: tuple[str, ...]
    bracket: Token


def parse_text(text: str, where: str) -> tuple[ObjectRule, ...]:
    """Return the rules of a text, one for each list of columns; InputError for anything that is no rule.

    It is a GRANT or REVOKE on objects, or the abbreviated one of ALTER DEFAULT PRIVILEGES, here about what exists.
    """
    reader = Reader(Source(text, where, types=True))
    schemas = read_schemas(reader)
    if reader.accept("grant"):
        rules = _grant(reader, schemas, text.strip())
    elif reader.accept("revoke"):
        rules = _revoke(reader, schemas, text.strip())
    elif reader.token.kind == "word" and reader.token.value == "for":
        raise reader.error("FOR ROLE can't stand in a rule: it is about objects whoever owns them")
    else:
        raise reader.error("expected GRANT or REVOKE" + ("" if schemas else ", or IN SCHEMA before it"))
    reader.finish()
    return rules


def _grant(reader: Reader, schemas: tuple[str, ...], source: str) -> tuple[ObjectRule, ...]:
    wanted, target = _wanted_on(reader, schemas, "to")
    grantees = read_grantees(reader)
    option = read_grant_option(reader, grantees)
    _refuse_grantor(reader)
    rule = ObjectRule("present", (), target.object_class, tuple(grantees), grant_option=option or None, source=source)
    return _rules(rule, target, wanted)


def _revoke(reader: Reader, schemas: tuple[str, ...], source: str) -> tuple[ObjectRule, ...]:
    option_only = read_option_only(reader)
    wanted, target = _wanted_on(reader, schemas, "from")
    grantees = read_grantees(reader)
    if option_only:
        refuse_public(reader, grantees)
    _refuse_grantor(reader)
    read_restrict(reader)
    rule = ObjectRule("absent", (), target.object_class, tuple(grantees), option_only=option_only, source=source)
    return _rules(rule, target, wanted)


def _rules(rule: ObjectRule, target: Target, wanted: Iterable[Wanted]) -> tuple[ObjectRule, ...]:
    """Return the rule once for each list of columns, with the privileges that have this list."""
    rule = replace(rule, objects=target.objects, schemas=target.schemas, kinds=target.kinds)
    columns: dict[tuple[str, bool], dict[str, None]] = {}
    for item in wanted:
        columns.setdefault((item.privilege, bool(item.columns)), {}).update(dict.fromkeys(item.columns))
    privileges: dict[tuple[str, ...], tuple[str, ...]] = {}
    for (privilege, _by_columns), names in columns.items():
        privileges[tuple(names)] = (*privileges.get(tuple(names), ()), privilege)
    return tuple(replace(rule, privileges=found, columns=names) for names, found in privileges.items())


def _wanted_on(reader: Reader, schemas: tuple[str, ...], after: str) -> tuple[tuple[Wanted, ...], Target]:
    wanted = _wanted(reader)
    reader.expect("on", before="" if wanted[0].privilege == ALL else "a comma or ")
    target = read_target(reader, schemas, after)
    for item in wanted:
        _check(reader, item, target)
    reader.expect(after, before="a comma or " if target.objects or target.schemas else "")
    return wanted, target


def _wanted(reader: Reader) -> tuple[Wanted, ...]:
    token = reader.token
    if reader.accept("all"):
        reader.accept("privileges")
        return (_with_columns(reader, ALL, token),)
    wanted = [_with_columns(reader, read_privilege(reader), token)]
    while reader.accept(","):
        token = reader.token
        wanted.append(_with_columns(reader, read_privilege(reader), token))
    return tuple(wanted)


def _with_columns(reader: Reader, privilege: str, token: Token) -> Wanted:
    bracket = reader.token
    if not reader.accept("("):
        return Wanted(privilege, token, (), bracket)
    columns = read_names(reader, "a column's name")
    reader.expect(")", before="a comma or ")
    return Wanted(privilege, token, columns, bracket)


def _check(reader: Reader, wanted: Wanted, target: Target) -> None:
    """Fail at a privilege or at columns that the objects can't have."""
    if wanted.columns and (target.object_class != "TABLE" or not target.objects):
        raise reader.error("columns go with tables that are named one by one", wanted.bracket)
    try:
        check_privilege(wanted.privilege, "COLUMN" if wanted.columns else target.object_class)
    except InputError as error:
        raise reader.error(error.message, wanted.token) from None


def _refuse_grantor(reader: Reader) -> None:
    token = reader.token
    if reader.accept("granted", "by"):
        raise reader.error("GRANTED BY can't be used: leave it out, every grantor's entry counts", token)
