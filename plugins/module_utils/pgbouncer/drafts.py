# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file as it is to be, and what may be shown of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Optional

from ..secret import Secret
from .userlist import Secrets, Userlist, masked, userlist_text

USERLIST_MODE, MODE = 0o600, 0o640


@dataclass(frozen=True)
class Draft:
    """A file's new content and its old one, None where there is no file; ``before`` and ``after`` hold no secret.

    ``altered`` tells that the file isn't its owner's, or that its mode is another one.
    """

    path: str
    content: Secret
    old: Optional[Secret]
    mode: int
    before: str
    after: str
    summary: str
    altered: bool = False

    def differs(self) -> bool:
        """Tell whether the file is to be written."""
        return self.altered or self.old != self.content

    def change(self) -> dict[str, Any]:
        """Give the change for the result."""
        return {"action": "write file", "object": self.path, "summary": f"write {self.path}: {self.summary}"}

    def diff(self) -> dict[str, str]:
        """Give the difference for the result."""
        headers = {"before_header": self.path, "after_header": self.path}
        return {"before": self.before, "after": self.after, **headers}


def plain_draft(path: str, text: str, old: Optional[str], altered: bool) -> Draft:
    """Give a file without secrets."""
    before = old or ""
    gone, new = (ordered(names_of(one) - names_of(other)) for one, other in ((before, text), (text, before)))
    said = [f"without {', '.join(gone)}" if gone else "", f"with {', '.join(new)}" if new else ""]
    summary = "; ".join(filter(None, said)) or ("other settings" if before != text else "owner or mode")
    kept = None if old is None else Secret(old)
    return Draft(path, Secret(text), kept, MODE, before, text, summary, altered)


def names_of(text: str) -> frozenset[str]:
    """Give the keys of a file of entries; a file of rules has none."""
    lines = [line for line in text.splitlines() if " = " in line and not line.startswith((";", "#"))]
    return frozenset(line.partition(" = ")[0] for line in lines)


def userlist_draft(path: str, users: Secrets, stamp: str, old: Optional[str], known: Userlist, altered: bool) -> Draft:
    """Give the list of users; nothing of the old one is shown but names."""
    content = Secret(userlist_text(users, stamp))
    kept = None if old is None else Secret(old)
    shown = (masked(known.users), masked(users, known.users))
    return Draft(path, content, kept, USERLIST_MODE, *shown, userlist_summary(users, known.users), altered)


def userlist_summary(users: Secrets, known: Secrets) -> str:
    """Say in words what becomes of the list."""
    changed = [name for name in users if name in known and users[name] != known[name]]
    said = [
        ("add", users.keys() - known.keys()),
        ("remove", known.keys() - users.keys()),
        ("another verifier of", changed),
    ]
    words = [f"{word} {', '.join(ordered(names))}" for word, names in said if names]
    return "; ".join(words) or "the same users, marked anew to see whether PgBouncer reads it"


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Give names in their order."""
    return tuple(sorted(names))


def path_in(folder: str, name: str) -> str:
    """Give a file's path; a name with a path of its own keeps it."""
    return str(PurePath(folder) / name)


Drafts = tuple[Draft, ...]
Texts = Mapping[str, Optional[str]]
