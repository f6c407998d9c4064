"""No example holds a literal password: since ansible-core 2.19 a failing task prints its own source lines."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.leastpriv.pgsql.plugins.filter.default_passwords import WELL_KNOWN

from testbed.collection import CHECKOUT
from tests import markdown

FOLDERS = ("roles", "playbooks", "inventories", "molecule", "tests/integration")
DOCUMENTS = ("*.md", "docs/**/*.md", "roles/**/*.md", "inventories/**/*.md", "molecule/**/*.md")
PASSWORD = re.compile(r"(^|_)(ssl)?password$")
NO_SECRETS = {"update_password", "pgsql_access_update_password"}


class Loader(yaml.SafeLoader):
    """Read examples with tags of Ansible's; what is encrypted counts as a variable."""


Loader.add_constructor("!vault", lambda _loader, _node: "{{ encrypted }}")
Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def examples() -> Iterator[tuple[str, str]]:
    """Give every piece of YAML that somebody could copy, with its place."""
    for path in (path for folder in FOLDERS for path in (CHECKOUT / folder).rglob("*.yml")):
        yield str(path.relative_to(CHECKOUT)), path.read_text()
    for path in (path for pattern in DOCUMENTS for path in CHECKOUT.glob(pattern)):
        for block in markdown.blocks(path, "yaml", "yml"):
            yield str(path.relative_to(CHECKOUT)), block.text
    for path in (CHECKOUT / "plugins").rglob("*.py"):
        yield from ((str(path.relative_to(CHECKOUT)), text) for text in in_plugin(path))


def in_plugin(path: Path) -> Iterator[str]:
    """Give the examples of a plugin's documentation."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "EXAMPLES":
            yield ast.literal_eval(node.value)


def literals(value: Any) -> Iterator[str]:
    """Give the keys that hold a literal password; the model's own defaults are refused anyway, and aren't secret."""
    if isinstance(value, dict):
        for key, item in value.items():
            if PASSWORD.search(str(key)) and key not in NO_SECRETS and is_literal(item):
                yield f"{key}: {item}"
            yield from literals(item)
    elif isinstance(value, list):
        for item in value:
            yield from literals(item)


def is_literal(value: Any) -> bool:
    """Tell whether a value is a password that is written out."""
    given = not isinstance(value, (dict, list, bool)) and value not in (None, "", *WELL_KNOWN)
    return given and not str(value).startswith("{{")


def test_no_example_holds_a_literal_password() -> None:
    found = list(examples())
    assert len(found) > 60
    texts = [(place, text) for place, text in found if "password" in text]
    assert [(place, one) for place, text in texts for one in literals(yaml.load(text, Loader))] == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("- {name: a, password: hush}", 1),
        ("pg_admin_password: 77", 1),
        ("a: [{login_password: x}, {connect_params: {sslpassword: x}}]", 2),
        ("password: '{{ variable }}'", 0),
        ("password: ''", 0),
        ("pg_admin_password: DBUser.DBA", 0),
        ("update_password: always", 0),
        ("password: {type: str}", 0),
    ],
)
def test_a_literal_password_is_found(text: str, count: int) -> None:
    assert len(list(literals(yaml.load(text, Loader)))) == count
