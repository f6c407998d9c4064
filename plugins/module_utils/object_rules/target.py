# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what a rule's text is about: all that stands between ON and the grantees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import InputError
from ..rules.model import CLASS_WORDS
from ..rules.reading import read_class, read_schemas
from .arguments import read_arguments
from .classes import ALL_IN_SCHEMA, NAMED, large_object, parameter
from .model import IN_SCHEMA, ObjectName

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..rules.tokens import Reader

DEFAULT_SCHEMA = "public"
_ALL_HELP = "expected one of " + ", ".join(word.upper() for word in ALL_IN_SCHEMA)
_OTHER_WORDS = frozenset({"aggregate", "foreign", "materialized", "view"})
_OTHER_HELP = "expected a class of objects: views and foreign tables are of class TABLE, aggregates of class FUNCTION"


@dataclass(frozen=True)
class Target:
    """Say which objects a rule is about; without objects and schemas it is the whole class."""

    object_class: str
    kinds: str = ""
    objects: tuple[ObjectName, ...] = ()
    schemas: tuple[str, ...] = ()


def read_target(reader: Reader, schemas: tuple[str, ...], after: str) -> Target:
    """Take the objects; schemas are those of IN SCHEMA in front of the rule, after is the word that has to follow."""
    if schemas or _is_whole_class(reader):
        return _whole_class(reader, schemas, after)
    if reader.accept("all"):
        return _all_in_schemas(reader)
    for words, (object_class, kinds) in NAMED.items():
        if reader.accept(*words.split()):
            return Target(object_class, kinds, _objects(reader, object_class, words))
    _refuse_other_words(reader, after)
    return Target("TABLE", "", _objects(reader, "TABLE", "table"))


def _all_in_schemas(reader: Reader) -> Target:
    token = reader.token
    meant = ALL_IN_SCHEMA.get(token.value) if token.kind == "word" else None
    if meant is None:
        raise reader.error(_ALL_HELP)
    reader.take()
    schemas = read_schemas(reader)
    if not schemas:
        raise reader.error("expected IN SCHEMA")
    return Target(*meant, schemas=schemas)


def _is_whole_class(reader: Reader) -> bool:
    words = {reader.token.value, f"{reader.token.value} {reader.following.value}"}
    return reader.token.kind == "word" and not words.isdisjoint(CLASS_WORDS)


def _whole_class(reader: Reader, schemas: tuple[str, ...], after: str) -> Target:
    object_class = read_class(reader, schemas)[:-1]
    if reader.token.kind != "word" or reader.token.value != after:
        raise reader.error(f"expected {after.upper()}; a table with a name like this needs TABLE in front of it")
    return Target(object_class, schemas=schemas)


def _refuse_other_words(reader: Reader, after: str) -> None:
    """Fail at what is a class for PostgreSQL, but not in GRANT; a table can be called so, too."""
    token, following = reader.token, reader.following
    named = following.kind == "name" or (following.kind == "word" and following.value != after)
    if token.kind == "word" and token.value in _OTHER_WORDS and named:
        raise reader.error(_OTHER_HELP)


def _objects(reader: Reader, object_class: str, noun: str) -> tuple[ObjectName, ...]:
    read = _READERS.get(object_class, _qualified if object_class in IN_SCHEMA else _plain)
    objects = [read(reader, noun)]
    while reader.accept(","):
        objects.append(read(reader, noun))
    return tuple(dict.fromkeys(objects))


def _qualified(reader: Reader, noun: str) -> ObjectName:
    name, schema = reader.name(f"a {noun}'s name").value, DEFAULT_SCHEMA
    if reader.accept("."):
        name, schema = reader.name(f"a {noun}'s name", behind_dot=True).value, name
    _refuse_dot(reader, "a name has one schema and no database in front of it")
    return ObjectName(name, schema)


def _routine(reader: Reader, noun: str) -> ObjectName:
    found = _qualified(reader, noun)
    return ObjectName(found.name, found.schema, read_arguments(reader))


def _plain(reader: Reader, noun: str) -> ObjectName:
    name = reader.name(f"a {noun}'s name").value
    _refuse_dot(reader, f"a {noun} is in no schema: its name stands alone")
    return ObjectName(name)


def _refuse_dot(reader: Reader, problem: str) -> None:
    if reader.token.kind == "sign" and reader.token.value == ".":
        raise reader.error(problem)


def _large_object(reader: Reader, noun: str) -> ObjectName:
    token = reader.token
    if token.kind != "number":
        raise reader.error(f"expected a {noun}'s number")
    try:
        return ObjectName(large_object(reader.take().value))
    except InputError as error:
        raise reader.error(error.message, token) from None


def _parameter(reader: Reader, noun: str) -> ObjectName:
    token = reader.token
    parts = [reader.name(f"a {noun}'s name").value]
    while reader.accept("."):
        parts.append(reader.name(f"a {noun}'s name", behind_dot=True).value)
    try:
        return ObjectName(parameter(".".join(parts)))
    except InputError as error:
        raise reader.error(error.message, token) from None


_READERS: dict[str, Callable[[Reader, str], ObjectName]] = {
    "FUNCTION": _routine,
    "LARGE OBJECT": _large_object,
    "PARAMETER": _parameter,
}
