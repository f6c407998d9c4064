"""Make the checkout importable as a collection, whatever its folder is called."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
COLLECTIONS = CHECKOUT / ".ansible" / "collections"


def link() -> Path:
    """Make the symbolic link that Ansible and Python find the collection through, and return the search path."""
    place = COLLECTIONS / "ansible_collections" / "leastpriv" / "pgsql"
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.is_symlink():
        with suppress(FileExistsError):  # another worker was faster
            place.symlink_to("../../../..")
    return COLLECTIONS
