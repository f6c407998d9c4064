"""pg_role_set: memberships with their options and grantors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testbed import servers
from tests.server.role_set import Item, Roles

ROWS = """
SELECT g.rolname::text, a.admin_option, {options}
FROM pg_auth_members a JOIN pg_roles g ON g.oid = a.grantor
WHERE a.roleid = '{role}'::regrole AND a.member = '{member}'::regrole ORDER BY 1
"""


@pytest.fixture
def roles(shared: Roles) -> Iterator[Roles]:
    """A server where the names of the last test are free again."""
    yield shared
    names = [row[0] for row in shared.sql("SELECT quote_ident(rolname) FROM pg_roles WHERE oid >= 16384")]
    memberships = """
        SELECT format('REVOKE %s FROM %s CASCADE', a.roleid::regrole, a.member::regrole)
        FROM pg_auth_members a WHERE a.roleid >= 16384"""
    if shared.server.version >= 16:
        memberships = memberships.replace("CASCADE', ", "GRANTED BY %s CASCADE', ")
        memberships = memberships.replace("a.member::regrole)", "a.member::regrole, a.grantor::regrole)")
    while rows := shared.sql(memberships):
        shared.sql(rows[0][0])
    if names:
        shared.sql(f"DROP ROLE {', '.join(names)}")


@pytest.fixture(scope="module")
def shared(pg_version: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roles]:
    server = servers.start(pg_version, tmp_path_factory.mktemp("memberships"))
    yield Roles(server)
    servers.stop(server)


def rows(roles: Roles, role: str, member: str) -> list[tuple[object, ...]]:
    """Give who granted a role to a member, with ADMIN and from 16 INHERIT and SET."""
    options = "a.inherit_option, a.set_option" if roles.server.version >= 16 else "true, true"
    return roles.sql(ROWS.format(options=options, role=role, member=member))


def test_parents_may_follow_their_members(roles: Roles) -> None:
    items: list[Item] = [
        {"name": "m", "roles": ["p", "pg_monitor"]},
        {"name": "p", "roles": [{"name": "g"}]},
        {"name": "g"},
    ]
    roles.proved(*items)
    assert rows(roles, "p", "m") == [("postgres", False, True, True)]
    roles.sql("REVOKE p FROM m")
    assert len(roles.proved(*items)["changes"]) == 1


def test_a_membership_is_revoked_by_absent_and_by_revoke(roles: Roles) -> None:
    roles.sql("CREATE ROLE p; CREATE ROLE q; CREATE ROLE m; GRANT p, q TO m")
    item: Item = {
        "name": "m",
        "roles": [{"name": "p", "state": "absent"}, {"name": "q", "state": "revoke", "admin": True}],
    }
    result = roles.proved(item)
    assert all(change["destructive"] for change in result["changes"])
    assert not rows(roles, "p", "m")
    roles.proved({"name": "m", "roles": [{"name": "p", "state": "grant"}, {"name": "nowhere", "state": "absent"}]})


def test_additive_leaves_and_exact_removes_undeclared_parents(roles: Roles) -> None:
    roles.sql("CREATE ROLE p; CREATE ROLE q; CREATE ROLE m; CREATE ROLE n; GRANT p, q TO m, n")
    roles.unchanged({"name": "m", "roles": ["p"]})
    roles.unchanged({"name": "m"}, mode="exact")
    roles.unchanged({"name": "m", "roles": ["p"]}, mode="exact", memberships="additive")
    result = roles.proved({"name": "m", "roles": ["p"]}, memberships="exact")
    assert [(change["role"], change["object"], change["destructive"]) for change in result["changes"]] == [
        ("m", "q", True)
    ]
    assert rows(roles, "q", "n")
    roles.proved({"name": "m", "roles": []}, mode="exact")
    assert not rows(roles, "p", "m")


def test_admin_is_given_kept_and_taken(roles: Roles) -> None:
    roles.proved({"name": "p"}, {"name": "m", "roles": [{"name": "p", "admin": True}]})
    assert rows(roles, "p", "m") == [("postgres", True, True, True)]
    roles.unchanged({"name": "m", "roles": ["p"]})
    roles.proved({"name": "m", "roles": [{"name": "p", "admin": False}]})
    assert rows(roles, "p", "m") == [("postgres", False, True, True)]
    roles.proved({"name": "m", "roles": [{"name": "p", "admin": True}]})


@pytest.mark.since(16)
def test_inherit_and_set_are_given_kept_and_taken(roles: Roles) -> None:
    roles.proved({"name": "p"}, {"name": "m", "roles": [{"name": "p", "inherit": False, "set": False}]})
    assert rows(roles, "p", "m") == [("postgres", False, False, False)]
    roles.unchanged({"name": "m", "roles": ["p"]})
    roles.proved({"name": "m", "roles": [{"name": "p", "inherit": True}]})
    assert rows(roles, "p", "m") == [("postgres", False, True, False)]
    roles.proved({"name": "m", "roles": [{"name": "p", "inherit": False, "set": True}]})
    assert rows(roles, "p", "m") == [("postgres", False, False, True)]


@pytest.mark.since(16)
def test_a_new_membership_inherits_as_its_member_does(roles: Roles) -> None:
    roles.proved({"name": "p"}, {"name": "m", "inherit": False, "roles": ["p"]}, {"name": "n", "roles": ["p"]})
    assert rows(roles, "p", "m") == [("postgres", False, False, True)]
    assert rows(roles, "p", "n") == [("postgres", False, True, True)]
    roles.proved({"name": "m", "inherit": True, "roles": ["p"]})
    assert rows(roles, "p", "m") == [("postgres", False, False, True)]


@pytest.mark.before(16)
def test_before_16_set_false_is_an_error_and_set_true_means_nothing(roles: Roles) -> None:
    roles.proved({"name": "p"}, {"name": "m", "roles": [{"name": "p", "set": True}]})
    message = roles.failure({"name": "m", "roles": [{"name": "p", "set": False}]})
    assert message == "role m: roles p: set false needs PostgreSQL 16; leave it out"


@pytest.mark.before(16)
def test_before_16_inherit_is_compared_with_the_members_own(roles: Roles) -> None:
    no = {"name": "p", "inherit": False}
    roles.proved({"name": "p"}, {"name": "m", "inherit": False, "roles": [no]})
    roles.unchanged({"name": "m", "roles": [no]})
    message = roles.failure({"name": "m", "roles": [{"name": "p", "inherit": True}]})
    assert "declare inherit for role m, or leave it out here" in message
    assert "inherit differs" in roles.failure({"name": "m", "inherit": True, "roles": [no]})
    roles.proved({"name": "m", "inherit": True, "roles": [{"name": "p", "inherit": True}]})


def test_a_cycle_is_printed_and_nothing_is_written(roles: Roles) -> None:
    roles.sql("CREATE ROLE a; CREATE ROLE b; CREATE ROLE c; GRANT a TO b")
    message = roles.failure({"name": "new"}, {"name": "a", "roles": ["c"]}, {"name": "c", "roles": ["b"]})
    assert message == "roles would be members of themselves: a -> c -> b -> a; remove one of these memberships"
    assert "a -> a" in roles.failure({"name": "a", "roles": ["a"]})
    assert roles.sql("SELECT 1 FROM pg_roles WHERE rolname = 'new'") == []


def test_parent_and_member_are_swapped_in_one_call(roles: Roles) -> None:
    roles.sql("CREATE ROLE a; CREATE ROLE b; GRANT a TO b")
    roles.proved({"name": "b", "roles": [{"name": "a", "state": "absent"}]}, {"name": "a", "roles": ["b"]})
    roles.proved({"name": "b", "roles": ["a"]}, {"name": "a", "roles": []}, mode="exact")


def test_one_parent_twice_with_different_values_is_an_error(roles: Roles) -> None:
    roles.proved({"name": "p"}, {"name": "m", "roles": ["p", {"name": "p"}]})
    message = roles.failure({"name": "m", "roles": ["p", {"name": "p", "admin": True}]})
    assert message == "role m: roles names p twice with different values: keep one"


def test_a_missing_parent_is_named(roles: Roles) -> None:
    message = roles.failure({"name": "m", "roles": ["missing_b", "missing_a", "pg_nonsense"]})
    assert message.startswith("no such role: missing_a, missing_b, pg_nonsense; declare it in an earlier task")


def others(roles: Roles) -> None:
    """Let mgr, who has ADMIN on p, grant p to m; from 16 that is a row of its own."""
    roles.sql("CREATE ROLE p; CREATE ROLE mgr; CREATE ROLE m; GRANT p TO mgr WITH ADMIN OPTION")
    roles.sql("SET ROLE mgr; GRANT p TO m")


def test_another_grantors_membership_satisfies_and_is_revoked(roles: Roles) -> None:
    others(roles)
    roles.unchanged({"name": "m", "roles": ["p"]})
    roles.unchanged({"name": "m", "roles": ["p"]}, mode="exact")
    roles.proved({"name": "m", "roles": [{"name": "p", "state": "absent"}]})
    assert not rows(roles, "p", "m")


def test_admin_over_another_grantors_membership(roles: Roles) -> None:
    others(roles)
    roles.proved({"name": "m", "roles": [{"name": "p", "admin": True}]})
    assert any(row[1] for row in rows(roles, "p", "m"))
    roles.proved({"name": "m", "roles": [{"name": "p", "admin": False}]})
    assert not any(row[1] for row in rows(roles, "p", "m"))


@pytest.mark.since(16)
def test_true_is_satisfied_by_any_row_and_false_counts_for_every_row(roles: Roles) -> None:
    others(roles)
    roles.sql("GRANT p TO m WITH INHERIT FALSE, SET FALSE")
    assert len(rows(roles, "p", "m")) == 2
    roles.unchanged({"name": "m", "roles": [{"name": "p", "inherit": True, "set": True}]})
    roles.proved({"name": "m", "roles": [{"name": "p", "inherit": False}]})
    assert rows(roles, "p", "m") == [("mgr", False, False, True), ("postgres", False, False, False)]
    roles.proved({"name": "m", "roles": [{"name": "p", "inherit": True, "admin": True}]})
    assert rows(roles, "p", "m") == [("mgr", False, False, True), ("postgres", True, True, False)]
    roles.proved({"name": "m", "roles": []}, mode="exact")


@pytest.mark.since(16)
def test_an_option_for_a_membership_of_another_grantor_makes_a_row_that_adds_nothing_else(roles: Roles) -> None:
    others(roles)
    roles.sql("SET ROLE mgr; GRANT p TO m WITH SET FALSE")
    roles.proved({"name": "m", "roles": [{"name": "p", "admin": True}]})
    assert rows(roles, "p", "m") == [("mgr", False, True, False), ("postgres", True, True, False)]


@pytest.mark.since(16)
def test_a_membership_on_which_others_depend_is_not_taken_away(roles: Roles) -> None:
    others(roles)
    message = roles.failure({"name": "mgr", "roles": [{"name": "p", "state": "absent"}]})
    assert "role p was granted to m by mgr, who would lose the admin option" in message
    assert "lose the admin option" in roles.failure({"name": "mgr", "roles": [{"name": "p", "admin": False}]})
    roles.proved(
        {"name": "mgr", "roles": [{"name": "p", "state": "absent"}]},
        {"name": "m", "roles": [{"name": "p", "state": "absent"}]},
    )


@pytest.mark.since(16)
def test_a_chain_of_grantors_is_taken_apart_and_put_together_again(roles: Roles) -> None:
    roles.sql("CREATE ROLE p; CREATE ROLE zz; CREATE ROLE yy; CREATE ROLE xx; CREATE ROLE ww")
    roles.sql("GRANT p TO zz WITH ADMIN OPTION; SET ROLE zz; GRANT p TO yy WITH ADMIN OPTION")
    roles.sql("SET ROLE yy; GRANT p TO xx WITH ADMIN OPTION, INHERIT FALSE; SET ROLE xx; GRANT p TO ww")
    result = roles.proved(*({"name": name, "roles": []} for name in ("ww", "xx", "yy", "zz")), mode="exact")
    assert [change["role"] for change in result["changes"]] == ["ww", "xx", "yy", "zz"]


@pytest.mark.since(16)
def test_superusers_other_than_the_first_grant_as_the_first(roles: Roles) -> None:
    roles.sql("CREATE ROLE boss SUPERUSER LOGIN PASSWORD 'some password'; CREATE ROLE p; CREATE ROLE m")
    boss = Roles(roles.server, "boss", "some password")
    boss.proved({"name": "m", "roles": ["p"]})
    assert rows(roles, "p", "m") == [("postgres", False, True, True)]


# Logins that are no superusers


@pytest.fixture
def manager(roles: Roles) -> Roles:
    roles.sql("CREATE ROLE manager LOGIN CREATEROLE PASSWORD 'some password'")
    return Roles(roles.server, "manager", "some password")


def test_a_createrole_login_makes_grants_and_repairs(roles: Roles, manager: Roles) -> None:
    items: list[Item] = [
        {"name": "p", "login": False, "comment": "parent"},
        {"name": "m", "roles": [{"name": "p", "admin": True}], "parameters": {"jit": "off"}, "connlimit": 3},
    ]
    manager.proved(*items, undo=False)
    roles.sql("REVOKE p FROM m GRANTED BY manager" if roles.server.version >= 16 else "REVOKE p FROM m")
    roles.sql("ALTER ROLE m CONNECTION LIMIT 4")
    manager.proved(*items, undo=False)
    manager.proved({"name": "m", "roles": []}, mode="exact", undo=False)
    manager.proved({"name": "m", "state": "absent"}, {"name": "p", "state": "absent"}, undo=False)


@pytest.mark.since(16)
@pytest.mark.parametrize("grants", ["set", "inherit", "set, inherit"])
def test_createrole_self_grant_is_foreseen(roles: Roles, manager: Roles, grants: str) -> None:
    roles.sql(f"ALTER ROLE manager SET createrole_self_grant TO '{grants}'")
    manager.proved({"name": "p"}, {"name": "m", "roles": ["p"]}, undo=False)
    manager.proved({"name": "m", "state": "absent"}, {"name": "p", "state": "absent"}, undo=False)


@pytest.mark.since(16)
def test_exact_leaves_a_login_what_it_administers_its_roles_by(roles: Roles, manager: Roles) -> None:
    items: list[Item] = [{"name": "p"}, {"name": "manager", "roles": []}]
    manager.proved(*items, mode="exact", undo=False)
    assert rows(roles, "p", "manager") == [("postgres", True, False, False)]


@pytest.mark.since(16)
def test_a_login_without_admin_is_told_who_can_give_it(roles: Roles, manager: Roles) -> None:
    roles.sql("CREATE ROLE p; CREATE ROLE m; GRANT m TO manager WITH ADMIN OPTION")
    message = manager.failure({"name": "m", "roles": ["p"]})
    assert "role p can't be granted to m: manager has no admin option on it" in message
    assert 'run GRANT "p" TO "manager" WITH ADMIN OPTION' in message


@pytest.mark.since(16)
def test_another_grantors_row_is_revoked_by_who_inherits_becomes_or_administers_the_grantor(
    roles: Roles, manager: Roles
) -> None:
    for number, options in enumerate(
        ["INHERIT TRUE, SET FALSE", "INHERIT FALSE, SET TRUE", "ADMIN TRUE, INHERIT FALSE, SET FALSE"]
    ):
        roles.sql(f"CREATE ROLE p{number}; CREATE ROLE mgr{number}; CREATE ROLE m{number}")
        roles.sql(
            f"GRANT p{number} TO mgr{number}, manager WITH ADMIN OPTION; GRANT mgr{number} TO manager WITH {options}"
        )
        roles.sql(f"SET ROLE mgr{number}; GRANT p{number} TO m{number}; RESET ROLE")
        roles.sql(f"GRANT m{number} TO manager WITH ADMIN OPTION")
        item = {"name": f"m{number}", "roles": [{"name": f"p{number}", "state": "absent"}]}
        manager.proved(item, undo=False)
        assert not rows(roles, f"p{number}", f"m{number}")
        assert rows(roles, f"mgr{number}", "manager")[0][0] == "postgres"
        assert len(rows(roles, f"mgr{number}", "manager")) == 1


@pytest.mark.since(16)
def test_a_row_of_a_grantor_out_of_reach_is_an_error_before_anything_is_written(roles: Roles, manager: Roles) -> None:
    others(roles)
    roles.sql("GRANT p, m TO manager WITH ADMIN OPTION")
    message = manager.failure({"name": "first"}, {"name": "m", "roles": [{"name": "p", "state": "absent"}]})
    assert "role p was granted to m by mgr, for whom manager can't act" in message
    assert roles.sql("SELECT 1 FROM pg_roles WHERE rolname = 'first'") == []


@pytest.mark.since(16)
def test_a_login_grants_as_the_role_that_has_admin_and_that_it_inherits_from(roles: Roles, manager: Roles) -> None:
    roles.sql("CREATE ROLE owners; CREATE ROLE p; CREATE ROLE m; GRANT p TO owners WITH ADMIN OPTION")
    roles.sql("GRANT owners TO manager; GRANT m TO manager WITH ADMIN OPTION")
    manager.proved({"name": "m", "roles": ["p"]}, undo=False)
    assert rows(roles, "p", "m") == [("owners", False, True, True)]


def test_a_session_role_is_who_acts(roles: Roles, manager: Roles) -> None:
    roles.sql("CREATE ROLE team CREATEROLE; GRANT team TO manager")
    roles.sql("ALTER ROLE manager NOCREATEROLE")
    result = manager.apply({"name": "p"}, {"name": "m", "roles": ["p"]}, session_role="team")
    assert result["changed"]
    assert rows(roles, "p", "m")[0][0] == "team"
    assert not manager.apply({"name": "p"}, {"name": "m", "roles": ["p"]}, session_role="team")["changed"]


@pytest.mark.since(16)
def test_a_session_role_lends_itself_the_grantor_and_gives_it_back(roles: Roles, manager: Roles) -> None:
    roles.sql("CREATE ROLE team; GRANT team TO manager WITH INHERIT FALSE; CREATE ROLE p; CREATE ROLE m; CREATE ROLE g")
    roles.sql("GRANT p TO g WITH ADMIN OPTION; GRANT g TO team WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
    roles.sql("SET ROLE g; GRANT p TO m; RESET ROLE")
    before = rows(roles, "g", "team")
    manager.apply({"name": "m", "roles": [{"name": "p", "state": "absent"}]}, session_role="team")
    assert not rows(roles, "p", "m")
    assert rows(roles, "g", "team") == before


@pytest.mark.since(16)
def test_a_login_gives_itself_the_options_of_a_role_that_it_made(roles: Roles, manager: Roles) -> None:
    manager.apply({"name": "p"})
    manager.proved({"name": "manager", "roles": [{"name": "p", "inherit": True, "set": True}]}, undo=False)
    assert rows(roles, "p", "manager") == [("manager", False, True, True), ("postgres", True, False, False)]
