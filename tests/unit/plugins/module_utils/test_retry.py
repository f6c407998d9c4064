"""Which errors are tried again, and how often."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils import retry
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import ServerError

PAUSES = retry.PAUSES
PASSING = ["40001", "40P01", "55P03", "42710", "42704", "42P04", "3D000", "55006"]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "PAUSES", (0.0,) * 5)


def failing(times: int, error: ServerError) -> tuple[Callable[[], str], list[int]]:
    calls: list[int] = []

    def work() -> str:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return "done"

    return work, calls


@pytest.mark.parametrize("state", PASSING)
def test_concurrency_errors_are_tried_again(state: str) -> None:
    work, calls = failing(2, ServerError("busy", state))
    assert retry.retried(work) == "done"
    assert len(calls) == 3


def test_five_times_at_most() -> None:
    work, calls = failing(99, ServerError("busy", "40P01"))
    with pytest.raises(ServerError):
        retry.retried(work)
    assert len(calls) == 6


@pytest.mark.parametrize("message", ["tuple concurrently updated", "could not find tuple for role 16384"])
def test_internal_errors_of_a_race_are_tried_again(message: str) -> None:
    assert retry.is_passing(ServerError(message, "XX000"))


@pytest.mark.parametrize(
    "error",
    [
        ServerError("cache lookup failed", "XX000"),
        ServerError("duplicate key", "23505"),
        ServerError("permission denied", "42501"),
    ],
)
def test_other_errors_are_not(error: ServerError) -> None:
    work, calls = failing(99, error)
    with pytest.raises(ServerError):
        retry.retried(work)
    assert len(calls) == 1


def test_a_duplicate_in_a_catalog_is_tried_again() -> None:
    assert retry.is_passing(ServerError("duplicate key", "23505", catalog="pg_default_acl"))


def test_the_pauses_grow() -> None:
    assert list(PAUSES) == sorted(PAUSES)
    assert len(PAUSES) == 5
