from __future__ import annotations

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.hidden import hidden, hidden_error, hidden_text
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.networks import address_of, own_networks


@pytest.mark.parametrize(
    "text",
    [
        "host all all 0.0.0.0/0 ldap ldapbindpasswd=hush ldaptls=1",
        'host all all 0.0.0.0/0 ldap "ldapbindpasswd=a hush" ldaptls=1',
        'host all all 0.0.0.0/0 ldap ldapbindpasswd="a ""hush" ldaptls=1',
        "host all all 0.0.0.0/0 radius RADIUSSECRETS=hush",
        "host all all 0.0.0.0/0 ldap ldapbindpasswd=x\\\nhush",
        'host all all 0.0.0.0/0 ldap ldapbindp"assw"d=hush',
        "host all all 0.0.0.0/0 ldap ldapbindpas\\\nswd=hush",
        "host all all 0.0.0.0/0 ldap ldapbindpassword=hush",
    ],
)
def test_a_secret_is_hidden_however_it_is_quoted(text: str) -> None:
    shown = hidden_text(f"# one\n{text}\n# two\n")
    assert "hush" not in shown
    assert shown.startswith("# one\nhost all all")
    assert shown.endswith("=********\n# two\n")


def test_items_are_hidden_by_their_keys_and_within_their_lines() -> None:
    item = {"title": "x", "rules": ["a ldapbindpasswd=hush"], "options": {"ldapbindpasswd": "hush", "ldaptls": True}}
    assert "hush" not in repr(hidden([item]))
    assert hidden([item])[0]["options"]["ldaptls"] is True


def test_the_servers_words_about_a_secret_are_hidden() -> None:
    assert hidden_error('could not parse RADIUS secrets list "hush"') == (
        'could not parse RADIUS secrets list "********'
    )
    assert hidden_error('invalid "map"') == 'invalid "map"'


def test_the_hosts_own_addresses_are_found() -> None:
    found = own_networks()
    assert found is None or "127.0.0.1/8" in found


def test_of_a_link_between_two_the_own_address_counts() -> None:
    peer, own = b"\x08\x00\x01\x00\x0a\x00\x00\x02", b"\x08\x00\x02\x00\x0a\x00\x00\x01"
    assert list(address_of(b"\x02\x20\x00\x00\x01\x00\x00\x00" + peer + own)) == ["10.0.0.1/32"]
