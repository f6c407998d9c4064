# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write variables as a person would: one heading each, short lists on one line, names never taken for templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

WIDTH = 118
SHORT = 76
ON_ONE_LINE = frozenset({"roles", "grants", "schemas", "extensions", "pgsql_access_adopted_passwords"})
TEMPLATES = ("{{", "{%", "{#")
BREAKS = frozenset("\x85\u2028\u2029")


class Untemplated(str):
    """A text that Ansible must not take for a template, though it looks like one."""

    __slots__ = ()


class OnOneLine(list[Any]):
    """A list on one line."""


class PairsOnOneLine(dict[str, Any]):
    """A dictionary on one line."""


class Dumper(yaml.SafeDumper):
    """Write lists indented, and never refer to something written before."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002  PyYAML's signature
        """Indent lists within dictionaries."""
        super().increase_indent(flow, False)

    def analyze_scalar(self, scalar: str) -> Any:
        """Have line breaks of Unicode escaped: in single quotes, YAML reads the next line (U+0085) as a space."""
        found = super().analyze_scalar(scalar)
        found.allow_single_quoted = found.allow_single_quoted and not BREAKS.intersection(scalar)
        return found

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  PyYAML's signature
        """Write everything out."""
        return True


Dumper.add_representer(Untemplated, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style="'"))
Dumper.add_representer(
    OnOneLine, lambda dumper, items: dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)
)
Dumper.add_representer(
    PairsOnOneLine,
    lambda dumper, pairs: dumper.represent_mapping("tag:yaml.org,2002:map", list(pairs.items()), flow_style=True),
)


def written(value: Any) -> str:
    """Give a value as YAML in block style."""
    options: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": WIDTH, "default_flow_style": False}
    return str(yaml.dump(styled(value), Dumper=Dumper, **options))


def styled(value: Any, key: str = "") -> Any:
    """Give a copy of a value with what belongs on one line marked so."""
    if isinstance(value, Mapping):
        return {plain(name): styled(item, str(name)) for name, item in value.items()}
    if isinstance(value, str):
        return plain(value)
    if not isinstance(value, Sequence):
        return value
    items = [PairsOnOneLine(one) if fits(one, key) else one for one in (styled(item) for item in value)]
    return (
        OnOneLine(items) if all(not isinstance(one, (list, dict)) for one in items) and size(items) <= SHORT else items
    )


def fits(item: Any, key: str) -> bool:
    """Tell whether an item of a list stands on one line, as in the access model's own lists."""
    return isinstance(item, dict) and key in ON_ONE_LINE and size(item) <= SHORT * 2


def size(value: Any) -> int:
    """Tell how long a value gets on one line, about."""
    return len(str(value))


def plain(text: Any) -> Any:
    """Give a text of PyYAML's own kind, marked if Ansible would take it for a template."""
    if not isinstance(text, str):
        return text
    return Untemplated(text) if any(mark in text for mark in TEMPLATES) else "".join(text)


def comment(*texts: str) -> str:
    """Give texts as lines of comments; whatever could end a line is a space there."""
    lines = [line for text in texts for line in wrapped("".join(c if c.isprintable() else " " for c in text))]
    return "".join(f"# {line}\n" for line in lines)


def wrapped(text: str) -> list[str]:
    """Cut a text into lines at spaces."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) + 1 > WIDTH - 2:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
