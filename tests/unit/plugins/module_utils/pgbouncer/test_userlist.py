"""The list of users: written so that PgBouncer reads it back, shown without secrets."""

from __future__ import annotations

from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer.drafts import userlist_draft
from ansible_collections.leastpriv.pgsql.plugins.module_utils.pgbouncer.userlist import (
    MASK,
    STAMP,
    Userlist,
    masked,
    new_stamp,
    read_userlist,
    userlist_text,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret
from hypothesis import given
from hypothesis import strategies as st

# No NUL, which neither server nor file can have, and no name that begins like a stamp.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
USERS = st.dictionaries(TEXT.filter(lambda name: name and not name.startswith(STAMP)), TEXT.map(Secret))


@given(USERS)
def test_what_is_written_is_read_back(users: dict[str, Secret]) -> None:
    stamp = new_stamp()
    assert read_userlist(userlist_text(users, stamp)) == Userlist(users, stamp)


@given(USERS, TEXT)
def test_reading_ends_whatever_a_file_says(users: dict[str, Secret], junk: str) -> None:
    found = read_userlist(userlist_text(users, "leastpriv.pgsql 1") + junk)
    assert users.keys() <= found.users.keys()


@given(st.dictionaries(TEXT.filter(bool), st.just(Secret("SCRAM-SHA-256$4096:c2FsdA==$stored:server"))))
def test_no_secret_is_shown(users: dict[str, Secret]) -> None:
    assert all(part not in masked(users) for part in ("SCRAM", "stored:server", "c2FsdA"))


def test_a_list_ends_where_pgbouncer_stops_reading() -> None:
    found = read_userlist('; a comment\n"ann" "one"\n\n"bob" "two" rest of the line\nnobody\n"eve" "three"\n')
    assert (set(found.users), found.broken, found.stamp) == ({"ann", "bob"}, True, None)


def test_another_secret_is_marked_and_none_is_shown_as_none() -> None:
    before = {"ann": Secret("one"), "bob": Secret("two")}
    after = {"ann": Secret("other"), "bob": Secret("two"), "eve": Secret("")}
    assert masked(after, before) == f'"ann" "{MASK}" (new)\n"bob" "{MASK}"\n"eve" ""\n'


def test_the_order_of_users_is_no_difference() -> None:
    one, two = Secret("one"), Secret("two")
    assert userlist_text({"b": one, "a": two}, "x") == userlist_text({"a": two, "b": one}, "x")


def test_a_draft_says_in_words_what_becomes_of_the_list() -> None:
    known = Userlist({"ann": Secret("one"), "bob": Secret("two")}, "leastpriv.pgsql 1")
    users = {"ann": Secret("other"), "eve": Secret("three")}
    draft = userlist_draft(
        "/x", users, "leastpriv.pgsql 2", userlist_text(known.users, "leastpriv.pgsql 1"), known, False
    )
    assert draft.change()["summary"] == "write /x: add eve; remove bob; another verifier of ann"
    same = userlist_draft("/x", known.users, "leastpriv.pgsql 2", "", known, False)
    assert "marked anew" in same.summary
    assert same.before == same.after
