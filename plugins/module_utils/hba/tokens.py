# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read an existing ``pg_hba.conf``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Union

from .cluster import NEWEST
from .grammar import RefusedError, line_of
from .model import Broken, Include, Line, Located
from .words import Scanner

INCLUDES = ("include", "include_if_exists", "include_dir")
INCLUDES_SINCE = 160000
CONTINUED_SINCE = 140000


def read_lines(text: str, version: int = NEWEST) -> tuple[Located, ...]:
    """Give the records of a file with their line numbers; ``content`` is a Line, an Include, or Broken with a reason.

    Empty lines and comments are left out; files named by ``@`` and ``include`` aren't read.
    """
    records = ((number, _record(line, version)) for number, line in logical_lines(text, version))
    return tuple(Located(number, content) for number, content in records if content is not None)


def _record(text: str, version: int) -> Union[Line, Include, Broken, None]:
    fields = tuple(Scanner(text).fields())
    if not fields:
        return None
    include = [field[0].text for field in fields]
    if len(fields) == 2 and include[0] in INCLUDES and version >= INCLUDES_SINCE:
        return Include(include[0], include[1])
    try:
        return line_of(fields, version)
    except RefusedError as error:
        return Broken(text, str(error))


def logical_lines(text: str, version: int = NEWEST) -> Iterator[tuple[int, str]]:
    """Give lines with their numbers; from 14 on, a backslash at the end of one joins the next, in comments, too."""
    begin, joined = 1, ""
    for number, physical in enumerate(text.split("\n"), 1):
        line = physical.rstrip("\r")
        if line.endswith("\\") and version >= CONTINUED_SINCE:
            joined += line[:-1]
            continue
        yield begin, joined + line
        begin, joined = number + 1, ""
    if joined:
        yield begin, joined
