"""The production stack, deployed once for this folder, and clients that call its edge."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emulator.handle import EmulatorHandle
from tests.contract.edge.callers import Edge

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDEN = {"request": {"rows": []}, "response": {"predictions": []}}
ROOT = Path(__file__).resolve().parents[3]

# Answers every request with what reached it, as a release would with a prediction.
HANDLER = """
import json
def handle(event, context):
    said = {"path": event["path"], "headers": event.get("multiValueHeaders") or {}}
    return {"statusCode": 200, "multiValueHeaders": {}, "body": json.dumps(said)}
"""


def release(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("handler.py", HANDLER)
        package.writestr("manifest.json", json.dumps({"runtime": "arrays"}))
        package.writestr("golden.json", json.dumps({"golden": [GOLDEN]}))
    return path


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    with EmulatorHandle.start(folder / "emulator", speed=10) as emulator:
        edge = Edge(emulator, ROOT, release(folder / "release.zip"))
        edge.deploy()
        yield edge
