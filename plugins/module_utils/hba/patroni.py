# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers whose ``pg_hba.conf`` or ``pg_ident.conf`` Patroni writes: found by what runs, changed through Patroni.

Patroni writes a file if its configuration has the list of that name and no parameter names another file. A list of
the local configuration wins over the one that all members share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from ..errors import AccessError, InputError
from .patroni_local import Local, mapping, read_local
from .patroni_model import (
    KEYS,
    Option,
    Owned,
    Patroni,
    Place,
    Wanted,
    parse_option,
)
from .patroni_process import Process, processes, started_by_patroni
from .patroni_rest import api_of, read_shared
from .patroni_send import send
from .patroni_wait import HEADER, Session, in_force, text_lines

__all__ = ["Owned", "Patroni", "Place", "Wanted", "apply", "changes", "find"]

OUTSIDE = (
    "{file} was written by Patroni, and no Patroni that looks after {data} can be seen here: start it, or name its "
    "configuration in patroni.config_file; if there is none any more, remove the line '{header}' from the file"
)
DIFFERING = (
    "pg_hba is in {where}, which is the same for every member, and these rules count on some members only: {titles}; "
    "put postgresql.pg_hba into each member's local configuration, or take pg_hba out of Patroni's configuration "
    "altogether, and pg_hba.conf is managed as a file"
)


def find(place: Place, option: Optional[Mapping[str, Any]]) -> Optional[Patroni]:
    """Find the Patroni that runs the server here, None if there is none; ``option`` is the module's ``patroni``."""
    given = parse_option(option)
    local = found_local(place, given)
    if local is None and not given.url:
        refuse_hidden(place)
        return None
    api = api_of(local, given)
    shared = read_shared(api)
    files = {key: owned(key, place, local, mapping(shared.get("postgresql")), api.url) for key in KEYS}
    pause = shared.get("loop_wait")
    return Patroni(
        files["pg_hba"],
        files["pg_ident"],
        api,
        local.path if local else "",
        float(pause) if isinstance(pause, (int, float)) else 10.0,
    )


def found_local(place: Place, option: Option) -> Optional[Local]:
    """Read the configuration that is named, or else that of the Patroni whose data directory is the server's."""
    if option.config_file:
        return read_local(option.config_file, {})
    unread: list[AccessError] = []
    for process in processes():
        local = configuration(process, unread)
        if local is not None and same(local.text("postgresql", "data_dir"), place.data_directory):
            return local
    if unread and not option.url and (is_marked(place) or started_by_patroni(place.data_directory)):
        raise unread[0]
    return None


def configuration(process: Process, unread: list[AccessError]) -> Optional[Local]:
    """Read what a Patroni was started with; an error goes into the list, for it may be another server's."""
    try:
        return read_local(process.config, process.environ)
    except AccessError as error:
        unread.append(error)
        return None


def same(path: str, other: str) -> bool:
    """Tell whether two paths lead to the same place."""
    return bool(path and other) and Path(path).resolve() == Path(other).resolve()


def is_marked(place: Place) -> bool:
    """Tell whether the file begins as Patroni's do."""
    return text_lines(place.hba_file)[:1] == [HEADER]


def refuse_hidden(place: Place) -> None:
    """Raise AccessError where Patroni has written the file and can't be found: it would write it again."""
    if is_marked(place):
        raise AccessError(OUTSIDE.format(file=place.hba_file, data=place.data_directory, header=HEADER))


def owned(key: str, place: Place, local: Optional[Local], shared: Mapping[str, Any], url: str) -> Optional[Owned]:
    """Tell whether Patroni writes the file of a key, and by which list."""
    file = place.file_of(key)
    if local is not None and (local.other_file(key, shared) or not same(local.file_of(key), file)):
        return None
    if local is not None and local.section("postgresql").get(key) is not None:
        return owner_of(key, "local", local.path, file, local.section("postgresql")[key])
    return owner_of(key, "dynamic", f"the configuration that all members share ({url}/config)", file, shared.get(key))


def owner_of(key: str, owner: str, where: str, file: str, value: Any) -> Optional[Owned]:
    """Give a list with its place; Patroni takes an empty one for none."""
    if not value:
        return None
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise AccessError(f"{key} in {where} isn't a list: write it as one")
    return Owned(key, owner, where, file, tuple(str(line) for line in value if line is not None))


def changes(patroni: Patroni, wanted: Wanted, session: Session) -> tuple[dict[str, str], ...]:
    """Give what ``apply`` would do, as ``{action, object, summary}``; InputError for what can't be done this way."""
    return tuple(todo(owned, lines) for owned, lines in differences(patroni, wanted, session))


def differences(patroni: Patroni, wanted: Wanted, session: Session) -> list[tuple[Owned, tuple[str, ...]]]:
    """Give the files that aren't as wanted, or not in force."""
    found = patroni.owned()
    pairs = [(found[key], lines) for key, lines in wanted.lists().items() if key in found]
    for owned, lines in pairs:
        refuse(owned, lines, wanted.differing)
    return [(owned, lines) for owned, lines in pairs if owned.lines != lines or not in_force(owned, lines, session)]


def refuse(owned: Owned, lines: Sequence[str], differing: Sequence[str]) -> None:
    """Raise InputError for what a list can't be."""
    if not lines:
        raise InputError(f"Patroni takes an empty {owned.key} for none and leaves the file as it is: declare a line")
    if owned.key == "pg_hba" and owned.owner == "dynamic" and differing:
        raise InputError(DIFFERING.format(where=owned.where, titles=", ".join(differing)))


def todo(owned: Owned, lines: Sequence[str]) -> dict[str, str]:
    """Give one change in words."""
    if owned.lines == lines:
        return {"action": "reload", "object": owned.file, "summary": f"let Patroni write {owned.file} and reload"}
    summary = f"set {owned.key} in {owned.where}, from which Patroni writes {owned.file}"
    return {"action": "configure patroni", "object": owned.file, "summary": summary}


def apply(patroni: Patroni, wanted: Wanted, session: Session) -> None:
    """Change Patroni's lists and wait until this server has them in force; refused lines are taken back.

    ``session`` opens a new session on the server each time it is called.
    """
    for owned, lines in differences(patroni, wanted, session):
        send(patroni, owned, lines, session)
