# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write deviations as a table that people read; no name can do harm to a terminal, and nothing is cut off."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Cells = tuple[str, ...]

HEAD = ("database", "object", "who", "what", "is", "granted by")
HOST = "host"
NOTHING = "no drift"
CLUSTER = "(cluster)"
GAP = "  "
LEAST = 8
ODD = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})


def harmless(text: str) -> str:
    """Write control, formatting and invisible characters as escapes; a plain space stays."""
    return "".join(escaped(one) if one != " " and unicodedata.category(one) in ODD else one for one in text)


def escaped(character: str) -> str:
    """Write one character as Python would; a space of another kind has no escape there."""
    shown = character.encode("unicode_escape").decode()
    return shown if shown != character else f"\\x{ord(character):02x}"


def table_of(rows: Iterable[Row], width: int) -> str:
    """Give a table of sorted rows that is as wide as it has to be, up to a width where wrapping makes that possible."""
    listed = list(rows)
    with_host = any(row.get(HOST) for row in listed)
    body = sorted({cells_of(row, with_host) for row in listed})
    if not body:
        return NOTHING
    head = (HOST, *HEAD) if with_host else HEAD
    widths = fitted([head, *body], width)
    rule = GAP.join("-" * size for size in widths)
    lines = [*lines_of(head, widths), rule, *(line for cells in body for line in lines_of(cells, widths))]
    return "\n".join(lines)


def notes_of(summary: Mapping[str, Any]) -> list[str]:
    """Give a line for each error, and for each thing that was not compared."""
    found = []
    for key, title in (("errors", "error"), ("unchecked", "not checked")):
        for host, report in summary["hosts"].items():
            found += [f"{title}: {host}: {one['part']}: {one['message']}" for one in report.get(key, ())]
    return [harmless(line) for line in found]


def cells_of(row: Row, with_host: bool) -> Cells:
    """Give a row's cells: without a privilege, the sentence says what deviates."""
    cells = (
        database_of(row),
        f"{row['object_class'].lower()} {row['object']}",
        row["role"],
        row["privilege"] or row["summary"],
        row["state"],
        row["grantor"],
    )
    return tuple(harmless(cell) for cell in ((row[HOST], *cells) if with_host else cells))


def database_of(row: Row) -> str:
    """Give the database where a row belongs, be it inside of it or about it."""
    return row["database"] or (row["object"] if row["object_class"] == "DATABASE" else CLUSTER)


def fitted(table: Sequence[Cells], width: int) -> list[int]:
    """Give the columns' widths: the widest are made narrower until all fit, or none can be narrower."""
    widths = [max(columns(row[place]) for row in table) for place in range(len(table[0]))]
    room = width - len(GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > LEAST:
        widths[widths.index(max(widths))] -= 1
    return widths


def lines_of(cells: Cells, widths: Sequence[int]) -> list[str]:
    """Give the lines of one row."""
    wrapped_cells = [wrapped(cell, size) for cell, size in zip(cells, widths)]
    height = max(len(lines) for lines in wrapped_cells)
    full = [lines + [""] * (height - len(lines)) for lines in wrapped_cells]
    return [GAP.join(padded(*pair) for pair in zip(line, widths)).rstrip() for line in zip(*full)]


def padded(text: str, width: int) -> str:
    """Fill a text with spaces up to a width."""
    return text + " " * (width - columns(text))


def wrapped(text: str, width: int) -> list[str]:
    """Part a text into lines, behind spaces where that is possible."""
    lines = []
    while columns(text) > width:
        most = fitting(text, width)
        space = text.rfind(" ", 1, most) + 1
        lines.append(text[: space or most])
        text = text[space or most :]
    return [*lines, text]


def fitting(text: str, width: int) -> int:
    """Give how many characters fit; one at least, together with what combines with it."""
    count, used = 0, 0
    for character in text:
        used += columns(character)
        if count and used > width:
            break
        count += 1
    return count


def columns(text: str) -> int:
    """Give the width of a text on a terminal."""
    return sum(width_of(character) for character in text)


def width_of(character: str) -> int:
    """Give the width of a character: wide ones of East Asia take two columns, combining ones none."""
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
