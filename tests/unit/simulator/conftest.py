"""Stacks to simulate: two and more Regions, as the program would deploy them."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "resilience")]
