# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge what only a creation can set: whether an existing database has it, and whether a new one can get it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Optional

from ..quoting import ident
from .locale import ICU, PROVIDER_OF, SINCE, provider_locale, too_new
from .model import INVALID, DatabaseSpec, DatabaseState
from .plan import newborn
from .possible import impossible
from .trial import Locales

Difference = tuple[str, str, str]


def deviations(spec: DatabaseSpec, current: DatabaseState, locales: Locales) -> Iterator[str]:
    """Say what differs and can't be changed any more."""
    yield from too_new(spec, locales.version)
    for key, wanted, there in (*differing(spec, current), *differing_provider(spec, current, locales)):
        yield (
            f"database {spec.name}: {key} is {there}, declared is {wanted}, and it can't be changed: correct the "
            f"item, or dump the database and load it into a new one"
        )
    if spec.tablespace and spec.tablespace != current.tablespace:
        sql = f"ALTER DATABASE {ident(spec.name)} SET TABLESPACE {ident(spec.tablespace)}"
        yield (
            f"database {spec.name} is in tablespace {current.tablespace}, and isn't moved: run {sql}, with nobody "
            f"connected, or correct the item"
        )
    if current.connlimit == INVALID:
        yield (
            f"database {spec.name} is invalid, its removal was interrupted: declare state absent, or run DROP DATABASE "
            f"{ident(spec.name)}"
        )


def unfit(spec: DatabaseSpec, databases: Mapping[str, DatabaseState], locales: Locales) -> Iterator[str]:
    """Say what a new database can't have on this server, or from its template; template0 fits everything."""
    problems = list(too_new(spec, locales.version))
    if problems:
        yield from problems
        return
    template = databases.get(spec.template)
    state = newborn(spec, template, "", locales.version)
    wrong = list(other_than(spec, state, template, locales)) if template and template.name != "template0" else []
    if wrong:
        yield f"database {spec.name}: {', '.join(wrong)} differs from {spec.template}'s: declare template: template0"
    yield from impossible(spec, state, template, locales)


def other_than(spec: DatabaseSpec, new: DatabaseState, template: DatabaseState, locales: Locales) -> Iterator[str]:
    """Name the keys by which a new database would be another one than its template."""
    yield from (key for key, _wanted, _there in differing(spec, template))
    if new.locale_provider != template.locale_provider:
        yield "locale_provider"
        return
    if new.locale and not same_name(new.locale_provider, new.locale, template.locale, locales):
        key = f"{new.locale_provider}_locale"
        yield key if getattr(spec, key) else "locale"
    if new.icu_rules != template.icu_rules:
        yield "icu_rules"


def same_name(provider: str, one: str, other: Optional[str], locales: Locales) -> bool:
    """Tell whether a provider takes two names for the same."""
    return locales.same(one, other or "") if provider == ICU else one == other


def differing(spec: DatabaseSpec, there: DatabaseState) -> Iterator[Difference]:
    """Give the encoding and the operating system's locale that are declared otherwise: key, declared, there."""
    pairs = (
        ("encoding", spec.encoding, there.encoding),
        ("lc_collate", spec.collate or spec.locale, there.collate),
        ("lc_ctype", spec.ctype or spec.locale, there.ctype),
    )
    for key, wanted, found in pairs:
        if wanted and normal_locale(wanted) != normal_locale(found):
            yield key, wanted, found


def differing_provider(spec: DatabaseSpec, there: DatabaseState, locales: Locales) -> Iterator[Difference]:
    """Give what is declared of the provider otherwise than an existing database has it: key, declared, there."""
    known = [key for key, since in SINCE.items() if locales.version >= since and getattr(spec, key) is not None]
    if "locale_provider" in known and spec.locale_provider != there.locale_provider:
        yield "locale_provider", spec.locale_provider or "", there.locale_provider
        return
    for key in known:
        if PROVIDER_OF.get(key, there.locale_provider) != there.locale_provider:
            yield key, getattr(spec, key), f"not set, for its locale_provider is {there.locale_provider}"
    if there.locale_provider == ICU and "icu_rules" in known and spec.icu_rules != (there.icu_rules or ""):
        yield "icu_rules", spec.icu_rules or "none", there.icu_rules or "none"
    yield from differing_name(spec, there, locales)


def differing_name(spec: DatabaseSpec, there: DatabaseState, locales: Locales) -> Iterator[Difference]:
    """Give the name for the provider, where it is declared otherwise; ``locale`` is one only with the provider."""
    key = f"{there.locale_provider}_locale"
    own = getattr(spec, key, None)
    wanted = provider_locale(spec, there, locales.version) if own or spec.locale_provider else None
    if wanted and not same_name(there.locale_provider, wanted, there.locale, locales):
        yield key if own else f"locale for {there.locale_provider}", wanted, there.locale or "none"


def normal_locale(name: str) -> str:
    """Give a locale's name without what doesn't count in its encoding: ``en_US.utf-8`` is ``en_US.UTF8``."""
    base, dot, encoding = name.partition(".")
    return f"{base}{dot}{re.sub(r'[^a-z0-9@]', '', encoding.lower())}"
