"""Each kind of bad input gets its own 4xx, a problem document and the field's name."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from inference.serving.problems import ProblemError
from inference.serving.validation import Validator
from tests.unit.inference.served import GOOD_ROW, Client, body_of, event_of

GOOD_LIST = list(GOOD_ROW.values())


def row(**changes: Any) -> dict[str, Any]:
    return {**GOOD_ROW, **changes}


def rows(*some: Any) -> str:
    return json.dumps({"rows": list(some)})


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD_ROW.items() if key != name}


def raw(age: str) -> str:
    return rows(GOOD_ROW).replace("41.5", age)


DEEP = "[" * 100_000
KINDS: dict[str, tuple[str, int, str]] = {
    "nothing": ("", 400, "body"),
    "not JSON": ("rows: 1", 400, "body"),
    "cut off": ('{"rows": [', 400, "body"),
    "nested too deeply": (DEEP, 400, "body"),
    "a byte order mark": ("\ufeff{}", 400, "body"),
    "NaN": (raw("NaN"), 400, "body"),
    "Infinity": (raw("-Infinity"), 400, "body"),
    "a name twice": ('{"rows": [], "rows": []}', 400, "rows"),
    "a feature twice": (raw('1, "age": 2'), 400, "age"),
    "an array for the body": ("[]", 422, "body"),
    "null for the body": ("null", 422, "body"),
    "no rows": ("{}", 422, "rows"),
    "rows that are no array": ('{"rows": {}}', 422, "rows"),
    "no row at all": ('{"rows": []}', 422, "rows"),
    "an unknown member": ('{"rows": [], "verbose": true}', 422, "verbose"),
    "a row that is a number": (rows(1), 422, "rows[0]"),
    "a row that is text": (rows("41.5,30000"), 422, "rows[0]"),
    "too few values": (rows(GOOD_LIST[:3]), 422, "rows[0]"),
    "too many values": (rows([*GOOD_LIST, 1]), 422, "rows[0]"),
    "a missing feature": (rows(without("age")), 422, "rows[0].age"),
    "an unknown feature": (rows(row(agee=1)), 422, "rows[0].agee"),
    "a number beyond float64": (raw("1e999"), 422, "rows[0].age"),
    "a number beyond float32": (raw("1e39"), 422, "rows[0].age"),
    "a number of a thousand digits": (raw("9" * 1000), 422, "rows[0].age"),
    "a number of a million digits": (raw("9" * 900_000), 400, "body"),
    "text for a number": (rows(row(age="41.5")), 422, "rows[0].age"),
    "a boolean for a number": (rows(row(age=True)), 422, "rows[0].age"),
    "an array for a number": (rows(row(age=[1])), 422, "rows[0].age"),
    "null where nothing imputes": (rows(row(age=None)), 422, "rows[0].age"),
    "null for a category": (rows(row(city=None)), 422, "rows[0].city"),
    "an unknown category": (rows(row(city="Rome")), 422, "rows[0].city"),
    "a number for a category": (rows(row(city=1)), 422, "rows[0].city"),
    "a bad row among good ones": (rows(GOOD_ROW, GOOD_ROW, row(age=None)), 422, "rows[2].age"),
    "too many rows": (rows(*[GOOD_LIST] * 1001), 413, "rows"),
    "too large a body": (rows(row(plan="x" * 1_000_001)), 413, "body"),
}


@pytest.mark.parametrize(("body", "status", "field"), KINDS.values(), ids=KINDS)
def test_bad_input_is_refused_with_its_field(
    client: Client, body: str, status: int, field: str, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = client.predict(body)
    assert reply["statusCode"] == status, reply["body"][:500]
    assert reply["headers"]["content-type"] == "application/problem+json"
    problem = body_of(reply)
    assert problem["status"] == status, "RFC 9457: the document repeats the status"
    assert {"type", "title", "detail", "instance"} <= problem.keys()
    assert field in [error["field"] for error in problem["errors"]], "the field must be named"
    assert all(error["expected"] for error in problem["errors"]), "and what was expected"
    assert "predictions" not in problem, "never a partial answer"
    assert len(reply["body"]) < 10_000, "a problem stays short, whatever was sent"
    recorded = [json.loads(line)["type"] for line in capsys.readouterr().out.splitlines()]
    assert recorded == ["request"], "nothing is recorded that was not predicted"


def test_every_wrong_field_is_named_at_once(client: Client) -> None:
    reply = client.predict(rows(row(age="old", city="Rome"), row(income=True)))
    fields = [error["field"] for error in body_of(reply)["errors"]]
    assert fields == ["rows[0].age", "rows[0].city", "rows[1].income"]


def test_expectations_are_told_in_words(client: Client) -> None:
    errors = body_of(client.predict(rows(row(income="x", city="Rome", plan=1))))["errors"]
    income, city, plan = (error["expected"] for error in errors)
    assert income == "a finite number that float32 can hold, or null"
    assert city == 'one of "Oslo", "Porto", "Riga"'
    assert plan.startswith('text, such as "basic"')
    assert errors[1]["got"] == '"Rome"'


def test_a_list_of_errors_is_cut_at_twenty(client: Client) -> None:
    errors = body_of(client.predict(rows(*[row(age=None)] * 500)))["errors"]
    assert len(errors) == 20


BAD_EVENTS: dict[str, Any] = {
    "null": None,
    "a list": [1],
    "text": "POST /v1/predict",
    "empty": {},
    "no path": {"httpMethod": "GET"},
    "a number for a method": event_of("GET", "/v1/model", httpMethod=7),
    "a number for a body": event_of("POST", "/v1/predict", body=7),
    "headers that are a list": event_of("POST", "/v1/predict", headers=[1]),
    "base64 that is none": event_of("POST", "/v1/predict", body="%%%", isBase64Encoded=True),
    "base64 with text beyond ASCII": event_of(
        "POST", "/v1/predict", body="\u20ac\u20ac\u20ac\u20ac", isBase64Encoded=True
    ),
    "bytes that are not UTF-8": event_of(
        "POST", "/v1/predict", body=b64encode(b"\xff\xfe").decode(), isBase64Encoded=True
    ),
    "half a surrogate pair": event_of("POST", "/v1/predict", body='{"rows": ["\ud800"]}'),
}


@pytest.mark.parametrize("event", BAD_EVENTS.values(), ids=BAD_EVENTS)
def test_a_bad_event_is_answered_with_400(client: Client, event: Any) -> None:
    reply = client.send(event)
    assert reply["statusCode"] == 400, reply["body"]
    assert reply["headers"]["content-type"] == "application/problem+json"


def test_a_compressed_body_is_refused(client: Client) -> None:
    event = event_of("POST", "/v1/predict", body="x", headers={"Content-Encoding": "gzip"})
    assert client.send(event)["statusCode"] == 415


@pytest.mark.parametrize("value", [True, None, "2", 3, 10**400, [1], 1e999])
@pytest.mark.parametrize("unknown", ["refused", "accepted"])
def test_a_category_that_is_a_number_takes_numbers_alone(value: Any, unknown: str) -> None:
    feature = {"name": "grade", "kind": "category", "nullable": False, "categories": [1.0, 2.0]}
    validator = Validator([{**feature, "unknown": unknown}], 10)
    assert validator.rows({"rows": [[1], [2.0]]}) == [[1.0], [2.0]]
    if (value, unknown) == (3, "accepted"):
        assert validator.rows({"rows": [[value]]}) == [[3.0]], "as the encoder does"
        return
    with pytest.raises(ProblemError) as caught:
        validator.rows({"rows": [[value]]})
    assert caught.value.errors[0]["field"] == "rows[0].grade"


def test_null_is_taken_where_the_pipeline_imputes(client: Client) -> None:
    assert client.predict(rows(row(income=None)))["statusCode"] == 200


def test_an_unknown_category_is_taken_where_the_encoder_ignores_it(client: Client) -> None:
    assert client.predict(rows(row(plan="platinum")))["statusCode"] == 200


def test_integers_and_floats_are_one_kind_of_number(client: Client) -> None:
    whole, real = client.predict(rows(row(age=41))), client.predict(rows(row(age=41.0)))
    assert body_of(whole) == body_of(real)


def test_a_value_that_preprocessing_takes_out_of_range_is_refused(client: Client) -> None:
    predictor = client.service._predictor
    transform = predictor.transform
    predictor.transform = lambda values: [v * 1e40 for v in transform(values)]
    reply = client.predict(rows(GOOD_ROW))
    assert reply["statusCode"] == 422, "scikit-learn refuses what float32 cannot hold"
    assert body_of(reply)["errors"][0]["field"] == "rows[0]"
