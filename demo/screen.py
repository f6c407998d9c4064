"""What the demo prints: plain text, with colours on a terminal only."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

BOLD, DIM, RED, GREEN, CYAN = "1", "2", "31", "32", "36"
RULE = 100
DIFF = {"+": GREEN, "-": RED, "@": CYAN}


def colours() -> bool:
    """Tell whether the output is a terminal whose user wants colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str) -> str:
    """Return a text in a colour or weight."""
    return f"\033[{style}m{text}\033[0m" if text and style and colours() else text


def say(text: str = "", style: str = "", indent: int = 0) -> None:
    """Print one line at once."""
    print((" " * indent if text else "") + paint(text, style), flush=True)


def heading(number: int, text: str) -> None:
    """Begin an act."""
    say()
    say(f"Act {number}. {text}", BOLD)
    say("=" * RULE, BOLD)


def command(words: Iterable[str]) -> None:
    """Show a command that is run."""
    say()
    say("$ " + " ".join(words), BOLD)


def block(title: str, lines: Iterable[str]) -> None:
    """Print lines below a title."""
    say()
    say(title, CYAN, indent=2)
    for line in lines:
        say(line, indent=4)


def diff(text: str) -> None:
    """Print what ansible-playbook shows with --diff."""
    for line in text.splitlines():
        say(line, DIFF.get(line[:1], ""), indent=4)


def proved(text: str) -> None:
    """Say what has just been checked and found to be so."""
    say("ok  " + text, GREEN, indent=2)
