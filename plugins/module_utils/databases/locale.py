# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locale providers of databases: the keys of an item, what a new database gets by them, and how it is said in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Optional

from ..errors import InputError
from ..quoting import literal
from .icu import normal_tag
from .model import DatabaseSpec, DatabaseState

LIBC, ICU, BUILTIN = "libc", "icu", "builtin"
PROVIDERS = {LIBC: 150000, ICU: 150000, BUILTIN: 170000}
SINCE = {"locale_provider": 150000, "icu_locale": 150000, "icu_rules": 160000, "builtin_locale": 170000}
PROVIDER_OF = {"icu_locale": ICU, "icu_rules": ICU, "builtin_locale": BUILTIN}
EXAMPLES = {"icu_locale": "und for the root's order", "builtin_locale": "C"}

# From 16, LOCALE is the name for the provider, too, where that has none of its own.
LOCALE_FOR_ALL = 160000


def provider_values(item: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Give what an item says about the locale's provider; what contradicts itself is an error."""
    provider = item.get("locale_provider") or None
    found = {"locale_provider": provider and provider.lower(), **{key: item.get(key) for key in PROVIDER_OF}}
    refuse_contradictions(found, where)
    return found


def refuse_contradictions(found: Mapping[str, Optional[str]], where: str) -> None:
    """Refuse unknown providers, keys that are another provider's, and empty names."""
    provider = found["locale_provider"]
    if provider not in (None, *PROVIDERS):
        raise InputError(f"{where}: locale_provider is one of {', '.join(PROVIDERS)}")
    given = [key for key in PROVIDER_OF if found[key] is not None]
    for key in given:
        if provider not in (None, PROVIDER_OF[key]):
            raise InputError(
                f"{where}: {key} is for locale_provider: {PROVIDER_OF[key]}, and it is {provider}: keep one of them"
            )
        if key in EXAMPLES and not found[key]:
            raise InputError(f"{where}: {key} is empty: leave it out, or declare {EXAMPLES[key]}")
    if len({PROVIDER_OF[key] for key in given}) > 1:
        raise InputError(f"{where}: {' and '.join(given)} are for different providers: keep one of them")


def too_new(spec: DatabaseSpec, version: int) -> Iterator[str]:
    """Say which keys the server's version has no place for."""
    if spec.locale_provider == BUILTIN and PROVIDERS[LIBC] <= version < PROVIDERS[BUILTIN]:
        yield said_too_new(spec, f"locale_provider: {BUILTIN}", PROVIDERS[BUILTIN], version)
    for key, since in SINCE.items():
        if getattr(spec, key) is not None and version < since:
            yield said_too_new(spec, key, since, version)


def said_too_new(spec: DatabaseSpec, key: str, since: int, version: int) -> str:
    """Say from which version a key is known."""
    return (
        f"database {spec.name}: {key} needs PostgreSQL {since // 10000} or newer, and the server is "
        f"{version // 10000}: leave it out"
    )


def provider_state(spec: DatabaseSpec, like: DatabaseState, version: int) -> dict[str, Any]:
    """Give provider, name and rules that a new database gets, from its item or from its template."""
    provider = spec.locale_provider or like.locale_provider
    same = provider == like.locale_provider
    rules = (like.icu_rules if same else None) if spec.icu_rules is None else spec.icu_rules
    return {
        "locale_provider": provider,
        "locale": provider_locale(spec, like, version),
        "icu_rules": rules or None,
    }


def provider_locale(spec: DatabaseSpec, like: DatabaseState, version: int) -> Optional[str]:
    """Give the name for the provider that a new database gets; libc has none."""
    provider = spec.locale_provider or like.locale_provider
    if provider == LIBC:
        return None
    own = spec.icu_locale if provider == ICU else spec.builtin_locale
    name = own or (spec.locale if version >= LOCALE_FOR_ALL else None)
    inherited = like.locale if provider == like.locale_provider else None
    return named(provider, name, inherited, version) if name else inherited


def named(provider: str, name: str, inherited: Optional[str], version: int) -> str:
    """Give a name as it is declared, or as the template has it if that is the same: to 15 the server compares text."""
    if provider == BUILTIN:
        return "C.UTF-8" if name == "C.UTF8" else name
    return inherited if inherited and normal_tag(name, version) == normal_tag(inherited, version) else name


def locale_words(spec: DatabaseSpec, state: DatabaseState) -> list[str]:
    """Give the locale for CREATE DATABASE: the provider, LOCALE alone or its two halves, the provider's own names."""
    pairs = (
        ("LOCALE", spec.locale),
        ("LC_COLLATE", None if spec.locale else spec.collate),
        ("LC_CTYPE", None if spec.locale else spec.ctype),
        ("ICU_LOCALE", state.locale if spec.icu_locale else None),
        ("BUILTIN_LOCALE", state.locale if spec.builtin_locale else None),
    )
    words = [f"LOCALE_PROVIDER {spec.locale_provider}"] if spec.locale_provider else []
    words += [f"{word} {literal(value)}" for word, value in pairs if value]
    return [*words, *([] if spec.icu_rules is None else [f"ICU_RULES {literal(spec.icu_rules)}"])]


def locale_summary(spec: DatabaseSpec, state: DatabaseState) -> str:
    """Say which locale a new database gets, if its item says which provider or name."""
    if not any(getattr(spec, key) is not None for key in SINCE):
        return ""
    return f", with {', '.join(locale_lines(state)) or f'locale_provider {LIBC}'}"


def locale_lines(database: DatabaseState) -> list[str]:
    """Give a provider other than libc, and its names, as parts of lines of text."""
    if database.locale_provider == LIBC:
        return []
    name = [f"{database.locale_provider}_locale {database.locale}"] if database.locale else []
    rules = [f"icu_rules {database.icu_rules}"] if database.icu_rules else []
    return [f"locale_provider {database.locale_provider}", *name, *rules]
