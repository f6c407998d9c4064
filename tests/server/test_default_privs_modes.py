"""What additive leaves and exact removes, grant options, revokes, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.servers import Server
from tests.server.defaults import call, catalog, failure, lent, plans, psql, sql

FOR = "ALTER DEFAULT PRIVILEGES FOR ROLE dbrole_admin"
SELECT = "GRANT SELECT ON TABLES TO dbrole_readonly"
STRAYS = [
    f"{FOR} GRANT DELETE ON TABLES TO dbrole_offline",
    f"{FOR} GRANT DELETE ON TABLES TO dbrole_offline WITH GRANT OPTION",
    f"{FOR} GRANT SELECT ON TABLES TO dbrole_readonly WITH GRANT OPTION",
    f"{FOR} GRANT USAGE ON TYPES TO dbrole_offline",
    f"{FOR} GRANT CREATE ON SCHEMAS TO dbrole_offline",
    f"{FOR} GRANT UPDATE ON SEQUENCES TO dbrole_offline",
    f"{FOR} GRANT EXECUTE ON FUNCTIONS TO dbrole_offline",
    f"{FOR} GRANT SELECT ON TABLES TO PUBLIC",
    f"{FOR} IN SCHEMA public GRANT SELECT ON TABLES TO dbrole_offline",
    f"{FOR} IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
    f"{FOR} IN SCHEMA public GRANT SELECT ON TABLES TO dbrole_readonly",
]


@pytest.fixture
def model(server: Server) -> Iterator[Server]:
    """A shared server with the model's roles."""
    yield from lent(server)


def run(server: Server, *rules: object, **params: object) -> dict[str, object]:
    return call(server, creators=["dbrole_admin"], privileges=list(rules), **params)


@pytest.mark.parametrize("stray", STRAYS)
def test_exact_removes_a_stray_one_and_additive_leaves_it(model: Server, stray: str) -> None:
    run(model, SELECT)
    before = catalog(model)
    sql(model, stray)
    broken = catalog(model)
    assert broken != before
    assert not run(model, SELECT)["changed"]
    assert catalog(model) == broken
    removed = run(model, SELECT, mode="exact")
    assert [change["destructive"] for change in removed["changes"]] == [True]
    assert catalog(model) == before


def test_exact_never_touches_other_creators_or_other_databases(model: Server) -> None:
    sql(model, "ALTER DEFAULT PRIVILEGES FOR ROLE dbuser_dba GRANT SELECT ON TABLES TO dbrole_offline")
    sql(model, f"{FOR} GRANT SELECT ON TABLES TO dbrole_offline", "template1")
    before = catalog(model, "postgres", "template1")
    assert not run(model, mode="exact")["changed"]
    assert catalog(model, "postgres", "template1") == before


def test_exact_leaves_what_the_creator_gives_itself_and_what_is_built_in(model: Server) -> None:
    sql(model, f"{FOR} GRANT SELECT ON TABLES TO dbrole_admin WITH GRANT OPTION")
    sql(model, f"{FOR} IN SCHEMA public GRANT SELECT ON TABLES TO dbrole_admin")
    assert not run(model, mode="exact")["changed"]
    assert not run(model, "GRANT SELECT ON TABLES TO dbrole_admin", mode="exact")["changed"]


def test_exact_without_rules_removes_everything_that_isnt_built_in(model: Server) -> None:
    run(model, SELECT, "IN SCHEMA public GRANT ALL ON SEQUENCES TO dbrole_offline")
    run(model, mode="exact")
    assert catalog(model) == {"postgres": []}


def test_revoking_one_default_leaves_the_others(model: Server) -> None:
    run(model, "GRANT SELECT, INSERT ON TABLES TO dbrole_readonly, dbrole_offline")
    assert run(model, "REVOKE INSERT ON TABLES FROM dbrole_readonly")["sql"][1:] == [
        'ALTER DEFAULT PRIVILEGES FOR ROLE "dbrole_admin" REVOKE INSERT ON TABLES FROM "dbrole_readonly";'
    ]
    assert {"dbrole_readonly=r/dbrole_admin", "dbrole_offline=ar/dbrole_admin"} < set(catalog(model)["postgres"][0][3])


def test_publics_execute_goes_globally_and_only_by_name(model: Server) -> None:
    assert not run(model, mode="exact")["changed"]
    revoke = "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC"
    assert run(model, revoke)["changed"]
    assert not run(model, revoke, mode="exact")["changed"]
    sql(
        model,
        "GRANT CREATE ON SCHEMA public TO dbrole_admin; SET ROLE dbrole_admin;"
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    )
    assert sql(model, "SELECT has_function_privilege('dbrole_readonly', 'public.f()', 'EXECUTE')") == [(False,)]
    assert not run(model, mode="exact")["changed"]
    assert run(model, "GRANT EXECUTE ON FUNCTIONS TO PUBLIC")["changed"]
    assert catalog(model) == {"postgres": []}


