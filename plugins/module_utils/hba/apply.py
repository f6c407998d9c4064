# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put files into force, or leave everything as it was.

What proves it: the server reads the file that lies there without an error, and then a session that the postmaster
starts afterwards has a later ``pg_conf_load_time()``; the postmaster reads its settings, the HBA file and the maps in
one go before it lets anybody in. That session has come in by the new rules, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from ..apply import explained, opened
from ..connection import Connection, Login
from ..errors import AccessError
from ..files.write import keep_old, touch, write_file
from .declared import Declared
from .facts import Found
from .inspect import read_mappings, read_rules
from .judge import RefusedError, refuse_other, refuse_rejected
from .lockout import SELF
from .plan import Draft, Plan

NOW = "SELECT pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())"
RELOAD = "SELECT pg_catalog.pg_reload_conf()"
LOADED = "SELECT pg_catalog.date_part('epoch', pg_catalog.pg_conf_load_time())"
WRONG = """
SELECT sourcefile, sourceline, error FROM pg_catalog.pg_show_all_file_settings() WHERE error IS NOT NULL ORDER BY seqno
"""
UNKNOWN = "the new file is there, and whether the server has read it isn't known: run this again"
PUT = "the new file is there, and the server has read it; only a second look failed: run this again"
UNREAD = "the former file is back, and the server hasn't read the new one"
LEFT = (
    "a run that was killed has left it so, and the server wouldn't start with it: correct the rules, and run this again"
)
SETTLED, PAUSE, PATIENCE, ATTEMPTS = 0.04, 0.05, 20.0, 3
STILL = (
    "the managing login isn't let in any more, as allow_lockout says; that the rules are in force was seen from within"
)


@dataclass
class Work:
    """One apply: where it comes in, what it does, and which files it has replaced."""

    login: Login
    declared: Declared
    found: Found
    plan: Plan
    connection: Connection
    written: list[Draft] = field(default_factory=list)

    def put(self) -> None:
        """Replace the files, and let the server judge them before it is told to read them."""
        for draft in self.plan.drafts:
            if self.plan.backup:
                keep_old(draft.old)
            self.written.append(draft)
            write_file(draft.new())
        for path in self.plan.unread:
            touch(path)
        self.judge()

    def put_back(self) -> None:
        """Give the files their former content."""
        for draft in self.written:
            write_file(draft.old)

    def judge(self) -> None:
        """Raise AccessError for what the server would refuse, or reads otherwise than it was written."""
        if self.found.hba is not None:
            rules, items = read_rules(self.connection), self.declared.items()
            refuse_rejected(self.found.hba.path, rules, items)
            refuse_other(self.found, self.plan, rules)
        if self.found.ident is not None:
            refuse_rejected(self.found.ident.path, read_mappings(self.connection), ())

    def ready(self) -> float:
        """Give the server's time, once what was written is surely older than any reload."""
        time.sleep(SETTLED)
        ((now,),) = self.connection.rows(NOW)
        return float(now)

    def reload(self) -> None:
        """Tell the server to read its files."""
        with telling(UNKNOWN):
            self.connection.rows(RELOAD)

    def prove(self, before: float) -> list[str]:
        """Wait until the server has read its files; give a warning where only the old session could see it."""
        try:
            self.until_loaded(lambda: loaded_in_new_session(self.login), before)
        except ShutError:
            loaded(self.connection)  # if that fails, too, it isn't the rules
            if SELF not in self.declared.allowed:
                raise
            self.until_loaded(lambda: loaded(self.connection), before)
            return [STILL]
        return []

    def until_loaded(self, ask: Callable[[], float], before: float) -> None:
        """Wait until the time at which the files were read is later; AccessError says what is in the way."""
        deadline = time.monotonic() + PATIENCE
        while ask() < before:
            if time.monotonic() > deadline:
                raise AccessError(unproved(self.connection))
            time.sleep(PAUSE)


class ShutError(AccessError):
    """Report that the managing login doesn't come in by the new rules."""


def apply(work: Work) -> list[str]:
    """Replace files and let the server read them; if anything goes wrong until then, the former ones are back."""
    try:
        work.put()
        before = work.ready()
    except BaseException as error:  # noqa: BLE001  whatever it is, nothing may stay that the server hasn't judged
        raise with_former(work, error, work.put_back, UNREAD) from None
    work.reload()
    try:
        with telling(UNKNOWN):
            return work.prove(before)
    except ShutError as error:
        raise with_former(work, error, lambda: again(work), "the former file is back in force") from None


def again(work: Work) -> None:
    """Put the former files back into force."""
    work.put_back()
    before = work.ready()
    work.reload()
    work.until_loaded(lambda: loaded_in_new_session(work.login), before)


@contextmanager
def telling(far: str) -> Iterator[None]:
    """Let an error say how far everything had come."""
    try:
        yield
    except ShutError:
        raise
    except (AccessError, KeyboardInterrupt) as error:
        raise AccessError(f"{worded(error)}; {far}") from None


def worded(error: BaseException) -> str:
    """Give an error in words."""
    return explained(error) if isinstance(error, AccessError) else "interrupted by the signal SIGINT (Ctrl-C)"


def with_former(work: Work, error: BaseException, put_back: Callable[[], None], done: str) -> BaseException:
    """Put the former files back, and give the error with how that went."""
    if not work.written:
        return AccessError(f"{error}; {LEFT}") if isinstance(error, RefusedError) else error
    try:
        put_back()
    except AccessError as second:
        done = f"putting the former file back failed, too: {worded(second)}"
    return AccessError(f"{worded(error)}; {done}") if isinstance(error, (AccessError, KeyboardInterrupt)) else error


def loaded(connection: Connection) -> float:
    """Give when the session has learnt of the files."""
    return float(connection.rows(LOADED)[0][0])


def loaded_in_new_session(login: Login) -> float:
    """Give when the server had read its files last, as a new session has it from the postmaster."""
    problem = ""
    for attempt in range(ATTEMPTS):
        try:
            with opened(login) as connection:
                return loaded(connection)
        except AccessError as error:
            problem = str(error)
        time.sleep(PAUSE * 2**attempt)
    raise ShutError(f"by the new rules the managing login doesn't come in: {problem}")


def unproved(connection: Connection) -> str:
    """Say that the server doesn't tell of having read its files, and why if it says so."""
    wrong: list[str] = []
    with suppress(AccessError):
        wrong = [f"{file}:{line}: {error}" for file, line, error in connection.rows(WRONG)]
    why = f"correct its settings ({'; '.join(wrong)})" if wrong else "look at its log"
    return f"the server doesn't say within {PATIENCE:g} s that it has read its files: {why}"
