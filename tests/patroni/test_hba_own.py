"""A member whose own configuration has the list is changed there, and its Patroni told."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import yaml
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import AccessError

from testbed import patroni
from tests.patroni.doors import BARRED, MORE, WRONG, enters, put, written


@pytest.fixture
def own_list(cluster: patroni.Cluster, replica: patroni.Node) -> Iterator[patroni.Node]:
    """A replica that has a list in its own configuration, between comments."""
    before = replica.config_file.read_text()
    content = json.loads(before)
    own = "".join(f"  - {json.dumps(line)}\n" for line in patroni.HBA)
    rest = content.pop("postgresql")
    top = yaml.safe_dump(content)
    section = "".join(f"  {line}\n" for line in yaml.safe_dump(rest).splitlines())
    replica.config_file.write_text(
        f"{top}# of this member\npostgresql:\n  pg_hba:  # its doors\n{own}  # the rest\n{section}"
    )
    assert patroni.request(replica, "POST", "/reload")[0] == 202
    yield replica
    replica.config_file.write_text(before)
    assert patroni.request(replica, "POST", "/reload")[0] == 202


def test_a_members_own_list_is_changed_in_its_file_only(leader: patroni.Node, own_list: patroni.Node):
    before = own_list.config_file.read_text()
    mode = own_list.config_file.stat()
    (change,) = put(own_list, *MORE, differing=["offline users"])
    assert str(own_list.config_file) in change["summary"]
    assert not enters(own_list, "barred")
    assert enters(leader, "barred")
    after = own_list.config_file.read_text()
    assert after.replace(f"- '{BARRED}'\n  ", "").replace("'", '"') == before.replace("'", '"')
    assert (own_list.config_file.stat().st_mode, own_list.config_file.stat().st_uid) == (mode.st_mode, mode.st_uid)


def test_a_members_own_list_that_the_server_refuses_is_taken_back(own_list: patroni.Node):
    with pytest.raises(AccessError, match="the former list is back"):
        put(own_list, *WRONG)
    assert yaml.safe_load(own_list.config_file.read_text())["postgresql"]["pg_hba"] == list(patroni.HBA)
    assert written(own_list) == list(patroni.HBA)
