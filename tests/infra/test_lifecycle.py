"""What S3 tidies away, and what it never does."""

import dataclasses
import json
from typing import Any

import pytest

from infra.lifecycle import lifecycle
from infra.settings import parse_settings
from tests.infra.graph import stack_config

DATA = dataclasses.replace(
    parse_settings(stack_config("prod"), project="understudy", stack="prod").data,
    prediction_archive_days=90,
    prediction_days=365,
)


def rules(kind: Any, **changes: int) -> dict[str, Any]:
    found = json.loads(json.dumps(lifecycle(kind, dataclasses.replace(DATA, **changes))))
    return {each["id"]: each for each in found}


@pytest.mark.parametrize("kind", ["releases", "predictions", "evacuation"])
def test_unfinished_uploads_go_from_every_bucket(kind: str) -> None:
    assert "abort_incomplete_multipart_upload" in rules(kind)["unfinished-uploads"]


def test_a_release_is_never_evicted_not_even_a_deleted_one() -> None:
    assert list(rules("releases")) == ["unfinished-uploads"]


def test_a_flag_does_not_expire() -> None:
    assert "end" not in rules("evacuation"), "an evacuation ends by hand, not by age"


def test_predictions_age_as_the_settings_say() -> None:
    found = rules("predictions")
    assert found["archive"]["transitions"] == [{"days": 90, "storage_class": "GLACIER_IR"}]
    assert found["end"]["expiration"] == {"days": 365}


def test_predictions_are_kept_for_good_where_the_settings_say_never() -> None:
    found = rules("predictions", prediction_archive_days=0, prediction_days=0)
    assert set(found) == {"unfinished-uploads", "deleted"}
