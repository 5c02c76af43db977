"""A ground to drill on, as text and back."""

from __future__ import annotations

import pytest
from hand_world import ground

from resilience.experiments.core.ground import GroundError, from_json, to_json


def test_the_ground_comes_back_as_it_went() -> None:
    assert from_json(to_json(ground())) == ground()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"places": []}', '{"places": [{}]}'])
def test_what_is_no_ground_is_refused(text: str) -> None:
    with pytest.raises(GroundError, match="no ground to drill on"):
        from_json(text)
