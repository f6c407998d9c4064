# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give Patroni a list, see what the server makes of it, and take it back if that is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..errors import AccessError
from ..files.model import read_file
from ..files.write import write_file
from .patroni_edit import holds, replaced
from .patroni_local import read_local
from .patroni_model import Owned, Patroni
from .patroni_rest import change_shared, reload
from .patroni_wait import Session, refusals, wait_in_force

ROUNDS = 3
MARGIN = 30.0


def send(patroni: Patroni, owned: Owned, lines: Sequence[str], session: Session) -> None:
    """Put the list in force; one with lines that the server refuses is replaced by the former one."""
    store(patroni, owned, lines)
    wait(patroni, owned, lines, session)
    refused = refusals(owned, session)
    if not refused:
        return
    if owned.lines == lines:
        raise AccessError(f"{told(owned, refused)}, as it is in {owned.where} already")
    try:
        store(patroni, owned, owned.lines)
        wait(patroni, owned, owned.lines, session)
    except AccessError as error:
        raise AccessError(f"{told(owned, refused)}, and the former list couldn't be put back: {error}") from None
    raise AccessError(f"{told(owned, refused)}; the former list is back, and the server never counted with the new one")


def told(owned: Owned, refused: Sequence[str]) -> str:
    """Say which lines the server refuses."""
    return f"the server can't read {owned.file}: {'; '.join(refused)}"


def wait(patroni: Patroni, owned: Owned, lines: Sequence[str], session: Session) -> None:
    """Wait some rounds of Patroni's loop."""
    wait_in_force(owned, lines, session, ROUNDS * patroni.loop_wait + MARGIN)


def store(patroni: Patroni, owned: Owned, lines: Sequence[str]) -> None:
    """Write the list to where it was found, and let this member take notice of it."""
    if owned.owner == "local":
        store_local(owned, lines)
    else:
        change_shared(patroni.api, {owned.key: list(lines)})
    if owned.owner == "local" or owned.lines == lines:
        reload(patroni.api)


def store_local(owned: Owned, lines: Sequence[str]) -> None:
    """Replace the list in the member's own file; of several files, in the one that counts."""
    texts = read_local(owned.where, {}).texts
    holding = [path for path, text in texts.items() if holds(text, path, owned.key)]
    file = read_file(holding[-1]) if holding else None
    if file is None:
        raise AccessError(f"{owned.key} is no longer in {owned.where}: run this again")
    edited = replaced(file.text, file.path, owned.key, lines)
    if edited != file.text:
        write_file(replace(file, text=edited))
