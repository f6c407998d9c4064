# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan databases: creation, owner, comment, limits; without their ACLs and settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Optional

from ..change import ALTER_DATABASE, ALTER_OWNER, CREATE_DATABASE, OPEN_DATABASE, Change
from ..quoting import ident, literal
from .inspect import Databases
from .locale import locale_lines, locale_summary, locale_words, provider_state
from .model import CLOSED, NO_LIMIT, DatabaseSpec, DatabaseState

STRATEGY_SINCE = 150000


def resolve_database(spec: DatabaseSpec, there: DatabaseState) -> DatabaseState:
    """Give the database as declared; what isn't declared stays, but for the limit of one that wasn't finished."""
    state = replace(there, owner=spec.owner or there.owner)
    if spec.allowconn is not None:
        state = replace(state, allowconn=spec.allowconn)
    if spec.is_template is not None:
        state = replace(state, is_template=spec.is_template)
    if spec.connlimit is not None or state.connlimit == CLOSED:
        state = replace(state, connlimit=NO_LIMIT if spec.connlimit is None else spec.connlimit)
    return state if spec.comment is None else replace(state, comment=spec.comment or None)


def newborn(spec: DatabaseSpec, template: Optional[DatabaseState], me: str, version: int) -> DatabaseState:
    """Give a database right after its creation: closed, and owned by its owner or by who made it.

    Without a template, which check mode can assume, what isn't declared is unknown and empty.
    """
    like = template or DatabaseState(spec.template, me, "", "", "", "")
    return DatabaseState(
        spec.name,
        spec.owner or me,
        spec.encoding or like.encoding,
        spec.collate or spec.locale or like.collate,
        spec.ctype or spec.locale or like.ctype,
        spec.tablespace or like.tablespace,
        connlimit=CLOSED,
        **provider_state(spec, like, version),
    )


def create(spec: DatabaseSpec, state: DatabaseState, version: int) -> Change:
    """Give CREATE DATABASE; the new database is closed until it is finished."""
    strategy = spec.strategy if version >= STRATEGY_SINCE else None
    words = [
        f"CREATE DATABASE {ident(spec.name)} OWNER {ident(state.owner)} TEMPLATE {ident(spec.template)}",
        *([f"STRATEGY {strategy}"] if strategy else []),
        *([f"ENCODING {literal(spec.encoding)}"] if spec.encoding else []),
        *locale_words(spec, state),
        *([f"TABLESPACE {ident(spec.tablespace)}"] if spec.tablespace else []),
        "CONNECTION LIMIT 0",
    ]
    summary = f"create database {spec.name} from {spec.template}, owned by {state.owner}{locale_summary(spec, state)}"
    return change(CREATE_DATABASE, spec.name, summary, " ".join(words), transactional=False)


def diff_databases(before: Databases, after: Databases) -> list[Change]:
    """Change owners, comments and limits of databases that are there before and after."""
    pairs = [(before[name], after[name]) for name in sorted(after) if name in before]
    return [one for old, new in pairs if old != new for one in alter(old, new)]


def alter(old: DatabaseState, new: DatabaseState) -> Iterator[Change]:
    """Give the statements that lead from one state to the other."""
    head = f"ALTER DATABASE {ident(new.name)}"
    if old.owner != new.owner:
        words = f"give database {new.name} to {new.owner}"
        yield change(ALTER_OWNER, new.name, words, f"{head} OWNER TO {ident(new.owner)}")
    if old.comment != new.comment:
        text = "NULL" if new.comment is None else literal(new.comment).strip()
        sql = f"COMMENT ON DATABASE {ident(new.name)} IS {text}"
        yield change(ALTER_DATABASE, new.name, f"comment on database {new.name}", sql)
    if old.is_template != new.is_template:
        words = f"IS_TEMPLATE {'true' if new.is_template else 'false'}"
        yield change(ALTER_DATABASE, new.name, f"database {new.name}: {words.lower()}", f"{head} {words}")
    if old.allowconn != new.allowconn:
        words = f"ALLOW_CONNECTIONS {'true' if new.allowconn else 'false'}"
        yield change(OPEN_DATABASE, new.name, f"database {new.name}: {words.lower()}", f"{head} {words}")
    if old.connlimit != new.connlimit:
        words = f"CONNECTION LIMIT {new.connlimit}"
        yield change(OPEN_DATABASE, new.name, f"database {new.name}: {words.lower()}", f"{head} {words}")


def change(action: str, name: str, summary: str, sql: str, transactional: bool = True) -> Change:
    """Say which database changes."""
    return Change(action, "DATABASE", name, summary, sql, transactional=transactional)


def database_lines(databases: Iterable[DatabaseState]) -> list[str]:
    """Give databases as lines of text."""
    return [line for database in databases for line in lines_of(database)]


def lines_of(database: DatabaseState) -> list[str]:
    """Give one database as lines of text."""
    head = f"database {database.name}"
    lines = [
        f"{head}: owner {database.owner}",
        f"{head}: connlimit {database.connlimit}",
        f"{head}: allowconn {'true' if database.allowconn else 'false'}",
    ]
    lines += [f"{head}: is_template true"] if database.is_template else []
    lines += [f"{head}: comment {database.comment}"] if database.comment is not None else []
    return [*lines, *(f"{head}: {line}" for line in locale_lines(database))]
