"""The names that a runbook may use, and how each is looked up in the account.

They follow from what is deployed (`resilience.topology`) and from the one rule by which the
program calls things: `<project>-<stack>-<what>`. A name that the topology does not hold itself has
a look-up, so that a page never leads anybody to what is not there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from resilience.runbooks.parts import DRILLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resilience.topology import Topology

GLOBAL_REGION: Final = "us-east-1"
"""Where IAM is asked, and where alarms on Route 53's health checks can stand."""


@dataclass(frozen=True, kw_only=True)
class LookUp:
    """One read by which AWS tells whether a thing is there.

    `holds`: parts of the reply of which one must not be empty; none: that it answers is enough.
    """

    service: str
    operation: str
    region: str
    parameters: Mapping[str, Any]
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Name:
    """A name filled in. Without a look-up the topology holds it, or it is nothing deployed."""

    value: str
    look_up: LookUp | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a runbook is rendered for.

    Attributes:
        topology: The deployed stack.
        region: Where the alarm fired, or the Region that is worked on.
        about: Another Region: the one that the alarm is about, or that helps out.
        options: How `./run` finds the same stack, for commands within the page.
    """

    topology: Topology
    region: str
    about: str
    options: str

    @property
    def prefix(self) -> str:
        """What every name of the stack begins with."""
        return f"{self.topology.project}-{self.topology.stack}"

    @property
    def drills_region(self) -> str:
        """Where drills by the clock stand: in the second Region of a stack."""
        return self.topology.regions[1].region

    @property
    def account(self) -> str:
        """The AWS account, of which every load balancer's ARN tells."""
        return self.topology.region(self.region).load_balancer.arn.split(":")[4]


MEANINGS: Final[Mapping[str, str]] = {
    "stack": "the stack",
    "stack_options": "how `./run` finds the stack: what was given to `./run runbook`",
    "prefix": "what every name of the stack begins with",
    "account": "the AWS account",
    "region": "where the alarm fired, or the Region that is worked on (`--region`)",
    "about": "the Region that the alarm is about, or that helps out (`--about`)",
    "predict_name": "the name that clients ask",
    "alarm": "the page's alarm; of several, the one that is about `about`",
    "alarm_region": "where that alarm stands",
    "table": "the stack's table",
    "function": "the prediction function",
    "evacuation_function": "the evacuation switch",
    "observer_function": "the observer",
    "canary_function": "the canary",
    "validation_function": "what judges restore tests",
    "canary_schedule": "what starts the canary",
    "observer_schedule": "what starts the observer",
    "restore_age_rule": "what tells the age of the last restore test",
    "dead_letters": "the queue of what no function could do",
    "topic": "who is told: the pager's topic, its ARN",
    "stream": "what carries prediction records to their bucket",
    "vault": "where backups are",
    "predictions": "the bucket of prediction records",
    "releases": "the bucket of releases",
    "evacuation_bucket": "the bucket of evacuation flags",
    "about_predictions": "the bucket of prediction records, in `about`",
    "about_evacuation_bucket": "the bucket of evacuation flags, in `about`",
    "serving_check": "the health check that clients' records follow",
    "about_deep_check": "the health check that asks `about` itself",
    "load_balancer": "the load balancer, its ARN",
    "backup_role": "the role that makes backups, its ARN",
    "restore_role": "the role that restores them into places of their own, its ARN",
    "replication_role": "the role that copies prediction records to other Regions",
    "observer_role": "the observer's role",
    "drill_schedule": "what starts drills, where drills by the clock stand: the second Region",
    "drill_machine": "the state machine that runs a drill, its ARN, there",
    "drill_function": "what does the steps of a drill, there",
    "drill_journals": "the bucket of their journals, there",
}
"""Every name, with what it is; of `region` unless it says otherwise."""

# Alarms of which there is one for each of something: what ends the name.
_ONE_EACH: Final = {
    "canary-failure": "about",
    "health-check": "about",
    "replication-latency": "predictions",
    "replication-failed": "predictions",
}
_WITH_ROUTE_53: Final = frozenset({"health-check", "out-of-service"})


def names_of(place: Place, slug: str) -> dict[str, Name]:
    """Give every name of `MEANINGS` for a page.

    Raises:
        TopologyError: the stack has no such Region.
    """
    return {
        **_plain(place),
        **_of_alarm(place, slug),
        **_deployed(place),
        **_looked_up(place, _KINDS, place.region),
        **_looked_up(place, _KINDS_OF_DRILLS, place.drills_region),
    }


def _plain(place: Place) -> dict[str, Name]:
    """Give what is no resource."""
    topology = place.topology
    found = {
        "stack": topology.stack,
        "stack_options": place.options,
        "prefix": place.prefix,
        "account": place.account,
        "region": place.region,
        "about": place.about,
        "predict_name": topology.predict_name,
    }
    return {name: Name(value=value) for name, value in found.items()}


