"""Hunts every plant and writes down what found it: `python -m tests.planted.record`.

`docs/reference/planted-faults.md` is made from what this writes; the long tests hunt again and
hold it to be so.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.planted.brains import BRAINS
from tests.planted.hunt import Found, hunt
from tests.planted.settings import SETTINGS
from tests.planted.stack import prod_like

if TYPE_CHECKING:
    from tests.planted.plant import Plant

RECORD = Path(__file__).with_name("found.json")
PLANTS = (*BRAINS, *SETTINGS)


def facts(found: Found | None) -> dict[str, object] | None:
    """What is kept of a find: all but how long it took, which a machine decides."""
    if found is None:
        return None
    return {
        "by": found.by,
        "scenarios": found.scenarios,
        "scenario": found.scenario,
        "detail": found.detail,
    }


def read() -> dict[str, dict[str, object] | None]:
    """What was found when it was last written down, by the plants' names."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def plant_named(name: str) -> Plant:
    return next(plant for plant in PLANTS if plant.name == name)


def main() -> None:
    """Hunt all, or those named; leave what is known of the others."""
    asked = sys.argv[1:] or [plant.name for plant in PLANTS]
    known = read() if RECORD.exists() else {}
    topology = prod_like()
    for name in asked:
        found = hunt(plant_named(name), topology)
        kept = facts(found)
        if found is not None and kept is not None:
            kept["seconds"] = math.ceil(found.seconds)
        known[name] = kept
        print(name, found, flush=True)  # noqa: T201 - this is a command
        ordered = {plant.name: known.get(plant.name) for plant in PLANTS}
        RECORD.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
