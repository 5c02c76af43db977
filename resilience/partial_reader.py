"""Reads as much of a deployed stack as answers, and says what did not.

Records and health checks are Route 53's, whose control plane is in us-east-1; all else is read in
its own Region. What does not answer is filled in from what was known before; where nothing was,
from the outputs' identifiers alone, which is enough to give a word and to set a flag. Reads only.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from resilience.aws import AwsError, AwsMissingError, AwsUnreachableError
from resilience.capacity_reader import table_consistency
from resilience.side_by_side import ask
from resilience.topology import (
    Bucket,
    Function,
    HealthCheck,
    Listener,
    LoadBalancer,
    Record,
    Region,
    TargetGroup,
    Topology,
    TopologyError,
    Watch,
)
from resilience.topology_reader import (
    read_health_check,
    read_joint_checks,
    read_records,
    read_region,
    watchers_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from resilience.aws import Aws
    from resilience.outputs import RegionOutputs, StackOutputs

UNKNOWN = "UNKNOWN"
"""The kind of a health check that could not be read and was never read before."""

_ROUTE_53 = "route53"


def read_what_answers(
    aws: Aws, outputs: StackOutputs, known: Topology | None, *, within_s: float
) -> tuple[Topology, tuple[str, ...]]:
    """Read what answers within some seconds, the Regions side by side.

    Args:
        aws: The account; a Region that it leaves alone is one that does not answer.
        outputs: The stack's identifiers.
        known: The stack as it was read before.
        within_s: Longest wait, in real seconds.

    Returns:
        The topology, and what of it is not of now, each with the reason.

    Raises:
        TopologyError: nothing answers, and nothing is known from before.
    """
    once = cast("Aws", _AskedOnce(aws))
    order = [region.region for region in outputs.regions]
    checks = _Checks(once, known)
    answers = ask(
        {
            "records": partial(read_records, once, outputs.zone_id),
            **{
                each.region: partial(read_region, once, each, order, checks.read)
                for each in outputs.regions
            },
        },
        within_s=within_s,
    )
    missing = checks.missing
    regions = tuple(answers[each].value for each in order)
    for name in order:
        if answers[name].value is None:
            missing.append(f"what {name} holds ({answers[name].why})")
    records: tuple[Record, ...] | None = answers["records"].value
    if records is None:
        missing.append(f"the records of {outputs.zone_name} ({answers['records'].why})")
        records = () if known is None else known.records
    filled = _filled(outputs, regions, known, checks)
    joint = read_joint_checks(records, filled, checks.read) if answers["records"].value else ()
    topology = Topology(
        project=outputs.project,
        stack=outputs.stack,
        zone_id=outputs.zone_id,
        zone_name=outputs.zone_name,
        predict_name=outputs.predict_name,
        table_name=outputs.table_name,
        records=records,
        regions=filled,
        joint_checks=joint or (() if known is None else known.joint_checks),
        table_consistency=_consistency(once, order, outputs.table_name, known),
    )
    return topology, tuple(dict.fromkeys(missing))


class _AskedOnce:
    """An account in which whatever did not answer once is not asked again: it costs seconds.

    A Region is one such thing; Route 53's control plane, wherever it stands, is another.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._silent: dict[str, AwsUnreachableError] = {}

    def call(self, service: str, operation: str, *, region: str, **parameters: Any) -> Any:
        """Make a call as `Aws.call` does."""
        place = self._place(service, region)
        try:
            return self._aws.call(service, operation, region=region, **parameters)
        except AwsUnreachableError as error:
            self._silent.setdefault(place, error)
            raise

    def pages(
        self, service: str, operation: str, *, region: str, **parameters: Any
    ) -> Iterator[Any]:
        """Make a call as `Aws.pages` does."""
        place = self._place(service, region)
        try:
            yield from self._aws.pages(service, operation, region=region, **parameters)
        except AwsUnreachableError as error:
            self._silent.setdefault(place, error)
            raise

    def _place(self, service: str, region: str) -> str:
        place = service if service == _ROUTE_53 else region
        if place in self._silent:
            raise self._silent[place]
        return place


