"""A stack's outputs: identifiers only, checked where they come in."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - pydantic reads the annotations at run time

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel


class OutputsError(Exception):
    """Outputs that are not those of a stack of this project."""


class _Outputs(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, extra="ignore")


class RegionOutputs(_Outputs):
    """Identifiers of what one Region holds."""

    region: str
    regional_name: str
    load_balancer_arn: str
    listener_arn: str
    target_group_arn: str
    function_name: str
    alias_name: str
    evacuation_function_name: str
    release_bucket: str
    prediction_bucket: str
    evacuation_bucket: str
    deep_check_id: str
    evacuation_check_ids: Mapping[str, str]
    serving_check_id: str
    objectives_parameter: str
    observer_function_name: str | None = None


class DrillOutputs(_Outputs):
    """Identifiers of what drills a stack; without a schedule there is the parameter alone."""

    region: str
    parameter: str
    journal_bucket: str | None = None
    state_machine_arn: str | None = None
    function_name: str | None = None


class StackOutputs(_Outputs):
    """Identifiers of what a stack holds, Regions in the settings' order."""

    project: str
    stack: str
    zone_id: str
    zone_name: str
    predict_name: str
    table_name: str | None = None
    drills: DrillOutputs | None = None
    regions: tuple[RegionOutputs, ...]


def parse_outputs(outputs: Mapping[str, object]) -> StackOutputs:
    """Check a stack's outputs.

    Raises:
        OutputsError: names each output that is missing or wrong.
    """
    try:
        return StackOutputs.model_validate(outputs)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg'].lower()}" for each in error.errors()
        )
        raise OutputsError(
            f"the stack's outputs are not Understudy's ({wrong}): deploy this project's program"
        ) from error
