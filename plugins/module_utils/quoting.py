# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quote names and values: the only way either gets into SQL or into psql's input."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_NAME_BYTES = 63
_SPACE = r"[ \t\n\r\f]*"
_LIST_ITEM = re.compile(
    _SPACE
    + r"(?:\"(?P<quoted>(?:[^\"]|\"\")*)\"|'(?P<string>(?:[^']|'')*)'"
    + r"|(?P<bare>[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*))"
    + _SPACE
    + r"(?P<end>,|\Z)"
)
_FOLD = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_LIST_HELP = "write names separated by commas, with double quotes around what isn't a plain name"


def ident(name: str) -> str:
    """Return the name in double quotes; InputError for what can't be a name on a server."""
    if not name:
        raise InputError("a name is empty")
    size = len(_encoded(name, "name"))
    if size > MAX_NAME_BYTES:
        raise InputError(f"name {name!r} has {size} bytes, a name has at most {MAX_NAME_BYTES}: shorten it")
    return _quoted(name)


def qualified(*names: str) -> str:
    """Return the quoted names joined with dots, such as ``"schema"."table"``."""
    return ".".join(ident(name) for name in names)


def literal(text: str) -> str:
    """Return the text as a string constant that is right whatever standard_conforming_strings says.

    With a backslash inside it starts with a space, so that the E can't become part of a word before it.
    """
    _encoded(text, "value")
    doubled = text.replace("'", "''")
    if "\\" not in doubled:
        return f"'{doubled}'"
    return " E'" + doubled.replace("\\", "\\\\") + "'"


def fold(name: str) -> str:
    """Fold an unquoted name to lower case as PostgreSQL does in UTF-8: ASCII letters only."""
    return name.translate(_FOLD)


def is_public(name: str) -> bool:
    """Tell whether a name in a list of grantees means everybody: PUBLIC in any case, but no letter like one of it."""
    return fold(name) == "public"


def split_identifiers(text: str) -> tuple[str, ...]:
    """Read a list setting as ``SET search_path TO ...`` does; an empty text is one empty name."""
    _encoded(text, "list")
    if not text.strip(" \t\n\r\f"):
        return ("",)
    names: list[str] = []
    end, place = ",", 0
    while end:
        item = _LIST_ITEM.match(text, place)
        if item is None:
            raise InputError(f"{text!r} isn't a list of names from character {place + 1} on: {_LIST_HELP}")
        names.append(_list_name(item))
        end, place = item["end"], item.end()
    return tuple(names)


def join_identifiers(names: Iterable[str]) -> str:
    """Return the canonical text of a list setting, every name in double quotes; no names give one empty name."""
    found = tuple(names) or ("",)
    for name in found:
        _encoded(name, "name")
    return ", ".join(_quoted(name) for name in found)


def connect_line(database: str) -> str:
    """Return the line, or for odd names the lines, with which ``psql -f`` enters the database.

    psql takes a name with ``=`` or a URI's prefix for a connection string, and ends a command at a newline.
    """
    quoted = ident(database)
    if not re.search(r"[\n\r\\=]|\Apostgres(?:ql)?://", database):
        return f"\\connect {quoted}"
    escaped = database.replace("\\", "\\\\").replace("'", "\\'")
    constant = literal(f"dbname='{escaped}'").lstrip()
    return f'SELECT {constant} AS leastpriv_db \\gset\n\\connect -reuse-previous=on :"leastpriv_db"'


def _list_name(item: re.Match[str]) -> str:
    if item["quoted"] is not None:
        return item["quoted"].replace('""', '"')
    if item["string"] is not None:
        return item["string"].replace("''", "'")
    return fold(item["bare"])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _encoded(text: str, what: str) -> bytes:
    """Return the UTF-8 bytes, which PostgreSQL can store if there is no NUL among them."""
    if "\0" in text:
        raise InputError(f"a {what} contains a NUL character, which PostgreSQL can't store")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"a {what} contains half of a surrogate pair: it isn't valid Unicode") from None
