"""Access logs: AWS's fields and file names, one file a node and five minutes."""

from __future__ import annotations

import gzip
import shlex
from dataclasses import dataclass, field
from typing import Any

from emulator.dataplane.alb_access_logs import AccessLogs, line
from emulator.dataplane.alb_handling import Handling
from emulator.dataplane.alb_messages import Request, Response
from emulator.store import LoadBalancer

START_S = 1_532_563_200.0  # 2018-07-26T00:00:00Z
ARN = "arn:aws:elasticloadbalancing:us-east-2:123456789012:loadbalancer/app/my-alb/50dc6c495c0c9188"
FIELDS = (
    *("type", "time", "elb", "client:port", "target:port", "request_processing_time"),
    *("target_processing_time", "response_processing_time", "elb_status_code"),
    *("target_status_code", "received_bytes", "sent_bytes", "request", "user_agent"),
    *("ssl_cipher", "ssl_protocol", "target_group_arn", "trace_id", "domain_name"),
    *("chosen_cert_arn", "matched_rule_priority", "request_creation_time", "actions_executed"),
    *("redirect_url", "error_reason", "target:port_list", "target_status_code_list"),
    *("classification", "classification_reason", "conn_trace_id"),
)


@dataclass
class Clock:
    at_s: float = START_S

    def now_s(self) -> float:
        return self.at_s


@dataclass
class Bucket:
    kept: dict[str, str] = field(default_factory=dict)

    def keep(self, bucket: str, key: str, body: bytes) -> None:
        self.kept[f"{bucket}/{key}"] = gzip.decompress(body).decode()


def balancer(**more: Any) -> LoadBalancer:
    return LoadBalancer(
        arn=ARN,
        name="my-alb",
        region="us-east-2",
        dns_name="alb.example",
        zones=("us-east-2a",),
        listeners=(),
        client_keep_alive_s=60,
        idle_timeout_s=60,
        **{"access_log_bucket": "logs", **more},
    )


def handled(clock: Clock, **more: Any) -> Handling:
    request = Request(
        method="POST",
        target="/v1/predict?a=1",
        headers=(("host", "predict.example:8443"), ("user-agent", 'curl "x" \\')),
        body=b"{}",
        client_ip="192.0.2.1",
        client_port=2817,
        scheme="https",
        port=443,
    )
    given: dict[str, Any] = {
        "came_at_s": clock.at_s,
        "done_at_s": clock.at_s + 0.25,
        "trace_id": "Root=1-58337281-1d84f3d73c47ec4e58577259",
        "rule_priority": 0,
        "actions": ["jwt-validation", "forward"],
        "target_group_arn": "arn:tg",
        "target_s": 0.2,
        "target_status": 200,
        "response": Response(status=200, body=b"hello"),
    }
    return Handling(request=request, **{**given, **more})


def fields(text: str) -> dict[str, str]:
    found = shlex.split(text.replace("\\x22", "'"), posix=False)
    assert len(found) == len(FIELDS), "every field is there, in AWS's order"
    return dict(zip(FIELDS, [each.strip('"') for each in found], strict=True))


def test_a_line_says_what_became_of_a_request() -> None:
    found = fields(line(balancer(), handled(Clock())))
    assert found["type"] == "https"
    assert found["time"] == "2018-07-26T00:00:00.250000Z"
    assert found["elb"] == "app/my-alb/50dc6c495c0c9188"
    assert found["client:port"] == "192.0.2.1:2817"
    assert found["target_processing_time"] == "0.200"
    assert (found["elb_status_code"], found["target_status_code"]) == ("200", "200")
    assert (found["received_bytes"], found["sent_bytes"]) == ("2", "5")
    assert found["request"] == "POST https://predict.example:8443:443/v1/predict?a=1 HTTP/1.1"
    assert found["domain_name"] == "predict.example"
    assert found["actions_executed"] == "jwt-validation,forward"
    assert found["matched_rule_priority"] == "0"


def test_a_request_that_reached_no_target_says_so() -> None:
    turned_away = handled(
        Clock(),
        actions=["jwt-validation"],
        target_s=None,
        target_status=None,
        target_group_arn="",
        response=Response(status=401),
    )
    found = fields(line(balancer(), turned_away))
    assert found["elb_status_code"] == "401"
    assert (found["target_status_code"], found["target_processing_time"]) == ("-", "-1")
    assert found["target_group_arn"] == "-"


def test_a_file_is_delivered_when_its_five_minutes_have_ended() -> None:
    clock, bucket = Clock(), Bucket()
    logs = AccessLogs(clock, bucket.keep)  # type: ignore[arg-type]
    for node in ("127.42.10.1", "127.42.10.2", "127.42.10.1"):
        logs.note(balancer(access_log_prefix="edge"), node, handled(clock))
    clock.at_s += 299
    logs.deliver()
    assert bucket.kept == {}, "the minutes have not ended"
    clock.at_s += 1
    logs.deliver()
    one, other = sorted(bucket.kept)
    assert one.startswith(
        "logs/edge/AWSLogs/123456789012/elasticloadbalancing/us-east-2/2018/07/26/123456789012_"
        "elasticloadbalancing_us-east-2_app.my-alb.50dc6c495c0c9188_20180726T0005Z_127.42.10.1_"
    )
    assert one.endswith(".log.gz")
    assert [bucket.kept[each].count("\n") for each in (one, other)] == [2, 1]
    logs.deliver()
    assert len(bucket.kept) == 2, "a file is delivered once"


def test_a_load_balancer_without_access_logs_writes_none() -> None:
    clock, bucket = Clock(), Bucket()
    logs = AccessLogs(clock, bucket.keep)  # type: ignore[arg-type]
    logs.note(balancer(access_log_bucket=""), "127.42.10.1", handled(clock))
    clock.at_s += 600
    logs.deliver()
    assert bucket.kept == {}
