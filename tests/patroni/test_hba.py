"""Files that Patroni writes are changed through Patroni, by its REST API."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import AccessError, InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba import patroni as door

from testbed import patroni
from testbed.patroni_node import PASSWORD
from tests.patroni.doors import BARRED, MORE, WRONG, diff_of, enters, find, put, rules, session_on, shared, written


def test_a_list_that_all_members_share_is_found(leader: patroni.Node, replica: patroni.Node):
    for node in (leader, replica):
        found = find(node)
        assert found.hba is not None
        assert (found.hba.owner, found.hba.lines) == ("dynamic", patroni.HBA)
        assert found.ident is None
        assert PASSWORD not in repr(found)


def test_a_server_without_patroni_has_none(cluster: patroni.Cluster, tmp_path: Path):
    (tmp_path / "pg_hba.conf").write_text("local all all trust\n")
    assert cluster.nodes
    assert door.find(door.Place(str(tmp_path), str(tmp_path / "pg_hba.conf"), ""), None) is None


def test_a_file_of_a_patroni_that_cannot_be_seen_is_refused(leader: patroni.Node, tmp_path: Path):
    (tmp_path / "pg_hba.conf").write_text((leader.data_dir / "pg_hba.conf").read_text())
    with pytest.raises(AccessError, match="was written by Patroni, and no Patroni that looks after"):
        door.find(door.Place(str(tmp_path), str(tmp_path / "pg_hba.conf"), ""), None)


def test_a_shared_list_is_changed_on_all_members(cluster: patroni.Cluster, leader: patroni.Node):
    assert enters(leader, "barred")
    (change,) = put(leader, *MORE)
    assert "the configuration that all members share" in change["summary"]
    assert not enters(leader, "barred")
    assert patroni.request(leader, "GET", "/config")[1]["postgresql"]["pg_hba"] == list(MORE)
    for node in cluster.nodes:
        put(node, *MORE)
        assert written(node) == list(MORE)


def test_the_module_finds_patroni_and_changes_its_list(leader: patroni.Node, replica: patroni.Node):
    check = rules(leader, BARRED, check=True)
    assert (check["managed_by"], check["changed"]) == ("patroni", True), check
    assert f"+{BARRED}" in diff_of(check)
    assert enters(leader, "barred")
    applied = rules(leader, BARRED)
    assert applied["changes"] == check["changes"], applied
    assert not enters(leader, "barred")
    assert not rules(leader, BARRED)["changed"]
    rules(replica, BARRED)
    assert not enters(replica, "barred")
    assert rules(leader)["changed"]
    assert enters(leader, "barred")


def test_the_module_refuses_rules_for_some_members_in_the_shared_list(leader: patroni.Node):
    offline = {"title": "offline users", "role": "offline", "rules": [BARRED]}
    usual = {"title": "the usual", "role": "common", "rules": list(patroni.HBA)}
    result = rules(leader, rules=[offline, usual], instance_role="primary")
    assert result["failed"]
    assert "count on some members only: " in result["msg"]
    assert "offline users" in result["msg"]
    assert enters(leader, "barred")


def test_a_list_that_is_in_force_takes_nothing(leader: patroni.Node):
    assert put(leader, *patroni.HBA) == []


def test_a_file_that_was_changed_behind_patronis_back_is_written_again(leader: patroni.Node):
    (leader.data_dir / "pg_hba.conf").write_text("local all all trust\n")
    assert [change["action"] for change in put(leader, *patroni.HBA)] == ["reload"]
    assert written(leader) == list(patroni.HBA)


def test_lines_that_the_server_refuses_are_taken_back(leader: patroni.Node):
    with pytest.raises(AccessError) as caught:
        put(leader, *WRONG)
    assert "line 3 (local all all trusty)" in str(caught.value)
    assert "the former list is back" in str(caught.value)
    assert patroni.request(leader, "GET", "/config")[1]["postgresql"]["pg_hba"] == list(patroni.HBA)
    assert written(leader) == list(patroni.HBA)
    assert enters(leader, "barred")


def test_rules_for_some_members_only_are_refused_and_both_ways_out_named(leader: patroni.Node):
    with pytest.raises(InputError) as caught:
        put(leader, *MORE, differing=["offline users"])
    assert "count on some members only: offline users" in str(caught.value)
    assert "put postgresql.pg_hba into each member's local configuration, or take pg_hba out" in str(caught.value)
    assert written(leader) == list(patroni.HBA)


def test_a_file_that_patroni_has_no_list_for_is_ours(cluster: patroni.Cluster, leader: patroni.Node):
    shared(leader, pg_hba=None)
    patroni.until(lambda: find(leader).hba is None, "configuration without pg_hba", cluster)
    assert find(leader).config == str(leader.config_file)


def test_maps_of_names_are_changed_likewise(leader: patroni.Node):
    shared(leader, pg_ident=["old root postgres"])
    wanted = door.Wanted(ident=["doors root postgres", "doors ops barred"])
    (change,) = door.changes(find(leader), wanted, session_on(leader))
    assert change["object"].endswith("pg_ident.conf")
    door.apply(find(leader), wanted, session_on(leader))
    assert door.changes(find(leader), wanted, session_on(leader)) == ()
    maps = patroni.query(leader, "SELECT map_name, sys_name, pg_username FROM pg_ident_file_mappings")
    assert maps == [("doors", "root", "postgres"), ("doors", "ops", "barred")]


def test_a_wrong_password_is_an_error_without_it(leader: patroni.Node):
    found = find(leader, config_file=str(leader.config_file), username="api", password="quite-wrong-7")
    with pytest.raises(AccessError) as caught:
        door.apply(found, door.Wanted(hba=MORE), session_on(leader))
    assert "refused PATCH /config with status 401: it wants another user name and password" in str(caught.value)
    assert "quite-wrong-7" not in str(caught.value) + repr(found)
    assert PASSWORD not in str(caught.value)


def test_an_api_that_cannot_be_reached_is_named(leader: patroni.Node):
    with pytest.raises(AccessError, match=r"REST API at http://127\.0\.0\.1:9 can't be reached: Connection refused"):
        find(leader, url="http://127.0.0.1:9")
