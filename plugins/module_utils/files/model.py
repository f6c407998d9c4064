# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text file as it is, with whom it belongs to."""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..errors import AccessError

MASK = "********"
BIGGEST = 16 << 20


@dataclass(frozen=True)
class TextFile:
    """A regular file; ``path`` is without symbolic links, ``owner`` and ``group`` are numbers.

    ``changed`` is when its content, place or owner last changed, in seconds since 1970 (the later one of mtime and
    ctime, which a rename moves, too). Bytes that aren't UTF-8 are kept as surrogates, so that they are written back.
    """

    path: str
    text: str
    mode: int = 0o600
    owner: int = -1
    group: int = -1
    changed: float = 0.0


def read_file(path: str) -> Optional[TextFile]:
    """Read a file, following symbolic links; None if there is none; AccessError if it can't be read."""
    real = os.path.realpath(path)
    try:
        refuse_odd(real, Path(real).stat())
        with Path(real).open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            found = os.fstat(file.fileno())
            text = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise refused("read", real, error) from None
    return TextFile(
        real, text, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, max(found.st_mtime, found.st_ctime)
    )


def refuse_odd(path: str, found: os.stat_result) -> None:
    """Raise AccessError for what isn't a file of text of a sensible size."""
    if not stat.S_ISREG(found.st_mode):
        raise AccessError(f"{path} isn't a regular file: remove it, or name another one")
    if found.st_size > BIGGEST:
        raise AccessError(f"{path} has {found.st_size} bytes, far more than such a file can have: look what it is")


def refused(what: str, path: str, error: OSError) -> AccessError:
    """Give the operating system's refusal, with whom to run as where that can be the remedy."""
    reason = (error.strerror or type(error).__name__).lower()
    advice = f": {remedy(path)}" if isinstance(error, PermissionError) else ""
    return AccessError(f"{path} can't be {'read' if what == 'read' else 'written'}: {reason}{advice}")


def remedy(path: str) -> str:
    """Name the user of the operating system to run as, as far as that is known."""
    return f"run this as the user that it belongs to (become: true, become_user: {owner_of(path)})"


def owner_of(path: str) -> str:
    """Name who owns a path, or the nearest folder above it that isn't root's; ``postgres`` if all are."""
    uid = next(filter(None, (user_of(one) for one in (Path(path), *Path(path).parents))), 0)
    try:
        return pwd.getpwuid(uid).pw_name if uid else "postgres"
    except KeyError:
        return str(uid)


def user_of(path: Path) -> int:
    """Give the number of a path's owner; 0 where that can't be seen."""
    try:
        return path.stat().st_uid
    except OSError:
        return 0


def shown(text: str) -> str:
    """Give a text for people: bytes that aren't UTF-8 as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def diff_of(path: str, before: str, after: str) -> dict[str, str]:
    """Give a difference as Ansible shows it; secrets are to be taken out before."""
    return {"before": shown(before), "after": shown(after), "before_header": path, "after_header": path}


def change_of(path: str, summary: str, action: str = "write file") -> dict[str, Any]:
    """Give a change for a module's result."""
    return {"action": action, "object": path, "summary": summary}
