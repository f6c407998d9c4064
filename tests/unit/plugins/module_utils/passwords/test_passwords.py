"""Passwords as data: a verifier is made only where the stored one doesn't fit."""

from __future__ import annotations

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.passwords.model import checked_password, weakness
from ansible_collections.leastpriv.pgsql.plugins.module_utils.passwords.plan import (
    diff_passwords,
    password_lines,
    resolve_passwords,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.scram import make_verifier, matches
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret

PLAIN = Secret("geheim geheim")
STORED = make_verifier(PLAIN, 10)
MD5 = Secret("md5" + "0" * 32)


def resolved(password: Secret, stored: Secret | None, iterations: int = 10) -> Secret | None:
    return resolve_passwords({"r": stored}, {"r": password}, iterations)["r"]


def test_a_verifier_that_fits_stays() -> None:
    assert resolved(PLAIN, STORED) is STORED
    assert resolved(PLAIN, STORED, 99) is STORED


@pytest.mark.parametrize("stored", [None, MD5, make_verifier(Secret("other"), 10)])
def test_one_that_does_not_fit_is_replaced_by_the_same_one_each_time(stored: Secret | None) -> None:
    new = resolved(PLAIN, stored)
    assert new is not None
    assert matches(PLAIN, new, "r")
    assert resolved(PLAIN, stored) == new


def test_roles_with_one_password_get_verifiers_of_their_own() -> None:
    after = resolve_passwords({}, {"a": PLAIN, "b": PLAIN}, 10)
    assert after["a"] != after["b"]


def test_verifiers_and_hashes_are_stored_as_they_are_and_nothing_clears() -> None:
    assert resolved(STORED, None) == STORED
    assert resolved(MD5, STORED) == MD5
    assert resolved(Secret(""), STORED) is None


def test_clearing_comes_first_and_a_change_shows_nothing() -> None:
    changes = diff_passwords({"a": None, "b": STORED, "c": MD5}, {"a": STORED, "b": None, "c": MD5})
    assert [change.shown() for change in changes] == [
        'ALTER ROLE "b" PASSWORD NULL;',
        """-- ALTER ROLE "a" PASSWORD '********';""",
    ]
    assert changes[1].statement() == f"""ALTER ROLE "a" PASSWORD '{STORED.reveal()}'"""
    assert STORED.reveal() not in repr(changes)


def test_lines_tell_that_a_password_differs_and_nothing_else() -> None:
    lines = password_lines({"a": STORED, "b": None, "c": MD5}, {"a": MD5, "b": MD5, "c": MD5}, frozenset("a"))
    assert lines == ["role a: password ******** (new)", "role b: password none"]


@pytest.mark.parametrize("text", ["SCRAM-SHA-256$geheim", "md5" + "x" * 32, "geheim\0", "geheim\ud800"])
def test_what_cannot_be_one_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(InputError, match=r"^role x: password: ") as caught:
        checked_password(Secret(text), "role x")
    assert "geheim" not in str(caught.value)
    assert "xxx" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [("1234567", "fewer than 8 characters"), ("other_role", "is the name of a role"), ("12345678", None), ("", None)],
)
def test_weak_passwords_are_told_and_not_quoted(text: str, words: str | None) -> None:
    found = weakness("x", Secret(text), frozenset({"other_role"}))
    assert (words in found) if words and found else (found is words)
    assert weakness("x", MD5, frozenset()) is None
