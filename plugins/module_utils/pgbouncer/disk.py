# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and replace the pool's files."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ..errors import AccessError, InputError, raise_problems
from ..files.model import TextFile, read_file, refused
from ..files.write import refuse_unwritable, write_file
from .drafts import MODE, USERLIST_MODE, Draft
from .model import Files, Pool

There = Mapping[str, Optional[TextFile]]


@dataclass(frozen=True)
class Owners:
    """Whom the files are to belong to, as numbers; None is whoever has them, and for a new one its folder's owner."""

    owner: Optional[int] = None
    group: Optional[int] = None


def owners_of(files: Files) -> Owners:
    """Look up owner and group."""
    owner = number(files.owner, "owner", lambda name: pwd.getpwnam(name).pw_uid)
    return Owners(owner, number(files.group, "group", lambda name: grp.getgrnam(name).gr_gid))


def number(name: Optional[str], option: str, look_up: Callable[[str], int]) -> Optional[int]:
    """Give the number of a user or group of the operating system, which may be given by its number, too."""
    if name is None or name.isdigit():
        return None if name is None else int(name)
    try:
        return look_up(name)
    except KeyError:
        raise InputError(f"{option}: this host has no {name}: correct the name, or install PgBouncer first") from None


def paths_of(pool: Pool) -> list[str]:
    """Name the files that are managed."""
    files = pool.files
    return [files.databases, files.users, *([files.hba] if pool.hba_rules is not None else []), files.userlist]


def read_files(pool: Pool) -> There:
    """Read the files; None where there is none; InputError where they couldn't be written."""
    paths = paths_of(pool)
    folders = sorted({str(Path(path).parent) for path in paths})
    gone = [folder for folder in folders if not Path(folder).is_dir()]
    raise_problems(f"there is no folder {folder}: install PgBouncer first, or correct folder" for folder in gone)
    reasons = dict.fromkeys(filter(None, map(refuse_unwritable, paths)))
    raise_problems(f"{reason}: run this as the user that it belongs to" for reason in reasons)
    return {path: read_file(path) for path in paths}


def altered_files(pool: Pool, there: There) -> frozenset[str]:
    """Name the files that belong to somebody else than declared, or that others may read or write."""
    owners = owners_of(pool.files)
    return frozenset(path for path, file in there.items() if file and is_altered(path, file, owners, pool.files))


def is_altered(path: str, file: TextFile, owners: Owners, files: Files) -> bool:
    """Compare mode, owner and group."""
    mode = USERLIST_MODE if path == files.userlist else MODE
    wrong = [wanted not in (None, there) for wanted, there in ((owners.owner, file.owner), (owners.group, file.group))]
    return file.mode != mode or any(wrong)


def put(draft: Draft, files: Files, there: There) -> None:
    """Replace or make a file."""
    owners, old = owners_of(files), there[draft.path]
    folder = Path(draft.path).parent
    uid, gid = (old.owner, old.group) if old else folder_owners(folder)
    owner = uid if owners.owner is None else owners.owner
    group = gid if owners.group is None else owners.group
    write_file(TextFile(os.path.realpath(draft.path), draft.content.reveal(), draft.mode, owner, group))


def folder_owners(folder: Path) -> tuple[int, int]:
    """Give whose folder it is; who isn't root can make files of their own only."""
    if os.geteuid():
        return -1, -1
    found = folder.stat()
    return found.st_uid, found.st_gid


def put_back(draft: Draft, there: There) -> None:
    """Make a file as it was, which can be that there was none."""
    old = there[draft.path]
    if old is not None:
        write_file(old)
        return
    try:
        Path(draft.path).unlink()
    except OSError as error:
        raise refused("write", draft.path, error) from None


def bump(path: str) -> None:
    """Let a file have been changed in a later second than it was."""
    try:
        later = int(Path(path).stat().st_mtime) + 1
        os.utime(path, (later, later))
    except OSError as error:
        raise AccessError(str(refused("write", path, error))) from None
