"""Locale providers of databases: what a creation gives, what it refuses before anything is written, what differs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed import servers
from testbed.servers import Server
from tests.server import adoption
from tests.server.isolation import (
    HAS_ICU,
    PASSWORD,
    READ_ONLY,
    attempt,
    call,
    converges,
    failure,
    logins,
    names,
    sql,
    tidied,
)
from tests.width import WIDE

STORED = """
SELECT coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'), to_jsonb(d) ->> 'daticurules'
FROM pg_database d WHERE datname = %s
"""
BLANK = {"name": "shop", "template": "template0"}
ICU = {**BLANK, "locale_provider": "icu"}
BUILTIN = {**BLANK, "locale_provider": "builtin"}
HOSTILE = (
    "de'; DROP ROLE own --",
    "de\\'",
    'de"',
    "de$$",
    "%s",
    "{{ 1 }}",
    "de\nAT",
    "\U0001f418",
    "e\u0301",
    "x" * 2000,
)


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A server with a login that may create databases."""
    with tidied(server):
        logins(server, "own")
        sql(server, "ALTER ROLE own CREATEDB")
        yield server


@pytest.fixture
def icu(model: Server) -> Server:
    """The same, where the server has ICU."""
    if not sql(model, HAS_ICU):
        pytest.skip(f"this PostgreSQL {model.version} is built without ICU; with PG_BUILD=npm it isn't")
    return model


def order(server: Server, dbname: str, *words: str) -> list[str]:
    """Give words as a database sorts them."""
    return [word for (word,) in sql(server, "SELECT w FROM unnest(%s::text[]) w ORDER BY w", dbname, list(words))]


@pytest.mark.since(15)
def test_an_icu_database_sorts_as_its_locale_says(icu: Server) -> None:
    result = converges(icu, {**ICU, "owner": "own", "encoding": "utf-8", "icu_locale": "sv", "lc_ctype": "C"})
    assert "LOCALE_PROVIDER icu LC_CTYPE 'C' ICU_LOCALE 'sv'" in result["sql"][0]
    assert result["changes"][0]["summary"].endswith("owned by own, with locale_provider icu, icu_locale sv")
    after = call(icu, {**ICU, "name": "office", "icu_locale": "de-u-kn-true"}, check=True)["diff"][0]["after"]
    assert "database office: icu_locale de-u-kn-true" in after
    converges(icu, {**ICU, "name": "office", "icu_locale": "de-u-kn-true", "strategy": "file_copy"})
    assert order(icu, "shop", "z", "\u00f6") == ["z", "\u00f6"]
    assert order(icu, "office", "z", "\u00f6", "a10", "a2") == ["a2", "a10", "\u00f6", "z"]


@pytest.mark.since(16)
def test_icu_rules_change_the_order(icu: Server) -> None:
    converges(icu, {**ICU, "icu_locale": "en", "icu_rules": "&a < g\n# it's so\n"})
    assert order(icu, "shop", "b", "g") == ["g", "b"]
    assert "icu_rules is &a < g" in failure(icu, {"name": "shop", "icu_rules": "&a < b"})
    assert "declared is none" in failure(icu, {"name": "shop", "icu_rules": ""})
    converges(icu, {"name": "office", "template": "shop"})
    assert order(icu, "office", "b", "g") == ["g", "b"]
    assert "icu_rules differs from shop's" in failure(icu, {"name": "x", "template": "shop", "icu_rules": ""})
    converges(icu, {**ICU, "name": "plain", "icu_locale": "en", "icu_rules": ""})


@pytest.mark.since(16)
def test_wrong_icu_rules_are_refused_and_nobody_is_shut_out(icu: Server) -> None:
    before = names(icu)
    for check in (True, False):
        said = failure(icu, {**ICU, "icu_locale": "en", "icu_rules": "garbage &&&"}, check=check)
        assert "database shop: icu_locale en with icu_rules garbage &&&: the server refuses it" in said
    assert names(icu) == before
    assert sql(icu, "SELECT 1 FROM pg_collation WHERE collname LIKE 'leastpriv%'") == []


