"""A stack in memory to drill on: every AWS call of every experiment, virtual time, and ways to die.

Clients are led to the primary until 30 s after it stopped serving (or was evacuated), and back 30 s
after it serves again. Calls are counted, so that a test can end a drill at any of them.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from hand_aws import EAST, WEST, HandAws, digest

from resilience.experiments.core.ground import Ground, Place
from resilience.experiments.core.world import CallError
from resilience.functions.observer_memory import intent_of
from resilience.records import Connection, Outcome, Probe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ACCOUNT = "123456789012"
BEGAN_S = datetime(2026, 1, 5, 10, 0, tzinfo=UTC).timestamp()  # a Monday, ten o'clock
HTTPS = 443
SHIFT_S = 30.0
DELIVERY_S = 60.0
ALARM_S = 240.0
WRITE_S = 5.0


WRITING = (
    *("put_", "delete_", "update_", "publish_", "start_", "cancel_", "modify_", "revoke_"),
    "authorize_",
)
"""What operations begin with that change something: where a kill makes a difference."""


class KilledError(BaseException):
    """kill -9, as near as a test can come: nothing of ours catches it."""


@cache
def package() -> bytes:
    """A release that is as small as can be."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("model/arrays.bin", bytes(range(64)))
    return out.getvalue()


def settled(name: str, value: str = "as written") -> dict[str, Any]:
    """An item of the stack's table that was there long before any backup."""
    written_at = datetime.fromtimestamp(BEGAN_S - 30 * 86_400, UTC).isoformat()
    facts = {"pk": "settled", "sk": name, "value": value, "written_at": written_at}
    return {key: {"S": fact} for key, fact in facts.items()}


def place(region: str, other: str) -> Place:
    return Place(
        region=region,
        name=f"predict.{region}.example",
        function="understudy-staging-predict",
        alias="live",
        listener_arn=f"listener/{region}",
        load_balancer_arn=f"balancer/{region}",
        zones=tuple(f"{region}{zone}" for zone in "abc"),
        release_bucket=f"{region}-releases",
        prediction_bucket=f"{region}-predictions",
        evacuation_bucket=f"{region}-evacuation",
        deep_check_id=f"check-{region}",
        watchers=(other,),
        observer="understudy-staging-observer",
    )


def ground() -> Ground:
    return Ground(
        account=ACCOUNT,
        project="understudy",
        stack="staging",
        predict_name="predict.example",
        table="understudy-staging",
        places=(place(EAST, WEST), place(WEST, EAST)),
        rto_s=98,
        rpo_s=300,
        availability_ratio=0.3,
        ceiling_s=46,
        turn_s=36,
        ttl_s=10,
        hold_s=30,
        look_s=10,
        agreement_s=20,
    )