@pytest.mark.parametrize("privileges", ["EXECUTE", "ALL"])
def test_a_revoke_in_a_schema_of_what_holds_everywhere_is_refused(model: Server, privileges: str) -> None:
    rule = f"IN SCHEMA public REVOKE {privileges} ON FUNCTIONS FROM PUBLIC"
    message = failure(model, creators=["dbrole_admin"], privileges=[SELECT, rule])
    assert f"'{rule}' would have no effect, for PUBLIC has EXECUTE on the future FUNCTIONS of dbrole_admin" in message
    assert "without IN SCHEMA" in message
    assert catalog(model) == {"postgres": []}
    sql(model, f"{FOR} IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO PUBLIC")
    assert run(model, rule, "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")["changed"]
    assert [row[1:] for row in catalog(model)["postgres"]] == [("", "f", ["dbrole_admin=X/dbrole_admin"])]


def test_revoke_all_spares_what_another_rule_grants_at_the_same_level(model: Server) -> None:
    sql(model, f"{FOR} GRANT ALL ON TABLES TO dbrole_readonly")
    rules = [SELECT, "REVOKE ALL ON TABLES FROM dbrole_readonly, dbrole_offline"]
    assert run(model, *rules)["changed"]
    assert "dbrole_readonly=r/dbrole_admin" in catalog(model)["postgres"][0][3]
    assert not run(model, *rules)["changed"]
    assert "IN SCHEMA public REVOKE ALL" in failure(
        model,
        creators=["dbrole_admin"],
        privileges=[SELECT, "IN SCHEMA public REVOKE ALL ON TABLES FROM dbrole_readonly"],
    )


def options(server: Server) -> str:
    return next(entry for entry in catalog(server)["postgres"][0][3] if entry.startswith("dbrole_readonly="))


def test_an_undeclared_grant_option_stays_additively_and_goes_exactly(model: Server) -> None:
    run(model, f"{SELECT} WITH GRANT OPTION")
    assert options(model) == "dbrole_readonly=r*/dbrole_admin"
    assert not run(model, SELECT)["changed"]
    head = 'ALTER DEFAULT PRIVILEGES FOR ROLE "dbrole_admin"'
    assert run(model, SELECT, mode="exact")["sql"][1:] == [
        f'{head} REVOKE GRANT OPTION FOR SELECT ON TABLES FROM "dbrole_readonly";'
    ]
    assert options(model) == "dbrole_readonly=r/dbrole_admin"


@pytest.mark.parametrize(
    "rule",
    [
        "REVOKE GRANT OPTION FOR SELECT ON TABLES FROM dbrole_readonly",
        "REVOKE GRANT OPTION FOR ALL ON TABLES FROM dbrole_readonly",
        {"privs": ["SELECT"], "on": "TABLES", "to": "dbrole_readonly", "grant_option": False},
    ],
)
def test_a_grant_option_goes_alone(model: Server, rule: object) -> None:
    run(model, f"{SELECT} WITH GRANT OPTION")
    assert [change["privilege"] for change in run(model, rule)["changes"]] == ["GRANT OPTION FOR SELECT"]
    assert options(model) == "dbrole_readonly=r/dbrole_admin"
    assert not run(model, rule)["changed"]
    assert run(model, f"{SELECT} WITH GRANT OPTION")["changed"]
    assert options(model) == "dbrole_readonly=r*/dbrole_admin"


def test_a_creator_may_stand_in_its_own_rules(model: Server) -> None:
    assert not run(model, "GRANT ALL ON TABLES TO dbrole_admin")["changed"]
    assert run(model, "GRANT SELECT ON TABLES TO dbrole_admin WITH GRANT OPTION")["changed"]
    assert not run(model, "GRANT SELECT ON TABLES TO dbrole_admin WITH GRANT OPTION", mode="exact")["changed"]
    assert run(model, "REVOKE ALL ON TABLES FROM dbrole_admin")["changed"]
    assert catalog(model)["postgres"] == [("dbrole_admin", "", "r", [])]
    assert not run(model, "REVOKE ALL ON TABLES FROM dbrole_admin", mode="exact")["changed"]


def test_undo_leads_back_to_the_former_facts(model: Server, tmp_path: Path) -> None:
    sql(
        model,
        f"{FOR} GRANT ALL ON TABLES TO dbrole_offline WITH GRANT OPTION; {FOR} GRANT SELECT ON TABLES TO PUBLIC;"
        f"{FOR} IN SCHEMA public GRANT INSERT ON TABLES TO dbrole_offline; {FOR} REVOKE USAGE ON TYPES FROM PUBLIC",
    )
    rules = [
        f"{SELECT} WITH GRANT OPTION",
        "GRANT SELECT ON TABLES TO dbrole_offline",
        "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        "GRANT USAGE ON TYPES TO PUBLIC",
        "IN SCHEMA public GRANT SELECT ON SEQUENCES TO dbrole_readonly",
    ]
    before = catalog(model, "postgres", "template1")
    former = [plan.before for plan in plans(model, databases="all", creators=["dbrole_admin"]).insides]
    done = run(model, *rules, databases="all", mode="exact")
    assert catalog(model, "postgres", "template1") != before
    psql(model, done["undo_sql"], tmp_path)
    assert [plan.before for plan in plans(model, databases="all", creators=["dbrole_admin"]).insides] == former
    assert catalog(model, "postgres", "template1") == before