@pytest.mark.since(16)
def test_rules_that_the_login_cannot_try_are_refused(icu: Server) -> None:
    sql(icu, "REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC")
    who = {"login_user": "own", "login_password": PASSWORD, "login_host": "127.0.0.1", "login_unix_socket": None}
    try:
        said = failure(icu, {**ICU, "icu_locale": "en", "icu_rules": "&a < g"}, **who)
        assert "icu_rules can't be tried out, permission denied to create temporary tables" in said
        assert "doesn't have the language" in failure(icu, {**ICU, "icu_locale": "xx"}, **who)
        assert call(icu, {**ICU, "icu_locale": "en_GB"}, **who)["changed"]
    finally:
        sql(icu, "GRANT TEMPORARY ON DATABASE postgres TO PUBLIC")
    assert sql(icu, STORED, "postgres", "shop")[0][0] in ("en-GB", "en_GB")


@pytest.mark.since(16)
def test_locale_is_the_name_for_the_provider_too(icu: Server) -> None:
    converges(icu, {**ICU, "locale": "C"})
    assert sql(icu, STORED, "postgres", "shop") == [("en-US-u-va-posix", None)]
    assert not call(icu, {"name": "shop", "icu_locale": "posix"})["changed"]
    converges(icu, {**ICU, "name": "office", "locale": "C", "icu_locale": "de"})
    assert "locale for icu is de, declared is C" in failure(icu, {**ICU, "name": "office", "locale": "C"})


@pytest.mark.since(15)
@pytest.mark.before(16)
def test_to_15_locale_is_no_name_for_icu(icu: Server) -> None:
    assert "locale_provider: icu needs icu_locale, for template0 has none" in failure(icu, {**ICU, "locale": "C"})


@pytest.mark.since(15)
@pytest.mark.parametrize(
    ("first", "same", "other"),
    [
        ("en-US", ["en_US", "EN-us", "en_us.UTF-8"], ["en", "en-GB", "und"]),
        ("und", ["root", "UND"], ["de"]),
        ("de@colStrength=secondary;colNumeric=yes", ["de-u-ks-level2-kn", "de-u-kn-true-ks-level2"], ["de-u-kn"]),
        ("zh_hant_tw", ["zh-Hant-TW"], ["zh-Hans-TW"]),
    ],
)
def test_names_that_mean_the_same_are_the_same(icu: Server, first: str, same: list[str], other: list[str]) -> None:
    converges(icu, {**ICU, "icu_locale": first})
    stored = sql(icu, STORED, "postgres", "shop")[0][0]
    for name in (first, stored, *same):
        assert not call(icu, {**ICU, "icu_locale": name}, **READ_ONLY)["changed"], name
    for name in other:
        said = failure(icu, {"name": "shop", "icu_locale": name})
        assert f"icu_locale is {stored}, declared is {name}, and it can't be changed" in said


@pytest.mark.since(16)
def test_a_name_that_the_server_replaces_is_refused_at_creation(icu: Server) -> None:
    assert "icu_locale iw is he to the server: declare that" in failure(icu, {**ICU, "icu_locale": "iw"})
    converges(icu, {**ICU, "icu_locale": "he"})
    assert not call(icu, {**ICU, "icu_locale": "iw"})["changed"]


@pytest.mark.since(15)
def test_a_locale_that_icu_does_not_know_is_refused(icu: Server) -> None:
    before = names(icu)
    for name in ("xx-YY", "nonsense", "de-u-ks-level9", "de-DE-u", *HOSTILE):
        for params in ({}, {"check": True}, {"check": True, **READ_ONLY}):
            if name == "de-u-ks-level9" and params.get("connect_params"):
                continue  # well formed: only a trial tells
            said = failure(icu, {**ICU, "icu_locale": name}, **params)
            assert said.startswith("database shop: icu_locale "), said
            assert len(said) < 600
    assert names(icu) == before


