"""Existing files: words, quotes, comments, continued lines, files of others, and what PostgreSQL refuses."""

from __future__ import annotations

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.model import (
    Broken,
    Include,
    Instance,
    Line,
    Located,
    Rule,
    Token,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.render import line_text, render
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.tokens import read_lines
from hypothesis import given
from hypothesis import strategies as st

ALL = (Token("all"),)
NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0\n"), min_size=0, max_size=12)
HOSTILE = st.text(st.sampled_from('ab"",#@+/\\ \t\r${}=all'), min_size=1, max_size=8)


def one(text: str, version: int = 180000) -> Line:
    (located,) = read_lines(text, version)
    assert isinstance(located.content, Line), located.content
    return located.content


def users(column: str) -> tuple[Token, ...]:
    return one(f"local all {column} trust").users


def broken(text: str, version: int = 180000) -> str:
    (located,) = read_lines(text, version)
    assert isinstance(located.content, Broken)
    return located.content.problem


def test_comments_and_empty_lines_are_left_out_and_numbers_are_those_of_the_file() -> None:
    text = "# first\n\n \t\nlocal all all trust # why\r\n  #\nhost all all all reject"
    assert [located.number for located in read_lines(text)] == [4, 6]


def test_quotes_take_the_meaning_off_only_at_the_beginning_of_a_word() -> None:
    assert users('"all"') == (Token("all", quoted=True),)
    assert users('al"l"') == ALL
    assert users('""all') == (Token("all", quoted=True),)
    assert users('+"x"') == (Token("+x"),)
    assert users('"+x"') == (Token("+x", quoted=True),)


def test_doubled_quotes_within_quotes_are_one() -> None:
    assert users('"a""b"') == (Token('a"b'),)
    assert users('"""a"') == (Token('"a'),)
    assert users('a""b') == (Token("ab"),)
    assert users('""') == (Token(""),)


def test_commas_join_words_even_with_blanks_after_them() -> None:
    assert users("a, b,,c") == users("a,b,c") == (Token("a"), Token("b"), Token("c"))
    assert users(",a") == (Token("a"),)


def test_a_number_sign_begins_a_comment_even_within_a_word() -> None:
    assert "before its method" in broken("local all a#b trust")
    assert users('"a#b"') == (Token("a#b"),)


def test_only_blanks_tabs_and_carriage_returns_part_words() -> None:
    assert users("a\x0bb") == (Token("a\x0bb"),)
    assert users("a\u00a0b") == (Token("a\u00a0b"),)
    assert one("local\tall\rall  trust") == Line("local", ALL, ALL, "", "trust")


def test_a_backslash_joins_lines_since_14_in_comments_too() -> None:
    text = "local all \\\n all trust\n# c \\\nlocal all bob trust\nlocal all last trust"
    assert [located.number for located in read_lines(text)] == [1, 5]
    assert [located.number for located in read_lines(text, 130000)] == [1, 2, 4, 5]


def test_joined_lines_have_no_blank_between_them() -> None:
    assert one("local all bo\\\nb trust").users == (Token("bob"),)


def test_a_file_that_ends_in_a_backslash_keeps_its_last_line() -> None:
    assert one("local all all trust \\") == Line("local", ALL, ALL, "", "trust")


def test_includes_are_kept_since_16_and_refused_before() -> None:
    text = 'include a\ninclude_dir "b c"\ninclude_if_exists d'
    includes = [Include("include", "a"), Include("include_dir", "b c"), Include("include_if_exists", "d")]
    assert [located.content for located in read_lines(text)] == includes
    assert all(isinstance(located.content, Broken) for located in read_lines(text, 150000))
    assert "unknown type include" in broken("include a b")


def test_files_of_names_are_kept_as_they_are() -> None:
    assert users("@admins,bob") == (Token("@admins"), Token("bob"))
    assert users('"@admins"') == (Token("@admins", quoted=True),)


def test_masks_of_their_own_and_after_a_slash_are_told_apart() -> None:
    line = one("host all all 10.0.0.0 255.0.255.0 md5")
    assert (line.address, line.mask, line.method) == ("10.0.0.0", "255.0.255.0", "md5")
    line = one("host all all 10.0.0.0/8 md5")
    assert (line.address, line.mask, line.method) == ("10.0.0.0/8", "", "md5")
    assert one("host all all 10.1/16 md5").address == "10.1/16"
    assert one("host all all 10.0.0.256 md5").address == "10.0.0.256"


def test_a_keyword_in_quotes_is_the_name_of_a_host() -> None:
    assert one('host all all "samehost" md5').address == '"samehost"'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("LOCAL all all trust", "unknown type LOCAL"),
        ("local,host all all trust", "several words for its type"),
        ("local", "before its databases"),
        ("local all", "before its users"),
        ("local all all trust,md5", "several words for its method"),
        ("local all all TRUST", "unknown method TRUST"),
        ("local all a ,b trust", "aren't options"),
        ('local all "a trust', "before its method"),
        ("host all all 10.0.0.1 trust", "has no mask"),
        ("host all all 10.0.0.0/ trust", "doesn't fit"),
        ("host all all 10.0.0.0/-1 trust", "doesn't fit"),
        ("host all all ::1 255.0.0.0 trust", "doesn't fit"),
        ("host all all 10.0.0.0/33 trust extra", "aren't options"),
    ],
)
def test_what_postgresql_refuses_is_kept_with_the_reason(text: str, says: str) -> None:
    assert says in broken(text)


