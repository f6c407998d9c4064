"""Log in with psql as those who were there before."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed import servers

Psql = Callable[..., Any]
PASSWORD = "sesame"


@pytest.fixture(scope="module")
def psql(host: Any, tmp_path_factory: pytest.TempPathFactory) -> Psql:
    """Run statements in one session, and return the command's result."""
    server = servers.load(Path(os.environ["SERVER_ROOT"]))
    assert server is not None
    passwords = tmp_path_factory.mktemp("login") / "pgpass"
    passwords.touch(0o600)
    passwords.write_text(f"*:*:*:*:{PASSWORD}\n")

    def run(user: str, database: str, *statements: str) -> Any:
        address = f"host=127.0.0.1 port={server.port} user={user} dbname={database} passfile='{passwords}'"
        options = ["-XAtq", "-v", "ON_ERROR_STOP=1"]
        words = [str(server.bin_dir / "psql"), *options, "-d", address]
        words += [word for statement in statements for word in ("-c", statement)]
        return host.run(" ".join(["%s"] * len(words)), *words)

    return run
