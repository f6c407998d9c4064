"""HBA rules on real servers: check, apply, again, break by hand, repair; who comes in is tried by logging in."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba import apply as hba_apply
from ansible_collections.leastpriv.pgsql.plugins.modules import pg_hba_rules

from testbed import servers
from testbed.servers import Server
from tests.server import faults, hba_rules, modules
from tests.server.hba_rules import answer, call, failure, hba, people, settled, write
from tests.server.isolation import READ_ONLY, sql

ANN = {"title": "ann over TCP", "user": "ann", "addr": "localhost"}
BOB = {"title": "bob is kept out", "user": "bob", "addr": "world", "auth": "deny", "order": 1}
NO_ENTRY = "no pg_hba.conf entry"
ROOT = os.geteuid() == 0


@pytest.fixture
def door(cluster: Server) -> Iterator[Server]:
    """A server that has read its files, with two people."""
    people(cluster, "ann", "bob")
    settled(cluster)
    return cluster


def test_rules_are_checked_applied_broken_by_hand_and_repaired(door: Server) -> None:
    before = hba(door).read_text()
    checked = call(door, ANN, BOB, check=True)
    assert hba(door).read_text() == before
    assert answer(door, "bob") == "in"
    applied = call(door, ANN, BOB)
    same = ("changed", "changes", "sql", "undo_sql", "diff", "backup_file", "instance_role", "managed_by")
    assert {key: checked[key] for key in same} == {key: applied[key] for key in same}
    assert [change["action"] for change in applied["changes"]] == ["write file", "reload"]
    assert answer(door, "ann") == "in"
    assert answer(door, "bob").startswith("pg_hba.conf rejects connection")
    again = call(door, ANN, BOB, **READ_ONLY)
    assert (again["changed"], again["sql"], again["diff"], again["backup_file"]) == (False, [], [], None)
    write(door, "host all bob 127.0.0.1/32 trust\n" + hba(door).read_text())
    assert answer(door, "bob") == "in"
    assert call(door, ANN, BOB, check=True)["changed"]
    assert call(door, ANN, BOB)["changed"]
    assert answer(door, "bob").startswith("pg_hba.conf rejects connection")
    assert not call(door, ANN, BOB)["changed"]


def test_the_former_file_is_kept_and_leads_back(door: Server) -> None:
    before = hba(door).read_text()
    result = call(door, ANN)
    assert Path(result["backup_file"]).read_text() == before
    move, reload = (line.removeprefix("-- ") for line in result["undo_sql"])
    assert move.split() == ["mv", result["backup_file"], str(hba(door))]
    Path(result["backup_file"]).rename(hba(door))
    sql(door, reload)
    settled(door)
    assert answer(door, "bob") == "in"


def test_without_backup_nothing_else_is_left_in_the_folder(door: Server) -> None:
    before = set(door.data_dir.iterdir())
    result = call(door, ANN, backup=False)
    assert (result["backup_file"], result["undo_sql"]) == (None, [])
    assert set(door.data_dir.iterdir()) == before


def test_owner_group_mode_and_a_link_stay(door: Server) -> None:
    real = door.data_dir / "real.conf"
    hba(door).rename(real)
    hba(door).symlink_to(real)
    real.chmod(0o640)
    before = real.stat()
    call(door, ANN)
    after = real.stat()
    assert hba(door).is_symlink()
    assert (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)) == (before.st_uid, before.st_gid, 0o640)
    assert stat.S_IMODE(Path(f"{real}.old").stat().st_mode) == 0o640


def test_a_file_that_is_right_and_was_never_loaded_is_loaded(door: Server) -> None:
    call(door, ANN)
    right = hba(door).read_text()
    write(door, right + "host all bob 127.0.0.1/32 scram-sha-256\n")
    hba(door).write_text(right)
    assert answer(door, "bob") == "in"
    result = call(door, ANN)
    assert [change["action"] for change in result["changes"]] == ["reload"]
    assert (result["diff"], result["backup_file"]) == ([], None)
    assert answer(door, "bob").startswith(NO_ENTRY)
    assert not call(door, ANN)["changed"]


def test_a_time_in_the_future_does_not_make_every_run_reload(door: Server) -> None:
    call(door, ANN)
    os.utime(hba(door), (4e9, 4e9))
    assert call(door, ANN)["changed"]
    assert not call(door, ANN)["changed"]


def test_rules_for_other_instances_are_comments_here(door: Server) -> None:
    offline = {**ANN, "role": "offline"}
    result = call(door, offline, instance_role="offline")
    assert result["instance_role"] == "primary"
    assert any("the inventory says offline, and the server is writable now" in text for text in result["warnings"])
    assert answer(door, "ann").startswith(NO_ENTRY)
    call(door, offline, instance_role="primary", offline_query=True)
    assert answer(door, "ann") == "in"


def test_findings_are_told_with_the_item(door: Server) -> None:
    said = "\n".join(call(door, ANN, {"title": "ghost", "user": "nobody_here", "addr": "localhost"})["warnings"])
    assert "ghost" in said
    assert "no rule lets the login role bob in" in said


def test_in_check_mode_what_earlier_tasks_make_is_taken_for_there(door: Server) -> None:
    rule = {"title": "new", "user": "+newcomers", "db": "shop", "addr": "localhost"}
    bare = {"superuser": None, "inherit": None, "roles": None, "revoked_roles": None, "roles_exact": False}
    roles = [{**bare, "name": "newcomers"}, {**bare, "name": "bob", "roles": ["newcomers"]}]
    shop = {"name": "shop", "state": "present"}
    given = call(door, ANN, rule, check=True, assume={"roles": roles, "databases": [shop]})["warnings"]
    assert not any("newcomers" in text or "shop" in text or "bob" in text for text in given), given
    assert any("newcomers" in text for text in call(door, ANN, rule)["warnings"])


def test_passwords_within_rules_are_not_shown(door: Server) -> None:
    line = 'host all ann 192.0.2.0/24 ldap ldapserver=x ldapprefix="cn=" ldapsuffix="" ldapbindpasswd="a b secret"'
    written = modules.output(pg_hba_rules, check=True, **hba_rules.arguments(door, {"title": "ldap", "rules": [line]}))
    assert "ldapbindpasswd" in written
    assert "secret" not in written


def test_maps_let_the_operating_systems_user_in_as_whom_they_say(door: Server) -> None:
    me = pwd.getpwuid(os.geteuid()).pw_name
    rule = {"title": "staff", "rules": ["local all ann,bob peer map=staff"]}
    ident = [
        {"map": "staff", "system_user": "/^nobody (.*)$", "database_user": "\\1"},
        {"map": "staff", "system_user": me, "database_user": "ann"},
    ]
    checked = call(door, rule, ident=ident, check=True)
    applied = call(door, rule, ident=ident)
    assert checked["changes"] == applied["changes"]
    assert applied["backup_file"] == f"{hba(door)}.old"
    assert [Path(one["before_header"]).name for one in applied["diff"]] == ["pg_ident.conf", "pg_hba.conf"]
    assert answer(door, "ann", host=None) == "in"
    assert answer(door, "bob", host=None).startswith("Peer authentication failed")
    assert not call(door, rule, ident=ident)["changed"]
    assert not call(door, rule)["changed"]
    sql(door, f'CREATE ROLE "{me}" LOGIN')
    same = {"title": "same", "rules": ["local all all peer map=same"], "order": 1}
    found = [{"map": "same", "system_user": "/^(.*)$", "database_user": "\\1"}]
    assert call(door, same, ident=[*ident, *found], allow_lockout=["self"], check=True)["changed"]
    call(door, {**same, "rules": [f"local all {me} peer map=same"]}, rule, ident=[*ident, *found])
    assert answer(door, me, host=None) == "in"
    call(door, rule, ident=ident)
    assert "uses the map staff" in "".join(call(door, rule, ident=[], check=True)["warnings"])
    (door.data_dir / "pg_ident.conf").write_text(f"staff {me} bob\n")
    assert call(door, rule, ident=ident)["changed"]
    assert answer(door, "bob", host=None).startswith("Peer authentication failed")


def test_an_expression_that_the_server_does_not_know_is_refused_in_check_mode(door: Server) -> None:
    ident = [{"map": "staff", "system_user": "/^a**$", "database_user": "ann"}]
    assert "ident map staff: /^a**$: invalid regular expression" in failure(door, ANN, ident=ident, check=True)
    if door.version >= 16:
        rule = {"title": "odd", "user": "/^a**$", "addr": "localhost"}
        assert "(odd): /^a**$: invalid regular expression" in failure(door, rule, check=True)


@pytest.mark.in_process
@pytest.mark.skipif(not ROOT, reason="only root can become another operating system user")
def test_who_may_not_write_the_file_is_told_whom_to_become(door: Server) -> None:
    owner = pwd.getpwuid(hba(door).stat().st_uid).pw_name

    def become() -> None:
        os.setgroups([])
        os.setgid(1)
        os.setuid(1)

    modules.call(pg_hba_rules, check=True, **hba_rules.arguments(door, ANN))  # imports what the other user can't read
    door.socket_dir.chmod(0o755)
    for mode in (0o700, 0o755):
        door.data_dir.chmod(mode)
        result = faults.run(pg_hba_rules, hba_rules.arguments(door, ANN), go=become).result or {}
        door.data_dir.chmod(0o700)
        assert f"become_user: {owner}" in result["msg"], result["msg"]


def test_another_host_is_told_from_the_servers_own(door: Server, tmp_path: Path) -> None:
    given = {**hba_rules.arguments(door, ANN), "hba_file": str(tmp_path / "pg_hba.conf")}
    said = modules.failure(pg_hba_rules, **given)
    assert f"hba_file is {tmp_path}/pg_hba.conf, and the server reads {hba(door)}: leave hba_file out" in said
    note = door.data_dir / "postmaster.pid"
    lines = note.read_text().split("\n")
    for place, wrong, expected in ((3, "1", "another server runs here"), (2, "5", "another server runs here")):
        note.write_text("\n".join([*lines[:place], wrong, *lines[place + 1 :]]))
        assert expected in failure(door, ANN)
    note.unlink()
    assert f"there is no server running on {door.data_dir} here" in failure(door, ANN)
    note.write_text("\n".join(lines))


def test_a_login_without_superuser_is_told_what_to_be_granted(door: Server) -> None:
    options: dict[str, Any] = modules.login(door, "ann", hba_rules.PASSWORD)
    ident = [{"map": "staff", "system_user": "x", "database_user": "ann"}]
    own = {"title": "own", "user": "ann", "addr": "localhost"}
    said = failure(door, own, ident=ident, check=True, **options)
    assert "ann may not read the server's rules, settings and statistics" in said
    for statement in said.partition("let one run ")[2].split("; "):
        sql(door, statement)
    assert call(door, own, ident=ident, **options)["changed"]
    assert answer(door, "bob").startswith(NO_ENTRY)
    assert not call(door, own, ident=ident, **options, **READ_ONLY)["changed"]
    sql(door, "REVOKE pg_read_all_settings FROM ann")
    assert "GRANT pg_read_all_settings TO" in failure(door, own, **options)
    assert not call(door, own, **options, hba_file=str(hba(door)))["changed"]


def test_a_reload_that_the_server_does_not_tell_of_is_an_error_with_the_reason(
    door: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hba_apply, "PATIENCE", 0.3)
    servers.append(door.data_dir / "postgresql.conf", "work_mem = = 1\n")
    said = failure(door, ANN)
    assert "correct its settings" in said
    assert "postgresql.conf:" in said