def _of_alarm(place: Place, slug: str) -> dict[str, Name]:
    ending = _ONE_EACH.get(slug, "")
    ending = place.about if ending == "about" else ending
    name = f"{place.prefix}-{slug}" + (f"-{ending}" if ending else "")
    region = _alarm_region(place, slug)
    look_up = LookUp(
        service="cloudwatch",
        operation="describe_alarms",
        region=region,
        parameters={"AlarmNames": [name], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]},
        holds=("MetricAlarms", "CompositeAlarms"),
    )
    return {"alarm": Name(value=name, look_up=look_up), "alarm_region": Name(value=region)}


def _alarm_region(place: Place, slug: str) -> str:
    if slug in _WITH_ROUTE_53:
        return GLOBAL_REGION
    return place.drills_region if slug in DRILLS.pages else place.region


def _deployed(place: Place) -> dict[str, Name]:
    """Give what the topology holds."""
    here, there = place.topology.region(place.region), place.topology.region(place.about)
    observer = here.observer.function if here.observer else f"{place.prefix}-observer"
    found = {
        "table": place.topology.table_name or place.prefix,
        "function": here.function.name,
        "evacuation_function": here.evacuation_function,
        "observer_function": observer,
        "predictions": here.prediction_bucket.name,
        "releases": here.release_bucket.name,
        "evacuation_bucket": here.evacuation_bucket,
        "about_predictions": there.prediction_bucket.name,
        "about_evacuation_bucket": there.evacuation_bucket,
        "serving_check": here.serving_check.id,
        "about_deep_check": there.deep_check.id,
        "load_balancer": here.load_balancer.arn,
    }
    return {name: Name(value=value) for name, value in found.items()}


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """How things of a kind are looked up: by what parameter, under what value."""

    service: str
    operation: str
    parameter: str
    shown: str = "{prefix}-{what}"
    looked: str = ""
    region: str = ""


_FUNCTION: Final = _Kind(
    service="lambda", operation="get_function_configuration", parameter="FunctionName"
)
_SCHEDULE: Final = _Kind(service="scheduler", operation="get_schedule", parameter="Name")
_ROLE: Final = _Kind(
    service="iam",
    operation="get_role",
    parameter="RoleName",
    shown="{prefix}-{region}-{what}",
    region=GLOBAL_REGION,
)
_ROLE_ARN: Final = replace(
    _ROLE,
    shown="arn:aws:iam::{account}:role/{prefix}-{region}-{what}",
    looked="{prefix}-{region}-{what}",
)
_KINDS: Final[Mapping[str, tuple[str, _Kind]]] = {
    "canary_function": ("canary", _FUNCTION),
    "validation_function": ("restore-validation", _FUNCTION),
    "canary_schedule": ("canary", _SCHEDULE),
    "observer_schedule": ("observer", _SCHEDULE),
    "restore_age_rule": (
        "restore-age",
        _Kind(service="events", operation="describe_rule", parameter="Name"),
    ),
    "dead_letters": (
        "dead-letters",
        _Kind(service="sqs", operation="get_queue_url", parameter="QueueName"),
    ),
    "topic": (
        "pager",
        _Kind(
            service="sns",
            operation="get_topic_attributes",
            parameter="TopicArn",
            shown="arn:aws:sns:{region}:{account}:{prefix}-{what}",
        ),
    ),
    "stream": (
        "predictions",
        _Kind(
            service="firehose",
            operation="describe_delivery_stream",
            parameter="DeliveryStreamName",
        ),
    ),
    "vault": (
        "backup",
        _Kind(service="backup", operation="describe_backup_vault", parameter="BackupVaultName"),
    ),
    "backup_role": ("backup", _ROLE_ARN),
    "restore_role": ("restore", _ROLE_ARN),
    "replication_role": ("replicate-predictions", _ROLE),
    "observer_role": ("observer", _ROLE),
}
_KINDS_OF_DRILLS: Final[Mapping[str, tuple[str, _Kind]]] = {
    "drill_schedule": ("drill", _SCHEDULE),
    "drill_machine": (
        "drill",
        _Kind(
            service="stepfunctions",
            operation="describe_state_machine",
            parameter="stateMachineArn",
            shown="arn:aws:states:{region}:{account}:stateMachine:{prefix}-{what}",
        ),
    ),
    "drill_function": ("drill", _FUNCTION),
    "drill_journals": (
        "journals",
        _Kind(
            service="s3",
            operation="get_bucket_versioning",
            parameter="Bucket",
            shown="{prefix}-{account}-{region}-{what}",
        ),
    ),
}


def _looked_up(
    place: Place, kinds: Mapping[str, tuple[str, _Kind]], region: str
) -> dict[str, Name]:
    """Give what follows from the rule by which things are called, as it stands in a Region."""
    found: dict[str, Name] = {}
    for name, (what, kind) in kinds.items():
        parts = {
            "prefix": place.prefix,
            "region": region,
            "account": place.account,
            "what": what,
        }
        look_up = LookUp(
            service=kind.service,
            operation=kind.operation,
            region=kind.region or region,
            parameters={kind.parameter: (kind.looked or kind.shown).format(**parts)},
        )
        found[name] = Name(value=kind.shown.format(**parts), look_up=look_up)
    return found
