# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace a file as a whole, so that nobody ever reads half of it."""

from __future__ import annotations

import glob
import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Optional

from ..errors import AccessError
from .model import TextFile, read_file, refused

PREFIX = ".leastpriv-"
OLD = ".old"


def write_file(wanted: TextFile) -> TextFile:
    """Replace or make a file with this text, owner, group and mode, and give it as it is then.

    The draft lies in the same folder, for nobody but its owner to read until it is complete; -1 leaves the owner or
    group to whoever runs this.
    """
    folder, name = os.path.split(wanted.path)
    draft = ""
    try:
        number, draft = tempfile.mkstemp(prefix=f"{PREFIX}{name}.", dir=folder)
        with os.fdopen(number, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            os.fchown(number, wanted.owner, wanted.group)
            os.fchmod(number, wanted.mode)
            file.write(wanted.text)
            file.flush()
            os.fsync(number)
        Path(draft).rename(wanted.path)
        sync_folder(folder)
    except OSError as error:
        if draft:
            with suppress(OSError):
                Path(draft).unlink()
        raise refused("write", wanted.path, error) from None
    return written(wanted.path)


def written(path: str) -> TextFile:
    """Read what was just written."""
    found = read_file(path)
    if found is None:
        raise AccessError(f"{path} was removed right after it had been written: look who does that, and run this again")
    return found


def keep_old(file: TextFile) -> str:
    """Keep a file under its name and ``.old``, and give that path; what was kept before is replaced."""
    return write_file(replace(file, path=file.path + OLD)).path


def refuse_unwritable(path: str) -> Optional[str]:
    """Give why a file can't be replaced by whoever runs this, or None: its folder is what counts."""
    folder = Path(path).resolve().parent
    return None if os.access(folder, os.W_OK | os.X_OK) else f"{folder} isn't writable"


def touch(path: str) -> None:
    """Set a file's times to now: one from the future would never be older than anything."""
    try:
        os.utime(path)
    except OSError as error:
        raise refused("write", path, error) from None


def sync_folder(folder: str) -> None:
    """Bring a rename to the disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def sweep(path: str) -> None:
    """Remove the drafts of a file that killed runs have left; call it only while holding the folder's lock."""
    folder, name = os.path.split(path)
    for draft in Path(folder).glob(f"{glob.escape(PREFIX + name)}.*"):
        with suppress(OSError):
            draft.unlink()
