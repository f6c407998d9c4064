"""What can't be followed is an error before anything is written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed.servers import Server
from tests.server.defaults import RULES, catalog, failure, lent

NOTHING = {"postgres": []}
REFUSED = [
    (["GRANT SELECT ON TABLES TO r; DROP ROLE r"], "expected the end of the rule"),
    (["GRANT SELECT ON TABLES TO r -- so"], "a rule can't contain a comment"),
    (["GRANT SELECT ON TABLES TO PUBLIC WITH GRANT OPTION"], "PUBLIC can't have the grant option"),
    (["IN SCHEMA public GRANT USAGE ON SCHEMAS TO r"], "IN SCHEMA can't be used with SCHEMAS"),
    (["IN SCHEMA public GRANT SELECT ON LARGE OBJECTS TO r"], "IN SCHEMA can't be used with LARGE OBJECTS"),
    (["GRANT SELECT ON TABLES TO CURRENT_USER"], "CURRENT_USER can't be used: name the role"),
    (["REVOKE SELECT ON TABLES FROM r CASCADE"], "CASCADE can't be used"),
    (["GRANT SELCT ON TABLES TO r"], "did you mean SELECT?"),
    (["GRANT EXECUTE ON TABLES TO dbrole_readonly"], "privilege EXECUTE doesn't exist for TABLES on PostgreSQL"),
    (
        ["GRANT SELECT ON TABLES TO dbrole_readonly", "REVOKE SELECT ON TABLES FROM dbrole_readonly"],
        "'GRANT SELECT ON TABLES TO dbrole_readonly' and 'REVOKE SELECT ON TABLES FROM dbrole_readonly' contradict",
    ),
    (
        ["GRANT ALL ON TABLES TO dbrole_readonly", "REVOKE DELETE ON TABLES FROM dbrole_readonly, dbrole_offline"],
        "'GRANT ALL ON TABLES TO dbrole_readonly' and 'REVOKE DELETE",
    ),
]


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A shared server with the model's roles."""
    yield from lent(server)


@pytest.mark.parametrize(("rules", "message"), REFUSED)
def test_what_isnt_a_rule_is_refused(model: Server, rules: list[str], message: str) -> None:
    for check in (True, False):
        assert message in failure(model, check=check, privileges=rules)
    assert catalog(model) == NOTHING


def test_every_text_that_isnt_a_rule_is_shown_with_a_caret(model: Server) -> None:
    message = failure(model, privileges=["GRANT SELECT ON TABLES TO a", "GRANT X ON TABLES TO a", "DROP"])
    assert "privileges: rule 2: not a rule\n  GRANT X ON TABLES TO a\n        ^" in message
    assert "privileges: rule 3: not a rule\n  DROP\n  ^ expected GRANT or REVOKE" in message


@pytest.mark.before(17)
def test_maintain_before_17_is_an_error_that_names_both(model: Server, pg_version: int) -> None:
    message = failure(model, privileges=["GRANT MAINTAIN ON TABLES TO dbrole_admin"])
    assert f"MAINTAIN on TABLES exists from PostgreSQL 17, this server is PostgreSQL {pg_version}" in message


@pytest.mark.before(18)
def test_large_objects_before_18_are_an_error_that_names_both(model: Server, pg_version: int) -> None:
    message = failure(model, privileges=["GRANT SELECT ON LARGE OBJECTS TO dbrole_admin"])
    assert f"default privileges on LARGE OBJECTS exist from PostgreSQL 18, this server is {pg_version}" in message


def test_everything_that_is_missing_stands_in_one_error(model: Server) -> None:
    message = failure(
        model,
        databases=["postgres", "nowhere", "template0"],
        creators=["dbrole_admin", "creator_x", "creator_y", {"database_owner": ["elsewhere"]}],
        privileges=[
            "GRANT SELECT ON TABLES TO grantee_x",
            "REVOKE ALL ON TABLES FROM grantee_y",
        ],
    )
    for text in (
        "no such creator: creator_x, creator_y;",
        "no such grantee: grantee_x, grantee_y;",
        "no such database: elsewhere, nowhere;",
        "database template0 has to stay as it is",
    ):
        assert text in message
    assert catalog(model) == NOTHING


@pytest.mark.parametrize("jobs", [1, 2])
def test_missing_schemas_stand_in_one_error_before_anything_is_written(model: Server, jobs: int) -> None:
    rules = [*RULES, "IN SCHEMA public, s1, s2 GRANT SELECT ON TABLES TO dbrole_admin"]
    message = failure(model, privileges=rules, databases="all", jobs=jobs)
    assert "database postgres: no such schema: s1, s2;" in message
    assert "database template1: no such schema: s1, s2;" in message
    assert catalog(model, "postgres", "template1") == {**NOTHING, "template1": []}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"databases": "postgres"}, "databases has to be a list of names, or the word all"),
        ({"creators": [{"database_owners": True}]}, "the one key database_owner"),
        ({"creators": [{"database_owner": "shop"}]}, "has to be true, or a list of databases"),
        ({"creators": [""]}, "a name is empty"),
        ({"privileges": [5]}, "a rule is a text or a dict, not int"),
        ({"jobs": 0}, "jobs is 0; give 1 or more"),
    ],
)
def test_options_of_the_wrong_kind_are_refused(model: Server, options: dict[str, object], message: str) -> None:
    assert message in failure(model, **options)
