"""The files of an adoption: what is written reads back as it was, and no name is taken for a template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.leastpriv.pgsql.plugins.filter.adopted_passwords import adopted_passwords
from ansible_collections.leastpriv.pgsql.plugins.filter.adopted_variables import HEADINGS, adopted_variables
from ansible_collections.leastpriv.pgsql.plugins.module_utils.access_info.declaration.cluster import SETTLED
from ansible_collections.leastpriv.pgsql.plugins.plugin_utils.written import WIDTH, comment, written
from hypothesis import given
from hypothesis import strategies as st

PASSWORDS = [{"name": "ann", "password": "SCRAM-SHA-256$4096:abc=$def=:ghi="}]
LISTS = ("pg_default_roles", "pg_users", "pg_databases", "pg_default_privileges", "pgsql_access_object_privileges")
texts = st.text(st.characters(exclude_categories=("Cs",))) | st.sampled_from(
    ["yes", "1.0", "{{ x }}", "a: b", "#", "next\x85line", "{{ x }}\x85\n"]
)
values = st.recursive(
    texts | st.booleans() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["name", "roles", "grants", "a b"]), inner),
)


class Loader(yaml.SafeLoader):
    """Read variables as Ansible does."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def result(**variables: Any) -> dict[str, Any]:
    return {"declaration": {**{name: [] for name in LISTS}, **SETTLED, **variables}, "unread": [], "left_out": []}


@given(values)
def test_what_is_written_reads_back(value: Any) -> None:
    assert yaml.load(written({"key": value}), Loader) == {"key": value}


@pytest.mark.parametrize("text", ["{{ x }}", "a {% b", "{# c"])
def test_texts_like_templates_are_marked(text: str) -> None:
    assert written({"key": text}) == f"key: !unsafe '{text}'\n"


def test_items_read_as_a_person_would_write_them() -> None:
    roles = ["app", {"name": "reader", "admin": True, "inherit": True, "set": True}]
    text = written({"pg_users": [{"name": "ann", "login": False, "roles": roles}]})
    assert text.splitlines() == [
        "pg_users:",
        "  - name: ann",
        "    login: false",
        "    roles:",
        "      - app",
        "      - {name: reader, admin: true, inherit: true, set: true}",
    ]


def test_every_variable_stands_there_with_its_value() -> None:
    text = adopted_variables(result(), "db1")
    assert text.startswith("---\n# Who may do what on db1, as it was found.")
    assert yaml.safe_load(text) == result()["declaration"]
    assert set(HEADINGS) <= set(result()["declaration"])


def test_comments_name_what_is_missing_and_cannot_end_early() -> None:
    found = {**result(), "left_out": ["role a\nb: x " + "word " * 40]}
    found["unread"] = [{"what": "inside of a database", "database": "shut", "why": "no"}]
    text = adopted_variables(found, "db1\u2028pg_users: []")
    assert "# Not read: inside of a database shut: no\n" in text
    assert yaml.safe_load(text) == result()["declaration"]
    assert all(len(line) <= WIDTH for line in comment("word " * 100).splitlines())


def test_with_passwords_apart_the_first_list_takes_them() -> None:
    text = adopted_variables(result(), "db1", passwords=True)
    assert 'pg_default_roles: "{{ pgsql_access_adopted_passwords | default([]) }}"\n' in text


def test_passwords_are_written_in_the_clear_without_a_secret() -> None:
    assert yaml.safe_load(adopted_passwords(PASSWORDS)) == {"pgsql_access_adopted_passwords": PASSWORDS}


def test_passwords_are_encrypted_once_and_stay_so(tmp_path: Path) -> None:
    text = adopted_passwords(PASSWORDS, "secret\n", str(tmp_path / "none"))
    vault = VaultLib([("default", VaultSecret(b"secret"))])
    assert vault.decrypt(text.encode()).decode() == adopted_passwords(PASSWORDS)
    (tmp_path / "there").write_text(text)
    assert adopted_passwords(PASSWORDS, "secret", str(tmp_path / "there")) == text
    assert adopted_passwords(PASSWORDS, "other", str(tmp_path / "there")) != text
    assert adopted_passwords([], "secret", str(tmp_path / "there")) != text
