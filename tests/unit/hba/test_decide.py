"""Which line decides about an attempt to connect."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.cluster import Attempt, Cluster
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.decide import decide, doors, possible
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.model import Instance, Line
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.parse import parse_rules
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.render import active_lines
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.tokens import read_lines

from tests.unit.hba.model_inventory import NAMES, RULES

GROUPS = {
    "postgres": frozenset[str](),
    "bob": frozenset({"readwrite", "readonly"}),
    "ann": frozenset[str](),
    "readonly": frozenset[str](),
    "readwrite": frozenset({"readonly"}),
    "app": frozenset[str](),
}
CLUSTER = Cluster(GROUPS, ("127.0.0.1/8", "::1/128", "10.1.2.3/24", "fe80::1%eth0/64"))


def lines(text: str) -> tuple[Line, ...]:
    return tuple(located.content for located in read_lines(text) if isinstance(located.content, Line))


def matches(line: str, user: str = "bob", database: str = "app", **more: Any) -> bool | None:
    """Tell whether the line is the one that decides; None if it only may be."""
    parsed = lines(line)
    attempt = Attempt(user, database, **more)
    sure = decide(parsed, attempt, CLUSTER) is not None
    return True if sure else None if possible(parsed, attempt, CLUSTER) else False


def host(address: str, come_from: str, **more: Any) -> bool | None:
    return matches(f"host all all {address} md5", address=come_from, **more)


def test_the_first_line_that_matches_decides() -> None:
    parsed = lines("local all ann trust\nlocal all bob reject\nlocal all all trust")
    assert decide(parsed, Attempt("bob", "app"), CLUSTER) == parsed[1]
    assert decide(parsed, Attempt("app", "app"), CLUSTER) == parsed[2]


def test_no_line_rejects() -> None:
    assert decide(lines("local all ann trust"), Attempt("bob", "app"), CLUSTER) is None


@pytest.mark.parametrize(
    ("kind", "ways"),
    [
        ("host", {"plain", "ssl", "gss"}),
        ("hostssl", {"ssl"}),
        ("hostnossl", {"plain", "gss"}),
        ("hostgssenc", {"gss"}),
        ("hostnogssenc", {"plain", "ssl"}),
    ],
)
def test_a_type_takes_its_connections_only(kind: str, ways: set[str]) -> None:
    found = {way for way in ("plain", "ssl", "gss")
             if matches(f"{kind} all all all md5", address="::1", ssl=way == "ssl", gss=way == "gss")}  # fmt: skip
    assert found == ways
    assert matches(f"{kind} all all all md5") is False


def test_local_lines_are_for_the_socket_only() -> None:
    assert matches("local all all md5") is True
    assert matches("local all all md5", address="127.0.0.1") is False


def test_addresses_are_compared_under_their_mask_whatever_their_host_bits() -> None:
    assert host("10.1.2.3/8", "10.9.9.9") is True
    assert host("10.0.0.0/9", "10.200.0.1") is False
    assert host("10.0.5.0 255.0.255.0", "10.77.5.1") is True
    assert host("10.0.5.0 255.0.255.0", "10.77.6.1") is False
    assert host("10.1/16", "10.0.200.1") is True
    assert host("010.0.0.0/8", "8.1.2.3") is True


def test_ipv4_and_ipv6_never_match_each_other() -> None:
    assert host("0.0.0.0/0", "2001:db8::1") is False
    assert host("::/0", "10.0.0.1") is False
    assert host("::ffff:10.0.0.1/128", "10.0.0.1") is False
    assert host("2001:db8::/32", "2001:db8:1::1") is True
    assert host("all", "2001:db8:1::1") is host("all", "10.0.0.1") is True
    assert host("fe80::/10", "fe80::5%eth0") is True


def test_samehost_and_samenet_are_the_servers_own_addresses() -> None:
    assert host("samehost", "10.1.2.3") is host("samenet", "10.1.2.99") is host("samenet", "fe80::77%eth0") is True
    assert host("samehost", "10.1.2.99") is host("samenet", "10.1.3.1") is False


def test_without_known_addresses_only_loopback_is_surely_the_same_host() -> None:
    unknown = Cluster(GROUPS)
    parsed = lines("host all all samehost md5")
    assert decide(parsed, Attempt("bob", "app", "::1"), unknown) == parsed[0]
    assert decide(parsed, Attempt("bob", "app", "10.1.2.3"), unknown) is None
    assert possible(parsed, Attempt("bob", "app", "10.1.2.3"), unknown) == parsed


@pytest.mark.parametrize("name", ["db1.example.com", ".example.com", "10.0.0.256", '"all"', '"samehost"'])
def test_a_host_name_may_match(name: str) -> None:
    assert host(name, "10.0.0.1") is None
    assert matches(f"host other all {name} md5", address="10.0.0.1") is False


def test_groups_hold_their_members_direct_or_not_and_the_role_of_that_name() -> None:
    assert matches("local all +readonly md5") is True
    assert matches("local all +readonly md5", user="readonly") is True
    assert matches("local all +readonly md5", user="ann") is False
    assert matches('local all "+readonly" md5') is False


def test_superusers_are_members_of_nothing_by_being_superuser() -> None:
    assert matches("local all +readonly md5", user="postgres") is False


def test_a_user_that_does_not_exist_is_matched_by_all_but_in_no_group() -> None:
    assert matches("local all all md5", user="ghost") is True
    assert matches("local all +ghost md5", user="ghost") is False
    assert matches("local samerole all md5", user="ghost", database="ghost") is False


def test_all_in_quotes_is_a_role_or_database_of_that_name() -> None:
    assert matches('local all "all" md5') is False
    assert matches('local "all" all md5') is False
    assert matches('local "all" "all" md5', user="all", database="all") is True


def test_sameuser_and_samerole_compare_the_database_with_the_user() -> None:
    assert matches("local sameuser all md5", database="bob") is True
    assert matches("local sameuser all md5", database="readonly") is False
    for word in ("samerole", "samegroup"):
        assert matches(f"local {word} all md5", database="bob") is True
        assert matches(f"local {word} all md5", database="readonly") is True
        assert matches(f"local {word} all md5", database="app") is False
        assert matches(f'local "{word}" all md5', database="readonly") is False


def test_physical_replication_is_for_its_keyword_only() -> None:
    assert matches("local replication all md5", database="", replication=True) is True
    assert matches("local all all md5", database="", replication=True) is False
    assert matches('local "replication" all md5', database="replication", replication=True) is False
    assert matches("local /.* all md5", database="", replication=True) is False


def test_the_keyword_replication_is_no_database() -> None:
    assert matches("local replication all md5", database="replication") is False
    assert matches('local "replication" all md5', database="replication") is True
    assert matches("local all all md5", database="replication") is True


def test_files_of_names_may_match() -> None:
    assert matches("local all @names md5") is None
    assert matches("local all @names,bob md5") is True
    assert matches("local @names all md5", replication=True) is None
    assert matches('local all "@names" md5') is False
    assert matches("local all @ md5", user="@") is True


def test_names_are_compared_exactly() -> None:
    assert matches("local all Bob md5") is False
    assert matches('local all "Bob" md5', user="Bob") is True


def test_expressions_are_searched_for_since_16_and_are_names_before() -> None:
    assert matches("local all /^b md5") is matches('local all "/^b" md5') is True
    assert matches("local all /b md5") is True
    assert matches("local all /^o md5") is False
    before = Cluster(GROUPS, version=150000)
    assert decide(lines("local all /^b md5"), Attempt("bob", "app"), before) is None
    assert decide(lines("local all /^b md5"), Attempt("/^b", "app"), before) is not None


@pytest.mark.parametrize("odd", [r"/(b)\1", "/[[:alpha:]]", "/(?i)B", "/***=b", r"/\mb", "/b{1}{2}", "/(b+)+"])
def test_an_expression_that_may_mean_something_else_here_may_match(odd: str) -> None:
    assert matches(f"local all {odd} md5") is None


def test_a_doubtful_line_is_told_with_the_sure_one_after_it() -> None:
    parsed = lines(
        "host all all db1.example.com reject\nhost all ann all md5\nhost all all all md5\nhost all all all trust"
    )
    attempt = Attempt("bob", "app", "10.0.0.1")
    assert decide(parsed, attempt, CLUSTER) == parsed[2]
    assert possible(parsed, attempt, CLUSTER) == (parsed[0], parsed[2])


def states(text: str, *attempts: Attempt, cluster: Cluster = CLUSTER) -> list[str]:
    return [door.state for door in doors(lines(text), attempts, cluster)]


def test_a_door_is_open_where_a_line_admits_and_shut_where_one_rejects_or_none_is() -> None:
    text = "local all bob reject\nlocal all all peer"
    assert states(text, Attempt("bob", "app"), Attempt("ann", "app"), Attempt("ann", "app", "::1")) == [
        "shut", "open", "shut",
    ]  # fmt: skip


def test_a_door_may_be_open_where_only_the_server_knows() -> None:
    attempt = Attempt("bob", "app", "10.0.0.1")
    assert states("host all all a.b md5", attempt) == ["maybe"]
    assert states("host all all a.b reject\nhost all all all md5", attempt) == ["maybe"]
    assert states("host all all a.b md5\nhost all all all md5", attempt) == ["open"]
    assert states("host all all a.b reject", attempt) == ["shut"]


def test_a_client_that_takes_tls_or_none_needs_one_open_way() -> None:
    either = Attempt("bob", "app", "10.0.0.1", ssl=None)
    assert states("hostssl all all all md5", either) == ["open"]
    assert states("hostnossl all all all md5", either) == ["open"]
    assert states("hostssl all all all md5", either, cluster=Cluster(GROUPS, ssl=False)) == ["shut"]
    assert states("hostssl all all all reject\nhostnossl all all all reject", either) == ["shut"]


def test_a_door_tells_the_lines_that_decide() -> None:
    (door,) = doors(lines("local all all reject"), [Attempt("bob", "app", what="this connection")], CLUSTER)
    assert (door.attempt.what, [line.method for line in door.lines]) == ("this connection", ["reject"])


OFFLINE = Cluster({"etl": frozenset({"dbrole_offline"}), "biz": frozenset({"dbrole_readwrite", "dbrole_readonly"})})


@pytest.mark.parametrize(
    ("user", "instance", "expected"),
    [("etl", "primary", "shut"), ("etl", "offline", "open"), ("biz", "primary", "open"), ("biz", "offline", "open")],
)
def test_offline_users_reach_only_offline_instances_by_the_models_rules(
    user: str, instance: str, expected: str
) -> None:
    active = active_lines(parse_rules(RULES, NAMES), Instance(instance))
    (door,) = doors(active, [Attempt(user, "app", "10.3.4.5")], OFFLINE)
    assert door.state == expected
