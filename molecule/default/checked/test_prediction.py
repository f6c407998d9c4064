"""Between check mode and the first apply: nothing has been written."""

from __future__ import annotations

import json
import os
from pathlib import Path

from testbed import servers
from testbed.catalogs import differences, snapshot
from testbed.plays import read_runs

ROOT = Path(os.environ["SERVER_ROOT"])


def test_check_mode_on_the_empty_cluster_predicts_changes():
    runs = read_runs(Path(os.environ["RESULTS_FILE"]))
    (check,) = [run for run in runs if run.playbook == "converge.yml" and run.results]
    assert check.check
    assert len(check.changes()) > 100


def test_check_mode_writes_nothing():
    server = servers.load(ROOT)
    before = json.loads((ROOT / "catalogs.json").read_text())
    assert server is not None
    assert before
    assert differences(before, snapshot(server)) == []
