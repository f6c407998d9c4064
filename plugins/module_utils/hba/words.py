# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a line of ``pg_hba.conf`` apart into words, as PostgreSQL does, and write words so that it reads them back.

A quote may begin anywhere in a word, ``""`` within quotes is one quote; only a quote at the beginning takes the special
meaning off. ``#`` begins a comment wherever it stands outside of quotes. Nothing can write a line break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .model import Token

BLANKS = " \t\r"
USER_KEYWORDS = frozenset({"all"})
DATABASE_KEYWORDS = frozenset({"all", "sameuser", "samerole", "samegroup", "replication"})
PLAIN = re.compile(r"[A-Za-z0-9_.:/*$=%-]+")
Field = tuple[Token, ...]


class Scanner:
    """Read the words of one line; ``unclosed`` tells of a quote that the line doesn't close."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.unclosed = False

    def fields(self) -> Iterator[Field]:
        """Give the columns; one holds several words where commas join them."""
        while self.at < len(self.text):
            field = tuple(self._field())
            if field:
                yield field

    def _field(self) -> Iterator[Token]:
        comma = True
        while comma:
            token, comma = self._word()
            if token is None:
                return
            yield token

    def _word(self) -> tuple[Token | None, bool]:
        while self.at < len(self.text) and self.text[self.at] in BLANKS + ",":
            self.at += 1
        begin = self.at
        raw, comma = self._raw()
        if not raw:
            return None, False
        return Token(unquoted(raw), self.text[begin] == '"'), comma

    def _raw(self) -> tuple[str, bool]:
        begin, inside = self.at, False
        while self.at < len(self.text):
            char = self.text[self.at]
            if not inside and char in BLANKS + ",#":
                break
            inside ^= char == '"'
            self.at += 1
        self.unclosed = self.unclosed or inside
        raw, end = self.text[begin : self.at], self.text[self.at : self.at + 1]
        self.at = len(self.text) if end == "#" else self.at + (end == ",")
        return raw, end == ","


def unquoted(raw: str) -> str:
    """Give what a word means: quotes taken off, doubled ones within quotes made single."""
    found, inside, after = [], False, False
    for char in raw:
        if char != '"' or after:
            found.append(char)
        after = inside and char == '"' and not after
        inside ^= char == '"'
    return "".join(found)


def user_token(token: Token) -> Token:
    """Give a word of the user column with ``quoted`` only where it makes a difference."""
    special = token.text in USER_KEYWORDS or token.text[:1] == "+" or is_file(token.text)
    return Token(token.text, token.quoted and special)


def database_token(token: Token) -> Token:
    """Give a word of the database column with ``quoted`` only where it makes a difference."""
    return Token(token.text, token.quoted and (token.text in DATABASE_KEYWORDS or is_file(token.text)))


def is_file(text: str) -> bool:
    """Tell whether a word without quotes names a file of words."""
    return text[:1] == "@" and len(text) > 1


def is_group(token: Token) -> bool:
    """Tell whether a word of the user column stands for the members of a role."""
    return not token.quoted and token.text[:1] == "+"


def user_text(token: Token) -> str:
    """Write a word of the user column."""
    if not token.quoted and (token.text[:1] == "+" or is_file(token.text)):
        return token.text[0] + word_text(token.text[1:])
    bare = not token.quoted and (token.text in USER_KEYWORDS or token.text not in DATABASE_KEYWORDS)
    return word_text(token.text) if bare else quoted(token.text)


def database_text(token: Token) -> str:
    """Write a word of the database column."""
    if not token.quoted and is_file(token.text):
        return "@" + word_text(token.text[1:])
    return quoted(token.text) if token.quoted else word_text(token.text)


def quoted(text: str) -> str:
    """Write a word in quotes."""
    return '"' + text.replace('"', '""') + '"'


def word_text(text: str) -> str:
    """Write a word that has no special meaning: an address, a method, an option."""
    return text if PLAIN.fullmatch(text) else quoted(text)
