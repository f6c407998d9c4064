# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put declared rules into force on the server of this host."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

from ..access_info.task import differences
from ..apply import opened
from ..assume import Assume, parse_assume
from ..connection import Connection, Login, connect
from ..errors import AccessError, InputError, ServerError, raise_problems
from ..files.lock import locked
from ..files.write import OLD, sweep
from ..login import parse_login
from ..pipeline import before_anything
from ..replay import wait_for_replay
from ..retry import retried
from . import patroni as managed
from .apply import PUT, Work, apply, telling
from .declared import Declared, parse_declared
from .facts import About, Found
from .host import chosen, own_file, refuse_elsewhere
from .inspect import myself, read_about, read_facts, read_standbys
from .patroni import Patroni, Place
from .plan import RELOAD, Plan, make_plan

Params = Mapping[str, Any]
Result = dict[str, Any]
BAD_EXPRESSION = "2201B"
TRY = "SELECT pg_catalog.textregexeq('', %(expression)s)"


@dataclass(frozen=True)
class Job:
    """One call: what came in, and how to reach the server."""

    params: Params
    login: Login
    assume: Assume
    check: bool


@dataclass(frozen=True)
class Sight:
    """What is declared, what is there, and what is to be done about it."""

    declared: Declared
    found: Found
    plan: Plan


def hba_work(params: Params, check: bool) -> Result:
    """Bring the files to what is declared and into force, or in check mode say what that would take."""
    job = Job(params, parse_login(params), parse_assume(params["assume"], check), check)
    sight = before_anything(lambda: looked(job), job.login.heard)
    said: list[str] = []
    if sight.plan.anything() and not check:
        sight, said = brought(job, sight)
    return result_of(job, sight, said)


def looked(job: Job) -> Sight:
    """Read and plan, in a session of its own."""
    with opened(job.login) as connection:
        return seen(job, connection)


def seen(job: Job, connection: Connection) -> Sight:
    """Read and plan."""
    params = job.params
    wait_for_replay(connection, params["replay_lsn"])
    declared = parse_declared(params, connection.server)
    refuse_expressions(connection, declared)
    found = read_found(job, connection, params["ident"] is not None)
    said = [*declared.warnings(), *differences(connection, params["instance_role"])]
    return Sight(declared, found, make_plan(declared, found, said, lambda: connect(job.login)))


def refuse_expressions(connection: Connection, declared: Declared) -> None:
    """Raise InputError for regular expressions that the server doesn't understand: they are its own kind."""
    wrong = (refused_expression(connection, *one) for one in declared.expressions(connection.server.version))
    raise_problems(dict.fromkeys(filter(None, wrong)))


def refused_expression(connection: Connection, where: str, expression: str) -> str:
    """Say what the server finds wrong with an expression; empty if nothing."""
    try:
        connection.rows(TRY, expression=expression)
    except ServerError as error:
        if error.sqlstate != BAD_EXPRESSION:
            raise
        return f"{where}: /{expression}: {error.message}"
    return ""


def read_found(job: Job, connection: Connection, ident: bool) -> Found:
    """Read the server, and the files that are ours to write."""
    params = job.params
    about = read_about(connection, ident, bool(params["hba_file"] and (params["ident_file"] or not ident)))
    refuse_missing(about, connection.server.current_user)
    facts = read_facts(connection, about, job.assume)
    refuse_elsewhere(about, facts.networks)
    about = located(about, params, ident)
    place = Place(about.data_directory or "", about.hba_file or "", about.ident_file or "")
    patroni = managed.find(place, params["patroni"])
    hba = None if patroni and patroni.hba else own_file("hba_file", place.hba_file)
    maps = own_file("ident_file", place.ident_file) if ident and not (patroni and patroni.ident) else None
    me = myself(connection, about, job.login.parameters.get("sslmode") or os.environ.get("PGSSLMODE"))
    return Found(connection.server, about, facts, me, read_standbys(connection), hba, maps, patroni)


def located(about: About, params: Params, ident: bool) -> About:
    """Say where the files are that are managed: where the server says, or else the caller."""
    hba = chosen("hba_file", params["hba_file"], about.hba_file)
    maps = chosen("ident_file", params["ident_file"], about.ident_file) if ident else about.ident_file
    return replace(about, hba_file=hba, ident_file=maps)


def refuse_missing(about: About, login: str) -> None:
    """Raise InputError if the login may not see what decides, or may not reload."""
    if about.missing:
        raise InputError(
            f"{login} may not read the server's rules, settings and statistics, or not let it reload: "
            f"log in as a superuser, or let one run {'; '.join(about.missing)}"
        )


def brought(job: Job, first: Sight) -> tuple[Sight, list[str]]:
    """Plan again while nobody else changes these files, bring them into force, and prove it by an empty plan."""
    with ExitStack() as stack:
        for folder in sorted(folders(first.found)):
            stack.enter_context(locked(folder))
        with opened(job.login) as connection:
            sight = before_anything(lambda: seen(job, connection), job.login.heard)
            said = applied(job, sight, connection)
        if not said and sight.plan.anything():
            with telling(PUT):
                refuse_remaining(retried(lambda: looked(job)).plan)
    return sight, said


def folders(found: Found) -> set[str]:
    """Name the folders of the files that are ours to write."""
    return {str(Path(file.path).parent) for file in (found.hba, found.ident) if file is not None}


def applied(job: Job, sight: Sight, connection: Connection) -> list[str]:
    """Do what is to be done, Patroni's part by Patroni, and give warnings."""
    plan, found = sight.plan, sight.found
    for file in (found.hba, found.ident):
        if file is not None:
            sweep(file.path)
    if plan.through and found.patroni and plan.wanted:
        managed.apply(found.patroni, plan.wanted, lambda: connect(job.login))
    return apply(Work(job.login, sight.declared, found, plan, connection)) if plan.reloads() else []


def refuse_remaining(plan: Plan) -> None:
    """Raise AccessError if a plan isn't empty right after everything was done."""
    if plan.anything():
        left = "; ".join(change["summary"] for change in plan.changes())
        raise AccessError(f"somebody else changes the same files: run this again; still to be done: {left}")


def result_of(job: Job, sight: Sight, said: list[str]) -> Result:
    """Give the module's result."""
    plan, about = sight.plan, sight.found.about
    kept = [path for path in plan.kept() if sight.found.hba and path == sight.found.hba.path + OLD]
    return {
        "changed": plan.anything(),
        "changes": plan.changes(),
        "sql": [RELOAD] if plan.reloads() else [],
        "undo_sql": plan.undo(),
        "diff": list(plan.diff),
        "hba_file": about.hba_file,
        "ident_file": about.ident_file,
        "backup_file": kept[0] if kept else None,
        "managed_by": managed_by(sight.found.patroni),
        "instance_role": sight.declared.instance.role,
        "warnings": list(dict.fromkeys([*plan.warnings, *said, *job.login.heard.warnings])),
    }


def managed_by(patroni: Optional[Patroni]) -> str:
    """Say who writes the HBA file."""
    return "patroni" if patroni and patroni.hba else "file"
