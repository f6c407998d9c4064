# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge the locale of a database that is to be created: what PostgreSQL or this server can't do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from .icu import is_well_formed, language_of, normal_tag
from .locale import BUILTIN, ICU, LOCALE_FOR_ALL, PROVIDER_OF
from .model import DatabaseSpec, DatabaseState
from .trial import UNTRIED, Locales, Trial

NOT_WITH_ICU = frozenset({"SQL_ASCII", "EUC_JIS_2004", "MULE_INTERNAL", "LATIN10", "WIN874"})
BUILTIN_LOCALES = {"C": 170000, "C.UTF-8": 170000, "PG_UNICODE_FAST": 180000}
ONLY_UTF8 = BUILTIN_LOCALES.keys() - {"C"}
KNOWN_UNTIL = 190000
READ_ONLY, REFUSED = "25006", ("XX000", "22023", "42704", "42601")
ROOT = "und"
LONGEST = 80


def impossible(
    spec: DatabaseSpec, state: DatabaseState, template: Optional[DatabaseState], locales: Locales
) -> Iterator[str]:
    """Say what can't be; of a template that only check mode assumes, nothing is known."""
    if template is None and spec.locale_provider is None:
        return
    misplaced = [
        key for key in PROVIDER_OF if getattr(spec, key) is not None and PROVIDER_OF[key] != state.locale_provider
    ]
    for key in misplaced:
        yield (
            f"database {spec.name}: {key} needs locale_provider: {PROVIDER_OF[key]}, for {spec.template} has "
            f"{state.locale_provider}: declare it, with template: template0"
        )
    if misplaced or not spec.declares_locale():
        return
    yield from wrong_encoding(spec, state)
    if state.locale_provider in (ICU, BUILTIN) and not state.locale:
        yield from nameless(spec, state, locales.version) if template else ()
    elif state.locale_provider == BUILTIN:
        yield from unknown_builtin(spec, state, locales.version)
    elif state.locale_provider == ICU:
        yield from unknown_icu(spec, state, locales)


def nameless(spec: DatabaseSpec, state: DatabaseState, version: int) -> Iterator[str]:
    """Say that a provider needs a name."""
    other = " or locale" if version >= LOCALE_FOR_ALL else ""
    provider = state.locale_provider
    yield (
        f"database {spec.name}: locale_provider: {provider} needs {provider}_locale{other}, for {spec.template} has "
        f"none: declare it"
    )


def wrong_encoding(spec: DatabaseSpec, state: DatabaseState) -> Iterator[str]:
    """Say that a provider or its locale doesn't support the encoding."""
    if state.locale_provider == ICU and state.encoding in NOT_WITH_ICU:
        yield f"database {spec.name}: ICU doesn't support the encoding {state.encoding}: declare UTF8"
    if state.locale_provider == BUILTIN and state.locale in ONLY_UTF8 and state.encoding not in ("", "UTF8"):
        yield (
            f"database {spec.name}: {state.locale} is for the encoding UTF8, and it would be "
            f"{state.encoding}: declare encoding: UTF8 with template: template0, or the locale C"
        )


def unknown_builtin(spec: DatabaseSpec, state: DatabaseState, version: int) -> Iterator[str]:
    """Say that a builtin locale isn't there; versions that are newer than this list judge for themselves."""
    known = [name for name, since in BUILTIN_LOCALES.items() if version >= since]
    if state.locale not in known and version < KNOWN_UNTIL:
        key = "builtin_locale" if spec.builtin_locale else "locale"
        yield (
            f"database {spec.name}: {key} {short(state.locale or '')} isn't one of PostgreSQL {version // 10000}'s "
            f"builtin ones: declare {', '.join(known)} as builtin_locale"
        )


def unknown_icu(spec: DatabaseSpec, state: DatabaseState, locales: Locales) -> Iterator[str]:
    """Say that the server has no ICU, or doesn't take a name, or rules, or would store another name."""
    name, rules = state.locale or "", state.icu_rules or ""
    trial = locales.trials.get((name, rules), UNTRIED)
    where = f"database {spec.name}: {'icu_locale' if spec.icu_locale else 'locale'} {short(name)}"
    if not locales.languages:
        yield (
            f"database {spec.name}: the server is built without ICU, which locale_provider: icu needs: install one "
            f"that has it, or declare another provider"
        )
    elif trial.sqlstate in REFUSED:
        more = f" with icu_rules {short(rules)}" if rules else ""
        yield f"{where}{more}: the server refuses it, {short(trial.message)}: correct it"
    elif trial.standard:
        yield from renamed(where, name, trial.standard, locales.version)
        yield from strange(where, name, locales) if locales.version < LOCALE_FOR_ALL else ()
    else:
        yield from strange(where, name, locales)
        yield from untried(spec, trial) if rules else ()


def renamed(where: str, name: str, standard: str, version: int) -> Iterator[str]:
    """Refuse a name that the server would replace by one that isn't plainly the same."""
    if normal_tag(name, version) != normal_tag(standard, version):
        yield f"{where} is {standard} to the server: declare that"


def strange(where: str, name: str, locales: Locales) -> Iterator[str]:
    """Say that a name is malformed, or in no language that ICU has; to 15 the server takes such a name silently."""
    if not is_well_formed(name, locales.version):
        yield f"{where} isn't a language tag: write it as de, de-AT or de-u-co-phonebk"
    elif language_of(name, locales.version) not in {*locales.languages, ROOT}:
        yield f"{where}: the server's ICU doesn't have the language: correct it, or declare und for the root's order"


def untried(spec: DatabaseSpec, trial: Trial) -> Iterator[str]:
    """Refuse rules that couldn't be tried: with wrong ones nobody could ever connect to the database."""
    if trial.sqlstate != READ_ONLY:
        yield (
            f"database {spec.name}: icu_rules can't be tried out, {trial.message}, and with wrong ones nobody could "
            f"connect: give a login_db where the login may make temporary objects, or create the database by hand"
        )


def short(text: str) -> str:
    """Give a text's beginning, in quotes where it isn't plain."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return shown if shown.isprintable() else repr(shown)
