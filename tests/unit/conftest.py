"""Unit tests import `ansible_collections.leastpriv.pgsql` from the checkout, through the link that this makes.

HYPOTHESIS_PROFILE chooses how examples are made: `daily` at random, `steady` (the default where CI is set) the same
ones every time, so that a change is judged by what it changes, `wide` many of them, to look for what nobody thought of.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from testbed import collection

collection.link()
settings.register_profile("daily", deadline=None)
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("wide", deadline=None, max_examples=2000, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady" if "CI" in os.environ else "daily"))
