from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.leastpriv.pgsql.plugins.filter.check_hba_rules import check_hba_rules
from ansible_collections.leastpriv.pgsql.plugins.filter.check_items import check_items
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.model import RULE_ROLES
from ansible_collections.leastpriv.pgsql.plugins.module_utils.keys import HBA_RULE

from testbed.collection import CHECKOUT

DEFAULTS = yaml.safe_load((CHECKOUT / "roles" / "pgsql_access" / "defaults" / "main.yml").read_text())
USERS = {"dbsu": "postgres", "repl": "replicator", "monitor": "dbuser_monitor", "admin": "dbuser_dba"}
WHERE = {"admin": [], "infra": ["10.1.1.1", "2001:db8::1"], "cluster": [], "intra": DEFAULTS["node_firewall_intranet"]}
# Order, user, database, address, method: what the access model has, but that the last one is for offline instances.
MODEL = """
100 ${dbsu} all local ident
150 ${dbsu} replication local ident
200 ${repl} replication localhost pwd
250 ${repl} replication intra pwd
300 ${repl} postgres intra pwd
350 ${monitor} all localhost pwd
400 ${monitor} all infra pwd
450 ${admin} all intra pwd
500 ${admin} all world ssl
550 +dbrole_readonly all localhost pwd
600 +dbrole_readonly all intra pwd
650 +dbrole_offline all intra pwd offline
"""
MODEL_OF_THE_POOL = """
100 ${dbsu} pgbouncer local peer
150 all all localhost pwd
200 ${monitor} pgbouncer intra pwd
250 ${monitor} all world deny
300 ${admin} all intra pwd
350 ${admin} all world deny
400 all all intra pwd
"""


def failure(check: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(AnsibleFilterError) as caught:
        check(*arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("variable", "model"), [("pg_default_hba_rules", MODEL), ("pgb_default_hba_rules", MODEL_OF_THE_POOL)]
)
def test_the_defaults_are_the_models_and_can_be_read(variable: str, model: str):
    rules = DEFAULTS[variable]
    keys = ("order", "user", "db", "addr", "auth", "role")
    assert [[str(rule[key]) for key in keys if key in rule] for rule in rules] == [
        line.split() for line in model.strip().splitlines()
    ]
    assert check_items(rules, "hba_rule", variable) is rules
    assert check_hba_rules(rules, variable, USERS, WHERE, variable.startswith("pgb_")) is rules


@pytest.mark.parametrize("variable", ["pg_hba_rules", "pgb_hba_rules"])
def test_the_rules_of_the_example_inventory_can_be_read(variable: str):
    doors = CHECKOUT / "inventories" / "example" / "group_vars" / "pg_example" / "doors.yml"
    rules = yaml.safe_load(doors.read_text())[variable]
    assert check_items(rules, "hba_rule", variable) is rules
    assert check_hba_rules(rules, variable, USERS, WHERE, variable.startswith("pgb_")) is rules


def test_every_key_of_a_rule_is_known():
    rule = {"title": "t", "role": "offline", "order": 5, "rules": ["local all all peer"], "addr": "local"}
    more = {"user": "all", "db": ["a"], "auth": "pwd", "options": {}}
    assert {*rule, *more} == set(HBA_RULE)
    assert check_items([{**rule, **more}], "hba_rule") == [{**rule, **more}]
    assert set(HBA_RULE["role"]["choices"]) == set(RULE_ROLES)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("local all all trust", "pg_hba_rules: rule 2 is not a dictionary"),
        ({"adr": "local", "title": "ours"}, "rule 2 (ours) has the unknown key 'adr': did you mean 'addr'?"),
        ({"user": "all"}, "rule 2 has neither addr nor rules"),
        ({"addr": "local", "role": "offlin"}, "rule 2, role is 'offlin': choose one of default, common, primary"),
        ({"addr": "local", "order": "first"}, "rule 2, order is 'first': give a whole number"),
        ({"addr": "local", "auth": ["pwd"]}, "rule 2, auth is not text"),
    ],
)
def test_a_rule_that_is_none_is_named_by_its_place_and_title(rule: Any, said: str):
    assert said in failure(check_items, [{"addr": "local"}, rule], "hba_rule", "pg_hba_rules")


def test_what_is_no_list_of_rules_is_refused():
    assert failure(check_items, {"addr": "local"}, "hba_rule", "pg_hba_rules") == (
        "pg_hba_rules is not a list: give a list of rules"
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"addr": "10.0.0.300/8"}, "pg_hba_rules 1: addr: 10.0.0.300/8 is no address"),
        ({"addr": "worl"}, "did you mean world?"),
        ({"addr": "local", "user": "${nobody}"}, "${nobody} is unknown"),
        ({"addr": "local", "auth": "pwdd"}, "did you mean pwd?"),
        ({"rules": ["hots all all 10.0.0.0/8 md5"], "title": "raw"}, "pg_hba_rules 1 (raw): rules 1"),
    ],
)
def test_what_the_module_could_not_read_is_said_before_it_runs(rule: dict[str, Any], said: str):
    assert said in failure(check_hba_rules, [rule], "pg_hba_rules", USERS, WHERE)


def test_a_group_is_known_to_the_pool_by_its_members_whoever_they_are():
    rules = [{"addr": "intra", "user": "+dbrole_readwrite"}]
    assert check_hba_rules(rules, "pgb_hba_rules", USERS, WHERE, True) is rules
    assert "samenet" in failure(check_hba_rules, [{"addr": "samenet"}], "pgb_hba_rules", USERS, WHERE, True)
