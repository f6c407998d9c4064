"""Cross-checks of rules against each other and against what the server has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.checks import checks
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.cluster import DatabaseFact, Facts, RoleFact
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.model import Instance
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.parse import parse_rules

from tests.unit.hba.model_inventory import NAMES, RULES

LOGIN = RoleFact(login=True)
FACTS = Facts(
    {
        "postgres": RoleFact(login=True, superuser=True),
        "replicator": RoleFact(login=True, replication=True),
        "dbuser_monitor": LOGIN,
        "dbuser_dba": RoleFact(login=True, superuser=True),
        "dbrole_readonly": RoleFact(),
        "dbrole_offline": RoleFact(),
        "biz": RoleFact(login=True, groups=frozenset({"dbrole_readonly"})),
        "etl": RoleFact(login=True, groups=frozenset({"dbrole_offline"})),
    },
    {"postgres": DatabaseFact(), "app": DatabaseFact()},
)
EVERYBODY = {"title": "everybody", "addr": "local", "auth": "peer"}


def found(*items: dict[str, Any], facts: Facts = FACTS, role: str = "primary") -> list[str]:
    """Give the warnings of rules, one that lets everybody in over the socket among them."""
    rules = parse_rules([{"title": "x", **item} for item in items] + [EVERYBODY], NAMES)
    findings = checks(rules, Instance(role), facts)
    assert findings.problems == ()
    return list(findings.warnings)


def with_role(name: str, role: RoleFact = LOGIN) -> Facts:
    return replace(FACTS, roles={**FACTS.roles, name: role})


@pytest.mark.parametrize("role", ["primary", "replica", "offline"])
def test_the_models_rules_have_nothing_to_be_warned_of(role: str) -> None:
    findings = checks(parse_rules(RULES, NAMES), Instance(role), FACTS)
    assert (findings.problems, findings.warnings) == ((), ())


def test_the_models_rules_warn_of_tls_that_is_off() -> None:
    (warning,) = checks(parse_rules(RULES, NAMES), Instance("primary"), replace(FACTS, ssl=False)).warnings
    assert warning.startswith("rules 9 (rule 500): its hostssl lines let nobody in while ssl is off")


def test_a_login_role_that_no_rule_lets_in_is_told() -> None:
    (warning,) = checks(parse_rules(RULES, NAMES), Instance("primary"), with_role("lost")).warnings
    assert warning == "no rule lets the login role lost in: add one, or take its LOGIN away"


def test_a_role_without_login_needs_no_rule() -> None:
    assert checks(parse_rules(RULES, NAMES), Instance("primary"), with_role("group", RoleFact())).warnings == ()


def lost(*items: dict[str, Any], role: RoleFact = LOGIN) -> bool:
    facts = Facts({"bob": role, "g": RoleFact()}, FACTS.databases)
    findings = checks(
        parse_rules([{"addr": "10.0.0.0/8", **item} for item in items], NAMES), Instance("primary"), facts
    )
    return any("bob" in warning and "no rule lets" in warning for warning in findings.warnings)


def test_a_role_that_is_only_rejected_is_not_let_in() -> None:
    assert lost({"user": "bob", "auth": "deny"})
    assert lost({"user": "bob", "auth": "deny"}, {"user": "all"})
    assert not lost({"user": "bob", "auth": "deny", "db": "postgres"}, {"user": "all"})
    assert not lost({"user": "bob", "auth": "deny", "addr": "10.1.0.0/16"}, {"user": "all"})


def test_replication_lets_in_only_who_may_replicate() -> None:
    assert lost({"user": "bob", "db": "replication"})
    assert not lost({"user": "bob", "db": "replication"}, role=RoleFact(login=True, replication=True))


def test_a_member_is_let_in_by_its_group() -> None:
    assert not lost({"user": "+g"}, role=RoleFact(login=True, groups=frozenset({"g"})))
    assert lost({"user": "+g"})


def test_what_may_let_in_counts_as_letting_in() -> None:
    assert not lost({"user": "@file"})
    assert not lost({"addr": "host.example.com"})


def test_a_rule_for_a_role_or_database_that_does_not_exist_is_told() -> None:
    assert found({"addr": "local", "user": "bop,+gruop", "db": "ap"})[:3] == [
        "rules 1 (x): role bop doesn't exist: create it, or correct the name",
        "rules 1 (x): role gruop doesn't exist: create it, or correct the name",
        "rules 1 (x): database ap doesn't exist: create it, or correct the name",
    ]


def test_a_rule_for_the_role_called_all_needs_that_role() -> None:
    assert found({"addr": "local", "user": '"all"'})[0].startswith("rules 1 (x): role all doesn't exist")
    assert found({"addr": "local", "user": "all", "db": "sameuser"}) == []


def test_what_is_assumed_counts_as_existing() -> None:
    facts = replace(FACTS, assumed_roles=frozenset({"bop"}), assumed_databases=frozenset({"ap"}))
    assert found({"addr": "local", "user": "bop", "db": "ap"}, facts=facts) == []


def test_expressions_and_files_name_nobody_in_particular() -> None:
    assert found({"addr": "local", "user": "/^x,@file", "db": "/^y"}) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"addr": "10.0.0.0/8"}, {"addr": "10.1.0.0/16"}),
        ({"addr": "10.0.0.0/8"}, {"addr": "10.1.0.0/16", "auth": "ssl"}),
        ({"addr": "world"}, {"addr": "10.1.0.0/16,2001:db8::/32"}),
        ({"rules": ["host all all all md5"]}, {"addr": "some.host"}),
        ({"addr": "some.host"}, {"addr": "some.host", "user": "biz"}),
        ({"addr": "samenet"}, {"addr": "samehost"}),
        ({"user": "+dbrole_readonly", "addr": "10.0.0.0/8"}, {"user": "biz,dbrole_readonly", "addr": "10.0.0.1"}),
        ({"user": "biz,etl", "addr": "10.0.0.0/8"}, {"user": "etl", "db": "app", "addr": "10.0.0.1"}),
        ({"user": "/^b", "addr": "10.0.0.0/8"}, {"user": "biz", "addr": "10.0.0.0/8"}),
        ({"db": "samerole", "addr": "10.0.0.0/8"}, {"db": "sameuser", "addr": "10.0.0.0/8"}),
        ({"db": "replication", "addr": "10.0.0.0/8"}, {"db": "replication", "addr": "10.0.0.0/8", "user": "biz"}),
        ({"auth": "deny", "addr": "10.0.0.0/8"}, {"addr": "10.0.0.0/8"}),
    ],
)
def test_a_rule_that_an_earlier_one_covers_never_decides(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert found({**first, "title": "wide"}, {**second, "title": "narrow"}) == [
        "rules 2 (narrow) never decides: what it is for is decided before, by rules 1 (wide)",
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"addr": "10.1.0.0/16"}, {"addr": "10.0.0.0/8"}),
        ({"addr": "10.0.0.0/8", "auth": "ssl"}, {"addr": "10.0.0.0/8"}),
        ({"addr": "0.0.0.0/0"}, {"addr": "world"}),
        ({"addr": "10.0.0.0/8"}, {"addr": "some.host"}),
        ({"addr": "some.host"}, {"addr": "10.0.0.0/8"}),
        ({"addr": "10.0.0.0/8"}, {"addr": "10.0.0.0/8", "db": "replication"}),
        ({"user": "+dbrole_readonly", "addr": "10.0.0.0/8"}, {"user": "etl", "addr": "10.0.0.0/8"}),
        ({"user": "+dbrole_readonly", "addr": "10.0.0.0/8"}, {"user": "+dbrole_offline", "addr": "10.0.0.0/8"}),
        ({"user": "biz", "addr": "10.0.0.0/8"}, {"user": "/^b", "addr": "10.0.0.0/8"}),
        ({"user": "biz", "db": "app", "addr": "samenet"}, {"user": "biz", "db": "postgres", "addr": "samenet"}),
        ({"db": "sameuser", "addr": "10.0.0.0/8"}, {"db": "samerole", "addr": "10.0.0.0/8"}),
        ({"user": "@file", "addr": "10.0.0.0/8"}, {"user": "@file", "addr": "10.0.0.0/8"}),
    ],
)
def test_a_rule_that_has_something_left_is_not_told(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert found(first, second) == []


def test_several_rules_can_cover_one_together() -> None:
    (warning,) = found(
        {"user": "biz", "addr": "10.0.0.0/8", "title": "a"},
        {"user": "etl", "addr": "10.0.0.0/8", "title": "b"},
        {"user": "biz,etl", "addr": "10.1.0.0/16"},
    )
    assert warning.endswith("by rules 1 (a), rules 2 (b)")


def test_rules_for_other_instances_cover_nothing() -> None:
    assert found({"addr": "10.0.0.0/8", "role": "offline"}, {"addr": "10.0.0.0/8"}) == []


@pytest.mark.parametrize(
    ("item", "risky"),
    [
        ({"addr": "10.0.0.0/8,10.9.0.1", "auth": "trust"}, "trust lets anybody from 10.0.0.0/8, 10.9.0.1/32 in"),
        ({"addr": "some.host", "auth": "trust"}, "trust lets anybody from some.host in"),
        ({"addr": "samenet", "auth": "trust"}, "trust lets anybody from samenet in"),
        ({"addr": "10.0.0.0/8", "auth": "password"}, "password sends passwords from 10.0.0.0/8 in clear text"),
        ({"rules": ["hostssl all all all trust clientcert=verify-ca"]}, "trust lets anybody from all in"),
        ({"addr": "localhost,samehost,127.0.0.0/16", "auth": "trust"}, ""),
        ({"addr": "localhost", "auth": "password"}, ""),
        ({"rules": ["hostssl all all all password"]}, ""),
        ({"rules": ["hostssl all all all trust clientcert=verify-full"]}, ""),
    ],
)
def test_trust_and_password_from_the_network_are_told(item: dict[str, Any], risky: str) -> None:
    warnings = [warning for warning in found(item) if "never decides" not in warning]
    assert [warning.startswith(f"rules 1 (x): {risky}") for warning in warnings] == ([True] if risky else [])


def closed(*connect: str) -> Facts:
    databases = {**FACTS.databases, "shut": DatabaseFact(public_connect=False, connect=frozenset(connect))}
    return replace(FACTS, databases=databases)


def test_a_rule_for_a_database_whose_users_cannot_connect_is_told() -> None:
    warnings = found({"addr": "10.0.0.0/8", "db": "shut", "user": "biz"}, facts=closed("etl"))
    assert warnings == ["rules 1 (x) is for database shut, and nobody whom it lets in has CONNECT there: grant it"]


def test_a_database_whose_only_rules_admit_roles_that_cannot_connect_is_told() -> None:
    rules = parse_rules(RULES, NAMES)
    (warning,) = checks(rules, Instance("primary"), closed("etl")).warnings
    assert warning.startswith("nobody but superusers gets into database shut: whom rules 6 (rule 350), rules 7")
    assert checks(rules, Instance("primary"), closed("biz")).warnings == ()


def test_superusers_need_no_connect() -> None:
    assert found({"addr": "10.0.0.0/8", "db": "shut", "user": "dbuser_dba"}, facts=closed("biz")) == []


def test_an_alias_that_stands_for_nothing_is_told() -> None:
    rules = parse_rules([{"title": "x", "addr": "infra"}, EVERYBODY], replace(NAMES, addresses={}))
    (warning,) = checks(rules, Instance("primary"), FACTS).warnings
    assert warning.startswith("rules 1 (x) makes no line: its addr or user is an empty list")


def test_a_file_without_a_line_is_a_problem() -> None:
    rules = parse_rules([{"addr": "local", "role": "offline"}], NAMES)
    assert "the server takes no file without a line" in checks(rules, Instance("primary"), FACTS).problems[0]


def test_what_the_version_of_the_server_refuses_is_a_problem() -> None:
    items = [{"title": "x", "rules": ["hostssl all all all cert clientname=DN"]}]
    facts = replace(FACTS, version=130004)
    (problem,) = checks(parse_rules(items, NAMES), Instance("primary"), facts).problems
    assert problem == "rules 1 (x): option clientname needs PostgreSQL 14: take it away"


def test_before_16_an_expression_is_the_name_of_a_role() -> None:
    (warning,) = found({"rules": ["local all /^a md5"]}, facts=replace(FACTS, version=150000))
    assert warning.startswith("rules 1 (x): role /^a doesn't exist")
