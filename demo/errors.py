"""What ends the demo early."""

from __future__ import annotations


class DemoError(Exception):
    """Something that the demo claims isn't so."""


def claim(claimed: bool, otherwise: str) -> None:
    """Go on only if what is claimed is so."""
    if not claimed:
        raise DemoError(otherwise)
