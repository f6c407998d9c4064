# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace one list in the text of Patroni's local configuration, and nothing else of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import Any

from ..errors import AccessError
from .patroni_local import parsed, yaml_for

BY_HAND = "write it as a plain list, or change it by hand"


def holds(text: str, path: str, key: str) -> bool:
    """Tell whether a document has the list."""
    section = parsed(text, path).get("postgresql")
    return isinstance(section, dict) and section.get(key) is not None


def replaced(text: str, path: str, key: str, lines: Sequence[str]) -> str:
    """Give the text with another list; AccessError if the rest of the document would mean something else."""
    start, end, flow, column = extent(text, path, key)
    body = flowing(lines) if flow else block(lines, column, newline_of(text))
    edited = text[:start] + body + text[end:]
    expected = copy.deepcopy(dict(parsed(text, path)))
    expected["postgresql"][key] = list(lines)
    if parsed(edited, path) != expected:
        raise AccessError(f"{key} in {path} can't be replaced without touching anything else: {BY_HAND}")
    return edited


def extent(text: str, path: str, key: str) -> tuple[int, int, bool, int]:
    """Find where a list stands: from, to, whether it is in brackets, and its column."""
    name, node = pair_of(pair_of(yaml_for(path).compose(text), "postgresql")[1], key)
    between = text[name.end_mark.index : node.start_mark.index].strip() if node is not None else ""
    if not between.startswith(":") or text[node.start_mark.index] in "&!":
        raise AccessError(f"{key} in {path} is an alias, has an anchor, or can't be found: {BY_HAND}")
    if not isinstance(node.value, list) or node.id != "sequence":
        raise AccessError(f"{key} in {path} isn't a list: {BY_HAND}")
    if node.flow_style:
        return node.start_mark.index, node.end_mark.index, True, node.start_mark.column
    end = node.value[-1].end_mark.index
    last = text[:end].rstrip("\r\n")  # a block scalar ends with its line's end
    return node.start_mark.index, len(last), False, node.start_mark.column


def pair_of(node: Any, key: str) -> tuple[Any, Any]:
    """Find a key of a mapping and its value."""
    if getattr(node, "id", "") == "mapping":
        for name, value in node.value:
            if name.value == key:
                return name, value
    return None, None


def block(lines: Sequence[str], column: int, newline: str) -> str:
    """Write a list with one line for each element; the first stands where the list began."""
    return (newline + " " * column).join(f"- {quoted(line)}" for line in lines)


def flowing(lines: Sequence[str]) -> str:
    """Write a list in brackets, which is valid JSON, too."""
    return json.dumps(list(lines))


def quoted(line: str) -> str:
    """Write a text as YAML: in single quotes, which take everything but what isn't printable."""
    return "'" + line.replace("'", "''") + "'" if line.isprintable() else json.dumps(line)


def newline_of(text: str) -> str:
    """Give what ends the lines of a text."""
    return "\r\n" if "\r\n" in text else "\n"
