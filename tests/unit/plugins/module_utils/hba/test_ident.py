from __future__ import annotations

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.ident import (
    map_expressions,
    parse_ident,
    render_ident,
)


def item(database_user: str, system_user: str = "x", name: str = "m") -> dict[str, str]:
    return {"map": name, "system_user": system_user, "database_user": database_user}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (item("app"), "m x app"),
        (item("all"), "m x all"),
        (item('"all"'), 'm x "all"'),
        (item("+a b"), 'm x +"a b"'),
        (item('"+a"'), 'm x "+a"'),
        (item('a"b'), 'm x "a""b"'),
        (item("\\1", "/^(.*)@x\\.org$"), 'm "/^(.*)@x\\.org$" "\\1"'),
        (item("app", "@file"), 'm "@file" app'),
        (item("app", "CN=ann, O=x", "a#b"), '"a#b" "CN=ann, O=x" app'),
    ],
)
def test_a_line_is_written_so_that_it_is_read_as_meant(given: dict[str, str], line: str) -> None:
    assert render_ident(parse_ident([given], 180000), "a header") == f"# a header\n{line}\n"


def test_lines_keep_their_order_and_come_once() -> None:
    lines = parse_ident([item("b"), item("a"), item("b")], 180000)
    assert [line.database_user.text for line in lines] == ["b", "a"]


def test_all_that_is_wrong_is_one_error() -> None:
    items = [item(""), {"map": "m", "system_user": "x"}, item("a\nb"), {**item("a"), "color": "x"}, item("a", "/(")]
    with pytest.raises(InputError) as error:
        parse_ident(items, 180000)
    said = str(error.value).split("; ")
    assert said[0] == "ident 1: database_user is empty"
    assert said[1] == "ident 2: database_user is missing"
    assert said[2] == "ident 3: database_user has a line break, which can't be written to the file"
    assert said[3] == "ident 4: unknown key color"
    assert "ident 5: system_user: in the regular expression /(" in said[5]


@pytest.mark.parametrize("name", ["all", "+staff", "/^a"])
def test_what_means_itself_on_an_older_server_is_refused_there(name: str) -> None:
    assert parse_ident([item(name)], 160000)
    with pytest.raises(InputError, match="has a meaning of its own only from PostgreSQL 16 on"):
        parse_ident([item(name)], 150000)
    assert parse_ident([item(f'"{name}"')], 150000)


def test_expressions_are_those_that_the_server_compiles() -> None:
    lines = parse_ident([item("/^b", "/^a")], 160000)
    assert [text for _where, text in map_expressions(lines, 160000)] == ["^a", "^b"]
    assert [text for _where, text in map_expressions(lines, 150000)] == ["^a"]
    assert list(map_expressions(None, 160000)) == []
