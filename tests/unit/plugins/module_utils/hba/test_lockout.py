from __future__ import annotations

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.cluster import Facts, RoleFact
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.lockout import KEYWORD, lets_in, superusers
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.model import Line
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.tokens import read_lines

ROLES = {
    "boss": RoleFact(login=True, superuser=True, groups=frozenset({"bosses"})),
    "chief": RoleFact(login=True, superuser=True),
    "idle": RoleFact(superuser=True),
    "sender": RoleFact(login=True, replication=True),
}


def lines(text: str) -> list[Line]:
    return [one.content for one in read_lines(text) if isinstance(one.content, Line)]


@pytest.mark.parametrize(
    ("text", "is_in"),
    [
        ("host all all 10.0.0.0/8 md5", False),
        ("host replication sender 10.0.0.0/8 md5", True),
        ("host all,replication +sender 10.0.0.0/8 md5", True),
        ("host replication boss 10.0.0.0/8 md5", False),
        ("host replication sender 10.0.0.0/8 reject\nhost replication all 10.1.0.0/16 md5", False),
        ("host replication sender 10.1.0.0/16 reject\nhost replication all 10.0.0.0/8 md5", True),
        ("host all all 0.0.0.0/0 reject\nhost replication all 10.0.0.0/8 md5", True),
        ("hostssl replication sender 10.0.0.0/8 md5", False),
        ("host replication sender db.example.com md5", True),
    ],
)
def test_replication_needs_its_keyword_and_no_line_before_that_rejects(text: str, is_in: bool) -> None:
    assert lets_in("sender", lines(text), Facts(ROLES, ssl=False), KEYWORD) is is_in


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("local all sender peer", ["every superuser (boss, chief)"]),
        ("local all +bosses peer", []),
        ("local all idle peer", ["every superuser (boss, chief)"]),
        ("local replication all peer", ["every superuser (boss, chief)"]),
        ("local all chief reject\nlocal all all peer", []),
        ("local all boss,chief reject\nlocal all all peer", ["every superuser (boss, chief)"]),
        ("hostssl all all ::/0 md5", []),
    ],
)
def test_one_superuser_who_comes_in_is_enough(text: str, told: list[str]) -> None:
    assert list(superusers(lines(text), Facts(ROLES))) == told
