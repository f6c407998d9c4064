"""Changes, their order, and the lines that psql takes."""

from __future__ import annotations

from ansible_collections.leastpriv.pgsql.plugins.module_utils import change
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret


def one(action: str, sql: str = "SELECT 1", **more: object) -> change.Change:
    return change.Change(action, "ROLE", "ann", "a summary", sql, **more)  # type: ignore[arg-type]  # test shorthand


def test_grants_come_before_revokes_and_drops_last() -> None:
    actions = [change.DROP_ROLE, change.REVOKE, change.GRANT, change.CREATE_ROLE]
    assert [c.action for c in change.ordered(map(one, actions))] == actions[::-1]


def test_memberships_are_revoked_before_they_are_granted() -> None:
    assert change.ORDER.index(change.REVOKE_MEMBERSHIP) < change.ORDER.index(change.GRANT_MEMBERSHIP)


def test_changes_of_one_kind_keep_their_order() -> None:
    changes = [one(change.GRANT, f"SELECT {n}") for n in (3, 1, 2)]
    assert [c.sql for c in change.ordered(changes)] == ["SELECT 3", "SELECT 1", "SELECT 2"]


def test_a_password_is_shown_as_a_comment_and_sent_as_it_is() -> None:
    secret = one(change.SET_PASSWORD, 'ALTER ROLE "ann" PASSWORD ', secret=Secret("verifier"))
    assert secret.shown() == "-- ALTER ROLE \"ann\" PASSWORD '********';"
    assert secret.statement() == "ALTER ROLE \"ann\" PASSWORD 'verifier'"


def test_a_result_holds_neither_sql_nor_secret() -> None:
    secret = one(change.SET_PASSWORD, 'ALTER ROLE "ann" PASSWORD ', secret=Secret("verifier"), run_as="bob")
    assert not {"sql", "secret", "run_as"} & set(secret.as_result())
    assert "verifier" not in repr(secret)


def test_what_is_done_as_another_role_is_a_transaction_of_its_own_in_the_script() -> None:
    assert one(change.REVOKE, "REVOKE x", run_as="bob").shown() == 'BEGIN; SET LOCAL ROLE "bob"; REVOKE x; COMMIT;'


def test_a_script_enters_a_database_once() -> None:
    changes = [one(change.GRANT), *change.inside("app", [one(change.GRANT), one(change.GRANT)])]
    assert change.script(changes) == ["SELECT 1;", '\\connect "app"', "SELECT 1;", "SELECT 1;"]


def test_a_note_is_a_comment_on_one_line() -> None:
    assert change.note(one(change.DROP_ROLE), "two\nlines").shown() == "-- two lines"
