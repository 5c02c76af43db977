"""CloudWatch's API: its actions on moto's response class, answered by our alarms and metrics.

Stock moto stores alarms and never evaluates them, starts them as OK, has no composite alarms and
no history, and answers metric math and percentiles with nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from emulator.patches.mending import add, replace
from emulator.watch import alarm_rule, metrics_api
from emulator.watch.alarms import AlarmRefusedError, Alarms
from emulator.watch.metrics import Metrics
from emulator.watch.metrics_api import MetricRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.patches.hooks import Hooks
    from emulator.watch.alarm import Alarm

Action: TypeAlias = Callable[[Alarms, Any], Any]
"""An action of the API, on moto's response object."""

MetricsAction: TypeAlias = Callable[[Metrics, str, Mapping[str, Any]], dict[str, Any]]

_KINDS: Final = ("MetricAlarm", "CompositeAlarm")


def apply(hooks: Callable[[], Hooks]) -> None:
    """Put our actions on moto's CloudWatch."""
    from moto.cloudwatch.responses import CloudWatchResponse

    def on_alarms(act: Action) -> Callable[[Any], Any]:
        return lambda response: act(hooks().watch.alarms, response)

    def on_metrics(act: MetricsAction) -> Callable[[Any], Any]:
        def answer(response: Any) -> Any:
            asked = response._get_params()  # noqa: SLF001  # moto's way to a call's parameters
            metrics, region = hooks().watch.metrics, str(response.region)
            return _answer(**_asked(lambda: act(metrics, region, asked)))

        return answer

    made = {name: on_alarms(act) for name, act in _ACTIONS.items()}
    made |= {name: on_metrics(act) for name, act in metrics_api.ACTIONS.items()}
    for name, act in made.items():
        put = replace if name in vars(CloudWatchResponse) else add
        put(CloudWatchResponse, name, act)


def _put(alarms: Alarms, response: Any) -> Any:
    told = response._get_params()  # noqa: SLF001  # moto's way to a call's parameters
    alarm = _asked(lambda: alarms.put(response.region, told))
    if told.get("Tags"):
        tags = {tag["Key"]: tag["Value"] for tag in told["Tags"]}
        response.cloudwatch_backend.tag_resource(alarm.alarm_arn, tags)
    return _answer()


def _describe(alarms: Alarms, response: Any) -> Any:
    asked = response._get_params()  # noqa: SLF001
    found = list(_chosen(alarms.of(response.region), asked))
    kinds = asked.get("AlarmTypes") or ["MetricAlarm"]
    return _answer(
        **{
            f"{kind}s": [each.described() for each in found if each.kind == kind]
            for kind in _KINDS
            if kind in kinds
        }
    )


def _describe_for_metric(alarms: Alarms, response: Any) -> Any:
    asked = response._get_params()  # noqa: SLF001
    members = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit")
    wanted = {name: asked[name] for name in members if asked.get(name) is not None}
    found = [
        each.described()
        for each in alarms.of(response.region)
        if not each.composite
        and all(each.told.get(name) == value for name, value in wanted.items())
        and _pairs(each.told.get("Dimensions")) == _pairs(asked.get("Dimensions"))
    ]
    return _answer(MetricAlarms=found)


def _describe_history(alarms: Alarms, response: Any) -> Any:
    asked = response._get_params()  # noqa: SLF001
    found = [
        item
        for alarm in alarms.of(response.region)
        if asked.get("AlarmName") in (None, alarm.name)
        and alarm.kind in (asked.get("AlarmTypes") or ["MetricAlarm"])
        for item in alarm.described_history()
        if asked.get("HistoryItemType") in (None, item["HistoryItemType"])
        and _within(item["Timestamp"], asked.get("StartDate"), asked.get("EndDate"))
    ]
    newest_first = asked.get("ScanBy") != "TimestampAscending"
    found.sort(key=lambda item: item["Timestamp"], reverse=newest_first)
    return _answer(AlarmHistoryItems=found[: asked.get("MaxRecords") or None])


def _delete(alarms: Alarms, response: Any) -> Any:
    _asked(lambda: alarms.delete(response.region, _names(response)))
    return _answer()


def _set_state(alarms: Alarms, response: Any) -> Any:
    asked = response._get_params()  # noqa: SLF001
    data = asked.get("StateReasonData")
    _asked(
        lambda: alarms.set_state(
            response.region,
            asked["AlarmName"],
            asked["StateValue"],
            asked["StateReason"],
            None if data is None else _json(data),
        )
    )
    return _answer()


def _enable(alarms: Alarms, response: Any) -> Any:
    alarms.enable_actions(response.region, _names(response), enabled=True)
    return _answer()


def _disable(alarms: Alarms, response: Any) -> Any:
    alarms.enable_actions(response.region, _names(response), enabled=False)
    return _answer()


_ACTIONS: Final[dict[str, Action]] = {
    "put_metric_alarm": _put,
    "put_composite_alarm": _put,
    "describe_alarms": _describe,
    "describe_alarms_for_metric": _describe_for_metric,
    "describe_alarm_history": _describe_history,
    "delete_alarms": _delete,
    "set_alarm_state": _set_state,
    "enable_alarm_actions": _enable,
    "disable_alarm_actions": _disable,
}


def _answer(**members: Any) -> Any:
    from moto.core.responses import ActionResult, EmptyResult

    return ActionResult(members) if members else EmptyResult()


def _names(response: Any) -> list[str]:
    names: list[str] = response._get_param("AlarmNames", [])  # noqa: SLF001
    return names


def _asked(call: Callable[[], Any]) -> Any:
    """Make a call; what it refuses becomes an error of CloudWatch's."""
    from moto.cloudwatch.exceptions import CloudWatchException

    try:
        return call()
    except (AlarmRefusedError, MetricRefusedError) as error:
        refusal = CloudWatchException(str(error))
        refusal.code = error.code
        raise refusal from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise AlarmRefusedError("InvalidFormat", f"StateReasonData is no JSON: {error}") from error


def _chosen(found: Iterable[Alarm], asked: Any) -> Iterable[Alarm]:
    """The alarms that DescribeAlarms asks for; without AlarmTypes, metric alarms only."""
    everything = list(found)
    names = asked.get("AlarmNames")
    parents = asked.get("ParentsOfAlarmName")
    children: set[str] | None = None
    if asked.get("ChildrenOfAlarmName"):
        parent = alarm_rule.name_of(asked["ChildrenOfAlarmName"])
        children = {
            name
            for each in everything
            if each.name == parent and each.rule
            for name in each.rule.alarms
        }
    for alarm in everything:
        actions = [*alarm.actions("OK"), *alarm.actions("ALARM")]
        if (
            (not names or alarm.name in names)
            and alarm.name.startswith(asked.get("AlarmNamePrefix") or "")
            and asked.get("StateValue") in (None, alarm.state_value)
            and any(each.startswith(asked.get("ActionPrefix") or "") for each in actions or [""])
            and (children is None or alarm.name in children)
            and (not parents or (alarm.rule and alarm_rule.name_of(parents) in alarm.rule.alarms))
        ):
            yield alarm


def _pairs(dimensions: Any) -> set[tuple[str, str]]:
    return {(each["Name"], each["Value"]) for each in dimensions or ()}


def _within(at: Any, start: Any, end: Any) -> bool:
    return (start is None or at >= start) and (end is None or at <= end)
