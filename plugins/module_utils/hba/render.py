# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write rules as ``pg_hba.conf``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .model import Instance, Line, Rule
from .words import database_text, user_text, word_text

WIDTHS = (8, 16, 20, 20, 0)


def render(rules: Sequence[Rule], instance: Instance, header: str = "") -> str:
    """Give the whole file: the header and titles as comments, rules for other instances commented out."""
    blocks = ["".join(_comment(line) for line in header.split("\n"))] if header else []
    blocks += ["".join(_block(rule, instance)) for rule in rules]
    return "\n".join(blocks)


def _block(rule: Rule, instance: Instance) -> Iterator[str]:
    yield _comment(rule.title or f"{rule.variable} {rule.index}")
    mark = "" if instance.takes(rule.role) else f"# [only on {rule.role}, not on {instance.role}] "
    if not rule.lines:
        yield _comment("[no line: it is for an empty list of addresses or users]")
    for line in rule.lines:
        yield f"{mark}{line_text(line)}\n"


def _comment(text: str) -> str:
    # A backslash at the end would make the next line a part of the comment.
    plain = "".join(char if char.isprintable() else " " for char in text.lstrip("# "))
    return f"# {plain}".rstrip(" \\") + "\n"


def line_text(line: Line) -> str:
    """Give one line, its names quoted where they have to be, without a line break."""
    databases = ",".join(database_text(token) for token in line.databases)
    users = ",".join(user_text(token) for token in line.users)
    place = " ".join(filter(None, (_address_text(line.address), line.mask)))
    options = [word_text(f"{name}={value}") for name, value in line.options]
    columns = (line.type, databases, users, place, " ".join((line.method, *options)))
    return " ".join(column.ljust(width) for column, width in zip(columns, WIDTHS))


def _address_text(address: str) -> str:
    return address if address.startswith('"') else word_text(address) if address else ""


def active_lines(rules: Sequence[Rule], instance: Instance) -> tuple[Line, ...]:
    """Give the lines that count on an instance, in their order."""
    return tuple(line for rule in rules if instance.takes(rule.role) for line in rule.lines)
