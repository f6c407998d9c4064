# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of ICU's locales: whether one is well formed, and whether two are the same."""

from __future__ import annotations

import re

# From 16 the server stores a language tag, and makes one of what is declared; 15 stores what is declared.
TAGS_SINCE = 160000

LANGUAGE = r"(?:[a-z]{2,3}|root)"
PLACE = r"(?:{0}[a-z]{{4}})?(?:{0}(?:[a-z]{{2}}|[0-9]{{3}}))?(?:{0}(?:[a-z0-9]{{5,8}}|[0-9][a-z0-9]{{3}}))*"
EXTENSIONS = r"(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
KEYWORD = r"[a-z0-9]+=[a-z0-9-]+"
TAG = re.compile(LANGUAGE + PLACE.format("-") + EXTENSIONS, re.ASCII | re.IGNORECASE)
OLD = re.compile(
    rf"(?:{LANGUAGE}{PLACE.format('[-_]')})?(?:\.[a-z0-9-]+)?(?:@{KEYWORD}(?:;{KEYWORD})*)?", re.ASCII | re.IGNORECASE
)
CLASSIC = frozenset({"c", "posix"})

# How ICU's older names say what a tag's extension u says, as far as it is about sorting.
KEYS = {
    "collation": "co",
    "colalternate": "ka",
    "colbackwards": "kb",
    "colcasefirst": "kf",
    "colcaselevel": "kc",
    "colnormalization": "kk",
    "colnumeric": "kn",
    "colreorder": "kr",
    "colstrength": "ks",
}
VALUES = {
    "dictionary": "dict",
    "gb2312han": "gb2312",
    "identical": "identic",
    "no": "false",
    "non-ignorable": "noignore",
    "phonebook": "phonebk",
    "primary": "level1",
    "quaternary": "level4",
    "secondary": "level2",
    "tertiary": "level3",
    "traditional": "trad",
}


def is_well_formed(name: str, version: int) -> bool:
    """Tell whether a name is a language tag, or one of ICU's older names; it can still be one that nobody knows."""
    if name.lower() in CLASSIC:
        return version >= TAGS_SINCE
    return bool(name) and bool(TAG.fullmatch(name) or OLD.fullmatch(name))


def language_of(name: str, version: int) -> str:
    """Give the language of a well-formed name; ``und`` is the root's order."""
    return normal_tag(name, version).partition("-")[0]


def normal_tag(name: str, version: int) -> str:
    """Give what two names have in common that mean the same; other names may mean the same to ICU, too.

    It is for comparing only: in lower case, with the keywords sorted, and without the value ``true``.
    """
    if name.lower() in CLASSIC:
        return "en-us-u-va-posix" if version >= TAGS_SINCE else name.lower()
    if not (TAG.fullmatch(name) or OLD.fullmatch(name)):
        return name
    base, _at, keywords = name.lower().partition("@")
    words = base.partition(".")[0].replace("_", "-").split("-")
    words[0] = "und" if words[0] in ("", "root") else words[0]
    if keywords:
        words += ["u", *(word for pair in keywords.split(";") for word in extension(pair))]
    return "-".join(sorted_keywords(words))


def extension(pair: str) -> list[str]:
    """Write an older keyword as the extension u does."""
    key, _is, value = pair.partition("=")
    return [KEYS.get(key, key), *VALUES.get(value, value).split("-")]


def sorted_keywords(words: list[str]) -> list[str]:
    """Sort the keywords of the extension u, and leave out ``true``, which is what a keyword without a value means."""
    start = words.index("u") + 1 if "u" in words[: private(words)] else len(words)
    end = next((i for i in range(start, len(words)) if len(words[i]) == 1), len(words))
    groups: list[list[str]] = [[]]
    for word in words[start:end]:
        if len(word) == 2:
            groups.append([word])
        elif word not in ("true", "yes") or not groups[-1]:
            groups[-1].append(word)
    return [*words[:start], *groups[0], *(word for group in sorted(groups[1:]) for word in group), *words[end:]]


def private(words: list[str]) -> int:
    """Give the place from where a tag's words are its author's own."""
    return words.index("x") if "x" in words else len(words)