@dataclass
class HandWorld(HandAws):
    """`core.world.World` by hand.

    Attributes:
        kill_at: The writing call at which the process dies; `kill_after` lets its effect stand.
        fail_from: From this call on, `fails_for` calls are answered by `fail_code`.
        refused: Codes by what AWS refuses all along, as "s3 put_object in us-east-1".
        copied_after_s: How long a copy is on its way to the other Region.
        fis_begins_after_s: How long FIS looks for its targets before it breaks anything.
    """

    ground: Ground = field(default_factory=ground)
    at_s: float = BEGAN_S
    calls: int = 0
    writes: int = 0
    kill_at: int | None = None
    kill_after: bool = False
    fail_from: int | None = None
    fails_for: int = 0
    fail_code: str = "ThrottlingException"
    refused: dict[str, str] = field(default_factory=dict)
    items: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    reserved: dict[tuple[str, str], int] = field(default_factory=dict)
    objects: dict[tuple[str, str], tuple[float, bytes]] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    replication: dict[str, dict[str, Any]] = field(default_factory=dict)
    listeners: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    ingress: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    alias: dict[str, str] = field(default_factory=dict)
    shifts: list[dict[str, Any]] = field(default_factory=list)
    experiments: list[dict[str, Any]] = field(default_factory=list)
    uncopied: list[str] = field(default_factory=list)
    copying: list[tuple[float, str, str]] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=lambda: {"understudy:drills": "allowed"})
    alarms: set[tuple[str, str]] = field(default_factory=set)
    parameters: dict[str, str] = field(default_factory=dict)
    points: list[dict[str, Any]] = field(default_factory=list)
    sick: dict[str, float] = field(default_factory=dict)
    well_since: dict[str, float] = field(default_factory=dict)
    deep: dict[str, tuple[bool, float]] = field(default_factory=dict)
    dead_observers_since: dict[str, float] = field(default_factory=dict)
    slow_checks: bool = False
    copies_broken: bool = False
    copied_after_s: float = 0.0
    fis_begins_after_s: float = 3.0
    records_lost: bool = False
    observers_deaf: bool = False
    alarms_mute: bool = False
    small_standby: bool = False
    zones_stay: bool = False
    long_there: list[dict[str, Any]] = field(default_factory=lambda: [settled("1"), settled("2")])
    backed_up: list[dict[str, Any]] = field(default_factory=lambda: [settled("1"), settled("2")])
    jobs: dict[str, tuple[float, str, str]] = field(default_factory=dict)
    backups_fail: bool = False
    restores_denied: bool = False
    restores: list[tuple[dict[str, Any], dict[str, str]]] = field(default_factory=list)
    why: str = ""
    seen: list[Probe] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)
    delivered_at_s: float = BEGAN_S

    def __post_init__(self) -> None:
        self.seat = SimpleNamespace(clock=SimpleNamespace(speed=1e9))
        good = package()
        for each in self.ground.places:
            region = each.region
            self.reserved[region, each.function] = 50
            self.policies[each.prediction_bucket] = json.dumps({"Statement": [{"Sid": "Own"}]})
            self.replication[each.prediction_bucket] = {
                "Role": "role",
                "Rules": [{"ID": "all", "Status": "Enabled"}],
            }
            for listener in (each.listener_arn, f"health-{each.listener_arn}"):
                for arn in (listener, f"rule/{listener}"):
                    self.listeners[arn] = [{"Type": "forward", "TargetGroupArn": "tg"}]
            self.ingress[f"sg-{region}"] = {
                "GroupId": f"sg-{region}",
                "SecurityGroupRuleId": "sgr-in",
                "IsEgress": False,
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "CidrIpv4": "0.0.0.0/0",
            }
            self.versions[region] = {"$LATEST": (digest(good), ""), "1": (digest(good), "")}
            self.alias[region] = "1"
            key = f"releases/{hashlib.sha256(good).hexdigest()}.zip"
            self.objects[each.release_bucket, key] = (BEGAN_S, good)
            self.well_since[region] = BEGAN_S - 3600
        for region, age_s in ((EAST, 3600), (WEST, 60)):  # the newer one is no copy
            self.points.append(
                {
                    "RecoveryPointArn": f"point of {region}",
                    "ResourceArn": f"arn:aws:dynamodb:{region}:1:table/{self.ground.table}",
                    "Status": "COMPLETED",
                    "CreationDate": datetime.fromtimestamp(BEGAN_S - age_s, UTC),
                }
            )

    def fingerprint(self) -> str:
        """Everything that a drill may change and must put back, as text."""
        flags = sorted(k for k in self.objects if "evacuation/" in k[1] or "drills/" in k[1])
        kept = {
            "reserved": sorted((*k, v) for k, v in self.reserved.items()),
            "flags": flags,
            "policies": self.policies,
            "replication": self.replication,
            "listeners": self.listeners,
            "ingress": self.ingress,
            "versions": self.versions,
            "alias": self.alias,
            "shifts": [s for s in self.shifts if s["status"] == "ACTIVE"],
            "tables": self.tables,
            "fis": [e["id"] for e in self.experiments if e["state"]["status"] != "stopped"],
        }
        return json.dumps(kept, sort_keys=True, indent=1)

    # What a world offers ---------------------------------------------------------------------

    def now_s(self) -> float:
        return self.at_s

    def stopped(self) -> str:
        return self.why

    def stop(self, why: str) -> None:
        self.why = why

    def call(self, service: str, operation: str, *, region: str, **parameters: Any) -> Any:
        number = self.calls
        self.calls += 1
        self.at_s += 0.01
        dies = self.kill_at == self.writes and operation.startswith(WRITING)
        self.writes += operation.startswith(WRITING)
        if dies and not self.kill_after:
            raise KilledError
        if self.fail_from is not None and 0 <= number - self.fail_from < self.fails_for:
            raise CallError(f"{service} {operation}", self.fail_code, "said the test")
        if (code := self.refused.get(f"{service} {operation} in {region}")) is not None:
            raise CallError(f"{service} {operation}", code, "said the test")
        act = getattr(self, f"{service.replace('-', '_')}_{operation}")
        reply = copy.deepcopy(act(region, **copy.deepcopy(parameters)))
        self._note_changes()
        if dies:
            raise KilledError
        return reply

    def watch(self, for_s: float, meanwhile: Callable[[], None] | None = None) -> tuple[Probe, ...]:
        end_s = self.at_s + for_s
        due_s = self.at_s
        while self.at_s < end_s:
            if meanwhile is not None and self.at_s >= due_s:
                due_s += WRITE_S
                meanwhile()
            self.at_s += 0.5
            self._live()
            self.seen.append(self._probe(self.serving()))
        return ()

    def probes(self, kept: Sequence[Probe]) -> tuple[Probe, ...]:
        return (*kept, *self.seen)

    def request_ids(self, probes: Sequence[Probe]) -> frozenset[str]:
        return frozenset(f"at-{each.scheduled_s}" for each in probes)

    def serves(self, region: str) -> bool:
        return self._probe(region).good

    def healthy(self, region: str) -> bool | None:
        down, since_s = self.deep.get(region, (False, -1e9))
        turned = self.at_s - since_s >= (self.shift_s() if down else SHIFT_S) - 5
        return turned is not down

    def leads_to(self) -> frozenset[str] | None:
        return self.addresses(self.serving())

    def addresses(self, region: str) -> frozenset[str]:
        zones = 3
        if not self.zones_stay:
            zones -= sum(s["status"] == "ACTIVE" and s["region"] == region for s in self.shifts)
        return frozenset(f"{region}-{zone}" for zone in range(zones))

    def burst(self, region: str, *, rate_per_s: float, for_s: float) -> tuple[Probe, ...]:
        probes = [self._probe(region) for _ in range(int(rate_per_s * for_s))]
        if self.small_standby:
            probes = [_bad(p) if n % 2 else p for n, p in enumerate(probes)]
        self.at_s += for_s
        return tuple(probes)

    # How the stack lives ---------------------------------------------------------------------

    def shift_s(self) -> float:
        return 300.0 if self.slow_checks else SHIFT_S

    def serving(self) -> str:
        gone_s = self.shift_s()
        if EAST in self.sick:
            return WEST if self.at_s - self.sick[EAST] >= gone_s else EAST
        return EAST if self.at_s - self.well_since[EAST] >= SHIFT_S else WEST

    def _down(self, region: str) -> bool:
        """A Region is out of service: stopped, cut, shut, evacuated, or with a wrong model."""
        where = self.ground.place(region)
        good = self.versions[region]["1"][0]
        return (
            self.reserved.get((region, where.function)) == 0
            or all(
                actions[0]["Type"] != "forward"
                for arn, actions in self.listeners.items()
                if arn.endswith(where.listener_arn)
            )
            or self.ingress[f"sg-{region}"]["FromPort"] != HTTPS
            or self.versions[region].get(self.alias[region], ("", ""))[0] != good
        )

    def _flagged(self, region: str) -> bool:
        return any(
            (self.ground.place(w).evacuation_bucket, f"evacuation/{region}") in self.objects
            for w in self.ground.place(region).watchers
        )

    def _note_changes(self) -> None:
        for each in self.ground.places:
            region = each.region
            if self.deep.get(region, (False, 0.0))[0] is not self._down(region):
                self.deep[region] = (self._down(region), self.at_s)
            if self._down(region) or self._flagged(region):
                self.sick.setdefault(region, self.at_s)
                self.well_since.pop(region, None)
            elif self.sick.pop(region, None) is not None:
                self.well_since[region] = self.at_s
            if self.reserved.get((region, each.observer or "")) == 0:
                self.dead_observers_since.setdefault(region, self.at_s)
            else:
                self.dead_observers_since.pop(region, None)

    def _live(self) -> None:
        """Copies arrive, observers obey and latch, Firehose delivers, alarms see dead observers."""
        self.arrive()
        for each in self.ground.places:
            self._observe(each)
            key = (each.region, "understudy-staging-observer-silent")
            dead_s = self.dead_observers_since.get(each.region)
            if dead_s is not None and self.at_s - dead_s >= ALARM_S and not self.alarms_mute:
                self.alarms.add(key)
            else:
                self.alarms.discard(key)
        bucket = self.ground.primary.prediction_bucket
        denied = "Deny" in self.policies[bucket]
        if self.records_lost and denied:
            self.undelivered = []
        if self.at_s - self.delivered_at_s >= DELIVERY_S and not denied and self.undelivered:
            self.delivered_at_s = self.at_s
            key = f"predictions/region={EAST}/date={self.at_s}"
            lines = [json.dumps({"request_id": each}) for each in self.undelivered]
            self.objects[bucket, key] = (self.at_s, "\n".join(lines).encode())
            self.undelivered = []
        self._note_changes()

    def _observe(self, target: Place) -> None:
        watcher = self.ground.place(target.watchers[0])
        dead = self.reserved.get((watcher.region, watcher.observer or "")) == 0
        if dead or self.observers_deaf:
            return
        flag = (watcher.evacuation_bucket, f"evacuation/{target.region}")
        item = self.items.get(("intent", target.region))
        word = None if item is None else intent_of(item, self.at_s)
        latches = self._down(target.region) and self.at_s - self.sick[target.region] > SHIFT_S + 20
        if latches or (word is not None and word.kind == "evacuate"):
            self.objects.setdefault(flag, (self.at_s, b""))
        elif word is not None and word.kind == "failback" and not self._down(target.region):
            self.objects.pop(flag, None)

    def _probe(self, region: str) -> Probe:
        bad_model = (
            self.versions[region].get(self.alias[region], ("", ""))[0]
            != (self.versions[region]["1"][0])
        )
        good = not self._down(region)
        outcome = Outcome.GOOD
        if not good:
            outcome = Outcome.WRONG_ANSWER if bad_model else Outcome.BAD_STATUS
        if good and region == EAST:
            self.undelivered.append(f"at-{self.at_s}")
        return Probe(
            scheduled_s=self.at_s,
            client=0,
            connection=Connection.FRESH,
            outcome=outcome,
            latency_s=0.0,
            address=f"{region}-0",
            region=region if good else None,
            release="a" * 64 if good else None,
            status=200 if good else 502,
        )

    def begin_experiments(self) -> None:
        """Let what FIS was told to start run, once it has looked for its targets."""
        for each in self.experiments:
            if each["state"]["status"] == "initiating" and self.at_s >= each["begins_s"]:
                each["state"]["status"] = "running"

    def _fis_runs(self, template: str) -> bool:
        self.begin_experiments()
        return any(
            e["experimentTemplateId"] == template and e["state"]["status"] == "running"
            for e in self.experiments
        )


def _bad(probe: Probe) -> Probe:
    return Probe(
        scheduled_s=probe.scheduled_s,
        client=0,
        connection=Connection.FRESH,
        outcome=Outcome.BAD_STATUS,
        latency_s=0.0,
        status=502,
    )
