"""What is read of processes and files, and how one list of a file is replaced; nothing here needs a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import AccessError, InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba import patroni_local
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.patroni_edit import replaced
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.patroni_local import read_local
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.patroni_model import Option, parse_option
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.patroni_process import processes
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.patroni_rest import api_of
from ansible_collections.leastpriv.pgsql.plugins.module_utils.hba.patroni_wait import shown
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret

LINES = ["local all all peer", "host all 'it''s' 0.0.0.0/0 ldap ldapserver=\"x\"", "# a comment: with a colon", "ü\t"]
BEFORE = """\
scope: one  # the cluster
postgresql:
  # who comes in
  pg_hba:  # in this order
    - local all all trust
    # between
    - "host all all ::1/128 trust"  # the last one

  # behind
  parameters: {work_mem: 4MB}
name: a
"""
DOCUMENTS = {
    "block": BEFORE,
    "not indented": "postgresql:\n  pg_hba:\n  - a\n  - b\n  port: 1\n",
    "last": "postgresql:\n  pg_hba:\n  - a\n  - b\n",
    "without an end of line": "postgresql:\n  pg_hba:\n  - a\n  - b",
    "folded": "postgresql:\n  pg_hba:\n  - a\n  - >-\n    b\n    c\n\n  port: 1\n",
    "literal": "postgresql:\n  pg_hba:\n  - |\n    b\n    c\n  port: 1\n",
    "brackets": "postgresql: {pg_hba: [a, 'b',\n  c], port: 1}\n",
    "json": '{"postgresql": {"pg_hba": ["a", "b"], "port": 1}}',
    "carriage returns": "postgresql:\r\n  pg_hba:\r\n  - a\r\n  - b\r\n  port: 1\r\n",
    "beyond ascii": "# Zähler 🐘\npostgresql:\n  pg_hba:\n  - 'ä 🐘'\n  port: 1\n",
}
ODD = {
    "alias": "mine: &mine [a]\npostgresql:\n  pg_hba: *mine\n",
    "anchor": "postgresql:\n  pg_hba: &mine [a]\nother: *mine\n",
    "text": "postgresql:\n  pg_hba: a\n",
    "missing": "postgresql:\n  port: 1\n",
    "merged": "x: &x {pg_hba: [a]}\npostgresql:\n  <<: *x\n",
}


@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_one_list_is_replaced_and_nothing_else(name: str):
    text = DOCUMENTS[name]
    after = replaced(text, "f", "pg_hba", LINES)
    expected = yaml.safe_load(text)
    expected["postgresql"]["pg_hba"] = LINES
    assert yaml.safe_load(after) == expected
    assert replaced(after, "f", "pg_hba", LINES) == after
    assert ("\r\n" in after) == ("\r\n" in text)


def test_comments_around_the_list_stay():
    after = replaced(BEFORE, "f", "pg_hba", ["local all all peer"])
    kept = ["# the cluster", "# who comes in", "# in this order", "# the last one", "# behind"]
    assert [comment for comment in kept if comment not in after] == []
    assert "    - 'local all all peer'  # the last one\n\n  # behind\n" in after


@pytest.mark.parametrize("name", list(ODD))
def test_a_list_that_cannot_be_replaced_by_itself_is_left(name: str):
    with pytest.raises(AccessError, match=r"pg_hba in f .*change it by hand"):
        replaced(ODD[name], "f", "pg_hba", LINES)


def process(proc: Path, number: int, *command: str, environ: str = "") -> None:
    """Make what the kernel shows of a process."""
    (proc / str(number)).mkdir()
    (proc / str(number) / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in command))
    (proc / str(number) / "environ").write_text(environ)
    (proc / str(number) / "cwd").symlink_to(proc)


def test_processes_of_patroni_are_known_by_their_command_lines(tmp_path: Path):
    process(
        tmp_path, 1, "/usr/bin/python3", "/usr/bin/patroni", "/etc/patroni/18-main.yml", environ="PATRONI_NAME=a\0A=b"
    )
    process(tmp_path, 2, "/opt/bin/patroni", "here.yml")
    process(tmp_path, 3, "python3.11", "-B", "-m", "patroni", "/a.yml")
    process(tmp_path, 4, "vim", "patroni", "/etc/patroni.yml")
    process(tmp_path, 5, "/usr/bin/python3", "/usr/bin/patronictl", "-c", "/etc/patroni.yml")
    process(tmp_path, 6, "/usr/bin/python3", "-m", "http.server", "patroni")
    process(tmp_path, 7)
    process(tmp_path, 8, "/opt/bin/patroni", "here.yml")
    process(tmp_path, 9, "/usr/bin/patroni")
    found = [(one.pid, one.config) for one in processes(tmp_path)]
    expected = [(1, "/etc/patroni/18-main.yml"), (2, str(tmp_path / "here.yml")), (3, "/a.yml"), (9, "")]
    assert found == expected
    assert next(processes(tmp_path)).environ == {"PATRONI_NAME": "a"}


def test_files_of_a_folder_are_merged_in_the_order_of_their_names_and_the_environment_wins(tmp_path: Path):
    (tmp_path / "b.yml").write_text("restapi: {listen: '1.1.1.1:1'}\npostgresql: {pg_hba: [b], port: null}\n")
    (tmp_path / "a.yaml").write_text("restapi: {connect_address: '2.2.2.2:2'}\npostgresql: {pg_hba: [a], port: 1}\n")
    (tmp_path / "c.txt").write_text("not: read")
    local = read_local(str(tmp_path), {"PATRONI_RESTAPI_CONNECT_ADDRESS": "3.3.3.3:3"})
    assert local.section("postgresql") == {"pg_hba": ["b"]}
    assert list(local.texts) == [str(tmp_path / "a.yaml"), str(tmp_path / "b.yml")]
    assert api_of(local, Option()).url == "http://3.3.3.3:3"


def test_a_broken_file_is_named_and_not_shown(tmp_path: Path):
    (tmp_path / "p.yml").write_text("a: 1\npassword: 'very secret\nb: [")
    with pytest.raises(AccessError) as caught:
        read_local(str(tmp_path / "p.yml"), {})
    assert "p.yml isn't valid YAML, line" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_without_pyyaml_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def missing(_name: str) -> Any:
        raise ImportError

    (tmp_path / "p.yml").write_text("a: 1\n")
    monkeypatch.setattr(patroni_local, "import_module", missing)
    with pytest.raises(AccessError, match=r"p\.yml can't be read, for this Python interpreter has no PyYAML: install"):
        read_local(str(tmp_path / "p.yml"), {})


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(AccessError, match=r"none\.yml can't be read: No such file or directory"):
        read_local(str(tmp_path / "none.yml"), {})


def test_a_url_with_a_password_is_refused_without_showing_it():
    with pytest.raises(InputError) as caught:
        api_of(None, Option(url="https://me:secret@host:1"))
    assert "give patroni.username and patroni.password" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["host:8008", "file:///etc/passwd", "http://"])
def test_what_is_no_url_is_refused(url: str):
    with pytest.raises(InputError, match=r"patroni\.url isn't a URL"):
        api_of(None, Option(url=url))


def test_an_unknown_option_is_named():
    with pytest.raises(InputError, match="patroni has no option uri; there are config_file, url"):
        parse_option({"uri": "http://a", "password": "p"})


def test_what_patronis_own_client_uses_for_tls_is_used(tmp_path: Path):
    text = {
        "restapi": {"connect_address": "a:1", "certfile": "c", "authentication": {"username": "u", "password": "p"}},
        "ctl": {"cacert": "ca", "certfile": "cc", "keyfile": "ck", "insecure": True},
    }
    (tmp_path / "p.yml").write_text(yaml.safe_dump(text))
    api = api_of(read_local(str(tmp_path / "p.yml"), {}), Option(password=Secret("q")))
    found: Sequence[Any] = (api.url, api.username, api.ca_cert, api.client_cert, api.client_key, api.validate_certs)
    assert found == ("https://a:1", "u", "ca", "cc", "ck", False)
    assert api.password == Secret("q")


def test_options_of_a_line_are_not_shown_in_an_error():
    lines = ["host all all 0.0.0.0/0 ldap ldapserver=x ldapbindpasswd=secret"]
    assert shown(lines, 1) == "host all all 0.0.0.0/0 ldap ldapserver=… ldapbindpasswd=…"
    assert shown(lines, None) == "unknown"
