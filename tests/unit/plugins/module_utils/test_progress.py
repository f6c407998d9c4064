"""What a run says of how far it came."""

from __future__ import annotations

from ansible_collections.leastpriv.pgsql.plugins.module_utils.change import CREATE_DATABASE, OPEN_DATABASE, Change
from ansible_collections.leastpriv.pgsql.plugins.module_utils.progress import how_far
from ansible_collections.leastpriv.pgsql.plugins.module_utils.task import Step


def change(summary: str, action: str = "grant", name: str = "x") -> Change:
    return Change(action, "DATABASE", name, summary, "SELECT 1")


BORN = Step((change("create database shop", CREATE_DATABASE, "shop"),))
CLUSTER = Step((change("one"), change("open shop", OPEN_DATABASE, "shop")), header="cluster")
LAST = Step((change("drop role old"),), header="cluster")
INSIDE = [Step((change("two"),), header=f"database {name}") for name in ("a", "b")]


def test_a_run_that_did_nothing_says_only_that() -> None:
    assert how_far([BORN, CLUSTER, *INSIDE], []) == "nothing was changed"


def test_what_was_done_and_what_was_not_are_named_in_the_order_of_doing() -> None:
    assert how_far([CLUSTER, *INSIDE, LAST], [CLUSTER, INSIDE[0]]) == (
        "done before: cluster (2 changes), database a (1 change); not done: database b, cluster; run it again"
    )


def test_a_database_is_closed_until_the_part_that_opens_it_is_done() -> None:
    assert "; closed until then: database shop; run it again" in how_far([BORN, *INSIDE, CLUSTER], [BORN, *INSIDE])
    assert "closed" not in how_far([BORN, CLUSTER, *INSIDE], [BORN, CLUSTER])


def test_what_nobody_knows_is_neither_done_nor_left() -> None:
    assert how_far([CLUSTER, *INSIDE], [CLUSTER], ["database a"]) == (
        "done before: cluster (2 changes); not known: database a; not done: database b; run it again"
    )
    assert how_far([CLUSTER], [], ["cluster"]) == "not known: cluster; run it again"


def test_a_part_in_which_nothing_was_left_to_do_is_not_named() -> None:
    idle = Step((), header="database a")
    assert how_far([CLUSTER, *INSIDE], [CLUSTER, idle]) == (
        "done before: cluster (2 changes); not done: database b; run it again"
    )


def test_a_failure_after_everything_says_so() -> None:
    assert how_far([CLUSTER], [CLUSTER]) == "everything was committed before: cluster (2 changes)"


def test_of_many_parts_the_first_ten_are_named() -> None:
    many = [Step((change("two"),), header=f"database {number}") for number in range(1000)]
    assert how_far(many, many[:1]).endswith("database 9, database 10 and 989 more; run it again")
