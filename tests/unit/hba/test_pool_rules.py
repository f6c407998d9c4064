"""The same rules for PgBouncer's file: what it doesn't know is refused by name, as it would drop such a line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.model import Instance, Line, Token
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.parse import parse_rules
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.render import render

from tests.unit.hba.model_inventory import POOL, POOL_RULES

ALL = (Token("all"),)


def lines(members: dict[str, tuple[str, ...]] | None = None, **item: Any) -> tuple[Line, ...]:
    (rule,) = parse_rules([{"addr": "10.0.0.0/8", **item}], replace(POOL, members=members or {}))
    return rule.lines


def test_the_models_rules_for_the_pool_are_read() -> None:
    rules = parse_rules(POOL_RULES, POOL)
    assert [len(rule.lines) for rule in rules] == [1, 3, 3, 2, 3, 2, 3]
    assert rules[3].lines[1] == Line("host", ALL, (Token("dbuser_monitor"),), "::/0", "reject")


@pytest.mark.parametrize("auth", ["os", "ident", "peer"])
def test_the_operating_systems_user_is_peer_in_the_pool(auth: str) -> None:
    assert [line.method for line in lines(addr="local", auth=auth)] == ["peer"]


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ({"user": "+readonly"}, "PgBouncer knows no groups: name the members of readonly instead of +readonly"),
        ({"user": "/^a"}, "PgBouncer takes neither files nor regular expressions: name the users instead of /^a"),
        ({"user": "@file"}, "name the users instead of @file"),
        ({"db": "/^a"}, "name the databases instead of /^a"),
        ({"db": "replication"}, "PgBouncer doesn't take replication for a database"),
        ({"db": "samerole"}, "PgBouncer doesn't take samerole for a database"),
        ({"addr": "samehost"}, "PgBouncer doesn't take the keyword samehost: give addresses"),
        ({"addr": "samenet"}, "PgBouncer doesn't take the keyword samenet"),
        ({"addr": "db1.example.com"}, "PgBouncer doesn't take the host name db1.example.com: give addresses"),
        ({"addr": ".example.com"}, "PgBouncer doesn't take the host name .example.com"),
        ({"auth": "gss"}, "PgBouncer doesn't know the method gss: choose one of trust, reject, md5"),
        ({"auth": "ldap", "options": {"ldapbasedn": "x"}}, "PgBouncer doesn't know the method ldap"),
        ({"auth": "cert", "options": {"clientcert": "verify-full"}}, "PgBouncer doesn't take the option clientcert"),
        ({"auth": "os"}, "method peer is only for the local socket"),
        ({"rules": ["hostgssenc all all all md5"]}, "PgBouncer has no lines of type hostgssenc"),
        ({"rules": ["local all +x md5"]}, "PgBouncer knows no groups: name the members of x"),
        ({"rules": ["local replication all md5"]}, "PgBouncer doesn't take replication"),
    ],
)
def test_what_pgbouncer_does_not_know_is_refused_by_name(item: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError) as caught:
        lines(title="t", **item)
    assert caught.value.message.startswith("rules 1 (t)")
    assert says in caught.value.message


def test_a_group_is_written_as_its_members() -> None:
    members = {"readonly": ("ann", "all", "+x")}
    assert lines(members, user="bob,+readonly,ann")[0].users == (
        Token("bob"), Token("ann"), Token("all", quoted=True), Token("+x", quoted=True),
    )  # fmt: skip
    assert lines(members, rules=["local all +readonly md5"])[0].users[0] == Token("ann")


def test_a_group_without_members_makes_no_line() -> None:
    assert lines({"readonly": ()}, user="+readonly") == ()
    assert lines({"readonly": ()}, rules=["local all +readonly reject"]) == ()


def test_names_with_special_meanings_are_quoted_in_both_columns() -> None:
    names = ["sameuser", '"all"', "a b", '"/x"', '"+x"']
    text = render(
        parse_rules([{"addr": "local", "user": names, "db": ["sameuser", '"/x"']}], POOL), Instance("primary")
    )
    assert 'sameuser,"/x"' in text
    assert '"sameuser","all","a b","/x","+x"' in text


def test_host_bits_are_taken_off_as_pgbouncer_would_never_match() -> None:
    assert [line.address for line in lines(addr="10.1.2.3/8")] == ["10.0.0.0/8"]
