"""Unit tests import `ansible_collections.leastpriv.pgsql` from the checkout, through the link that this makes."""

from __future__ import annotations

from testbed import collection

collection.link()
