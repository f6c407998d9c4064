"""Audits as JUnit XML."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ansible_collections.leastpriv.pgsql.plugins.filter.drift_json import drift_json
from ansible_collections.leastpriv.pgsql.plugins.filter.drift_junit import drift_junit
from ansible_collections.leastpriv.pgsql.plugins.filter.drift_report import drift_report
from ansible_collections.leastpriv.pgsql.plugins.module_utils.change import GRANT, Change

GRANTED = Change(GRANT, "DATABASE", "shop", "grant CONNECT", "", role="a\x01da\ufffe", privilege="CONNECT").as_result()
RESULTS = {
    "roles": {"changes": [], "warnings": ["the login can't read stored passwords, so …"]},
    "databases": {"changes": [GRANTED]},
    "default privileges": {"failed": True, "msg": "can't\x00 connect"},
}


def parsed(**hosts: Any) -> ElementTree.Element:
    return ElementTree.fromstring(drift_junit(drift_json({name: drift_report(one) for name, one in hosts.items()})))


def ends(suite: ElementTree.Element) -> dict[str, list[str]]:
    """How each test case of a suite ended."""
    return {case.get("name", ""): [end.tag for end in case] for case in suite.findall("testcase")}


def test_drift_errors_and_what_was_not_compared_are_told_apart():
    _all, suite = parsed(pg1=RESULTS)
    assert ends(suite) == {
        "roles": [],
        "databases": ["failure"],
        "default privileges": ["error"],
        "roles (not checked)": ["skipped"],
    }


def test_each_suite_has_the_number_of_deviations():
    suites = parsed(pg1=RESULTS, pg2=RESULTS)
    found = {suite.get("name"): suite.find("properties/property[@name='drift']").get("value") for suite in suites}
    assert found == {"all hosts": "2", "pg1": "1", "pg2": "1"}


def test_the_counts_are_those_of_the_test_cases():
    root = parsed(pg1=RESULTS)
    for element in [root, *root]:
        cases = list(element.iter("testcase"))
        for kind, plural in {"failure": "failures", "error": "errors", "skipped": "skipped"}.items():
            assert int(element.get(plural)) == sum(case.find(kind) is not None for case in cases)
        assert int(element.get("tests")) == len(cases)


def test_every_test_case_ends_in_one_way_and_has_a_class_and_a_name():
    for case in parsed(pg1=RESULTS, pg2={}).iter("testcase"):
        assert len(case) <= 1
        assert case.get("classname")
        assert case.get("name")


def test_without_drift_everything_has_passed():
    assert not [end for case in parsed(pg1={"roles": {"changes": []}}).iter("testcase") for end in case]


def test_an_error_without_drift_is_no_failure():
    root = parsed(pg1={"roles": {"failed": True, "msg": "no"}})
    assert (root.get("failures"), root.get("errors")) == ("0", "2")


def test_the_failure_names_each_deviation():
    (failure,) = parsed(pg1=RESULTS)[1].iter("failure")
    assert failure.text == "missing: database shop: a\\x01da\\ufffe CONNECT (grant CONNECT)"