@pytest.mark.since(15)
@pytest.mark.parametrize("name", HOSTILE if WIDE else HOSTILE[:1], ids=repr)
def test_a_hostile_name_of_libcs_locale_is_the_servers_error(model: Server, name: str) -> None:
    message = failure(model, {**BLANK, "locale": name})
    assert "locale name" in message
    assert "tried" not in message
    assert "shop" not in names(model)[0]


@pytest.mark.since(15)
def test_a_provider_has_to_fit_the_template_and_the_encoding(icu: Server) -> None:
    wrong = {
        "icu needs icu_locale": {**ICU},
        "icu_locale needs locale_provider: icu, for template1 has libc": {"icu_locale": "de"},
        "locale_provider differs from template1's: declare template: template0": {
            "template": "template1",
            "locale_provider": "icu",
            "icu_locale": "de",
        },
        "ICU doesn't support the encoding SQL_ASCII": {**ICU, "icu_locale": "de", "encoding": "sql_ascii"},
    }
    for said, item in wrong.items():
        assert said in failure(icu, {**item, "name": "shop"}), said
    converges(icu, {**ICU, "icu_locale": "de"})
    converges(icu, {"name": "office", "template": "shop", "icu_locale": "DE"})
    assert "icu_locale differs from shop's" in failure(icu, {"name": "x", "template": "shop", "icu_locale": "sv"})
    assert "icu_locale is not set, for its locale_provider is libc" in failure(
        icu, {"name": "postgres", "icu_locale": "de"}
    )
    assert "locale_provider is icu, declared is libc" in failure(icu, {"name": "shop", "locale_provider": "libc"})


@pytest.mark.since(15)
def test_libc_can_be_declared_by_name(model: Server) -> None:
    converges(model, {**BLANK, "locale_provider": "LIBC", "locale": "C"})
    assert not call(model, {"name": "postgres", "locale_provider": "libc"})["changed"]


@pytest.mark.since(15)
def test_a_server_without_icu_is_named_before_anything_is_written(model: Server) -> None:
    if sql(model, HAS_ICU):
        pytest.skip(f"this PostgreSQL {model.version} is built with ICU")
    for params in ({}, {"check": True}, {"check": True, **READ_ONLY}):
        assert "the server is built without ICU" in failure(model, {**ICU, "icu_locale": "de"}, **params)
    assert "shop" not in names(model)[0]


@pytest.mark.since(17)
def test_builtin_locales_know_characters_beyond_ascii(model: Server) -> None:
    converges(model, {**BUILTIN, "builtin_locale": "C.UTF8", "encoding": "UTF8"})
    assert sql(model, "SELECT upper('\u00e9'), 'Z' < 'a'", "shop") == [("\u00c9", True)]
    assert not call(model, {"name": "shop", "builtin_locale": "C.UTF-8"}, **READ_ONLY)["changed"]
    converges(model, {**BUILTIN, "name": "office", "locale": "C"})
    assert sql(model, "SELECT upper('\u00e9')", "office") == [("\u00e9",)]
    converges(model, {**BUILTIN, "name": "latin", "builtin_locale": "C", "encoding": "LATIN1"})
    said = failure(model, {"name": "office", "locale_provider": "builtin", "builtin_locale": "C.UTF-8"})
    assert "builtin_locale is C, declared is C.UTF-8" in said


@pytest.mark.since(17)
def test_a_builtin_locale_that_is_not_there_is_refused(model: Server) -> None:
    before = names(model)
    for name in ("POSIX", "c.utf-8", "en_US", *HOSTILE):
        assert "builtin ones: declare C, C.UTF-8" in failure(model, {**BUILTIN, "builtin_locale": name})
    latin = {**BUILTIN, "encoding": "LATIN1", "locale": "C", "builtin_locale": "C.UTF-8"}
    assert "C.UTF-8 is for the encoding UTF8, and it would be LATIN1" in failure(model, latin)
    assert "builtin needs builtin_locale or locale" in failure(model, BUILTIN)
    assert names(model) == before


