"""How much of what tests could try they do try: with LEASTPRIV_TESTS=wide all of it, otherwise a selection."""

from __future__ import annotations

import os

WIDE = os.environ.get("LEASTPRIV_TESTS") == "wide"
