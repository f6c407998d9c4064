"""What the keys of an item mean for the database's ACL."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.assume import Assume
from ansible_collections.leastpriv.pgsql.plugins.module_utils.databases.parse import parse_database
from ansible_collections.leastpriv.pgsql.plugins.module_utils.isolation.acl import Place, contradictions, resolve_acl
from ansible_collections.leastpriv.pgsql.plugins.module_utils.isolation.model import Isolation, System
from ansible_collections.leastpriv.pgsql.plugins.module_utils.privileges.model import Privilege, initial

SYSTEM = System("repl", "mon", "dba", "admins")
LETTERS = {"CONNECT": "c", "TEMPORARY": "T", "CREATE": "C"}


def resolved(stray: str = "", mode: str = "additive", **keys: Any) -> set[str]:
    """Give the ACL as PostgreSQL writes it, grantor apart; ``stray`` has everything besides."""
    spec = parse_database({"name": "shop", **keys}, "database shop", False)
    current = initial("DATABASE", "shop", "own", 180000)
    if stray:
        current |= {Privilege("DATABASE", "shop", stray, name, "own") for name in LETTERS}
    declared = Isolation({"shop": spec}, SYSTEM, Assume(), mode)
    found: dict[str, list[str]] = {}
    for e in sorted(resolve_acl(spec, declared, current, Place("own", "own", 180000))):
        found.setdefault(e.grantee, []).append(LETTERS[e.privilege] + "*" * e.grantable)
    return {f"{grantee}={''.join(sorted(letters))}" for grantee, letters in found.items()}


OPEN = {"=Tc", "own=CTc"}
CLOSED = {"=T", "own=CTc*", "repl=c", "mon=c", "dba=c*"}


@pytest.mark.parametrize(
    ("keys", "additive", "exact"),
    [
        ({}, OPEN | {"x=CTc"}, OPEN | {"x=CTc"}),
        ({"revokeconn": True}, CLOSED | {"x=CTc"}, CLOSED | {"x=CT"}),
        ({"revokeconn": False}, OPEN | {"x=CTc"}, OPEN | {"x=CT"}),
        ({"revokeconn": True, "connect": []}, CLOSED | {"x=CT"}, CLOSED | {"x=CT"}),
        ({"revokeconn": True, "connect": ["x"]}, CLOSED | {"x=CTc"}, CLOSED | {"x=CTc"}),
        ({"connect": ["y"]}, OPEN | {"x=CTc", "y=c"}, OPEN | {"x=CTc", "y=c"}),
        ({"revokeconn": True, "deny_connect": ["x"]}, CLOSED | {"x=CT"}, CLOSED | {"x=CT"}),
        ({"revoketemp": True}, {"=c", "own=CTc", "x=CTc"}, {"=c", "own=CTc", "x=Cc"}),
        ({"revoketemp": False}, OPEN | {"x=CTc"}, OPEN | {"x=Cc"}),
        ({"revoke_create": True}, OPEN | {"admins=C", "x=CTc"}, OPEN | {"admins=C", "x=Tc"}),
        ({"grants": []}, OPEN | {"x=CTc"}, OPEN),
        ({"grants": [{"role": "x", "privs": ["CREATE"]}]}, OPEN | {"x=CTc"}, OPEN | {"x=C"}),
        ({"grants": [{"role": "x", "privs": "ALL", "grant_option": True}]}, OPEN | {"x=C*T*c*"}, OPEN | {"x=C*T*c*"}),
        ({"grants": [{"role": "x", "privs": "CREATE", "state": "absent"}]}, OPEN | {"x=Tc"}, OPEN),
        ({"grants": [{"role": "x", "privs": "ALL", "state": "absent"}]}, OPEN, OPEN),
        (
            {"grants": [{"role": "PUBLIC", "privs": "CONNECT", "state": "absent"}]},
            {"=T", "own=CTc", "x=CTc"},
            {"=T", "own=CTc"},
        ),
        (
            {"grants": [{"role": "x", "privs": "ALL", "state": "absent"}, {"role": "x", "privs": "TEMP"}]},
            OPEN | {"x=T"},
            OPEN | {"x=T"},
        ),
    ],
)
def test_each_key_in_each_mode(keys: dict[str, Any], additive: set[str], exact: set[str]) -> None:
    assert resolved("x", **keys) == additive
    assert resolved("x", "exact", **keys) == exact


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"connect": ["x"], "grants": [{"role": "x", "privs": "CONNECT", "state": "absent"}]},
            "x has CONNECT by one key",
        ),
        (
            {"revokeconn": False, "grants": [{"role": "PUBLIC", "privs": "CONNECT", "state": "absent"}]},
            "PUBLIC has CONNECT",
        ),
        (
            {"revokeconn": True, "grants": [{"role": "mon", "privs": "CONNECT", "state": "absent"}]},
            "mon has CONNECT by one",
        ),
        (
            {"grants": [{"role": "own", "privs": "CREATE", "state": "absent"}]},
            "own owns it, and an owner's own privileges",
        ),
        ({"grants": [{"role": "x", "privs": "CONNECT", "state": "absent"}]}, ""),
        ({"revokeconn": True, "grants": [{"role": "PUBLIC", "privs": "CONNECT", "state": "absent"}]}, ""),
    ],
)
def test_what_is_granted_and_absent_at_once_is_named(keys: dict[str, Any], said: str) -> None:
    spec = parse_database({"name": "shop", **keys}, "database shop", False)
    found = list(contradictions(spec, SYSTEM, "own", 180000))
    assert [said in text for text in found] == ([True] if said else [])
