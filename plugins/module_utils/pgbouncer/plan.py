# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plan the pool's files, and whether it has to read them again; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from ..errors import InputError, raise_problems
from ..files.model import TextFile
from ..items import attempted
from .drafts import Draft, plain_draft, userlist_draft
from .force import deviations
from .members import Members
from .model import Pool, PoolUser, Running
from .names import Version
from .render import database_line, databases_text, has_settings, user_line, users_text
from .userlist import Userlist, new_stamp, read_userlist

ASKED_WITH_ENTRIES: Version = (1, 23)
UNREAD = "PgBouncer has not read the files since they were written"
Text = Optional[str]


@dataclass(frozen=True)
class Found:
    """What is there: the files, those with a wrong owner or mode, where the server is, the pool if it runs.

    ``in_recovery`` tells whether the server is a standby.
    """

    files: Mapping[str, Optional[TextFile]]
    altered: frozenset[str]
    where: tuple[Text, int]
    running: Optional[Running] = None
    in_recovery: bool = False

    def text(self, path: str) -> Text:
        """Give what a file says; None if there is none."""
        file = self.files[path]
        return None if file is None else file.text

    def version(self) -> Optional[Version]:
        """Give the pool's version, as far as it is known."""
        return self.running.version if self.running else None


@dataclass(frozen=True)
class Plan:
    """What is to be done: files in the order of writing, a reload, databases to pause and to resume."""

    drafts: tuple[Draft, ...]
    members: Members
    users: tuple[PoolUser, ...]
    stamp: str
    stale: tuple[str, ...] = ()
    reload: bool = False
    pause: tuple[str, ...] = ()
    resume: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def written(self) -> tuple[Draft, ...]:
        """Give the files that are written; the list of users comes last, so that who has read it has read all."""
        return tuple(draft for draft in self.drafts if draft.differs())

    def anything(self) -> bool:
        """Tell whether there is something to do."""
        return bool(self.written() or self.reload or self.pause or self.resume)

    def changes(self) -> list[dict[str, Any]]:
        """Give the changes for the result, in the order of doing."""
        why = f", for {self.stale[0]}" if self.stale and not self.written() else ""
        steps = [
            *(("pause", name, f"pause database {name}") for name in self.pause),
            *([("reload", "PgBouncer", f"let PgBouncer read its files again{why}")] if self.reload else []),
            *(("resume", name, f"resume database {name}") for name in self.resume),
        ]
        told = [{"action": action, "object": name, "summary": summary} for action, name, summary in steps]
        count = len(self.pause)
        return [*told[:count], *(draft.change() for draft in self.written()), *told[count:]]

    def diff(self) -> list[dict[str, str]]:
        """Give the differences for the result."""
        return [draft.diff() for draft in self.written() if draft.before != draft.after]


def make_plan(pool: Pool, members: Members, hba: Text, found: Found, problems: Sequence[str] = ()) -> Plan:
    """Compare what is to be with what is there; one InputError names everything that can't be."""
    users, unset = entries(pool, members, found.version())
    raise_problems([*problems, *members.problems, *unwritable(pool, users, found)])
    known = read_userlist(found.text(pool.files.userlist) or "")
    drafts, stamp = stamped(pool, members, texts(pool, users, hba, found), known, found)
    warnings = [*members.warnings, *unset, *told(pool, members, known, found.running)]
    plan = Plan(drafts, members, users, stamp, warnings=tuple(warnings))
    return with_running(pool, plan, found) if found.running else plan


def texts(pool: Pool, users: tuple[PoolUser, ...], hba: Text, found: Found) -> dict[str, str]:
    """Give the files without secrets."""
    entries_of = {
        pool.files.databases: databases_text(pool.databases, *found.where, found.version()),
        pool.files.users: users_text(users, found.version()),
    }
    return entries_of if hba is None else {**entries_of, pool.files.hba: hba}


