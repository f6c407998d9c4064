from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.leastpriv.pgsql.plugins.filter.rotation import rotation
from ansible_collections.leastpriv.pgsql.plugins.module_utils.scram import make_verifier, matches
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret

OLD = {name: make_verifier(Secret(f"old-{name}"), 100).reveal() for name in ("ann", "bob", "cyd")}
STORED = [{"name": name, "password": verifier} for name, verifier in OLD.items()]
ITEMS = [
    {"name": "ann", "password": "new-ann", "pgbouncer": True, "roles": ["staff"]},
    {"name": "bob", "password": "old-bob"},
    {"name": "cyd", "password": "changed too", "pgbouncer": True},
    {"name": "dan"},
    {"name": "eve", "state": "absent", "password": "x"},
    {"name": "fay", "password": "not there yet"},
]


def test_only_the_named_get_a_new_verifier_with_the_iterations_of_the_old_one():
    made = rotation(ITEMS, ["ann"], STORED)
    ((item,),) = [made["roles"]]
    assert (made["renewed"], made["pooled"], item["name"]) == (["ann"], True, "ann")
    assert item["password"].startswith("SCRAM-SHA-256$100:")
    assert matches(Secret("new-ann"), Secret(item["password"]), "ann")


def test_all_users_come_with_the_verifiers_that_they_will_have_and_without_passwords():
    made = rotation(ITEMS, ["ann"], STORED)
    ann, bob, cyd, dan, eve, fay = made["users"]
    assert ann == {**ITEMS[0], "password": made["roles"][0]["password"]}
    assert (bob["password"], cyd["password"]) == (OLD["bob"], OLD["cyd"])
    assert "password" not in {**dan, **eve, **fay}
    assert "new-ann" not in repr(made)
    assert "changed too" not in repr(made)


def test_a_password_that_fits_keeps_its_verifier():
    assert rotation(ITEMS, ["bob"], STORED)["renewed"] == []
    assert rotation(ITEMS, ["bob"], STORED)["pooled"] is False


def test_a_second_rotation_changes_nothing():
    first = rotation(ITEMS, ["ann", "cyd"], STORED)
    after = [*[entry for entry in STORED if entry["name"] == "bob"], *first["roles"]]
    second = rotation(ITEMS, ["ann", "cyd"], after)
    assert (first["renewed"], second["renewed"], second["roles"]) == (["ann", "cyd"], [], [])


def test_iterations_can_be_given():
    assert rotation(ITEMS, ["ann"], STORED, 77)["roles"][0]["password"].startswith("SCRAM-SHA-256$77:")


def test_an_md5_hash_is_replaced():
    stored = [{"name": "ann", "password": "md5" + "0" * 32}]
    assert rotation(ITEMS, ["ann"], stored)["roles"][0]["password"].startswith("SCRAM-SHA-256$4096:")


def test_a_declared_verifier_is_taken_as_it_is():
    made = rotation([{"name": "ann", "password": OLD["bob"]}], ["ann"], STORED)
    assert made["roles"] == [{"name": "ann", "password": OLD["bob"]}]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "pgsql_access_rotate names nobody"),
        ("ann", "pgsql_access_rotate names nobody"),
        (["nobody"], "'nobody' is not declared"),
        (["eve"], "'eve' is not declared"),
        (["dan"], "'dan' is declared without a password"),
        (["fay"], "'fay' has no password on the server yet: provision the roles first"),
    ],
)
def test_who_can_not_be_rotated_is_named(names: Any, said: str):
    with pytest.raises(AnsibleFilterError) as caught:
        rotation(ITEMS, names, STORED)
    assert said in str(caught.value)


def test_a_damaged_verifier_is_refused_without_being_shown():
    with pytest.raises(AnsibleFilterError) as caught:
        rotation([{"name": "ann", "password": "SCRAM-SHA-256$x"}], ["ann"], STORED)
    assert "ann: a password starts like a SCRAM-SHA-256 verifier" in str(caught.value)
    assert "$x" not in str(caught.value)
