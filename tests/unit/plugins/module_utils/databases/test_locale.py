"""Locale providers: names that mean the same, keys that contradict each other, what a new database gets."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.fit import deviations, unfit
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.icu import is_well_formed, normal_tag
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.model import DatabaseSpec, DatabaseState
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.parse import parse_database
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.plan import create, newborn
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.trial import Locales, Trial
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError

BLANK = DatabaseState("template0", "postgres", "UTF8", "C", "C", "pg_default")
SWEDISH = DatabaseState(
    "sv", "postgres", "UTF8", "C", "C", "pg_default", locale_provider="icu", locale="sv-SE", icu_rules="&a < b"
)
BUILTIN = DatabaseState("b", "postgres", "UTF8", "C", "C", "pg_default", locale_provider="builtin", locale="C.UTF-8")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("en-US", "en_us", True),
        ("EN-latn-us", "en_Latn_US.UTF-8", True),
        ("und", "root", True),
        ("@colStrength=secondary", "und-u-ks-level2", True),
        ("de-u-kn-true-co-phonebk", "de@collation=phonebook;colNumeric=yes", True),
        ("de-u-kn", "de-u-kn-true", True),
        ("de-u-attr-kn", "de-u-kn", False),
        ("de-u-kn-false", "de-u-kn", False),
        ("de-u-kr-latn-digit", "de-u-kr-digit-latn", False),
        ("de-t-it-u-kn-true", "de-t-it-u-kn", True),
        ("de-x-u-kn-true", "de-x-u-kn", False),
        ("C", "en-US-u-va-posix", True),
        ("en", "en-US", False),
        ("zh-Hans", "zh-Hant", False),
        ("de'; drop", "DE'; drop", False),
        ("", "und", True),
    ],
)
def test_icu_locales_are_compared_by_what_they_mean(one: str, other: str, same: bool) -> None:
    assert (normal_tag(one, 170000) == normal_tag(other, 170000)) is same


def test_to_15_the_locale_c_is_not_that_of_the_united_states() -> None:
    assert normal_tag("C", 150000) != normal_tag("en-US-u-va-posix", 150000)
    assert not is_well_formed("C", 150000)


@pytest.mark.parametrize(
    "name", ["", " de", "de ", "de\n", "de-", "d", "de--DE", "de'", "de_DE-u-kn", "x" * 2000, "k\u212a"]
)
def test_what_is_no_language_tag_is_not_well_formed(name: str) -> None:
    assert not is_well_formed(name, 170000)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"locale_provider": "glibc"}, "locale_provider is one of libc, icu, builtin"),
        ({"locale_provider": "libc", "icu_locale": "de"}, "icu_locale is for locale_provider: icu, and it is libc"),
        ({"locale_provider": "libc", "icu_rules": ""}, "icu_rules is for locale_provider: icu, and it is libc"),
        (
            {"locale_provider": "icu", "builtin_locale": "C"},
            "builtin_locale is for locale_provider: builtin, and it is icu",
        ),
        ({"locale_provider": "builtin", "icu_rules": "&a < b"}, "icu_rules is for locale_provider: icu"),
        ({"icu_locale": "de", "builtin_locale": "C"}, "icu_locale and builtin_locale are for different providers"),
        ({"icu_locale": ""}, "icu_locale is empty: leave it out, or declare und"),
        ({"builtin_locale": ""}, "builtin_locale is empty"),
    ],
)
def test_keys_of_different_providers_contradict_each_other(item: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match="database shop: ") as error:
        parse_database({"name": "shop", **item}, "database shop", False)
    assert said in error.value.message


def test_a_new_database_takes_provider_name_and_rules_after_its_template() -> None:
    new = newborn(DatabaseSpec("shop"), SWEDISH, "me", 170000)
    assert (new.locale_provider, new.locale, new.icu_rules) == ("icu", "sv-SE", "&a < b")
    spec = DatabaseSpec("shop", locale_provider="builtin", builtin_locale="C.UTF8")
    new = newborn(spec, SWEDISH, "me", 170000)
    assert (new.locale_provider, new.locale, new.icu_rules) == ("builtin", "C.UTF-8", None)
    new = newborn(DatabaseSpec("shop", icu_locale="SV_se", icu_rules=""), SWEDISH, "me", 170000)
    assert (new.locale_provider, new.locale, new.icu_rules) == ("icu", "sv-SE", None)


def test_locale_names_the_provider_from_16() -> None:
    spec = DatabaseSpec("shop", locale_provider="icu", locale="de")
    assert newborn(spec, BLANK, "me", 150000).locale is None
    assert newborn(spec, BLANK, "me", 160000).locale == "de"


def test_names_and_rules_are_quoted() -> None:
    spec = DatabaseSpec("shop", locale_provider="icu", locale="C", icu_locale="d'e", icu_rules="&\\ < '")
    sql = create(spec, newborn(spec, BLANK, "me", 160000), 160000).sql
    assert "LOCALE_PROVIDER icu LOCALE 'C' ICU_LOCALE 'd''e' ICU_RULES  E'&\\\\ < '''" in sql


def said(spec: DatabaseSpec, there: DatabaseState, version: int = 180000) -> list[str]:
    """Give what is said against an existing database."""
    return list(deviations(spec, there, Locales(version)))


def test_an_existing_database_is_compared_by_what_is_declared() -> None:
    assert said(DatabaseSpec("sv", icu_locale="SV_se", locale_provider="icu"), SWEDISH) == []
    assert said(DatabaseSpec("b", builtin_locale="C.UTF8"), BUILTIN) == []
    assert said(DatabaseSpec("b"), BUILTIN) == said(DatabaseSpec("sv"), SWEDISH) == []
    assert "icu_locale is sv-SE, declared is de," in said(DatabaseSpec("sv", icu_locale="de"), SWEDISH)[0]
    assert "icu_rules is &a < b, declared is none" in said(DatabaseSpec("sv", icu_rules=""), SWEDISH)[0]
    assert "locale_provider is icu, declared is libc" in said(DatabaseSpec("sv", locale_provider="libc"), SWEDISH)[0]
    assert "not set, for its locale_provider is builtin" in said(DatabaseSpec("b", icu_locale="de"), BUILTIN)[0]
    assert "needs PostgreSQL 15 or newer" in said(DatabaseSpec("b", locale_provider="libc"), BUILTIN, 140000)[0]


def test_what_the_server_takes_for_the_same_is_the_same() -> None:
    locales = Locales(160000, frozenset({"he"}), {("iw", ""): Trial("he")})
    hebrew = DatabaseState("he", "me", "UTF8", "C", "C", "pg_default", locale_provider="icu", locale="he")
    assert list(deviations(DatabaseSpec("he", icu_locale="iw"), hebrew, locales)) == []
    spec = DatabaseSpec("new", template="template0", locale_provider="icu", icu_locale="iw")
    assert "iw is he to the server" in next(unfit(spec, {"template0": BLANK}, locales))


def test_of_a_template_that_is_assumed_nothing_is_known() -> None:
    locales = Locales(170000, frozenset({"de"}), {("de", ""): Trial("de")})
    assert list(unfit(DatabaseSpec("new", template="later", icu_locale="de"), {}, locales)) == []
    spec = DatabaseSpec("new", template="later", locale_provider="icu", icu_locale="de")
    assert list(unfit(spec, {}, locales)) == []


@pytest.mark.parametrize(
    ("trial", "part"),
    [
        (Trial("", "25006", "read-only"), None),
        (Trial("", "42501", "not allowed"), "icu_rules can't be tried out, not allowed"),
        (Trial("", "XX000", "no good"), "with icu_rules &a < b: the server refuses it, no good: correct it"),
    ],
)
def test_rules_that_were_not_tried_are_refused_unless_the_session_cannot_write(trial: Trial, part: str | None) -> None:
    spec = DatabaseSpec("new", template="template0", locale_provider="icu", icu_locale="de", icu_rules="&a < b")
    found = list(unfit(spec, {"template0": BLANK}, Locales(170000, frozenset({"de"}), {("de", "&a < b"): trial})))
    assert found == [] if part is None else part in found[0]
