# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read rules about objects, from text or from a dict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..errors import InputError
from ..rules.values import known_items, shown
from .mapping import databases_of, parse_mapping
from .model import ObjectRule
from .render import limited
from .text import parse_text

_TEXT_KEYS = ("rule", "databases")


def parse_object_rules(value: object, where: str) -> tuple[ObjectRule, ...]:
    """Return the rules that a text or a dict declares; InputError, starting with where, for anything else.

    They are several where a text has lists of columns, or a dict has names beside patterns. A text can stand in a
    dict as ``rule``, beside the databases that it is limited to.
    """
    if isinstance(value, str):
        return parse_text(value, where)
    if isinstance(value, Mapping):
        return _parse_limited(value, where) if "rule" in value else parse_mapping(value, where)
    raise InputError(f"{where}: a rule is a text or a dict, not {type(value).__name__}")


def _parse_limited(value: Mapping[object, object], where: str) -> tuple[ObjectRule, ...]:
    items = known_items(value, where, _TEXT_KEYS, ("rule",))
    text = items["rule"]
    if not isinstance(text, str):
        raise InputError(f"{where}.rule: must be a text, not {shown(text)}")
    rules = parse_text(text, f"{where}.rule")
    databases = databases_of(items, rules[0].object_class, where)
    return tuple(replace(rule, databases=databases, source=limited(rule.source, databases)) for rule in rules)
