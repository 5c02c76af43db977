"""Stacks to simulate: the topologies that the other tests of `resilience` break."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "resilience"))
