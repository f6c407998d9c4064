from __future__ import annotations

import pytest
from ansible_collections.leastpriv.pgsql.plugins.filter.schema_rules import schema_rules


@pytest.mark.parametrize(
    "rule",
    [
        "GRANT USAGE ON SCHEMAS TO dbrole_readonly",
        "grant  usage,create\non\tschemas to a, b WITH GRANT OPTION",
        {"privs": ["USAGE"], "on": "schemas", "to": ["a"]},
    ],
)
def test_grants_on_schemas_are_kept(rule):
    assert schema_rules([rule]) == [rule]


@pytest.mark.parametrize(
    "rule",
    [
        "GRANT SELECT ON TABLES TO dbrole_readonly",
        'GRANT SELECT ON TABLES TO "ON SCHEMAS TO"',
        "REVOKE USAGE ON SCHEMAS FROM a",
        {"privs": ["USAGE"], "on": "SCHEMAS", "to": ["a"], "state": "absent"},
        {"privs": ["SELECT"], "on": "TABLES", "to": ["a"]},
    ],
)
def test_everything_else_is_left_out(rule):
    assert schema_rules([rule]) == []
