"""Names, values, list settings and psql's database switch."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.quoting import (
    connect_line,
    ident,
    join_identifiers,
    literal,
    qualified,
    split_identifiers,
)
from hypothesis import given
from hypothesis import strategies as st

STORABLE = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))
NAMES = STORABLE.filter(lambda name: 0 < len(name.encode()) <= 63)


@given(NAMES)
def test_a_quoted_name_reads_back_as_the_name(name: str) -> None:
    quoted = ident(name)
    assert re.fullmatch(r'"(?:[^"]|"")*"', quoted)
    assert quoted[1:-1].replace('""', '"') == name


@given(STORABLE)
def test_a_value_reads_back_with_backslashes_as_text_and_as_escapes(text: str) -> None:
    quoted = literal(text)
    if quoted.startswith(" E'"):
        body, pattern = quoted[2:], r"'(?:[^'\\]|''|\\\\)*'"
    else:
        body, pattern = quoted, r"'(?:[^'\\]|'')*'"
    assert re.fullmatch(pattern, body)
    assert body[1:-1].replace("''", "'").replace("\\\\", "\\") == text


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 64, "é" * 32, "\ud800"])
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        ident(name)


def test_a_name_may_have_63_bytes() -> None:
    assert ident("é" * 31 + "x") == '"' + "é" * 31 + 'x"'


@pytest.mark.parametrize("text", ["a\0b", "\udfff"])
def test_what_cannot_be_stored_is_refused_as_a_value(text: str) -> None:
    with pytest.raises(InputError):
        literal(text)


def test_a_backslash_makes_an_escape_string() -> None:
    assert literal("a\\'b") == " E'a\\\\''b'"


def test_a_qualified_name_is_quoted_part_by_part() -> None:
    assert qualified("my.schema", 'a"b') == '"my.schema"."a""b"'


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"$user", public, "a""b"', ("$user", "public", 'a"b')),
        ("'a', b", ("a", "b")),
        ("'it''s', \"X,y\" ,Z", ("it's", "X,y", "z")),
        ("Straße,ÀB", ("straße", "Àb")),
        ("_a1$ \n", ("_a1$",)),
        ("", ("",)),
        ("  ", ("",)),
        ('""', ("",)),
    ],
)
def test_a_list_setting_is_read_as_the_server_reads_it(text: str, names: tuple[str, ...]) -> None:
    assert split_identifiers(text) == names


@pytest.mark.parametrize(
    "text", ["a,", ",a", "a b", '"a', "'a", "$user", "1a", "a;b", "a, -- b", '"a"b', "a\0", "E'a'"]
)
def test_a_malformed_list_setting_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        split_identifiers(text)


@given(st.lists(STORABLE, min_size=1))
def test_a_joined_list_splits_into_its_names(names: list[str]) -> None:
    assert split_identifiers(join_identifiers(names)) == tuple(names)


@given(st.text())
def test_splitting_raises_nothing_but_input_errors(text: str) -> None:
    with suppress(InputError):
        split_identifiers(text)


@pytest.mark.parametrize("name", ["plain", "with space", 'q"uote', "it's", "semi;colon", ":x", "-", "`date`"])
def test_an_ordinary_database_is_entered_with_one_line(name: str) -> None:
    assert connect_line(name) == "\\connect " + ident(name)


@pytest.mark.parametrize(
    ("name", "constant"),
    [
        ("a=b", "'dbname=''a=b'''"),
        ("postgres://x", "'dbname=''postgres://x'''"),
        ("postgresql://x", "'dbname=''postgresql://x'''"),
        ("new\nline", "'dbname=''new\nline'''"),
        ("back\\slash", "E'dbname=''back\\\\\\\\slash'''"),
        ("='", "E'dbname=''=\\\\'''''"),
    ],
)
def test_an_odd_database_is_entered_through_a_connection_string(name: str, constant: str) -> None:
    first, second = connect_line(name).rsplit("\n", 1)
    assert first == f"SELECT {constant} AS leastpriv_db \\gset"
    assert second == '\\connect -reuse-previous=on :"leastpriv_db"'