class _Checks:
    """Health checks, read if they can be, else as they were known, else by their ids alone."""

    def __init__(self, aws: Aws, known: Topology | None) -> None:
        self.missing: list[str] = []
        self._aws = aws
        self._known = {} if known is None else {check.id: check for check in _checks_of(known)}

    def read(self, check_id: str) -> HealthCheck:
        """Read one. Raises `AwsMissingError` if it is gone."""
        try:
            return read_health_check(self._aws, check_id)
        except AwsMissingError:
            raise
        except AwsError as error:
            self.missing.append(f"the health checks of Route 53 ({error})")
            return self.known(check_id)

    def known(self, check_id: str) -> HealthCheck:
        """Give one as it was known before."""
        unknown = HealthCheck(id=check_id, kind=UNKNOWN, inverted=False, disabled=False)
        return self._known.get(check_id, unknown)


def _checks_of(topology: Topology) -> Iterator[HealthCheck]:
    yield from topology.joint_checks
    for region in topology.regions:
        yield from (region.deep_check, region.serving_check)
        yield from (watch.check for watch in region.watches)


def _filled(
    outputs: StackOutputs,
    read: tuple[Region | None, ...],
    known: Topology | None,
    checks: _Checks,
) -> tuple[Region, ...]:
    """Fill in the Regions that did not answer."""
    before = {} if known is None else {region.region: region for region in known.regions}
    alike = next((region for region in (*read, *before.values()) if region is not None), None)
    if alike is None:
        raise TopologyError(
            f"no Region of stack {outputs.stack} answers, and nothing is known from before: "
            "expected one that does, or a saved topology (--snapshot)"
        )
    order = [each.region for each in outputs.regions]
    return tuple(
        region or before.get(each.region) or _sketch(each, order, alike, checks)
        for each, region in zip(outputs.regions, read, strict=True)
    )


def _sketch(outputs: RegionOutputs, order: list[str], alike: Region, checks: _Checks) -> Region:
    """Draw a Region from its identifiers alone.

    Every Region is deployed with the same objectives, times and release, so those are another's;
    what nobody can know (zones, versions, what replicates where) is empty.
    """
    target_group = TargetGroup(arn=outputs.target_group_arn, health_check_enabled=False, targets=())
    listener = Listener(
        arn=outputs.listener_arn,
        port=alike.listener.port,
        protocol=alike.listener.protocol,
        default_target_group_arn=None,
        rules=(),
        tokens=alike.listener.tokens,
        client_certificates=alike.listener.client_certificates,
    )
    observer = None
    if alike.observer is not None and outputs.observer_function_name is not None:
        observer = replace(alike.observer, function=outputs.observer_function_name)
    return Region(
        region=outputs.region,
        regional_name=outputs.regional_name,
        load_balancer=LoadBalancer(arn=outputs.load_balancer_arn, host="", zones=()),
        listener=listener,
        target_group=target_group,
        function=Function(
            name=outputs.function_name,
            alias=outputs.alias_name,
            alias_arn="",
            version="",
            code_sha256=alike.function.code_sha256,
            release_digest=alike.function.release_digest,
            memory_mb=alike.function.memory_mb,
            timeout_s=alike.function.timeout_s,
            invocable_by=(),
        ),
        evacuation_function=outputs.evacuation_function_name,
        release_bucket=Bucket(name=outputs.release_bucket, versioned=False, replicates_to=()),
        prediction_bucket=Bucket(name=outputs.prediction_bucket, versioned=False, replicates_to=()),
        evacuation_bucket=outputs.evacuation_bucket,
        release_present=False,
        deep_check=checks.known(outputs.deep_check_id),
        watches=tuple(
            Watch(watcher=watcher, check=checks.known(check_id))
            for watcher, check_id in watchers_in(outputs, order)
        ),
        serving_check=checks.known(outputs.serving_check_id),
        objectives=alike.objectives,
        failback_hold_s=alike.failback_hold_s,
        observer=observer,
    )


def _consistency(aws: Aws, order: list[str], table: str | None, known: Topology | None) -> str:
    """Read how the table agrees, in the first Region that tells."""
    for region in order:
        try:
            return table_consistency(aws, region, table)
        except AwsError:
            continue
    return "eventual" if known is None else known.table_consistency