@pytest.mark.since(18)
def test_unicode_fast_maps_in_full(model: Server) -> None:
    converges(model, {**BUILTIN, "builtin_locale": "PG_UNICODE_FAST"})
    assert sql(model, "SELECT upper('\u00df')", "shop") == [("SS",)]


@pytest.mark.since(17)
@pytest.mark.before(18)
def test_unicode_fast_is_not_there_before_18(model: Server) -> None:
    said = failure(model, {**BUILTIN, "builtin_locale": "PG_UNICODE_FAST"})
    assert "PG_UNICODE_FAST isn't one of PostgreSQL 17's builtin ones: declare C, C.UTF-8 as builtin_locale" in said


def refused(server: Server, item: dict[str, Any], *said: str) -> None:
    """Expect that an item is refused by its keys, for a new database and for one that is there."""
    for name in ("shop", "postgres"):
        for part in said:
            assert f"database {name}: {part} or newer, and the server is {server.version}" in failure(
                server, {**item, "name": name}, check=True
            )
    assert "shop" not in names(server)[0]


@pytest.mark.before(15)
def test_no_provider_before_15(model: Server) -> None:
    icu = {"locale_provider": "icu", "icu_locale": "de", "icu_rules": "&a < b"}
    parts = ("locale_provider needs PostgreSQL 15", "icu_locale needs PostgreSQL 15", "icu_rules needs PostgreSQL 16")
    refused(model, icu, *parts)
    refused(model, {"builtin_locale": "C"}, "builtin_locale needs PostgreSQL 17")


@pytest.mark.since(15)
@pytest.mark.before(16)
def test_no_icu_rules_before_16(model: Server) -> None:
    refused(model, {"icu_rules": ""}, "icu_rules needs PostgreSQL 16")


@pytest.mark.since(15)
@pytest.mark.before(17)
def test_no_builtin_provider_before_17(model: Server) -> None:
    item = {"locale_provider": "builtin", "builtin_locale": "C"}
    refused(model, item, "locale_provider: builtin needs PostgreSQL 17", "builtin_locale needs PostgreSQL 17")


@pytest.mark.since(15)
def test_a_login_with_createdb_creates_an_icu_database(icu: Server) -> None:
    who = {"login_user": "own", "login_password": PASSWORD, "login_host": "127.0.0.1", "login_unix_socket": None}
    converges(icu, {**ICU, "icu_locale": "sv"}, **who)
    assert attempt(icu, "own", "shop") == "ok"


@pytest.mark.since(16)
def test_an_adopted_database_with_a_locale_of_its_own_stays_as_it_is(icu: Server) -> None:
    call(icu, {**ICU, "icu_locale": "sv-SE", "icu_rules": "&V << w <<< W"})
    (fact,) = adoption.facts(icu, gather=["databases"], databases=["shop"])["databases"]
    assert (fact["locale_provider"], fact["locale"], fact["icu_rules"]) == ("icu", "sv-SE", "&V << w <<< W")
    assert adoption.planned(icu, adoption.adopted(icu)) == []


@pytest.mark.since(15)
def test_the_clusters_own_provider_counts(icu: Server, tmp_path: Path) -> None:
    options = ("--locale-provider=icu", "--icu-locale=en-US")
    own = servers.start(icu.version, tmp_path, initdb_args=options)
    try:
        converges(own, {"name": "shop", "icu_locale": "EN_us"})
        assert order(own, "shop", "B", "a") == ["a", "B"]
        assert "ICU doesn't support the encoding SQL_ASCII" in failure(
            own, {**BLANK, "name": "x", "encoding": "SQL_ASCII"}
        )
        assert "icu_locale differs from template1's" in failure(own, {"name": "x", "icu_locale": "de"})
        converges(own, {**BLANK, "name": "plain", "locale_provider": "libc", "locale": "C"})
        assert order(own, "plain", "B", "a") == ["B", "a"]
        converges(own, {**BLANK, "name": "office", "locale": "C"})
        if own.version >= 16:
            assert "locale differs from template1's" in failure(own, {"name": "x", "locale": "C"})
    finally:
        servers.stop(own)
