"""Whatever is sent, the handler answers below 500 and never in part."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.inference.served import GOOD_ROW, Client, body_of, event_of, serve

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**300, max_value=10**310),
    st.floats(),
    st.text(max_size=8),
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)
# Values that a feature takes, and now and then one that it does not.
values: dict[str, SearchStrategy[Any]] = {
    "age": st.floats(-1e3, 1e3) | st.floats() | anything,
    "income": st.none() | st.integers(0, 10**6) | anything,
    "city": st.sampled_from(["Oslo", "Porto", "Riga"]) | anything,
    "plan": st.text(max_size=5) | anything,
}
good_rows = st.fixed_dictionaries(
    {
        "age": st.floats(-1e30, 1e30),
        "income": st.none() | st.integers(-(10**30), 10**30),
        "city": st.sampled_from(["Oslo", "Porto", "Riga"]),
        "plan": st.text(max_size=20),
    }
)
near_rows = st.one_of(
    good_rows,
    st.fixed_dictionaries(values),
    st.fixed_dictionaries({}, optional=values),
    st.tuples(*values.values()).map(list),
    anything,
)
documents = st.one_of(
    st.fixed_dictionaries({"rows": st.lists(good_rows, min_size=1, max_size=4)}),
    st.fixed_dictionaries({"rows": st.lists(near_rows, max_size=4)}),
    anything,
)
texts = st.one_of(
    documents.map(json.dumps),
    documents.map(json.dumps).flatmap(lambda t: st.integers(0, len(t)).map(lambda n: t[:n])),
    st.text(st.characters(), max_size=40),
    st.just("[" * 50_000),
)
bodies = st.one_of(
    texts.map(lambda text: {"body": text}),
    texts.map(lambda text: {"body": encoded(text), "isBase64Encoded": True}),
    st.binary(max_size=30).map(
        lambda data: {"body": b64encode(data).decode(), "isBase64Encoded": True}
    ),
    anything.map(lambda value: {"body": value, "isBase64Encoded": value}),
)
headers = st.dictionaries(
    st.sampled_from(["X-Request-Id", "content-type", "Content-Encoding", "accept"]),
    st.text(max_size=10) | anything,
    max_size=3,
)
envelopes = st.one_of(
    st.just({}),
    headers.map(lambda value: {"headers": value}),
    headers.map(lambda value: {"multiValueHeaders": {k: [v] for k, v in value.items()}}),
    st.fixed_dictionaries(
        {}, optional={"httpMethod": anything, "path": anything, "headers": anything}
    ),
)
METHODS = ["POST"] * 4 + ["GET", "PUT"]
PATHS = ["/v1/predict"] * 6 + ["/v1/model", "/health/live", "/health/ready", "/x"]


@st.composite
def events(draw: Any) -> Any:
    """Nine in ten are a load balancer's; the rest is anything."""
    if draw(st.integers(0, 9)) == 9:
        return draw(anything)
    event = event_of(draw(st.sampled_from(METHODS)), draw(st.sampled_from(PATHS)))
    return {**event, **draw(envelopes), **draw(bodies)}


def encoded(text: str) -> str:
    return b64encode(text.encode("utf-8", "surrogatepass")).decode()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    return serve(tmp_path_factory.mktemp("requests")).open(AWS_REGION="us-east-1")


unhurried = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@settings(max_examples=2000, **unhurried)
@given(event=events())
def test_no_request_ever_gives_a_5xx_or_part_of_an_answer(client: Client, event: Any) -> None:
    reply = client.send(event)
    status, body = reply["statusCode"], body_of(reply)
    assert 200 <= status < 500, "bad input is the caller's, never a 5xx"
    sent = reply.get("headers") or {k: v[0] for k, v in reply["multiValueHeaders"].items()}
    if status == 200:
        assert sent["content-type"] == "application/json"
        return
    assert sent["content-type"] == "application/problem+json"
    assert body["status"] == status
    assert "predictions" not in body, "a problem carries no answer"


@settings(max_examples=300, **unhurried)
@given(rows=st.lists(good_rows, min_size=1, max_size=5))
def test_every_valid_request_gets_one_whole_answer_a_row(client: Client, rows: list[Any]) -> None:
    reply = client.predict({"rows": rows})
    assert reply["statusCode"] == 200, reply["body"]
    predictions = body_of(reply)["predictions"]
    assert len(predictions) == len(rows), "one answer a row"
    for prediction in predictions:
        total = sum(prediction["probabilities"].values())
        assert abs(total - 1.0) < 1e-9, "probabilities add up"


@settings(max_examples=200, **unhurried)
@given(rows=st.lists(good_rows, max_size=3), name=st.sampled_from(list(GOOD_ROW)))
def test_one_bad_value_takes_the_whole_request_down(
    client: Client, rows: list[Any], name: str
) -> None:
    reply = client.predict({"rows": [*rows, {**GOOD_ROW, name: [1]}]})
    assert reply["statusCode"] == 422
    fields = [error["field"] for error in body_of(reply)["errors"]]
    assert fields == [f"rows[{len(rows)}].{name}"], "and the field is named"
