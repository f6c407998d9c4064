"""Privileges by class and version."""

from __future__ import annotations

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.acl import (
    DEFAULT_CLASS_BY_OBJTYPE,
    DEFAULT_CLASSES,
    LETTER_OF,
    OBJECT_CLASSES,
    PUBLIC,
    canonical_class,
    canonical_privilege,
    default_acl,
    expand,
    grantee_sql,
    grantee_text,
    privileges_of,
)
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError

TABLE_TO_16 = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


@pytest.mark.parametrize(
    ("version", "more"), [(130023, ()), (160014, ()), (170010, ("MAINTAIN",)), (180004, ("MAINTAIN",))]
)
def test_tables_have_maintain_from_17(version: int, more: tuple[str, ...]) -> None:
    assert privileges_of("TABLES", version) == TABLE_TO_16 + more
    assert expand(["ALL"], "TABLE", version) == TABLE_TO_16 + more


def test_a_privilege_that_the_version_lacks_is_named_with_class_and_version() -> None:
    with pytest.raises(InputError, match=r"MAINTAIN on TABLES exists from PostgreSQL 17, this server is PostgreSQL 16"):
        expand(["SELECT", "MAINTAIN"], "TABLES", 160000)


def test_every_privilege_that_the_class_lacks_is_named_in_one_error() -> None:
    with pytest.raises(InputError, match=r"CREATE doesn't exist for TYPES on PostgreSQL 15.*; privilege SELECT"):
        expand(["SELECT", "USAGE", "CREATE"], "TYPES", 150000)


def test_defaults_on_large_objects_exist_from_18_and_their_privileges_always() -> None:
    with pytest.raises(
        InputError, match="default privileges on LARGE OBJECTS exist from PostgreSQL 18, this server is 17"
    ):
        expand(["ALL"], "LARGE OBJECTS", 170000)
    assert expand(["ALL"], "LARGE OBJECTS", 180000) == ("SELECT", "UPDATE")
    assert expand(["UPDATE"], "LARGE OBJECT", 130000) == ("UPDATE",)


def test_parameters_exist_from_15() -> None:
    assert privileges_of("PARAMETER", 150000) == ("SET", "ALTER SYSTEM")
    with pytest.raises(InputError, match="PARAMETER exist from PostgreSQL 15"):
        privileges_of("PARAMETER", 140000)


def test_expanding_orders_and_removes_duplicates() -> None:
    assert expand(["temp", "CONNECT", "TEMPORARY", "create"], "DATABASE", 150000) == ("CREATE", "TEMPORARY", "CONNECT")


def test_a_null_acl_gives_public_its_built_in_privileges() -> None:
    public = {
        name: {privilege for grantee, privilege, _grantable in default_acl(name, "o", 180000) if grantee == PUBLIC}
        for name in OBJECT_CLASSES
    }
    assert {name: found for name, found in public.items() if found} == {
        "DATABASE": {"CONNECT", "TEMPORARY"},
        "FUNCTION": {"EXECUTE"},
        "FUNCTIONS": {"EXECUTE"},
        "TYPE": {"USAGE"},
        "TYPES": {"USAGE"},
        "LANGUAGE": {"USAGE"},
    }


def test_a_null_acl_gives_the_owner_everything_without_grant_option() -> None:
    assert default_acl("SCHEMAS", "o", 150000) == {("o", "USAGE", False), ("o", "CREATE", False)}


def test_only_sequences_have_another_letter_in_the_catalog_than_in_acldefault() -> None:
    letters = {item.name: (item.objtype, item.acldefault) for item in DEFAULT_CLASSES.values()}
    assert letters == {
        "TABLES": ("r", "r"),
        "SEQUENCES": ("S", "s"),
        "FUNCTIONS": ("f", "f"),
        "TYPES": ("T", "T"),
        "SCHEMAS": ("n", "n"),
        "LARGE OBJECTS": ("L", "L"),
    }
    assert DEFAULT_CLASS_BY_OBJTYPE["S"].name == "SEQUENCES"


def test_synonyms_have_one_name() -> None:
    assert canonical_class("routines") == "FUNCTIONS"
    assert canonical_class(" large  objects ") == "LARGE OBJECTS"
    assert canonical_privilege("temp") == "TEMPORARY"
    assert canonical_privilege("all privileges") == "ALL"
    assert canonical_privilege("alter  system") == "ALTER SYSTEM"


def test_a_mistyped_word_is_refused_with_the_nearest_right_one() -> None:
    with pytest.raises(InputError, match="'SELCT' isn't a privilege: did you mean SELECT"):
        canonical_privilege("SELCT")
    with pytest.raises(InputError, match="'TABELS' isn't a class of objects: did you mean TABLES"):
        canonical_class("TABELS")


def test_public_is_not_the_role_named_public_in_upper_case() -> None:
    assert grantee_sql(PUBLIC) == grantee_text(PUBLIC) == "PUBLIC"
    assert grantee_sql("PUBLIC") == '"PUBLIC"'
    assert grantee_text("app") == "app"


def test_each_letter_names_one_privilege() -> None:
    assert len(set(LETTER_OF.values())) == len(LETTER_OF) == 15
