from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.leastpriv.pgsql.plugins.filter.assumed_items import assumed_items


def test_only_name_and_structure_are_kept():
    item = {"name": "app", "password": "hush", "superuser": False, "roles": ["parent"], "comment": "x"}
    assert assumed_items([item], "role") == [{"name": "app", "superuser": False, "roles": ["parent"]}]


def test_databases_keep_owner_template_and_schemas():
    item = {"name": "db", "owner": "app", "template": "template0", "schemas": ["s"], "connlimit": 3}
    assert assumed_items([item], "database") == [
        {"name": "db", "owner": "app", "template": "template0", "schemas": ["s"]}
    ]


def test_what_is_absent_is_not_assumed():
    assert assumed_items([{"name": "old", "state": "absent"}, {"name": "new", "state": "create"}], "role") == [
        {"name": "new"}
    ]


def test_an_unknown_kind_is_refused():
    with pytest.raises(AnsibleFilterError, match="'schema'"):
        assumed_items([], "schema")


def test_memberships_and_schemas_become_names():
    role = {"name": "app", "roles": ["a", {"name": "b", "admin": True}]}
    database = {"name": "db", "schemas": ["s", {"name": "t", "owner": "app"}]}
    assert assumed_items([role], "role") == [{"name": "app", "roles": ["a", "b"]}]
    assert assumed_items([database], "database") == [{"name": "db", "schemas": ["s", "t"]}]


def test_memberships_that_go_or_do_not_inherit_are_not_assumed():
    parents = [{"name": "a", "state": "absent"}, {"name": "b", "state": "revoke"}, {"name": "c", "inherit": False}]
    item = {"name": "app", "roles": [*parents, "d"]}
    assert assumed_items([item], "role") == [{"name": "app", "roles": ["d"], "revoked_roles": ["a", "b"]}]


def test_in_mode_exact_a_declared_list_of_memberships_is_complete():
    said = {"name": "app", "roles": ["d"], "revoked_roles": ["a"], "roles_exact": True}
    assert assumed_items([{"name": "app", "roles": [{"name": "a", "state": "absent"}, "d"]}], "role", True) == [said]
    assert assumed_items([{"name": "app"}], "role", True) == [{"name": "app"}]
    assert (
        "roles_exact"
        not in assumed_items([{"name": "app", "roles": [{"name": "c", "inherit": False}]}], "role", True)[0]
    )


def test_databases_that_go_and_those_that_are_closed_are_said():
    items = [{"name": "old", "owner": "x", "state": "absent"}, {"name": "shut", "allowconn": False}]
    assert assumed_items(items, "gone_database") == [{"name": "old", "state": "absent"}]
    assert assumed_items(items, "database") == [{"name": "shut", "allowconn": False}]


def test_names_may_stand_in_one_text():
    assert assumed_items([{"name": "app", "roles": "a,b"}], "role") == [{"name": "app", "roles": ["a", "b"]}]
