"""What those who were there before may do now, found out by logging in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Psql = Callable[..., Any]
ALLOWED = [
    ("app_web", "SELECT count(*) FROM shop.orders"),
    ("app_web", "INSERT INTO shop.orders (customer) VALUES ('bob')"),
    ("app_web", "UPDATE shop.prices SET amount = 1"),
    ("app_web", "SELECT * FROM public.scratch"),
    ("report", "SELECT card FROM shop.orders"),
    ("report", "SELECT * FROM public.figures"),
    ("report", "SELECT * FROM tools.notes"),
    ("legacy_owner", "CREATE TABLE shop.more (n int)"),
    ("legacy_owner", "DROP TABLE public.scratch, tools.notes"),
]
REFUSED = [
    ("report", "INSERT INTO shop.prices (amount) VALUES (1)", "permission denied for table prices"),
    ("report", "CREATE TABLE public.mine (n int)", "permission denied for schema public"),
    ("report", "SELECT shop.card_of(1)", "permission denied for function card_of"),
    ("app_web", "TRUNCATE shop.orders", "permission denied for table orders"),
    ("app_web", "CREATE SCHEMA mine", "permission denied for database shop"),
    ("legacy_owner", "CREATE DATABASE mine", "permission denied to create database"),
]


@pytest.mark.parametrize(("user", "statement"), ALLOWED)
def test_what_the_groups_give_is_allowed(psql: Psql, user: str, statement: str):
    result = psql(user, "shop", "BEGIN", statement, "ROLLBACK")
    assert result.rc == 0, result.stderr


@pytest.mark.parametrize(("user", "statement", "message"), REFUSED)
def test_everything_else_is_refused(psql: Psql, user: str, statement: str, message: str):
    result = psql(user, "shop", statement)
    assert result.rc != 0
    assert message in result.stderr


@pytest.mark.parametrize("user", ["intern", "contractor"])
def test_who_was_removed_is_gone(psql: Psql, user: str):
    assert "password authentication failed" in psql(user, "shop", "SELECT 1").stderr


@pytest.mark.parametrize("user", ["app_web", "report", "legacy_owner"])
def test_nobody_comes_into_a_database_that_lets_nobody_in(psql: Psql, user: str):
    assert "permission denied for database" in psql(user, "archive", "SELECT 1").stderr


def test_what_is_made_later_is_for_the_groups_and_not_for_everybody(psql: Psql):
    made = psql("legacy_owner", "shop", "CREATE TABLE shop.later (n int)")
    assert made.rc == 0, made.stderr
    assert psql("report", "shop", "SELECT * FROM shop.later").rc == 0
    assert psql("report", "shop", "DELETE FROM shop.later").rc != 0
    assert psql("legacy_owner", "shop", "DROP TABLE shop.later").rc == 0
