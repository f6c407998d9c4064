# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the files and bring them into force, or leave everything as it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Optional

from ..connection import Login
from ..errors import AccessError
from ..files.write import sweep
from .console import Console, console, pause, read_running
from .disk import bump, put, put_back
from .drafts import Draft
from .force import deviations
from .knock import knock
from .model import Pool
from .names import quoted
from .plan import UNREAD, Found, Plan

LOG = "what its own log says of the reload is the reason"


@dataclass(frozen=True)
class Done:
    """What one run has done until now."""

    drafts: list[Draft]
    paused: list[str]


def apply(pool: Pool, plan: Plan, found: Found, session: Optional[Console], login: Login) -> None:
    """Pause, write, reload, check, resume; whatever goes wrong, the former files are put back and read again."""
    for draft in plan.drafts:
        sweep(os.path.realpath(draft.path))
    done = Done([], [])
    try:
        do(pool, plan, found, session, login, done)
    except AccessError as error:
        raise AccessError(f"{error}; {undone(plan, found, session, done)}") from None
    except BaseException:
        undone(plan, found, session, done)
        raise


def do(pool: Pool, plan: Plan, found: Found, session: Optional[Console], login: Login, done: Done) -> None:
    """Do one step after the other, and note what is done."""
    known = found.running.databases if found.running else {}
    if session:
        hold(session, login, [name for name in plan.pause if name in known], done)
    for draft in plan.written():
        put(draft, pool.files, found.files)
        done.drafts.append(draft)
    if session and plan.reload:
        bring_into_force(pool, plan, found, session)
        refuse_shut_out(pool, plan, login)
    if session:
        hold(session, login, [name for name in plan.pause if name not in known], done)
        release(session, login, plan)


def hold(session: Console, login: Login, names: list[str], done: Done) -> None:
    """Pause databases, and note those that are."""
    for name in names:
        pause(session, login, name)
        done.paused.append(name)


def release(session: Console, login: Login, plan: Plan) -> None:
    """Resume databases, after the pool has learnt the passwords that are new."""
    if plan.resume:
        knock(session, login, plan.members, plan.resume)
    for name in plan.resume:
        session.rows(f"RESUME {quoted(name)}")


def bring_into_force(pool: Pool, plan: Plan, found: Found, session: Console) -> None:
    """Let the pool read its files, and look whether it has; up to 1.24 it says nothing about what it couldn't read.

    It takes a list of users for the one that it knows if inode, size and second of the last change are the same, so
    a second attempt is made with another second.
    """
    session.rows("RELOAD")
    running = read_running(session)
    if plan.stamp not in running.users:
        bump(pool.files.userlist)
        session.rows("RELOAD")
        running = read_running(session)
    unread = () if plan.stamp in running.users else (f"{UNREAD}: {LOG}",)
    wrong = (*unread, *deviations(pool, plan.users, found.where, running))
    if wrong:
        raise AccessError("; ".join(wrong))


def refuse_shut_out(pool: Pool, plan: Plan, login: Login) -> None:
    """Raise AccessError if new rules don't let in the login that the console is reached by."""
    if pool.files.hba not in {draft.path for draft in plan.written()}:
        return
    try:
        with console(login):
            return
    except AccessError as error:
        why = "the new rules shut out the login of the console, so that no further run could reach it: add one for it"
        raise AccessError(f"{why} ({error})") from None


def undone(plan: Plan, found: Found, session: Optional[Console], done: Done) -> str:
    """Put the former files back, let the pool read them, resume what was paused; say how far that came."""
    if not done.drafts and not done.paused:
        return "nothing was changed"
    try:
        for draft in reversed(done.drafts):
            put_back(draft, found.files)
    except AccessError as error:
        return f"putting the former files back failed, too: {error}"
    try:
        for command in undoing(plan, session, done):
            command()
    except AccessError as error:
        return f"the former files are back, but that isn't in force: {error}"
    return "the former files are back" if done.drafts else "no file was changed"


def undoing(plan: Plan, session: Optional[Console], done: Done) -> Iterator[Callable[[], object]]:
    """Give what a running pool is to be told: first to resume, which matters to more people."""
    if session is None:
        return
    for name in done.paused:
        yield partial(session.rows, f"RESUME {quoted(name)}")
    if plan.reload and done.drafts:
        yield partial(session.rows, "RELOAD")
