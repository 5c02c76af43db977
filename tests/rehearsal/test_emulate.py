"""`emulate` keeps a stack running to look at, and leaves nothing behind."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import ssl
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import dns.message
import dns.query
import dns.rdatatype
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from commands import SPEED, descendants, gone, refuses, running, wait_for

from resilience.emulation import Invitation
from resilience.golden import read_release

if TYPE_CHECKING:
    from collections.abc import Generator


@dataclass
class Emulated:
    invitation: Invitation
    process: Any

    def s3(self, region: str) -> Any:
        aws = self.invitation.aws
        return boto3.client(
            "s3",
            region_name=region,
            endpoint_url=aws["AWS_ENDPOINT_URL"],
            aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
            config=Config(s3={"addressing_style": "path"}),
        )


@pytest.fixture(scope="module")
def emulated(release_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulated]:
    log = tmp_path_factory.mktemp("emulate") / "log"
    arguments = ("emulate", "--release", str(release_zip), "--speed", str(SPEED), "--json")
    with running(*arguments, log=log) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        yield Emulated(Invitation(**json.loads(line)), process)


def test_dig_answers_with_the_serving_regions_addresses_and_a_ttl(emulated: Emulated) -> None:
    seen = emulated.invitation
    query = dns.message.make_query(seen.predict_name, dns.rdatatype.A)

    def leads_to_the_primary() -> bool:
        answer = dns.query.udp(query, seen.dns_host, timeout=5, port=seen.dns_port)
        chain = answer.resolve_chaining()
        assert chain.answer is not None
        assert chain.minimum_ttl == 10
        return seen.address in {record.address for record in chain.answer}

    wait_for(leads_to_the_primary, 60, "the primary's addresses, once its checks have settled")


def test_curl_gets_a_right_prediction(emulated: Emulated, release_zip: Path) -> None:
    release = read_release(release_zip)
    reply, content = predict(emulated.invitation, request_id="by-hand")
    assert (reply.status, reply.headers["x-understudy-region"]) == (
        200,
        emulated.invitation.region,
    )
    assert reply.headers["x-request-id"] == "by-hand"
    assert release.right(0, content), content


def predict(seen: Invitation, *, request_id: str) -> tuple[http.client.HTTPResponse, bytes]:
    """Send the golden request to the primary as curl would."""
    trust = ssl.create_default_context(cafile=seen.ca_file)
    connection = http.client.HTTPSConnection(seen.address, seen.https_port, timeout=10)
    connection.sock = trust.wrap_socket(
        socket.create_connection((seen.address, seen.https_port), 10),
        server_hostname=seen.predict_name,
    )
    body = Path(seen.golden_request).read_bytes()
    headers = {
        "content-type": "application/json",
        "host": seen.predict_name,
        "x-request-id": request_id,
    }
    connection.request("POST", "/v1/predict", body, headers)
    reply = connection.getresponse()
    content = reply.read()
    connection.close()
    return reply, content


def test_the_aws_api_shows_the_replication_that_the_program_set(emulated: Emulated) -> None:
    buckets = emulated.invitation.prediction_buckets
    here, there = sorted(buckets)
    for source, target in ((here, there), (there, here)):
        reply = emulated.s3(source).get_bucket_replication(Bucket=buckets[source])
        rules = reply["ReplicationConfiguration"]["Rules"]
        assert [(r["Status"], r["Destination"]["Bucket"]) for r in rules] == [
            ("Enabled", f"arn:aws:s3:::{buckets[target]}")
        ]


def test_an_object_put_in_one_region_appears_in_the_other(emulated: Emulated) -> None:
    buckets = emulated.invitation.prediction_buckets
    here, there = sorted(buckets)
    emulated.s3(here).put_object(Bucket=buckets[here], Key="by-hand.txt", Body=b"here")

    def arrived() -> bool:
        try:
            reply = emulated.s3(there).get_object(Bucket=buckets[there], Key="by-hand.txt")
        except ClientError:
            return False
        return reply["Body"].read() == b"here"

    wait_for(arrived, 30, "the replica")


def test_a_prediction_is_recorded_in_its_region_and_then_in_the_other(emulated: Emulated) -> None:
    """Through log subscription, Firehose and replication, as deployed."""
    reply, _ = predict(emulated.invitation, request_id="recorded")
    assert reply.status == 200
    for region, bucket in sorted(emulated.invitation.prediction_buckets.items()):
        arrived = partial(requests_in, emulated.s3(region), bucket)
        wait_for(lambda seen=arrived: "recorded" in seen(), 60, f"the record in {bucket}")


def requests_in(s3: Any, bucket: str) -> set[str]:
    """The request ids of every prediction record in a bucket."""
    found = s3.list_objects_v2(Bucket=bucket, Prefix="predictions/").get("Contents", [])
    bodies = [s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found]
    records = [json.loads(line) for body in bodies for line in body.decode().splitlines()]
    assert all(record["type"] == "prediction" for record in records)
    return {record["request_id"] for record in records}


def test_what_to_type_names_every_place(emulated: Emulated) -> None:
    seen, text = emulated.invitation, emulated.invitation.text()
    assert f"dig @{seen.dns_host} -p {seen.dns_port} {seen.predict_name} A" in text
    assert f"--cacert {seen.ca_file}" in text
    assert f"aws --endpoint-url {seen.aws['AWS_ENDPOINT_URL']} --region us-east-1" in text
    assert f"{seen.control}/faults" in text


def test_ctrl_c_leaves_nothing_behind(emulated: Emulated) -> None:
    """Last in this module: it ends the emulator that the others look at."""
    started = descendants(emulated.process.pid)
    assert started
    emulated.process.send_signal(signal.SIGINT)
    assert emulated.process.wait(30) == 0
    wait_for(lambda: gone(started), 10, "the end of every process")
    seen = emulated.invitation
    assert refuses(seen.dns_host, 4566)
    assert refuses(seen.address, seen.https_port)
    assert not Path(seen.golden_request).parent.exists()
