# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the server about ICU's locales: whether it has ICU, which languages, and what it makes of a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..connection import Connection
from .icu import normal_tag
from .inspect import Databases
from .locale import ICU, SINCE
from .model import DatabaseSpec
from .plan import newborn

# A server that is built without ICU has ICU's collation "unicode" all the same, but no version of it.
LANGUAGES = """
SELECT DISTINCT pg_catalog.split_part(c.collname::text, '-', 1)
FROM pg_catalog.pg_collation c
WHERE c.collprovider = 'i' AND pg_catalog.pg_collation_actual_version(c.oid) IS NOT NULL
"""

# Without it there is no way to try a name and to be sure that nothing stays.
CAN_TRY = """
SELECT l.lanname::text FROM pg_catalog.pg_language l
WHERE l.lanname = 'plpgsql' AND pg_catalog.has_language_privilege(l.oid, 'USAGE')
"""

NAMES = """
SELECT pg_catalog.set_config('leastpriv.locale', %(locale)s, false),
       pg_catalog.set_config('leastpriv.rules', %(rules)s, false),
       pg_catalog.set_config('leastpriv.standard', '', false),
       pg_catalog.set_config('leastpriv.refusal', '', false)
"""

# The exception at the end takes the collation away again, in a transaction and outside of one. Nobody else sees it.
TRIAL = """
DO LANGUAGE plpgsql $trial$
DECLARE
  rules text := pg_catalog.current_setting('leastpriv.rules');
  standard text := '';
BEGIN
  IF pg_catalog.current_setting('server_version_num')::int >= 160000 THEN
    PERFORM pg_catalog.set_config('icu_validation_level', 'error', true);
  END IF;
  EXECUTE pg_catalog.format('CREATE COLLATION pg_temp.leastpriv_trial (provider = icu, locale = %L%s)',
    pg_catalog.current_setting('leastpriv.locale'),
    CASE WHEN rules = '' THEN '' ELSE pg_catalog.format(', rules = %L', rules) END);
  SELECT coalesce(pg_catalog.to_jsonb(c) ->> 'colllocale', pg_catalog.to_jsonb(c) ->> 'colliculocale') INTO standard
  FROM pg_catalog.pg_collation c WHERE c.oid = 'pg_temp.leastpriv_trial'::pg_catalog.regcollation;
  RAISE EXCEPTION USING ERRCODE = 'LP000';
EXCEPTION
  WHEN SQLSTATE 'LP000' THEN
    PERFORM pg_catalog.set_config('leastpriv.standard', standard, false);
  WHEN OTHERS THEN
    PERFORM pg_catalog.set_config('leastpriv.refusal', SQLSTATE || SQLERRM, false);
END
$trial$
"""

OUTCOME = """
SELECT pg_catalog.current_setting('leastpriv.standard'), pg_catalog.current_setting('leastpriv.refusal')
"""

Pair = tuple[str, str]


@dataclass(frozen=True)
class Trial:
    """What the server makes of a name: its standard form, or why it was refused; both empty if it wasn't tried."""

    standard: str = ""
    sqlstate: str = ""
    message: str = ""


UNTRIED = Trial(message="there is no language plpgsql for it")


@dataclass(frozen=True)
class Locales:
    """What the server says about locales: the languages of ICU, none if it has no ICU, and trials of name and rules."""

    version: int
    languages: frozenset[str] = frozenset()
    trials: Mapping[Pair, Trial] = field(default_factory=dict)

    def same(self, declared: str, there: str) -> bool:
        """Tell whether two names are the same ICU locale."""
        standard = self.trials.get((declared, ""), UNTRIED).standard
        return any(not differs(name, there, self.version) for name in (declared, standard) if name)


def read_locales(connection: Connection, specs: Iterable[DatabaseSpec], databases: Databases) -> Locales:
    """Ask about the ICU locales that are declared; where none is to be created or differs, nothing is asked."""
    version = connection.server.version
    pairs = sorted({pair for spec in specs for pair in doubtful(spec, databases, version)})
    if not pairs or version < SINCE["icu_locale"]:
        return Locales(version)
    languages = frozenset(name for (name,) in connection.rows(LANGUAGES))
    able = bool(languages and connection.rows(CAN_TRY))
    return Locales(version, languages, {pair: tried(connection, pair) if able else UNTRIED for pair in pairs})


def doubtful(spec: DatabaseSpec, databases: Databases, version: int) -> Iterator[Pair]:
    """Give the ICU locale of a new database with its rules, and that of an existing one if it seems to differ."""
    there, template = databases.get(spec.name), databases.get(spec.template)
    if there is None:
        state = newborn(spec, template, "", version)
        if state.locale_provider == ICU and state.locale and spec.declares_locale():
            yield state.locale, state.icu_rules or ""
    elif spec.icu_locale and there.locale_provider == ICU and differs(spec.icu_locale, there.locale or "", version):
        yield spec.icu_locale, ""


def differs(declared: str, there: str, version: int) -> bool:
    """Tell whether two names aren't plainly the same."""
    return normal_tag(declared, version) != normal_tag(there, version)


def tried(connection: Connection, pair: Pair) -> Trial:
    """Let the server make a collation of a name and rules, which is gone again at once."""
    connection.rows(NAMES, locale=pair[0], rules=pair[1])
    connection.rows(TRIAL)
    standard, refusal = connection.rows(OUTCOME)[0]
    return Trial(standard, refusal[:5], refusal[5:])
