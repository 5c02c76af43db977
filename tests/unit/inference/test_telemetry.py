"""What a request leaves in the log: its metrics, its id, and nothing the caller sent besides."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from inference.serving.service import Service
from tests.unit.inference.served import GOOD_ROW, Client, Served, event_of

if TYPE_CHECKING:
    from collections.abc import Callable

NAMESPACE = "Understudy/staging"
ENVIRONMENT = {"AWS_REGION": "us-west-2", "UNDERSTUDY_METRICS_NAMESPACE": NAMESPACE}

# Values that appear nowhere but in a request: found in a line, they have leaked.
SECRETS = ("zanzibar-417", "90210.125", "platinum-zq", "hush-77")
SECRET_ROW = {"age": 90210.125, "income": None, "city": "Riga", "plan": "platinum-zq"}

WRONG_ROW = {"age": "hush-77", "income": 1, "city": "zanzibar-417", "plan": "basic"}

Lines = list[dict[str, Any]]


@pytest.fixture
def client(small: Served) -> Client:
    return small.open(**ENVIRONMENT)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], Lines]:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def of_type(kind: str, found: Lines) -> Lines:
    return [line for line in found if line["type"] == kind]


def metrics_of(line: dict[str, Any]) -> dict[str, float]:
    """Return the metrics CloudWatch takes from a line, after holding it to the format."""
    assert isinstance(line["_aws"]["Timestamp"], int), "milliseconds since 1970"
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == NAMESPACE
    assert directive["Dimensions"] == [["Region"]]
    assert isinstance(line["Region"], str), "a dimension is text at the root of the line"
    values = {metric["Name"]: line[metric["Name"]] for metric in directive["Metrics"]}
    assert all(isinstance(value, int | float) for value in values.values())
    return values


def test_a_good_request_counts_itself_its_rows_and_its_time(
    client: Client, lines: Callable[[], Lines]
) -> None:
    client.predict({"rows": [GOOD_ROW]})
    client.send(
        event_of(
            "POST",
            "/v1/predict",
            body=json.dumps({"rows": [GOOD_ROW] * 2}),
            headers={"x-request-id": "abc"},
        )
    )
    first, second = of_type("request", lines())
    found = metrics_of(second)
    assert found.pop("Latency") >= 0
    assert found == {"Requests": 1, "Good": 1, "Refused": 0, "Failed": 0, "Rows": 2}
    assert (second["request_id"], second["route"], second["status"]) == ("abc", "predict", 200)
    assert second["Region"] == "us-west-2"
    assert second["release"] == client.service.release
    cold = metrics_of(first)
    assert cold["ColdStarts"] == 1, "an environment's first request paid for its start"
    assert cold["ModelLoad"] > 0
    assert "ColdStarts" not in second


@pytest.mark.parametrize(
    ("event", "status", "problem"),
    [
        (event_of("POST", "/v1/predict", body="{"), 400, "malformed-request"),
        (event_of("POST", "/v1/predict", body='{"rows": []}'), 422, "invalid-rows"),
        (event_of("GET", "/v1/predict"), 405, "method"),
        (event_of("GET", "/nowhere"), 404, "not-found"),
        ({"path": None}, 400, "malformed-request"),
    ],
)
def test_a_refused_request_is_the_callers_fault_and_says_which(
    client: Client, lines: Callable[[], Lines], event: Any, status: int, problem: str
) -> None:
    assert client.send(event)["statusCode"] == status
    (line,) = lines()
    found = metrics_of(line)
    assert (found["Good"], found["Refused"], found["Failed"]) == (0, 1, 0)
    assert (line["status"], line["problem"], line["level"]) == (status, problem, "INFO")


def break_the_model(client: Client) -> None:
    def fail(_: Any) -> Any:
        raise RuntimeError(f"what is {SECRETS[0]}?")

    service = client.service
    assert isinstance(service, Service)
    service._predictor = SimpleNamespace(predict=fail)


def test_an_unforeseen_error_is_ours_and_is_told_by_type_and_place(
    client: Client, lines: Callable[[], Lines]
) -> None:
    break_the_model(client)
    reply = client.predict({"rows": [SECRET_ROW]})
    assert reply["statusCode"] == 500
    assert "RuntimeError" not in reply["body"], "a reply leaks nothing of the inside"
    error, request = lines()
    assert (error["type"], error["error"], error["file"]) == (
        "error",
        "RuntimeError",
        "test_telemetry.py",
    )
    assert error["line"] > 0
    assert error["request_id"] == request["request_id"], "the two are found together"
    assert metrics_of(request)["Failed"] == 1


@pytest.mark.parametrize("broken", [False, True])
def test_no_input_value_ever_appears_in_a_log_line(
    client: Client, capsys: pytest.CaptureFixture[str], *, broken: bool
) -> None:
    if broken:
        break_the_model(client)
    body = json.dumps({"rows": [SECRET_ROW]})
    events = [
        event_of("POST", "/v1/predict", body=body),
        event_of("POST", "/v1/predict", body=body, headers={"cookie": SECRETS[3]}),
        event_of("POST", "/v1/predict", body=body[:-1]),
        event_of("POST", "/v1/predict", body=json.dumps({"rows": [list(SECRET_ROW.values())]})),
        event_of("POST", "/v1/predict", body=json.dumps({"rows": [{SECRETS[0]: SECRETS[3]}]})),
        event_of("POST", "/v1/predict", body=json.dumps({"rows": [WRONG_ROW]})),
        event_of("POST", "/v1/predict", body=json.dumps({SECRETS[0]: [SECRET_ROW]})),
        event_of("GET", f"/{SECRETS[0]}", queryStringParameters={"q": SECRETS[3]}),
        event_of(SECRETS[3], "/v1/predict", body=body),
        event_of("POST", "/v1/predict", body=body, headers={"x-request-id": f"{SECRETS[3]} x"}),
        {"httpMethod": SECRETS[3], "path": None, "body": SECRETS[0]},
    ]
    for event in events:
        client.send(event)
    written = capsys.readouterr().out
    assert written.count('"type":"request"') == len(events), "each request leaves its line"
    for secret in SECRETS:
        assert secret not in written, "a log line holds nothing the caller sent"


def test_the_check_above_would_see_a_leak(
    client: Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = client.service.telemetry.answered

    def leak(request_id: str, route: str, status: int, **facts: Any) -> None:
        answered(request_id, f"{route} {SECRETS[0]}", status, **facts)

    monkeypatch.setattr(client.service.telemetry, "answered", leak)
    client.predict({"rows": [SECRET_ROW]})
    assert SECRETS[0] in capsys.readouterr().out


def test_a_healthy_probe_leaves_no_line(client: Client, lines: Callable[[], Lines]) -> None:
    client.get("/health/ready")
    client.get("/health/live")
    assert lines() == [], "sixteen checkers ask several times a second"


def test_an_unready_release_says_why_and_counts_it(own: Served, lines: Callable[[], Lines]) -> None:
    (own.root / "golden.json").unlink()
    client = own.open(**ENVIRONMENT)
    client.get("/health/ready")
    (line,) = lines()
    assert (line["type"], line["level"]) == ("unready", "ERROR")
    assert line["failures"][0]["name"] == "golden.json"
    assert metrics_of(line) == {"Unready": 1}


def test_a_release_that_cannot_be_loaded_counts_as_unready_and_failed(
    own: Served, lines: Callable[[], Lines]
) -> None:
    (own.root / "manifest.json").write_bytes(b"{")
    client = own.open(**ENVIRONMENT)
    client.get("/health/ready")
    client.predict({"rows": [GOOD_ROW]})
    unready, request = lines()
    assert metrics_of(unready) == {"Unready": 1}
    assert metrics_of(request)["Failed"] == 1


def test_without_a_namespace_there_are_lines_but_no_metrics(
    small: Served, lines: Callable[[], Lines]
) -> None:
    small.open().predict({"rows": [GOOD_ROW]})
    (line,) = of_type("request", lines())
    assert "_aws" not in line, "nobody collects metrics on a laptop"
    assert line["Requests"] == 1
