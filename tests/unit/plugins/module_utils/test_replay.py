from __future__ import annotations

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.replay import end_of_record

SIZES = (8192, 16 * 1024 * 1024)


@pytest.mark.parametrize(
    ("place", "end"),
    [
        ("0/3000060", "0/3000060"),
        ("0/3002018", "0/3002000"),
        ("0/3000028", "0/3000000"),
        ("0/3002028", "0/3002028"),
        ("A/18", "A/0"),
    ],
)
def test_no_record_ends_behind_a_pages_header(place: str, end: str) -> None:
    assert end_of_record(place, *SIZES) == end
