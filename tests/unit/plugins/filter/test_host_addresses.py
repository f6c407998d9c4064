from __future__ import annotations

from ansible_collections.leastpriv.pgsql.plugins.filter.host_addresses import host_addresses

HOSTS = [
    {"inventory_hostname": "db1", "ansible_host": "10.0.0.1"},
    {"inventory_hostname": "2001:db8::2"},
    {"inventory_hostname": "db3", "ansible_host": "db3.example.com"},
    {"inventory_hostname": "db4", "pgsql_access_addresses": ["10.0.0.4", "2001:db8::4"], "ansible_host": "10.9.9.9"},
    {"inventory_hostname": "db5", "ansible_host": "10.0.0.1", "pgsql_access_addresses": []},
    {"inventory_hostname": "10.0.0.6", "ansible_host": None},
]


def test_addresses_are_declared_or_those_that_ansible_goes_to_once_each_and_in_order():
    assert host_addresses(HOSTS) == ["10.0.0.1", "2001:db8::2", "10.0.0.4", "2001:db8::4", "10.0.0.6"]


def test_hosts_that_only_have_a_name_are_named():
    assert host_addresses(HOSTS, missing=True) == ["db3"]


def test_one_address_may_be_given_as_text():
    assert host_addresses([{"inventory_hostname": "a", "pgsql_access_addresses": "10.0.0.7"}]) == ["10.0.0.7"]
