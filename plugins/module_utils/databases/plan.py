# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan databases: creation, owner, comment, limits; without their ACLs and settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Optional

from ..change import ALTER_DATABASE, ALTER_OWNER, CREATE_DATABASE, OPEN_DATABASE, Change
from ..quoting import ident, literal
from .inspect import Databases
from .model import CLOSED, INVALID, NO_LIMIT, DatabaseSpec, DatabaseState

STRATEGY_SINCE = 150000


def resolve_database(spec: DatabaseSpec, current: Optional[DatabaseState], template: DatabaseState, me: str
                     ) -> DatabaseState:
    """Give the database as declared; what isn't declared stays, or is the template's for a new one."""
    state = current or newborn(spec, template, me)
    state = replace(state, owner=spec.owner or state.owner)
    if spec.allowconn is not None:
        state = replace(state, allowconn=spec.allowconn)
    if spec.connlimit is not None or state.connlimit == CLOSED:
        state = replace(state, connlimit=NO_LIMIT if spec.connlimit is None else spec.connlimit)
    return state if spec.comment is None else replace(state, comment=spec.comment or None)


def newborn(spec: DatabaseSpec, template: DatabaseState, me: str) -> DatabaseState:
    """Give a database right after its creation: closed, and owned by its owner or by who made it."""
    return DatabaseState(
        spec.name,
        spec.owner or me,
        spec.encoding or template.encoding,
        spec.collate or spec.locale or template.collate,
        spec.ctype or spec.locale or template.ctype,
        spec.tablespace or template.tablespace,
        connlimit=CLOSED,
    )


def deviations(spec: DatabaseSpec, current: DatabaseState) -> Iterator[str]:
    """Say what differs and can't be changed any more."""
    pairs = (
        ("encoding", spec.encoding, current.encoding),
        ("lc_collate", spec.collate or spec.locale, current.collate),
        ("lc_ctype", spec.ctype or spec.locale, current.ctype),
    )
    for key, wanted, there in pairs:
        if wanted and normal(wanted) != normal(there):
            yield (
                f"database {spec.name}: {key} is {there}, declared is {wanted}, and it can't be changed: correct the "
                f"item, or dump the database and load it into a new one"
            )
    if spec.tablespace and spec.tablespace != current.tablespace:
        sql = f"ALTER DATABASE {ident(spec.name)} SET TABLESPACE {ident(spec.tablespace)}"
        yield (
            f"database {spec.name} is in tablespace {current.tablespace}, and isn't moved: run {sql}, with nobody "
            f"connected, or correct the item"
        )
    if current.connlimit == INVALID:
        yield f"database {spec.name} is invalid, its removal was interrupted: run DROP DATABASE {ident(spec.name)}"


def unfit(spec: DatabaseSpec, template: DatabaseState) -> Iterator[str]:
    """Say what a new database can't have from its template; template0 fits everything."""
    if spec.provider_keys:
        yield (
            f"database {spec.name}: {spec.provider_keys[0]} can't be set at creation yet, and not changed later: create "
            f"the database by hand, then declare it"
        )
    pairs = (
        ("encoding", spec.encoding, template.encoding),
        ("lc_collate", spec.collate or spec.locale, template.collate),
        ("lc_ctype", spec.ctype or spec.locale, template.ctype),
    )
    wrong = [key for key, wanted, there in pairs if wanted and normal(wanted) != normal(there)]
    if wrong and template.name != "template0":
        yield f"database {spec.name}: {', '.join(wrong)} differs from {template.name}'s: declare template: template0"


def normal(name: str) -> str:
    """Give an encoding's or a locale's name without what doesn't count: ``utf-8`` is ``UTF8``."""
    base, dot, charset = name.rpartition(".")
    return f"{base}{dot}{re.sub(r'[^a-z0-9]', '', charset.lower())}"


def create(spec: DatabaseSpec, state: DatabaseState, version: int) -> Change:
    """Give CREATE DATABASE; the new database is closed until it is finished."""
    strategy = spec.strategy if version >= STRATEGY_SINCE else None
    words = [
        f"CREATE DATABASE {ident(spec.name)} OWNER {ident(state.owner)} TEMPLATE {ident(spec.template)}",
        *([f"STRATEGY {strategy}"] if strategy else []),
        *([f"ENCODING {literal(spec.encoding)}"] if spec.encoding else []),
        *locale_words(spec),
        *([f"TABLESPACE {ident(spec.tablespace)}"] if spec.tablespace else []),
        "CONNECTION LIMIT 0",
    ]
    summary = f"create database {spec.name} from {spec.template}, owned by {state.owner}"
    return change(CREATE_DATABASE, spec.name, summary, " ".join(words), transactional=False)


def locale_words(spec: DatabaseSpec) -> list[str]:
    """Give the locale: LOCALE alone, or its two halves."""
    if spec.locale:
        return [f"LOCALE {literal(spec.locale)}"]
    pairs = (("LC_COLLATE", spec.collate), ("LC_CTYPE", spec.ctype))
    return [f"{word} {literal(value)}" for word, value in pairs if value]


def diff_databases(before: Databases, after: Databases) -> list[Change]:
    """Change owners, comments and limits of databases that are there before and after."""
    pairs = [(before[name], after[name]) for name in sorted(after) if name in before]
    return [one for old, new in pairs if old != new for one in alter(old, new)]


def alter(old: DatabaseState, new: DatabaseState) -> Iterator[Change]:
    """Give the statements that lead from one state to the other."""
    head = f"ALTER DATABASE {ident(new.name)}"
    if old.owner != new.owner:
        yield change(ALTER_OWNER, new.name, f"give database {new.name} to {new.owner}", f"{head} OWNER TO {ident(new.owner)}")
    if old.comment != new.comment:
        text = "NULL" if new.comment is None else literal(new.comment).strip()
        yield change(ALTER_DATABASE, new.name, f"comment on database {new.name}", f"COMMENT ON DATABASE {ident(new.name)} IS {text}")
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
    return [*lines, *([f"{head}: comment {database.comment}"] if database.comment is not None else [])]
