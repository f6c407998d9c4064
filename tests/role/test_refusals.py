"""What the role refuses before it connects anywhere: these runs have no server."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from testbed.collection import CHECKOUT

RIGHT = {
    "pg_admin_password": "right-Admin-7",
    "pg_monitor_password": "right-Monitor-7",
    "pg_replication_password": "right-Replication-7",
}
HUSH = "hush-Hush-9"


@pytest.fixture(scope="module")
def refused(run_playbook: Any) -> Any:
    """Run site.yml on a host that has no server, and return what was said when it failed."""

    def run(**variables: Any) -> str:
        host = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
        inventory = {"all": {"hosts": {"nowhere": {**host, **variables}}}}
        playbook = CHECKOUT / "playbooks" / "site.yml"
        done = run_playbook(playbook, "-vvv", "--diff", inventory=[inventory])
        assert done.code == 2, done.output
        assert not [task for task in done.tasks("ok") if "server" in task], done.output
        assert HUSH not in done.output
        return " ".join(done.results[-1]["result"]["msg"].split())

    return run


def test_the_models_default_passwords_are_refused_by_the_names_of_their_variables(refused: Any):
    message = refused()
    for name in ("pg_admin_password", "pg_monitor_password", "pg_replication_password"):
        assert name in message
    assert "pgsql_access_allow_default_passwords" in message
    assert "pg_dbsu_password" not in message


def test_a_default_password_of_an_item_is_refused_by_the_items_name(refused: Any):
    message = refused(**RIGHT, pg_users=[{"name": "dbuser_meta", "password": "DBUser.Meta"}])
    assert "pg_users item dbuser_meta" in message
    assert "pg_admin_password" not in message


def test_the_text_false_does_not_allow_default_passwords(refused: Any):
    assert "pg_admin_password" in refused(pgsql_access_allow_default_passwords="false")


def test_an_unknown_key_of_a_user_is_named_with_the_nearest_one(refused: Any):
    message = refused(**RIGHT, pg_users=[{"name": "app", "passwort": HUSH}])
    assert "pg_users: item 'app' has the unknown key 'passwort': did you mean 'password'?" in message


def test_an_unknown_key_of_a_database_is_named_with_the_nearest_one(refused: Any):
    message = refused(**RIGHT, pg_databases=[{"name": "app", "revoke_conn": HUSH}])
    assert "pg_databases: item 'app' has the unknown key 'revoke_conn': did you mean 'revokeconn'?" in message


def test_a_system_user_without_an_item_is_named_with_both_variables(refused: Any):
    message = refused(**RIGHT, pg_admin_username="boss")
    assert "pg_admin_username is 'boss'" in message
    assert "pg_default_roles" in message


@pytest.mark.parametrize("users", [HUSH, [HUSH], {"name": "app", "password": HUSH}, [f"name=app password={HUSH}"]])
def test_a_list_of_the_wrong_shape_is_refused_without_its_content(refused: Any, users: Any):
    assert "pg_users" in refused(**RIGHT, pg_users=users)


def test_two_values_for_one_key_are_refused_without_the_values(refused: Any):
    users = [{"name": "app", "password": HUSH + "1"}, {"name": "app", "password": HUSH + "2"}]
    assert "different values for password" in refused(**RIGHT, pg_users=users)


def test_the_arguments_and_the_defaults_have_the_same_variables_and_values():
    role = CHECKOUT / "roles" / "pgsql_access"
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text())
    options = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    assert set(options) - set(defaults) == {"pg_cluster", "pg_role"}
    assert set(defaults) <= set(options)
    documented = {name: option["default"] for name, option in options.items() if "default" in option}
    assert documented == {name: defaults[name] for name in documented}


def test_the_readme_lists_every_variable():
    role = CHECKOUT / "roles" / "pgsql_access"
    readme = (role / "README.md").read_text()
    options = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    assert [name for name in options if f"| `{name}` |" not in readme] == []


def test_every_entry_point_has_the_same_arguments():
    specs = yaml.safe_load((CHECKOUT / "roles" / "pgsql_access" / "meta" / "argument_specs.yml").read_text())
    entries = specs["argument_specs"]
    tasks = {path.stem for path in (CHECKOUT / "roles" / "pgsql_access" / "tasks").glob("*.yml")}
    assert set(entries) == tasks
    assert all(entry["options"] == entries["main"]["options"] for entry in entries.values())


def test_no_task_of_the_role_hides_its_output():
    tasks = (CHECKOUT / "roles" / "pgsql_access" / "tasks").rglob("*.yml")
    assert [path for path in tasks if "no_log" in path.read_text()] == []
