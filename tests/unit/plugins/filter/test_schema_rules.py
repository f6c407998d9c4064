from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.leastpriv.pgsql.plugins.filter.schema_rules import schema_rules


@pytest.mark.parametrize(
    "rule",
    [
        "GRANT USAGE ON SCHEMAS TO dbrole_readonly",
        "grant  usage,create\non\tschemas to a, b WITH GRANT OPTION",
        "REVOKE USAGE ON SCHEMAS FROM a",
        {"privs": ["USAGE"], "on": "schemas", "to": ["a"]},
        {"privs": ["USAGE"], "on": "SCHEMAS", "to": ["a"], "state": "absent"},
    ],
)
def test_rules_on_schemas_are_kept_as_they_came(rule):
    assert schema_rules([rule]) == [rule]


@pytest.mark.parametrize(
    "rule",
    [
        "GRANT SELECT ON TABLES TO dbrole_readonly",
        'GRANT SELECT ON TABLES TO "ON SCHEMAS TO"',
        {"privs": ["SELECT"], "on": "TABLES", "to": ["a"]},
    ],
)
def test_rules_on_other_classes_are_left_out(rule):
    assert schema_rules([rule]) == []


@pytest.mark.parametrize("limit", [{"databases": ["shop"]}, {"creators": ["own"]}])
@pytest.mark.parametrize(
    "form", [{"rule": "GRANT USAGE ON SCHEMAS TO a"}, {"privs": "USAGE", "on": "schemas", "to": "a"}]
)
def test_limited_rules_are_left_out(form, limit):
    assert schema_rules([{**form, **limit}, form]) == [form]


def test_everything_that_is_no_rule_is_named_with_its_place():
    with pytest.raises(AnsibleFilterError) as caught:
        schema_rules(["GRANT", "GRANT SELECT ON TABLES TO a", {"privs": ["SELECT"]}, 5], "pg_default_privileges")
    message = str(caught.value)
    assert "pg_default_privileges[0]: not a rule" in message
    assert "pg_default_privileges[2]: missing on, to" in message
    assert "pg_default_privileges[3]: a rule is a text or a dict" in message
    assert "pg_default_privileges[1]" not in message


@pytest.mark.parametrize("rules", ["GRANT USAGE ON SCHEMAS TO a", {"privs": []}, None])
def test_what_is_not_a_list_is_refused(rules):
    with pytest.raises(AnsibleFilterError, match=r"^rules is not a list: give a list of rules$"):
        schema_rules(rules)