def stamped(
    pool: Pool, members: Members, wanted: dict[str, str], known: Userlist, found: Found
) -> tuple[tuple[Draft, ...], str]:
    """Give all files, the list last, with a new stamp if any of them is to be written."""
    parts = [plain_draft(path, text, found.text(path), path in found.altered) for path, text in wanted.items()]
    path = pool.files.userlist
    there, altered = found.text(path), path in found.altered
    listed = userlist_draft(path, members.listed, known.stamp or new_stamp(), there, known, altered)
    stamp = known.stamp
    if stamp is None or any(draft.differs() for draft in (*parts, listed)):
        stamp = new_stamp()
        listed = userlist_draft(path, members.listed, stamp, there, known, altered)
    return (*parts, listed), stamp


def entries(pool: Pool, members: Members, version: Optional[Version]) -> tuple[tuple[PoolUser, ...], list[str]]:
    """Give who has an entry in ``[users]``, and a warning.

    Before 1.23, PgBouncer never asks the server for somebody with an entry, so that an entry would shut them out.
    """
    if not pool.auth_query or (version is not None and version >= ASKED_WITH_ENTRIES):
        return members.users, []
    kept = tuple(user for user in members.users if user.name in members.listed)
    lost = [user.name for user in members.users if user not in kept and has_settings(user)]
    why = "with auth_query, PgBouncer before 1.23 (or one that doesn't run) can't have pool_mode or pool_connlimit of"
    return kept, [f"{why} {', '.join(lost)}: left out"] if lost else []


def unwritable(pool: Pool, users: tuple[PoolUser, ...], found: Found) -> Iterator[str]:
    """Say which entries this PgBouncer couldn't read."""
    version = found.version()
    tried = [
        *(attempted(user, "", lambda one, _: user_line(one, version)) for user in filter(has_settings, users)),
        *(attempted(one, "", lambda one, _: database_line(one, *found.where, version)) for one in pool.databases),
    ]
    yield from (error.message for error in tried if isinstance(error, InputError))


def with_running(pool: Pool, plan: Plan, found: Found) -> Plan:
    """Add what is to be done with a running pool."""
    running = found.running
    if running is None:
        return plan
    unread = () if plan.stamp in running.users else (UNREAD,)
    stale = (*unread, *deviations(pool, plan.users, found.where, running))
    names, paused = [database.name for database in pool.databases], running.paused()
    return replace(
        plan,
        stale=stale,
        reload=pool.reload and bool(stale or plan.written()),
        pause=tuple(name for name in names if name not in paused) if pool.pause else (),
        resume=tuple(name for name in names if name in paused) if pool.pause is False else (),
        warnings=(*plan.warnings, *unread_warning(pool, stale)),
    )


def unread_warning(pool: Pool, stale: tuple[str, ...]) -> tuple[str, ...]:
    """Say that the files aren't in force, where the pool isn't to be told."""
    return () if pool.reload or not stale else (f"reload is false, and not everything is in force: {'; '.join(stale)}",)


def told(pool: Pool, members: Members, known: Userlist, running: Optional[Running]) -> list[str]:
    """Give what is to be known about users."""
    said = [f"left out of the pool: {', '.join(members.left_out)}"] if members.left_out else []
    limit = running.config.get("max_user_connections", "0") if running else "0"
    free = [user.name for user in members.users if user.unlimited]
    if free and limit != "0":
        said.append(
            f"pool_connlimit -1 means PgBouncer's own max_user_connections, which is {limit}: {', '.join(free)}"
        )
    return [*said, *forgotten(pool, members, known, running)]


def forgotten(pool: Pool, members: Members, known: Userlist, running: Optional[Running]) -> list[str]:
    """Say whom a running pool still takes for listed, so that it doesn't ask the server for them."""
    if not pool.auth_query or running is None:
        return []
    old = running.version is None or running.version < ASKED_WITH_ENTRIES
    taken = set(running.users) if old else set(known.users) & set(running.users)
    names = [user.name for user in members.users if user.name in taken and user.name not in members.listed]
    why = "until PgBouncer is restarted, it refuses them, for it knows them from a list or an entry that is gone"
    return [f"{why}: {', '.join(names)}"] if names else []
