# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a declaration of the pool into effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Optional

from ..apply import opened
from ..assume import Assume, parse_assume
from ..connection import Login
from ..errors import AccessError, InputError
from ..files.lock import locked
from ..login import parse_login
from ..pipeline import before_anything, perform
from ..pool_lookup.task import lookup_task
from ..progress import done_before
from ..replay import wait_for_replay
from ..result import result_of
from ..retry import retried
from ..task import Outcome, Run, Unfinished
from .apply import apply
from .console import Console, NotRunning, console, console_login, read_running
from .disk import altered_files, read_files
from .inspect import read_accounts
from .members import decide_members, group_members
from .model import Accounts, Pool
from .names import Version
from .options import parse_pool, where_of
from .plan import Found, Plan, make_plan
from .rules import role_warning, rules_text

Params = Mapping[str, Any]
Result = dict[str, Any]
Session = Optional[Console]
Groups = Mapping[str, tuple[str, ...]]

JOBS = 4
ABSENT = "PgBouncer doesn't answer, so nothing is in force that its files say: {why}"
HELP = "start it, or give require_running: false to write its files only"


@dataclass(frozen=True)
class Work:
    """What one call is about."""

    params: Params
    pool: Pool
    login: Login
    assume: Assume

    def planned(self, session: Session) -> tuple[Plan, Found]:
        """Read everything and plan."""
        return retried(lambda: self.looked(session))

    def looked(self, session: Session) -> tuple[Plan, Found]:
        """Read the server, the files and the pool, and plan."""
        pool = self.pool
        with opened(self.login) as connection:
            wait_for_replay(connection, self.params["replay_lsn"])
            names = [user.name for user in pool.users]
            accounts = read_accounts(connection, names, self.assume, pool.hba_rules is not None)
            server = connection.server
        members = decide_members(pool, accounts, self.assume, server.current_user)
        running, files = read_running(session) if session else None, read_files(pool)
        where = where_of(self.params, self.login)
        found = Found(files, altered_files(pool, files), where, running, server.in_recovery)
        missing, warnings = missing_databases(pool, accounts, self.assume)
        groups = group_members(pool, accounts, members)
        hba, wrong = self.rules(server.in_recovery, groups, found.version())
        plan = make_plan(pool, members, hba, found, [*missing, *wrong])
        said = (*warnings, *role_warning(self.params, server.in_recovery), *plan.warnings)
        return replace(plan, warnings=said), found

    def rules(self, in_recovery: bool, groups: Groups, version: Optional[Version]) -> tuple[Optional[str], list[str]]:
        """Give the HBA file, None where it isn't managed, and what is wrong with its rules."""
        if self.pool.hba_rules is None:
            return None, []
        try:
            return rules_text(self.params, in_recovery, groups, version), []
        except InputError as error:
            return None, [error.message]


def pool_work(params: Params, check: bool) -> Result:
    """Bring files and pool to what is declared, or in check mode say what that would take."""
    pool, login, at_console = parse_pool(params), parse_login(params), console_login(params["console"])
    work = Work(params, pool, login, parse_assume(params["assume"], check))
    with reached(pool, at_console) as (session, absent):
        plan, found = before_anything(lambda: work.looked(session), login.heard)
        lookup = looked_up(work, found, check)
        if not check and plan.anything():
            with telling(lookup, login), locked(str(Path(pool.files.userlist).parent)):
                plan, found = work.planned(session)
                apply(pool, plan, found, session, at_console)
                prove(work, session)
    said = [*pool.warnings, *plan.warnings, *absent, *login.heard.warnings]
    facts = {"files": files_of(plan), "reloaded": plan.reload, "running": session is not None}
    told = [*lookup.warnings, *said]
    return {**joined(result_of(lookup), plan), **facts, "warnings": list(dict.fromkeys(told))}


def looked_up(work: Work, found: Found, check: bool) -> Outcome:
    """Bring the function by which the pool asks the server to what it has to be, if it is to ask at all.

    In check mode, a standby that is to wait for its primary counts as having got from there what it will have.
    """
    awaited = check and found.in_recovery and work.params["replay_lsn"]
    if awaited or not work.pool.auth_query:
        return Outcome(())
    asked = found.running.config.get("auth_dbname") if found.running else None
    task = lookup_task({**work.params, "auth_dbname": asked}, work.assume)
    return perform(task, Run(work.login, check, jobs=JOBS))


@contextmanager
def telling(lookup: Outcome, login: Login) -> Iterator[None]:
    """Let an error of the pool's part say what was done on the server before it, and stays."""
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if not lookup.changes():
            raise
        warnings = [*lookup.warnings, *login.heard.warnings]
        raise Unfinished(error, lookup.steps, done_before(lookup.steps), warnings) from None


def joined(lookup: Result, plan: Plan) -> Result:
    """Put what was done on the server before what was done to the pool."""
    return {
        "changed": lookup["changed"] or plan.anything(),
        "changes": [*lookup["changes"], *plan.changes()],
        "diff": [*lookup["diff"], *plan.diff()],
        "sql": lookup["sql"],
        "undo_sql": lookup["undo_sql"],
    }


def files_of(plan: Plan) -> list[str]:
    """Name the files that are managed."""
    return [draft.path for draft in plan.drafts]


@contextmanager
def reached(pool: Pool, login: Login) -> Iterator[tuple[Session, tuple[str, ...]]]:
    """Open the console; a pool that doesn't run is an error, or where that is allowed, a warning."""
    with ExitStack() as stack:
        try:
            found: tuple[Session, tuple[str, ...]] = (stack.enter_context(console(login)), ())
        except NotRunning as error:
            if pool.require_running:
                raise AccessError(f"{error}: {HELP}") from None
            found = (None, (ABSENT.format(why=error),))
        yield found


def prove(work: Work, session: Session) -> None:
    """Plan once more; nothing may be left."""
    plan, _found = work.planned(session)
    if plan.anything():
        left = "; ".join(change["summary"] for change in plan.changes())
        raise AccessError(f"somebody else changed roles, files or pool meanwhile: run this again; still to do: {left}")


def missing_databases(pool: Pool, accounts: Accounts, assume: Assume) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Judge databases that aren't there."""
    known = accounts.databases | {database.name for database in assume.databases}
    return assume.missing("database", (database.name for database in pool.databases if database.name not in known))
