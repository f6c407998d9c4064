# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare what is declared with the files, and judge it before anything is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from ..connection import Connection
from ..errors import raise_problems
from ..files.model import TextFile, change_of, diff_of
from ..files.write import OLD
from . import patroni as managed
from .checks import checks
from .declared import Declared
from .facts import Found
from .hidden import hidden_text
from .ident import render_ident
from .lockout import refusals
from .patroni import Owned, Wanted
from .render import render

HEADER = "Written by leastpriv.pgsql.pg_hba_rules: the next run replaces what is changed here by hand."
RELOAD = "SELECT pg_catalog.pg_reload_conf();"
# The clock of files is up to 10 ms late, that of the server isn't: what changed that shortly before counts as unread.
MARGIN = 0.02
Session = Callable[[], Connection]


@dataclass(frozen=True)
class Draft:
    """A file as it is and as it is to be."""

    old: TextFile
    text: str

    def new(self) -> TextFile:
        """Give the file to write: owner, group and mode stay."""
        return replace(self.old, text=self.text)

    def change(self) -> dict[str, Any]:
        """Give the change, with how many lines come and go."""
        before, after = (Counter(text.splitlines()) for text in (self.old.text, self.text))
        counted = f"{sum((after - before).values())} lines new, {sum((before - after).values())} gone"
        return change_of(self.old.path, f"write {self.old.path}: {counted}")


@dataclass(frozen=True)
class Plan:
    """What is to be done: ``drafts`` to write; ``unread`` files are right, and the server hasn't read them since."""

    drafts: tuple[Draft, ...]
    unread: tuple[str, ...]
    wanted: Optional[Wanted]
    through: tuple[dict[str, str], ...]
    diff: tuple[dict[str, str], ...]
    warnings: tuple[str, ...]
    backup: bool

    def anything(self) -> bool:
        """Tell whether there is something to do."""
        return bool(self.drafts or self.unread or self.through)

    def reloads(self) -> bool:
        """Tell whether the server is to read its files."""
        return bool(self.drafts or self.unread)

    def changes(self) -> list[dict[str, Any]]:
        """Give the changes for the result."""
        why = f": it hasn't read {', '.join(self.unread)} since that was changed" if not self.drafts else ""
        reload = [change_of("server", f"let the server read its files{why}", "reload")] if self.reloads() else []
        return [*self.through, *(draft.change() for draft in self.drafts), *reload]

    def undo(self) -> list[str]:
        """Say how to get back what was there."""
        moves = [f"-- mv {kept} {draft.old.path}" for draft, kept in zip(self.drafts, self.kept())]
        return [*moves, f"-- {RELOAD}"] if moves else []

    def kept(self) -> list[str]:
        """Name what the former files are kept as, in the drafts' order."""
        return [draft.old.path + OLD for draft in self.drafts] if self.backup else []


def make_plan(declared: Declared, found: Found, warnings: Sequence[str], session: Session) -> Plan:
    """Plan; InputError names all that is wrong with the rules, and whom they would shut out."""
    findings = checks(declared.rules, declared.instance, found.facts)
    plan = unjudged(declared, found, [*findings.warnings, *warnings], session)
    shut: list[str] = []
    if plan.anything():
        shut = refusals(declared.lines(), found, declared.replication_user, declared.allowed)
    raise_problems([*findings.problems, *shut])
    return plan


def unjudged(declared: Declared, found: Found, warnings: Sequence[str], session: Session) -> Plan:
    """Compare with the files, and with the lists that Patroni writes files from."""
    texts = texts_of(declared)
    drafts = tuple(Draft(old, text) for old, text in own_files(texts, found) if old.text != text)
    unread = tuple(
        old.path for old, text in own_files(texts, found) if old.text == text and is_unread(old, found.about.loaded)
    )
    wanted = wanted_of(declared, found)
    through = managed.changes(found.patroni, wanted, session) if found.patroni and wanted else ()
    diff = [*owned_diffs(found, wanted), *(diff_of(one.old.path, *both(one)) for one in drafts)]
    return Plan(drafts, unread, wanted, through, tuple(diff), tuple(dict.fromkeys(warnings)), declared.backup)


def both(draft: Draft) -> tuple[str, str]:
    """Give a file's text as it is and as it is to be, without secrets."""
    return hidden_text(draft.old.text), hidden_text(draft.text)


def texts_of(declared: Declared) -> Mapping[str, str]:
    """Give what the files are to hold."""
    texts = {"hba": render(declared.rules, declared.instance, HEADER)}
    return texts if declared.ident is None else {**texts, "ident": render_ident(declared.ident, HEADER)}


def own_files(texts: Mapping[str, str], found: Found) -> Iterator[tuple[TextFile, str]]:
    """Give the files that are ours to write; the maps come first, for rules name them."""
    for old, text in ((found.ident, texts.get("ident")), (found.hba, texts["hba"])):
        if old is not None and text is not None:
            yield old, text


def is_unread(file: TextFile, loaded: float) -> bool:
    """Tell whether the server can't have read a file as it is."""
    return file.changed > loaded - MARGIN


def wanted_of(declared: Declared, found: Found) -> Optional[Wanted]:
    """Give what Patroni's lists are to hold, of those that it writes files from."""
    patroni = found.patroni
    if patroni is None or not (patroni.hba or patroni.ident):
        return None
    ident = None if declared.ident is None or not patroni.ident else without_header(render_ident(declared.ident, ""))
    hba = without_header(render(declared.rules, declared.instance)) if patroni.hba else None
    differing = [rule.label() for rule in declared.rules if rule.role not in ("default", "common")]
    return Wanted(hba, ident, differing)


def without_header(text: str) -> list[str]:
    """Give a file's lines, but for empty ones and an empty header."""
    return [line for line in text.splitlines() if line.strip("# ")]


def owned_diffs(found: Found, wanted: Optional[Wanted]) -> Iterator[dict[str, str]]:
    """Show what changes in Patroni's lists."""
    if found.patroni and wanted:
        for owned, lines in ((found.patroni.ident, wanted.ident), (found.patroni.hba, wanted.hba)):
            if owned is not None and lines is not None and list(owned.lines) != list(lines):
                yield owned_diff(owned, lines)


def owned_diff(owned: Owned, lines: Sequence[str]) -> dict[str, str]:
    """Show what changes in one list."""
    before, after = ("".join(f"{line}\n" for line in one) for one in (owned.lines, lines))
    return diff_of(f"{owned.key} in {owned.where}", hidden_text(before), hidden_text(after))
