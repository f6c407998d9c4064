"""Secrets that can be found again, however they are quoted, escaped or encoded."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

Found = set[tuple[str, str]]


class Markers:
    """Passwords with a core of letters and digits each, and verifiers by their parts, all under names."""

    def __init__(self) -> None:
        self.sought: dict[str, frozenset[str]] = {}

    def password(self, name: str, around: str = "{}", core: str = "") -> str:
        """Give a new password with its core at the place of the braces."""
        core = core or f"Zq{len(self.sought):02}Xk{sum(map(ord, name)) % 97:02}Vw"
        self.sought[name] = forms(core)
        return around.replace("{}", core)

    def stored(self, rows: Iterable[tuple[str, str]]) -> None:
        """Look for verifiers and hashes as well, roles and what is stored for them."""
        for role, text in rows:
            for part in parts(text):
                self.sought[f"what is stored for {role}: {part}"] = forms(part) | {quote(part, safe=""), urlsafe(part)}

    def found(self, places: Mapping[str, str], names: Iterable[str] = ()) -> Found:
        """Give the places that hold a secret, each with the secret's name; only secrets of the names, if any."""
        wanted = {name: self.sought[name] for name in names or self.sought}
        return {
            (place, name)
            for place, text in places.items()
            for name, texts in wanted.items()
            if any(one in text for one in texts)
        }


def parts(stored: str) -> list[str]:
    """Give the salt and the keys of a verifier, or the hash without its mark."""
    if stored.startswith("md5"):
        return [stored[3:]]
    return stored.split("$", 2)[2].replace(":", "$").split("$")


def forms(core: str) -> frozenset[str]:
    """Give a text as it is, in hexadecimal digits, and as it looks within something in base64."""
    return frozenset({core, core.encode().hex(), *encoded(core.encode())})


def encoded(core: bytes) -> Iterator[str]:
    """Give what base64 makes of some bytes, whatever stands before them."""
    for before in range(3):
        whole = base64.b64encode(b" " * before + core).decode()
        yield whole[math.ceil(before * 8 / 6) : (before + len(core)) * 8 // 6]


def urlsafe(text: str) -> str:
    """Give base64 in the letters of addresses."""
    return text.translate(str.maketrans("+/", "-_"))
