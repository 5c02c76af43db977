"""The handler keeps the contract between an Application Load Balancer and Lambda."""

from __future__ import annotations

import json
from base64 import b64encode
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.inference.served import GOOD_ROW, Client, Served, body_of, event_of, serve

BODY = json.dumps({"rows": [GOOD_ROW]})
EVENTS = {
    "predict": event_of("POST", "/v1/predict", body=BODY),
    "model": event_of("GET", "/v1/model"),
    "live": event_of("GET", "/health/live"),
    "ready": event_of("GET", "/health/ready"),
    "wrong path": event_of("GET", "/v1/predicts"),
    "wrong method": event_of("DELETE", "/v1/predict"),
    "bad body": event_of("POST", "/v1/predict", body="{"),
}
every_event = pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    return serve(tmp_path_factory.mktemp("contract"))


@pytest.fixture
def client(served: Served) -> Client:
    return served.open(AWS_REGION="eu-north-1")


def with_multi_value_headers(event: dict[str, Any]) -> dict[str, Any]:
    """The event as it comes with multi-value headers switched on for the target group."""
    changed = {**event, "multiValueHeaders": {k: [v] for k, v in event["headers"].items()}}
    changed["multiValueQueryStringParameters"] = {}
    del changed["headers"], changed["queryStringParameters"]
    return changed


@every_event
def test_a_reply_has_the_members_and_types_a_load_balancer_needs(
    client: Client, event: dict[str, Any]
) -> None:
    reply = client.send(event)
    assert type(reply["statusCode"]) is int
    assert reply["statusDescription"].startswith(f"{reply['statusCode']} ")
    assert reply["isBase64Encoded"] is False
    assert isinstance(reply["body"], str)
    assert reply["body"].isascii(), "no question of encoding"
    assert "multiValueHeaders" not in reply, "headers come as they were asked for"
    assert all(type(v) is str for kv in reply["headers"].items() for v in kv)
    assert len(json.dumps(reply)) < 1_000_000, "a larger reply becomes a 502"


@every_event
def test_multi_value_headers_are_answered_in_kind(client: Client, event: dict[str, Any]) -> None:
    single, multi = client.send(event), client.send(with_multi_value_headers(event))
    assert "headers" not in multi, "the load balancer ignores the other form"
    assert multi["multiValueHeaders"] == {k: [v] for k, v in single["headers"].items()}
    assert multi["body"] == single["body"]


@every_event
def test_every_reply_to_a_client_says_which_release_and_region_answered(
    client: Client, served: Served, event: dict[str, Any]
) -> None:
    headers = client.send(event)["headers"]
    if event["path"].startswith("/health/"):
        assert not any("understudy" in name for name in headers), "a health check needs no more"
        return
    assert headers["x-understudy-release"] == served.built.release_digest
    assert headers["x-understudy-region"] == "eu-north-1"


def test_a_prediction_is_a_pure_function_of_release_and_request(
    client: Client, served: Served
) -> None:
    first, second = client.send(EVENTS["predict"]), served.open().send(EVENTS["predict"])
    assert first["statusCode"] == 200
    assert first["body"] == second["body"], "retries and replays are harmless"
    body = body_of(first)
    assert list(body) == ["predictions", "release"]
    (prediction,) = body["predictions"]
    assert prediction["probabilities"].keys() == {"stays", "leaves"}
    assert sum(prediction["probabilities"].values()) == pytest.approx(1.0, abs=1e-12)
    best = max(prediction["probabilities"], key=prediction["probabilities"].get)
    assert prediction["label"] == best


def test_objects_and_arrays_are_two_forms_of_one_row(client: Client) -> None:
    both = client.predict({"rows": [GOOD_ROW, list(GOOD_ROW.values())]})
    first, second = body_of(both)["predictions"]
    assert first == second


def test_the_order_of_names_does_not_matter(client: Client) -> None:
    backwards = dict(reversed(GOOD_ROW.items()))
    assert client.predict({"rows": [backwards]})["body"] == client.predict(BODY)["body"]


def test_a_base64_body_is_decoded(client: Client) -> None:
    encoded = b64encode(BODY.encode()).decode()
    event = event_of("POST", "/v1/predict", body=encoded, isBase64Encoded=True)
    assert client.send(event)["body"] == client.predict(BODY)["body"]


@pytest.mark.parametrize(
    ("path", "allowed"), [("/v1/predict", "POST"), ("/v1/model", "GET"), ("/health/live", "GET")]
)
def test_a_wrong_method_is_told_the_right_one(client: Client, path: str, allowed: str) -> None:
    for method in {"GET", "POST", "PUT", "HEAD", "OPTIONS"} - {allowed}:
        reply = client.send(event_of(method, path))
        assert reply["statusCode"] == 405
        assert reply["headers"]["allow"] == allowed, "RFC 9110: 405 comes with Allow"


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/predict/", "/V1/PREDICT", "", "/health"])
def test_an_unknown_path_is_not_found(client: Client, path: str) -> None:
    assert client.send(event_of("GET", path))["statusCode"] == 404


def test_a_request_id_is_echoed_whatever_the_case_of_its_header(client: Client) -> None:
    for name in ("x-request-id", "X-Request-Id", "X-REQUEST-ID"):
        event = event_of("GET", "/health/live", headers={name: "abc-123"})
        assert client.send(event)["headers"]["x-request-id"] == "abc-123"


def test_the_last_of_several_request_ids_counts(client: Client) -> None:
    event = with_multi_value_headers(EVENTS["live"])
    event["multiValueHeaders"]["X-Request-Id"] = ["first", "last"]
    assert client.send(event)["multiValueHeaders"]["x-request-id"] == ["last"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "line\r\nset-cookie: a=b", "caf\u00e9"])
def test_a_request_id_that_cannot_stand_in_a_header_gives_way_to_lambdas(
    client: Client, given: str
) -> None:
    event = event_of("GET", "/health/live", headers={"x-request-id": given})
    reply = client.send(event, SimpleNamespace(aws_request_id="lambda-id"))
    assert reply["headers"]["x-request-id"] == "lambda-id"


def test_a_health_check_of_the_load_balancer_is_answered(client: Client) -> None:
    event = event_of("GET", "/health/ready", headers={"user-agent": "ELB-HealthChecker/2.0"})
    assert client.send(event)["statusCode"] == 200


def test_the_model_says_what_it_is(client: Client, served: Served) -> None:
    facts = body_of(client.get("/v1/model"))
    assert facts["release"] == served.built.release_digest
    assert [feature["name"] for feature in facts["features"]] == list(GOOD_ROW)
    assert facts["labels"] == ["stays", "leaves"]
    assert facts["metrics"]["accuracy"] > 0.5


def test_as_many_rows_as_are_allowed_fit_into_a_reply(client: Client) -> None:
    most = body_of(client.get("/v1/model"))["limits"]["rows"]
    reply = client.predict({"rows": [list(GOOD_ROW.values())] * most})
    assert reply["statusCode"] == 200
    assert len(body_of(reply)["predictions"]) == most
    assert len(json.dumps(reply)) < 1_000_000
