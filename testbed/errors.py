"""What goes wrong in the test bed."""

from __future__ import annotations


class TestbedError(Exception):
    """A server could not be had, with what to do about it."""

    __test__ = False
