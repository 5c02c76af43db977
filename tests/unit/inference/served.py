"""Helpers: build a release, unpack it, send it a load balancer's events."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inference.release import Built, Order, build_release
from inference.serving.service import load_arrays, open_service, respond

if TYPE_CHECKING:
    from pathlib import Path

SMALL = "tests.unit.inference.small_model"
GOOD_ROW = {"age": 41.5, "income": 30000, "city": "Riga", "plan": "basic"}


@dataclass(frozen=True, kw_only=True)
class Served:
    """An unpacked release and what it answers with."""

    built: Built
    root: Path

    def open(self, **environ: str) -> Client:
        return Client(open_service(str(self.root), load_arrays, environ))


@dataclass(frozen=True)
class Client:
    service: Any

    def send(self, event: object, context: object = None) -> dict[str, Any]:
        return respond(self.service, event, context)

    def get(self, path: str) -> dict[str, Any]:
        return self.send(event_of("GET", path))

    def predict(self, body: object) -> dict[str, Any]:
        text = body if isinstance(body, str) else json.dumps(body)
        return self.send(event_of("POST", "/v1/predict", body=text))


def event_of(method: str, path: str, **members: Any) -> dict[str, Any]:
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:..."}},
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {},
        "headers": {"accept": "*/*", "host": "predict.example.test"},
        "body": "",
        "isBase64Encoded": False,
        **members,
    }


def body_of(reply: dict[str, Any]) -> dict[str, Any]:
    return json.loads(reply["body"])


def unpack(built: Built, root: Path) -> Served:
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(root)
    return Served(built=built, root=root)


def serve(out: Path, *, module: str = SMALL, runtime: Any = "arrays") -> Served:
    built = build_release(Order(out=out, module=module, runtime=runtime))
    return unpack(built, out / "unpacked")
