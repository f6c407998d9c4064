# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the names in a rule's lists: literal as in YAML, with a schema before the first dot, or patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import InputError
from ..quoting import ident
from ..rules.tokens import Reader, Source
from .arguments import read_arguments
from .classes import large_object, parameter
from .model import IN_SCHEMA, ObjectName

_QUOTED = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
_BARE = {
    "FUNCTION": re.compile(r'[^".(]*'),
    **dict.fromkeys(sorted(IN_SCHEMA - {"FUNCTION"}), re.compile(r'[^".]*')),
}
_BARE_ALONE = re.compile(r'[^"]*')
_ANY = "*"
_WILD = re.compile(r"[*?]")
_AFTER = {
    '"': "a quotation mark: put the whole name in double quotes, and write twice those inside of it",
    ".": "a name has one schema in front of it; a name that contains a dot needs double quotes",
}


@dataclass(frozen=True)
class Listed:
    """Hold a name of a list; without a schema of its own it has ''. A pattern stands for any number of objects."""

    name: ObjectName
    pattern: bool


@dataclass(frozen=True)
class _Part:
    """Hold a part of a name and where it starts; in double quotes ``*`` and ``?`` are only themselves."""

    value: str
    start: int
    quoted: bool

    @property
    def wild(self) -> bool:
        return not self.quoted and _WILD.search(self.value) is not None


def read_item(text: str, object_class: str, where: str) -> Listed:
    """Return the name or the pattern that an item of a list is; InputError for what can't be a name."""
    source = Source(text, where, "name", types=True)
    parts, end = _parts(source, object_class)
    pattern = any(part.wild for part in parts)
    if pattern:
        _refuse_literal_wildcards(source, parts)
    arguments = _arguments(source, end, object_class)
    if pattern and arguments is not None:
        raise source.error(end, "a pattern stands for routines with any arguments: leave the brackets out")
    schema = parts[0].value if len(parts) > 1 else ""
    name = _canonical(source, parts[-1].value, object_class, pattern)
    return Listed(ObjectName(name, "" if pattern and schema == _ANY else schema, arguments), pattern)


def read_exception(text: str, object_class: str, where: str) -> ObjectName:
    """Return what an item of a list of exceptions leaves out, a name being a pattern that fits one name."""
    source = Source(text, where, "name")
    parts, end = _parts(source, object_class)
    _refuse_literal_wildcards(source, parts)
    if end < len(text):
        raise source.error(end, "an exception is for routines with any arguments: leave the brackets out")
    schema = parts[0].value if len(parts) > 1 else ""
    name = _canonical(source, parts[-1].value, object_class, pattern=True)
    return ObjectName(name, "" if schema == _ANY else schema)


def _parts(source: Source, object_class: str) -> tuple[list[_Part], int]:
    """Return the name, after its schema if it has one, and the place where it ends."""
    bare = _BARE.get(object_class, _BARE_ALONE)
    part, end = _part(source, 0, bare)
    parts = [part]
    if object_class in IN_SCHEMA and source.text.startswith(".", end):
        part, end = _part(source, end + 1, bare)
        parts.append(part)
    following = source.text[end : end + 1]
    if following and not (object_class == "FUNCTION" and following == "("):
        raise source.error(end, _AFTER.get(following, "expected the end of the name"))
    return parts, end


def _part(source: Source, place: int, bare: re.Pattern[str]) -> tuple[_Part, int]:
    found = _QUOTED.match(source.text, place)
    if found:
        part, end = _Part(found[1].replace('""', '"'), place, True), found.end()
    else:
        rest = bare.match(source.text, place)
        value = rest[0] if rest else ""
        part, end = _Part(value.strip(), place, False), place + len(value)
        if not part.value and source.text.startswith('"', end):
            raise source.error(end, "the quotation mark isn't closed")
    try:
        ident(part.value)
    except InputError as error:
        raise source.error(place, error.message) from None
    return part, end


def _refuse_literal_wildcards(source: Source, parts: list[_Part]) -> None:
    for part in parts:
        if part.quoted and _WILD.search(part.value):
            raise source.error(part.start, "in a pattern, * and ? can't stand for themselves: write ? for them")


def _arguments(source: Source, place: int, object_class: str) -> tuple[str, ...] | None:
    if object_class != "FUNCTION":
        return None
    reader = Reader(source, place)
    arguments = read_arguments(reader)
    if reader.token.kind != "end":
        raise reader.error("expected the end of the name")
    return arguments


def _canonical(source: Source, name: str, object_class: str, pattern: bool) -> str:
    try:
        if object_class == "LARGE OBJECT":
            return large_object(name)
        return parameter(name, pattern) if object_class == "PARAMETER" else name
    except InputError as error:
        raise source.error(0, error.message) from None
