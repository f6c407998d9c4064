# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the types of a routine's arguments as GRANT ... ON FUNCTION takes them.

The text is normalised in space and in case, nothing else: which types the words stand for, the server knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..quoting import ident

if TYPE_CHECKING:
    from ..rules.tokens import Reader, Token

# Types that are grammar of their own (pg_get_keywords(), catcode C), by what can follow the word.
_PLAIN = frozenset({"bigint", "boolean", "int", "integer", "real", "smallint"})
_WITH_MODIFIERS = frozenset({"dec", "decimal", "float", "numeric", "varchar"})
_VARYING = frozenset({"bit", "char", "character", "nchar"})
_TIMES = frozenset({"time", "timestamp"})
_BUILT_IN = _PLAIN | _WITH_MODIFIERS | _VARYING | _TIMES | {"interval", "national", "setof"}
_ZONES = ("with time zone", "without time zone")
_FIELDS = (
    *("year to month", "day to hour", "day to minute", "day to second"),
    *("hour to minute", "hour to second", "minute to second"),
    *("year", "month", "day", "hour", "minute", "second"),
)
_MODES = ("in out", "in", "out", "inout", "variadic")


def read_arguments(reader: Reader) -> tuple[str, ...] | None:
    """Take the types in brackets, without modes, names and OUT arguments; None if no bracket comes next."""
    if not reader.accept("("):
        return None
    if reader.accept(")"):
        return ()
    arguments = [_argument(reader)]
    while reader.accept(","):
        arguments.append(_argument(reader))
    reader.expect(")", before="a comma or ")
    return tuple(argument for argument in arguments if argument)


def _argument(reader: Reader) -> str:
    """Take one argument and return its type; '' for one that is only given back."""
    mode = _words(reader, _MODES)
    if _is_name(reader.token, reader.following):
        reader.name("an argument's name")
        mode = mode or _words(reader, _MODES)
    found = _type(reader)
    return "" if mode == "out" else found


def _is_name(token: Token, following: Token) -> bool:
    """Tell whether the token is an argument's name, which another word has to follow."""
    if following.kind not in ("word", "name") or (following.kind == "word" and following.value == "array"):
        return False
    if token.kind != "word":
        return token.kind == "name"
    return token.value not in _BUILT_IN and (token.value, following.value) != ("double", "precision")


def _type(reader: Reader) -> str:
    built_in = reader.token.kind == "word" and reader.token.value in _BUILT_IN
    found = _built_in(reader) if built_in else _named(reader)
    return found + _dimensions(reader)


def _built_in(reader: Reader) -> str:
    word = _first_word(reader)
    if word == "interval":
        return _joined(word, _words(reader, _FIELDS)) + _modifiers(reader)
    if word in _TIMES:
        return _joined(word + _modifiers(reader), _words(reader, _ZONES))
    if word in _VARYING or word.startswith("national"):
        return _joined(word, _words(reader, ("varying",))) + _modifiers(reader)
    return word if word in _PLAIN else word + _modifiers(reader)


def _first_word(reader: Reader) -> str:
    token = reader.take()
    if token.value == "setof":
        raise reader.error("an argument can't be a set: write the type alone", token)
    if token.value != "national":
        return token.value
    following = _words(reader, ("character", "char"))
    if not following:
        raise reader.error("expected CHARACTER")
    return f"national {following}"


def _named(reader: Reader) -> str:
    if reader.accept("double", "precision"):
        return "double precision"
    name = _written(reader.name("a type"))
    if reader.accept("."):
        name += "." + _written(reader.name("a type's name"))
    return name + _modifiers(reader)


def _modifiers(reader: Reader) -> str:
    if not reader.accept("("):
        return ""
    found = [_modifier(reader)]
    while reader.accept(","):
        found.append(_modifier(reader))
    reader.expect(")", before="a comma or ")
    return f"({','.join(found)})"


def _modifier(reader: Reader) -> str:
    return reader.take().value if reader.token.kind == "number" else _written(reader.name("a number or a word"))


def _dimensions(reader: Reader) -> str:
    """Take what makes an array of the type; ARRAY is the same as brackets."""
    word = reader.accept("array")
    found = ""
    while reader.accept("["):
        found += f"[{reader.take().value if reader.token.kind == 'number' else ''}]"
        reader.expect("]")
    return found or ("[]" if word else "")


def _words(reader: Reader, choices: tuple[str, ...]) -> str:
    """Take the first choice whose words come next and return it, or ''."""
    return next((choice for choice in choices if reader.accept(*choice.split())), "")


def _joined(*words: str) -> str:
    return " ".join(filter(None, words))


def _written(token: Token) -> str:
    """Return a name as it was written: what stood in quotes needs them, for ``"char"`` isn't ``char``."""
    return ident(token.value) if token.kind == "name" else token.value
