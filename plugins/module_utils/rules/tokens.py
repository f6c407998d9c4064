# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut a rule into words, names and signs, and point at the place where it goes wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import InputError
from ..quoting import fold, ident

_SPACE = re.compile(r"[ \t\n\r\f\v]*")
_WORD = re.compile(r"[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_UNICODE_QUOTED = re.compile(r"[uU]&[\"']")
_NUMBER = re.compile(r"-?[0-9]+")
_SIGNS = ",;().*"
_BRACKETS = "[]"
_ODD_WORD = "an invisible character or $$ stands in this word: remove it, or put the name in double quotes"
_REFUSED = (
    ("--", "a rule can't contain a comment"),
    ("/*", "a rule can't contain a comment"),
    ("$", "a rule can't contain a dollar sign outside of a name"),
    ("'", "a rule can't contain a string; names stand in double quotes"),
    ('"', "the quotation mark isn't closed"),
)
# What PostgreSQL reserves wholly (pg_get_keywords(), catcode R; system_user from 16).
_RESERVED_WORDS = """
    all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
    current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc
    distinct do else end except false fetch for foreign from grant group having in initially intersect into lateral
    leading limit localtime localtimestamp not null offset on only or order placing primary references returning
    select session_user some symmetric system_user table then to trailing true union unique user using variadic
    when where window with
"""
RESERVED = frozenset(_RESERVED_WORDS.split())


@dataclass(frozen=True)
class Token:
    """Hold one piece of a text: kind is word (folded to lower case), name (it was quoted), number, sign or end."""

    kind: str
    value: str
    start: int


@dataclass(frozen=True)
class Source:
    """Hold a text, where it is declared, and what it should be; types can stand in it only where it says so."""

    text: str
    where: str
    what: str = "rule"
    types: bool = False

    def error(self, place: int, problem: str) -> InputError:
        """Return an error that shows the text on one line and a caret under the place on the next."""
        shown = "".join(char if char.isprintable() else " " for char in self.text)
        return InputError(f"{self.where}: not a {self.what}\n  {shown}\n  {' ' * place}^ {problem}")


def tokenize(source: Source, start: int = 0) -> tuple[Token, ...]:
    """Return the tokens from a place on, the last of kind end; InputError for anything that can't stand in a rule."""
    tokens: list[Token] = []
    place = _skip_space(source.text, start)
    while place < len(source.text):
        token, place = _next_token(source, place)
        tokens.append(token)
        place = _skip_space(source.text, place)
    return (*tokens, Token("end", "", max(start, len(source.text.rstrip()))))


def _skip_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _next_token(source: Source, place: int) -> tuple[Token, int]:
    text = source.text
    quoted = _QUOTED.match(text, place)
    if quoted:
        return _checked(Token("name", quoted[1].replace('""', '"'), place), source), quoted.end()
    if _UNICODE_QUOTED.match(text, place):
        raise source.error(place, "U& can't be used: write the characters themselves in double quotes")
    word = _WORD.match(text, place)
    if word and word[0].isprintable() and "$$" not in word[0]:
        return Token("word", fold(word[0]), place), word.end()
    if text[place] in _SIGNS and not text.startswith("/*", place):
        return Token("sign", text[place], place), place + 1
    of_type = _of_type(text, place) if source.types else None
    if of_type:
        return of_type, place + len(of_type.value)
    raise source.error(place, _ODD_WORD if word else _stray(text, place))


def _of_type(text: str, place: int) -> Token | None:
    """Return the number or the bracket that stands there."""
    if text[place] in _BRACKETS:
        return Token("sign", text[place], place)
    number = _NUMBER.match(text, place)
    return Token("number", number[0], place) if number else None


def _checked(token: Token, source: Source) -> Token:
    try:
        ident(token.value)
    except InputError as error:
        raise source.error(token.start, error.message) from None
    return token


def _stray(text: str, place: int) -> str:
    for start, problem in _REFUSED:
        if text.startswith(start, place):
            return problem
    return f"unexpected character {text[place]!r}"


class Reader:
    """Walk over the tokens of one rule; what takes a token moves on, what fails points at it."""

    def __init__(self, source: Source, start: int = 0) -> None:
        self._source = source
        self._tokens = tokenize(source, start)
        self._next = 0

    @property
    def token(self) -> Token:
        """Return the token that comes next."""
        return self._tokens[self._next]

    @property
    def following(self) -> Token:
        """Return the token after the one that comes next."""
        return self._tokens[min(self._next + 1, len(self._tokens) - 1)]

    def error(self, problem: str, at: Token | None = None) -> InputError:
        """Return an error with a caret under the token, by default the one that comes next."""
        return self._source.error((at or self.token).start, problem)

    def take(self) -> Token:
        """Return the token that comes next and move on, never beyond the end."""
        taken = self.token
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return taken

    def accept(self, *words: str) -> bool:
        """Move over these keywords or this sign if they all come next, and tell whether they did."""
        following = self._tokens[self._next : self._next + len(words)]
        if [token.value for token in following if token.kind != "name"] != [*words]:
            return False
        self._next += len(words)
        return True

    def expect(self, *words: str, before: str = "") -> None:
        """Move over these keywords, or fail at the first that doesn't come; before says what else could."""
        for word in words:
            if not self.accept(word):
                raise self.error(f"expected {before}{word.upper()}")

    def name(self, what: str, behind_dot: bool = False) -> Token:
        """Take a name, quoted or not; reserved words need quotes, as in PostgreSQL, but for those behind a dot."""
        if self.token.kind not in ("word", "name"):
            raise self.error(f"expected {what}")
        if self.token.kind == "word" and self.token.value in RESERVED and not behind_dot:
            raise self.error(f"expected {what}; {self.token.value.upper()} as a name needs double quotes")
        return _checked(self.take(), self._source)

    def finish(self) -> None:
        """Accept one semicolon, and fail if anything follows."""
        self.accept(";")
        if self.token.kind != "end":
            raise self.error(f"expected the end of the {self._source.what}")
