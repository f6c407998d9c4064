"""What a login is told that it may not do."""

from __future__ import annotations

from ansible_collections.leastpriv.pgsql.plugins.module_utils.privileges.lacking import (
    SUPERUSER,
    Lack,
    attribute,
    membership,
    told,
)


def test_each_lacking_right_is_told_once_with_what_it_keeps_from():
    createdb = attribute("me", "CREATEDB")
    barred = [("create database a", createdb), ("alter role b", SUPERUSER), ("create database c", createdb)]
    lines = list(told("me", barred, "here: "))
    advice = 'run ALTER ROLE "me" CREATEDB, or log in as a superuser'
    assert lines[0] == f"here: me can't create database a, create database c, for it has no CREATEDB: {advice}"
    assert lines[1:] == ["here: me can't alter role b, for that takes a superuser: log in as one, or leave it out"]


def test_many_things_are_counted_and_the_first_are_named():
    barred = [(f"drop role r{number}", Lack("right", "run it")) for number in (*range(9), 0)]
    assert next(told("me", barred)) == (
        "me can't drop role r0, drop role r1, drop role r2, drop role r3, drop role r4 and 4 more, "
        "for it has no right: run it, or log in as a superuser"
    )


def test_membership_to_act_for_a_role_says_its_options_from_16_on():
    assert membership('m"e', "own", 150000) == 'GRANT "own" TO "m""e"'
    assert membership("me", "own", 160000) == 'GRANT "own" TO "me" WITH INHERIT TRUE, SET TRUE'
