# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write a rule about objects as people write it, so that it reads back as the same rule."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ..acl import PUBLIC
from ..errors import InputError
from ..quoting import ident, is_public
from ..rules.tokens import RESERVED
from .classes import ALL_IN_SCHEMA, IN_DICT, NAMED, WHOLE_CLASS
from .model import IN_SCHEMA, ObjectName, ObjectRule

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIMPLE = re.compile(r"[a-z_][a-z0-9_]*")
# What PostgreSQL reserves in some places (pg_get_keywords(), catcodes C and T, of all versions).
_PARTLY_RESERVED_WORDS = """
    authorization between bigint binary bit boolean char character coalesce collation concurrently cross
    current_schema dec decimal exists extract float freeze full greatest grouping ilike inner inout int integer
    interval is isnull join json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
    json_serialize json_table json_value least left like merge_action national natural nchar none normalize notnull
    nullif numeric out outer overlaps overlay position precision real right row setof similar smallint substring
    tablesample time timestamp treat trim values varchar verbose xmlattributes xmlconcat xmlelement xmlexists xmlforest
    xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
"""
_QUOTED_WORDS = RESERVED | frozenset(_PARTLY_RESERVED_WORDS.split())
_LISTS = {"TABLE": "tables", "SEQUENCE": "sequences", "FUNCTION": "functions", "TYPE": "types"}
_BARE_ITEM = {True: re.compile(r'[^\s".(]+'), False: re.compile(r'[^\s"]+')}
_WILD = re.compile(r"[*?]")


def render_object_rule(rule: ObjectRule) -> str:
    """Return the rule as text; InputError for one that has none: patterns, exceptions, limits, no grant option."""
    on = _on(rule)
    if on is None or rule.databases is not None:
        raise InputError(f"a rule on {rule.object_class} with these limits has no text: write it as a dict")
    columns = f" ({_listed(rule.columns)})" if rule.columns else ""
    privileges = ", ".join(name + columns for name in rule.privileges)
    schemas = f"IN SCHEMA {_listed(rule.schemas)} " if rule.schemas and not on.startswith("ALL ") else ""
    to = ", ".join("PUBLIC" if name == PUBLIC else name_sql(name) for name in rule.grantees)
    if rule.state == "present":
        return f"{schemas}GRANT {privileges} ON {on} TO {to}" + (" WITH GRANT OPTION" if rule.grant_option else "")
    return f"{schemas}REVOKE {'GRANT OPTION FOR ' if rule.option_only else ''}{privileges} ON {on} FROM {to}"


def as_item(rule: ObjectRule) -> str | dict[str, object]:
    """Return the rule as an item of a list: text where it has one and isn't limited to databases, else a dict."""
    return as_dict(rule) if _on(rule) is None or rule.databases is not None else render_object_rule(rule)


def as_dict(rule: ObjectRule) -> dict[str, object]:
    """Return the rule as a dict, which holds its text if it has one; InputError for what no dict can say."""
    databases = {} if rule.databases is None else {"databases": [*rule.databases]}
    if _on(rule) is not None:
        return {"rule": render_object_rule(replace(rule, databases=None)), **databases}
    if rule.option_only or rule.kinds not in ("", "p") or any(map(is_public, rule.grantees)):
        raise InputError(f"a rule on {rule.object_class} with these limits can't be written as a dict")
    return {
        "privs": [*rule.privileges],
        **_dict_target(rule),
        "to": [name or "PUBLIC" for name in rule.grantees],
        **({} if rule.grant_option is None else {"grant_option": rule.grant_option}),
        **({} if rule.state == "present" else {"state": rule.state}),
        **databases,
    }


def describe(rule: ObjectRule) -> str:
    """Return the rule for error messages, as its text if it has one."""
    item = as_item(replace(rule, databases=None))
    return limited(item if isinstance(item, str) else json.dumps(item, ensure_ascii=False), rule.databases)


def limited(source: str, databases: tuple[str, ...] | None) -> str:
    """Return a rule's source with the databases that it is limited to."""
    return source if databases is None else f"{source} (databases {_listed(databases)})"


def name_sql(name: str) -> str:
    """Return the name as people write it: in double quotes only where it needs them."""
    return name if _SIMPLE.fullmatch(name) and name not in _QUOTED_WORDS else ident(name)


def _on(rule: ObjectRule) -> str | None:
    """Return what stands after ON, None for a rule that has no text."""
    if rule.patterns or rule.exceptions or rule.grant_option is False:
        return None
    meant = (rule.object_class, rule.kinds)
    if rule.objects:
        word = _word(NAMED, meant)
        return word and f"{word} {', '.join(_object_sql(name, rule.object_class) for name in rule.objects)}"
    word = _word(ALL_IN_SCHEMA, meant) if rule.schemas else None
    if word:
        return f"ALL {word} IN SCHEMA {_listed(rule.schemas)}"
    return None if rule.kinds else WHOLE_CLASS.get(rule.object_class)


def _word(words: dict[str, tuple[str, str]], meant: tuple[str, str]) -> str | None:
    return next((word.upper() for word, found in words.items() if found == meant), None)


def _object_sql(name: ObjectName, object_class: str) -> str:
    if object_class == "LARGE OBJECT":
        return name.name
    if object_class == "PARAMETER":
        return ".".join(name_sql(part) for part in name.name.split("."))
    schema = f"{name_sql(name.schema)}." if name.schema else ""
    return schema + name_sql(name.name) + _brackets(name)


def _dict_target(rule: ObjectRule) -> dict[str, object]:
    """Return the keys that say which objects the rule is about."""
    names = [_item(name, rule) for name in rule.objects] or [_pattern(name, rule) for name in rule.patterns]
    key = _LISTS.get(rule.object_class, "objects")
    on = f"{_word(IN_DICT, (rule.object_class, rule.kinds))}{'' if names else 'S'}"
    found: dict[str, object] = {"on": on} if rule.kinds or not names or key == "objects" else {}
    found.update({key: names} if names else {})
    found.update({"schemas": [*rule.schemas]} if rule.schemas else {})
    found.update({"except": [_item(name, rule) for name in rule.exceptions]} if rule.exceptions else {})
    found.update({"columns": [*rule.columns]} if rule.columns else {})
    return found


def _item(name: ObjectName, rule: ObjectRule) -> str:
    """Return a name as an item of a list, its schema before it."""
    return ".".join(_part(part, rule) for part in (name.schema, name.name) if part) + _brackets(name)


def _part(part: str, rule: ObjectRule) -> str:
    if _WILD.search(part):
        return ident(part) if rule.objects else part
    return part if _BARE_ITEM[rule.object_class in IN_SCHEMA].fullmatch(part) else ident(part)


def _pattern(name: ObjectName, rule: ObjectRule) -> str:
    """Return a pattern as an item of a list; one for a single name in any schema has to show that it is one."""
    any_schema = rule.object_class in IN_SCHEMA and not name.schema and not _WILD.search(name.name)
    return ("*." if any_schema else "") + _item(name, rule)


def _brackets(name: ObjectName) -> str:
    return "" if name.arguments is None else f"({', '.join(name.arguments)})"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(name_sql(name) for name in names)
