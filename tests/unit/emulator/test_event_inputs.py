"""What targets get of an event, with the examples of AWS's documentation."""

from __future__ import annotations

import json
from typing import Any, Final

from emulator.watch.event_inputs import body_of, filled

EVENT: Final[dict[str, Any]] = {
    "version": "0",
    "id": "7bf73129",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "time": "2027-01-15T08:00:00Z",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789"],
    "detail": {"instance-id": "i-0123456789", "state": "RUNNING", "tries": 3, "note": 'a "word"'},
}
RULE: Final = "arn:aws:events:us-east-1:123456789012:rule/example"
PATHS: Final = {"instance": "$.detail.instance-id", "state": "$.detail.state"}


def test_without_a_transformer_a_target_gets_the_whole_event() -> None:
    assert json.loads(body_of({}, EVENT, RULE)) == EVENT


def test_a_constant_and_a_part_of_the_event() -> None:
    assert body_of({"Input": '{"a": 1}'}, EVENT, RULE) == '{"a": 1}'
    assert body_of({"InputPath": "$.detail.tries"}, EVENT, RULE) == "3"
    assert body_of({"InputPath": "$.resources[0]"}, EVENT, RULE).startswith('"arn:aws:ec2')


def test_a_template_of_text_is_filled_within_its_quotes() -> None:
    found = filled('"instance <instance> is in <state>"', PATHS, EVENT, RULE)
    assert json.loads(found) == "instance i-0123456789 is in RUNNING"


def test_a_template_of_json_takes_values_with_their_types() -> None:
    paths = PATHS | {"tries": "$.detail.tries", "detail": "$.detail", "note": "$.detail.note"}
    template = '{"id": <instance>, "tries": <tries>, "all": <detail>, "said": "so: <note>"}'
    assert json.loads(filled(template, paths, EVENT, RULE)) == {
        "id": "i-0123456789",
        "tries": 3,
        "all": EVENT["detail"],
        "said": 'so: a "word"',
    }


def test_variables_of_aws_and_what_is_not_there() -> None:
    template = '{"rule": "<aws.events.rule-name>", "gone": "<missing>"}'
    found = json.loads(filled(template, {"missing": "$.detail.nothing"}, EVENT, RULE))
    assert found == {"rule": "example", "gone": ""}
