"""Runs the benchmarks: `./run bench [NAME ...]`, all of them without a name."""

from __future__ import annotations

import argparse
import importlib
import json
import sys

from benchmarks.table import Row, print_rows

NAMES = ("serving", "deploy", "rehearsal", "simulator")


def main() -> int:
    """Run the named benchmarks and print each row beside its target; exit 1 if one is missed."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON and no table")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - set(NAMES)):
        parser.error(f"no benchmark named {', '.join(unknown)}; there are {', '.join(NAMES)}")
    rows: list[Row] = []
    for name in arguments.names or NAMES:
        print(f"benchmark: {name}", file=sys.stderr, flush=True)
        rows += importlib.import_module(f"benchmarks.{name}").measure()
    if arguments.json:
        print(json.dumps([row.as_dict() for row in rows], indent=2))
    else:
        print_rows(rows)
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
