"""Which default privileges hold for what is there already."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.leastpriv.pgsql.plugins.filter.existing_rules import existing_rules


def test_rules_for_certain_creators_are_left_out():
    text, limited = "GRANT SELECT ON TABLES TO readers", {"rule": "GRANT SELECT ON TABLES TO a", "databases": ["shop"]}
    assert existing_rules([text, limited, {**limited, "creators": ["maker"]}]) == [text, limited]


def test_what_is_no_list_is_an_error():
    with pytest.raises(AnsibleFilterError, match="give a list of rules"):
        existing_rules("GRANT SELECT ON TABLES TO readers")
