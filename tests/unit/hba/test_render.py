"""The file that rules become."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.model import Instance, Line, Rule, Token
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.parse import parse_rules
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.render import active_lines, line_text, render
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.tokens import read_lines
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.hba.model_inventory import NAMES, RULES

LINE = Line("local", (Token("all"),), (Token("bob"),), "", "peer")
PRIMARY = Instance("primary")


def rule(title: str = "t", role: str = "default", lines: tuple[Line, ...] = (LINE,)) -> Rule:
    return Rule(title, role, lines, 1)


def test_the_same_rules_make_the_same_text() -> None:
    rules = parse_rules(RULES, NAMES)
    assert render(rules, PRIMARY, "managed") == render(parse_rules(RULES, NAMES), PRIMARY, "managed")


def test_a_rule_is_written_under_its_title() -> None:
    text = render([rule("who")], PRIMARY, "by a tool\nfor you")
    local = f"local    all              bob{' ' * 39}peer"
    assert text == f"# by a tool\n# for you\n\n# who\n{local}\n"


def test_rules_for_other_instances_are_commented_out() -> None:
    text = render([rule(role="offline"), rule(role="replica")], Instance("replica"))
    assert "# [only on offline, not on replica] local" in text
    assert [located.number for located in read_lines(text)] == [5]


def test_offline_rules_count_where_offline_queries_are_allowed() -> None:
    rules = [rule(role=role) for role in ("default", "common", "primary", "offline", "standby", "delayed")]
    assert len(active_lines(rules, PRIMARY)) == 3
    assert len(active_lines(rules, Instance("primary", offline_query=True))) == 4
    assert len(active_lines(rules, Instance("offline"))) == 3


def test_a_rule_without_a_line_says_so() -> None:
    assert "[no line: it is for an empty list" in render([rule(lines=())], PRIMARY)


def test_a_title_that_ends_in_a_backslash_does_not_swallow_the_next_line() -> None:
    assert len(read_lines(render([rule("x \\ \\")], PRIMARY, "h \\"))) == 1


def test_a_title_of_several_lines_stays_a_comment() -> None:
    assert len(read_lines(render([rule("x\nlocal all all trust\r\x0b\u2028local all all trust")], PRIMARY))) == 1


@given(st.text(), st.text())
def test_no_title_and_no_header_is_ever_read_as_a_line(title: str, header: str) -> None:
    inactive = rule(title, role="offline")
    for version in (130000, 180000):
        assert read_lines(render([inactive], PRIMARY, header), version) == ()


def test_keywords_are_bare_in_their_column_and_quoted_where_they_are_names() -> None:
    users = (Token("all"), Token("all", quoted=True), Token("sameuser"), Token("+g"), Token("+g", quoted=True))
    databases = (Token("samerole"), Token("samerole", quoted=True), Token("+g"), Token("bob"))
    text = line_text(replace(LINE, users=users, databases=databases))
    assert text.split() == ["local", 'samerole,"samerole","+g",bob', 'all,"all","sameuser",+g,"+g"', "peer"]


def test_odd_names_are_quoted() -> None:
    names = ["a b", 'a"b', "a,b", "a#b", "@a", "", "ü", "a\\", "/^a$", "a'b"]
    users = tuple(Token(name, quoted=name == "@a") for name in names)
    expected = '"a b","a""b","a,b","a#b","@a","","ü","a\\","/^a$","a\'b"'
    assert expected in line_text(replace(LINE, users=users))


def test_markers_stay_outside_of_quotes() -> None:
    assert '+"my group",@"my file"' in line_text(replace(LINE, users=(Token("+my group"), Token("@my file"))))


def test_options_are_written_as_one_word_each() -> None:
    assert line_text(replace(LINE, options=(("map", "a b"),))).endswith('peer "map=a b"')


def test_a_mask_stands_after_its_address() -> None:
    line = Line("host", (Token("all"),), (Token("all"),), "10.0.0.0", "md5", "255.0.0.0")
    assert "10.0.0.0 255.0.0.0" in line_text(line)
