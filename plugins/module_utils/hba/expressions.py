# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions of HBA lines (16 and later): those whose meaning is the same here as in PostgreSQL.

PostgreSQL searches the name for the expression after the slash, in the C locale. What isn't surely the same in
Python is left undecided.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Optional

SINCE = 160000
ATOM = r"[^\\\[\](){}*+?|^$.]|\\[^A-Za-z0-9]|\\[dDwWsS]|\[\^?\]?[^\\\[\]]*\]|[.^$|()]"
COMMON = re.compile(rf"(?:(?:{ATOM})(?:[*+?]\??|\{{\d{{1,3}}(?:,\d{{0,3}})?\}})?)*")
ODD = re.compile(r"(?:^|[\^$|(])[*+?{]|--|&&|~~|\|\||[*+}?][^()]*\)[*+{]")
PARTS = re.compile(r"\\.|\[\^?\]?[^\]]*\]|\$", re.DOTALL)
BRACKETED = re.compile(r"\\.|\[\^?\]?(?:\[[:.=][^\]]*\]|[^\]])*\]", re.DOTALL)
COMMA = "where a comma is meant, have it in quotes in a raw line, or as an element of a list"


def found(expression: str, name: str) -> Optional[bool]:
    """Tell whether PostgreSQL finds an expression in a name; None where it can't be told."""
    pattern = _compiled(expression)
    return None if pattern is None else pattern.search(name) is not None


@cache
def _compiled(expression: str) -> Optional[re.Pattern[str]]:
    if not COMMON.fullmatch(expression) or ODD.search(expression):
        return None
    try:
        return re.compile(_pythonic(expression), re.ASCII | re.DOTALL)
    except re.error:
        return None


def _pythonic(expression: str) -> str:
    # Python's $ also matches before a line break at the end.
    return PARTS.sub(lambda hit: r"\Z" if hit[0] == "$" else hit[0], expression)


def broken(expression: str) -> str:
    """Say what PostgreSQL surely refuses in an expression; empty if nothing is known to be wrong."""
    rest = BRACKETED.sub("_", expression)
    if "[" in rest:
        return "brackets [] aren't balanced"
    if re.search(r"\{[0-9]+(,[0-9]*)?$", rest):
        return f"braces {{}} aren't balanced; {COMMA}"
    return "" if _is_balanced(rest) else "parentheses () aren't balanced"


def _is_balanced(rest: str) -> bool:
    depth = 0
    for char in rest:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0


def exactly(name: str) -> str:
    """Give the expression that finds one name only."""
    return "^" + re.sub(r"([!-/:-@\[-^`{-~])", r"\\\1", name) + "$"