def test_one_bad_line_does_not_hide_the_others() -> None:
    kinds = [type(located.content) for located in read_lines("local all all trust\nx\nlocal all all md5")]
    assert kinds == [Line, Broken, Line]


def tokens(keywords: list[str], groups: bool) -> st.SearchStrategy[tuple[Token, ...]]:
    """Words as the reader gives them: quoted only where it makes a difference."""

    def of_name(name: str) -> Token:
        special = name in keywords or (len(name) > 1 and name[0] == "@") or (groups and name[:1] == "+")
        return Token(name, special)

    plain = st.one_of(NAMES, HOSTILE, st.sampled_from(["all", "samerole", "replication", "+x", "@x", "/x"])).map(
        of_name
    )
    marked = st.tuples(st.sampled_from("+@" if groups else "@"), HOSTILE).map(lambda pair: Token("".join(pair)))
    return st.lists(st.one_of(plain, marked, st.sampled_from(keywords).map(Token)), min_size=1, max_size=4).map(tuple)


DATABASES = tokens(["all", "sameuser", "samerole", "samegroup", "replication"], groups=False)
USERS = tokens(["all"], groups=True)
OPTIONS = st.one_of(st.just(()), HOSTILE.map(lambda value: (("map", value),)))
LOCAL = st.builds(Line, st.just("local"), DATABASES, USERS, st.just(""), st.just("peer"), st.just(""), OPTIONS)
ADDRESSES = [
    ("all", ""),
    ("samenet", ""),
    ("10.0.0.0/8", ""),
    ("::1", "ffff::"),
    ("a.b", ""),
    ('"all"', ""),
    (".x_y", ""),
]
HOST = st.builds(
    lambda kind, place, databases, users: Line(kind, databases, users, place[0], "md5", place[1]),
    st.sampled_from(["host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"]),
    st.sampled_from(ADDRESSES),
    DATABASES,
    USERS,
)


@given(
    st.lists(st.one_of(LOCAL, HOST), min_size=1, max_size=4), st.sampled_from([130000, 150000]), st.text(), st.text()
)
def test_what_is_written_is_read_back_as_it_was(lines: list[Line], version: int, title: str, header: str) -> None:
    text = render([Rule(title, "default", tuple(lines))], Instance("primary"), header)
    assert [located.content for located in read_lines(text, version)] == lines


@given(st.text(max_size=60), st.sampled_from([130000, 180000]))
def test_any_text_can_be_read(text: str, version: int) -> None:
    assert all(isinstance(located, Located) for located in read_lines(text, version))


@given(st.text(st.sampled_from('localhst all"",#@/\\\n\t 1.0:'), max_size=60))
def test_what_is_read_is_written_and_read_as_the_same(text: str) -> None:
    lines = [
        located.content for located in read_lines("local all x peer\n" + text) if isinstance(located.content, Line)
    ]
    again = read_lines("\n".join(line_text(line) for line in lines))
    assert [located.content for located in again] == lines
