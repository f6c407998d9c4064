"""What later modules take for granted on schemas."""

from __future__ import annotations

from ansible_collections.leastpriv.pgsql.plugins.filter.assumed_schema_privileges import assumed_schema_privileges

SHOP = {"name": "shop", "schemas": ["app"]}


def test_rules_count_for_every_declared_schema_and_closing_for_public():
    rules = ["GRANT USAGE ON SCHEMAS TO readers", "REVOKE ALL ON SCHEMAS FROM PUBLIC"]
    (item,) = assumed_schema_privileges([SHOP], rules, "dbrole_admin", True)
    assert item == {
        **SHOP,
        "schema_privileges": [
            {"schema": "app", "role": "readers", "privs": ["USAGE"], "state": "present"},
            {"schema": "app", "role": "PUBLIC", "privs": ["USAGE", "CREATE"], "state": "absent"},
            {"schema": "public", "role": "PUBLIC", "privs": ["CREATE"], "state": "absent"},
            {"schema": "public", "role": "dbrole_admin", "privs": ["CREATE"], "state": "present"},
        ],
    }


def test_without_closing_nothing_is_said_about_public():
    assert assumed_schema_privileges([{"name": "shop"}], [], "", False) == [{"name": "shop", "schema_privileges": []}]
