"""The emulator's process: it comes, serves alone on its block, and goes with all its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from emulator.handle import (
    EmulatorGoneError,
    EmulatorHandle,
    EmulatorRequestError,
    EmulatorStartError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[3]
WITHIN_S = 15.0


def eventually(holds: Callable[[], bool], rule: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s: {rule}"
        time.sleep(0.02)


def ports_free(handle: EmulatorHandle) -> bool:
    """Whether the API, control and DNS endpoints can be bound again."""
    addresses = [urlsplit(url) for url in (handle.aws_endpoint, handle.control)]
    streams = [(str(each.hostname), each.port) for each in addresses] + [handle.dns_address]
    for kind, endpoints in (
        (socket.SOCK_STREAM, streams),
        (socket.SOCK_DGRAM, [handle.dns_address]),
    ):
        for endpoint in endpoints:
            with socket.socket(socket.AF_INET, kind) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == 1))
                try:
                    sock.bind(endpoint)
                    if kind == socket.SOCK_STREAM:
                        sock.listen()
                except OSError:
                    return False
    return True


def let_go(handle: EmulatorHandle) -> bool:
    """Whether an emulator's block is free, or already another test's emulator's."""
    if ports_free(handle):
        return True
    control = http.client.HTTPConnection(urlsplit(handle.control).netloc, timeout=WITHIN_S)
    try:
        control.request("GET", "/status")
        return bool(json.load(control.getresponse())["pid"] != handle.pid)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        control.close()


def running(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def children_of(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(each) for each in found.stdout.split()]


def client(handle: EmulatorHandle, service: str, region: str, **keys: str) -> Any:
    environment = handle.aws_environment()
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=handle.aws_endpoint,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=10, connect_timeout=5),
        aws_access_key_id=keys.get("AccessKeyId", environment["AWS_ACCESS_KEY_ID"]),
        aws_secret_access_key=keys.get("SecretAccessKey", environment["AWS_SECRET_ACCESS_KEY"]),
        aws_session_token=keys.get("SessionToken"),
    )


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def role_with(handle: EmulatorHandle, name: str, *statements: dict[str, Any]) -> dict[str, str]:
    """Credentials of a session of a new role."""
    iam = client(handle, "iam", "us-east-1")
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(trust))
    if statements:
        iam.put_role_policy(
            RoleName=name,
            PolicyName="all",
            PolicyDocument=document(*statements),
        )
    sts = client(handle, "sts", "us-east-1")
    session = sts.assume_role(RoleArn=made["Role"]["Arn"], RoleSessionName="test")
    return dict(session["Credentials"])


def function_that_connects_outside(handle: EmulatorHandle, name: str) -> None:
    import io
    import zipfile

    code = """
        import socket
        def handle(event, context):
            refused = []
            for act in (lambda: socket.create_connection(("192.0.2.1", 80), 2),
                        lambda: socket.getaddrinfo("example.com", 80)):
                try:
                    act()
                except OSError as error:
                    refused.append(str(error))
            return refused
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("handler.py", textwrap.dedent(code))
    role_with(handle, f"{name}-role")
    client(handle, "lambda", "us-west-2").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="handler.handle",
        Role=f"arn:aws:iam::123456789012:role/{name}-role",
        Code={"ZipFile": archive.getvalue()},
        Timeout=60,
    )


def invoke(handle: EmulatorHandle, name: str) -> Any:
    answer = client(handle, "lambda", "us-west-2").invoke(FunctionName=name, Payload=b"{}")
    return json.loads(answer["Payload"].read())


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmulatorHandle]:
    """An emulator that the test may kill."""
    handle = EmulatorHandle.start(tmp_path / "emulator", speed=1)
    yield handle
    handle.stop()


def test_a_killed_emulator_takes_its_children_along_and_frees_its_ports(
    own: EmulatorHandle,
) -> None:
    function_that_connects_outside(own, "outside")
    address, name = invoke(own, "outside")
    assert "192.0.2.1" in address, "a worker is refused an outside address, by name"
    assert "example.com" in name, "a worker is refused a lookup, by name"
    workers = children_of(own.pid)
    assert workers, "the function runs in a process of its own"
    os.kill(own.pid, signal.SIGKILL)
    eventually(lambda: not any(running(pid) for pid in workers), "the workers end by themselves")
    own._process.wait(timeout=WITHIN_S)
    eventually(lambda: let_go(own), "its ports are free")
    assert not own.alive(), "a killed emulator is not alive"
    with pytest.raises(EmulatorGoneError, match="exit code -9"):
        own.events()


def test_the_emulator_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = f"""
        import time
        from emulator.handle import EmulatorHandle
        handle = EmulatorHandle.start({str(tmp_path)!r}, speed=1)
        print(handle.pid, flush=True)
        time.sleep(600)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, cwd=ROOT, text=True
    )
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert running(pid), "the emulator serves"
        parent.kill()
    eventually(lambda: not running(pid), "the emulator ends when its lifeline does")


def test_two_emulators_stand_side_by_side(own: EmulatorHandle, emulator: EmulatorHandle) -> None:
    assert own.aws_endpoint != emulator.aws_endpoint, "each has a block of its own"
    name = "side-by-side"
    client(own, "s3", "us-east-1").create_bucket(Bucket=name)
    names = [each["Name"] for each in client(emulator, "s3", "us-east-1").list_buckets()["Buckets"]]
    assert name not in names, "what one holds the other does not"


def test_stop_leaves_nothing_and_may_be_called_twice(tmp_path: Path) -> None:
    handle = EmulatorHandle.start(tmp_path, speed=1)
    assert not let_go(handle), "a running emulator holds its ports"
    handle.stop()
    assert not running(handle.pid), "the process has ended"
    eventually(lambda: let_go(handle), "its ports are free")
    assert not (tmp_path / "emulator.json").exists(), "nobody is told of an emulator that is gone"
    handle.stop()
    with pytest.raises(EmulatorGoneError):
        handle.lose("region", "us-east-1")


def test_a_start_that_fails_says_what_the_log_says(tmp_path: Path) -> None:
    with pytest.raises(EmulatorStartError, match=r"ended with code 2(.|\n)*is no speed"):
        EmulatorHandle.start(tmp_path, speed=0)


def test_a_lost_region_hangs_up_while_the_other_answers(emulator: EmulatorHandle) -> None:
    west_bucket = "lost-region-west"
    client(emulator, "s3", "us-west-2").create_bucket(
        Bucket=west_bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    fault = emulator.lose("region", "us-west-2")
    try:
        for service, call in (("ssm", "describe_parameters"), ("s3", "list_buckets")):
            with pytest.raises(ConnectionClosedError):
                getattr(client(emulator, service, "us-west-2"), call)()
            getattr(client(emulator, service, "us-east-1"), call)()
        with pytest.raises(ConnectionClosedError):
            client(emulator, "s3", "us-east-1").list_objects_v2(Bucket=west_bucket)
        client(emulator, "route53", "us-west-2").list_hosted_zones()
    finally:
        emulator.restore(fault)
    client(emulator, "ssm", "us-west-2").describe_parameters()


def test_global_control_planes_are_lost_with_us_east_1(emulator: EmulatorHandle) -> None:
    fault = emulator.lose("region", "us-east-1")
    try:
        for service, call in (("route53", "list_hosted_zones"), ("iam", "list_roles")):
            with pytest.raises(ConnectionClosedError):
                getattr(client(emulator, service, "us-west-2"), call)()
        identity = client(emulator, "sts", "us-west-2").get_caller_identity()
        assert identity["Account"] == "123456789012", "STS answers in each Region"
    finally:
        emulator.restore(fault)


def test_a_lost_bucket_hangs_up_and_the_rest_of_its_region_answers(
    emulator: EmulatorHandle,
) -> None:
    s3 = client(emulator, "s3", "us-east-1")
    s3.create_bucket(Bucket="lost-bucket")
    fault = emulator.lose("bucket", "lost-bucket")
    try:
        with pytest.raises(ConnectionClosedError):
            s3.list_objects_v2(Bucket="lost-bucket")
        s3.list_buckets()
    finally:
        emulator.restore(fault)
    assert s3.list_objects_v2(Bucket="lost-bucket")["KeyCount"] == 0, "it is back"


def test_a_role_may_do_what_its_policies_say_and_no_more(emulator: EmulatorHandle) -> None:
    owner = client(emulator, "s3", "us-east-1")
    owner.create_bucket(Bucket="held-to-policies")
    owner.put_object(Bucket="held-to-policies", Key="open/a", Body=b"1")
    session = role_with(
        emulator,
        "reader",
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "ssm:GetParameter"],
            "Resource": [
                "arn:aws:s3:::held-to-policies/open/*",
                "arn:aws:ssm:*:*:parameter/open/*",
            ],
        },
    )
    s3 = client(emulator, "s3", "us-east-1", **session)
    assert s3.get_object(Bucket="held-to-policies", Key="open/a")["Body"].read() == b"1"
    denied = [
        (lambda: s3.put_object(Bucket="held-to-policies", Key="open/a", Body=b"2"), "PutObject"),
        (lambda: s3.list_objects_v2(Bucket="held-to-policies"), "ListBucket"),
        # Who may not list is not told that a key does not exist.
        (lambda: s3.get_object(Bucket="held-to-policies", Key="open/missing"), "ListBucket"),
        (
            lambda: client(emulator, "ssm", "us-east-1", **session).get_parameter(Name="/shut/a"),
            "ssm:GetParameter",
        ),
        (lambda: client(emulator, "iam", "us-east-1", **session).list_roles(), "iam:ListRoles"),
        (lambda: client(emulator, "ec2", "us-east-1", **session).describe_vpcs(), "DescribeVpcs"),
        (
            lambda: client(emulator, "lambda", "us-east-1", **session).invoke(FunctionName="f"),
            "lambda:InvokeFunction",
        ),
        (
            lambda: client(emulator, "route53", "us-east-1", **session).list_hosted_zones(),
            "route53:ListHostedZones",
        ),
    ]
    for call, named in denied:
        with pytest.raises(ClientError, match=named) as refused:
            call()
        code = refused.value.response["Error"]["Code"]
        assert code in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"), (
            "each protocol has its own word for a denial"
        )
    owner.put_object(Bucket="held-to-policies", Key="open/missing", Body=b"3")
    assert s3.get_object(Bucket="held-to-policies", Key="open/missing")["Body"].read() == b"3"


def test_a_bucket_policy_can_open_and_shut_a_bucket_for_a_role(emulator: EmulatorHandle) -> None:
    owner = client(emulator, "s3", "us-east-1")
    owner.create_bucket(Bucket="opened-by-policy")
    owner.put_object(Bucket="opened-by-policy", Key="a", Body=b"1")
    session = role_with(emulator, "guest")
    s3 = client(emulator, "s3", "us-east-1", **session)
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:role/guest"},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::opened-by-policy/*",
    }
    owner.put_bucket_policy(Bucket="opened-by-policy", Policy=document(statement))
    s3.get_object(Bucket="opened-by-policy", Key="a")
    owner.put_bucket_policy(
        Bucket="opened-by-policy",
        Policy=document(statement, {**statement, "Effect": "Deny"}),
    )
    with pytest.raises(ClientError, match="explicitly denied"):
        s3.get_object(Bucket="opened-by-policy", Key="a")


def test_unknown_and_missing_credentials_are_refused(emulator: EmulatorHandle) -> None:
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client(emulator, "ssm", "us-east-1", AccessKeyId="AKIAUNKNOWN").describe_parameters()
    address = urlsplit(emulator.aws_endpoint)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=5)
    connection.request("GET", "/some-bucket")
    assert connection.getresponse().status == 403, "an unsigned call is nobody's"
    connection.close()


def test_s3_sends_callers_to_the_buckets_own_region(emulator: EmulatorHandle) -> None:
    client(emulator, "s3", "us-west-2").create_bucket(
        Bucket="own-region", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    client(emulator, "s3", "us-west-2").put_object(Bucket="own-region", Key="a", Body=b"1")
    east = client(emulator, "s3", "us-east-1")
    assert east.get_object(Bucket="own-region", Key="a")["Body"].read() == b"1", (
        "SDKs follow to the bucket's Region"
    )
    assert east.head_bucket(Bucket="own-region")["BucketRegion"] == "us-west-2", "it is named"


def test_a_conditional_write_has_one_winner(emulator: EmulatorHandle) -> None:
    s3 = client(emulator, "s3", "us-east-1")
    s3.create_bucket(Bucket="conditional")
    s3.put_object(Bucket="conditional", Key="epoch", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket="conditional", Key="epoch", Body=b"2", IfNoneMatch="*")


def test_connections_are_kept(emulator: EmulatorHandle) -> None:
    address = urlsplit(emulator.aws_endpoint)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=5)
    connection.connect()
    first = connection.sock
    for _ in range(3):
        connection.request("GET", "/")
        connection.getresponse().read()
    assert connection.sock is first, "one connection serves many calls"
    connection.close()


@pytest.mark.parametrize(
    ("kind", "target", "named"),
    [
        ("planet", "mars", "'planet'"),
        ("region", "mars-north-1", "'mars-north-1'"),
        ("bucket", "no-such-bucket", "'no-such-bucket'"),
        ("load_balancer", "arn:none", "'arn:none'"),
        ("function", "arn:none", "'arn:none'"),
    ],
)
def test_a_fault_without_a_target_is_refused_by_name(
    emulator: EmulatorHandle, kind: str, target: str, named: str
) -> None:
    with pytest.raises(EmulatorRequestError, match=named):
        emulator.lose(kind, target)


def test_a_fault_is_restored_once(emulator: EmulatorHandle) -> None:
    before = emulator.events()[-1]["sequence"] if emulator.events() else 0
    fault = emulator.lose("region", "eu-west-1")
    assert abs(fault.onset_s - time.time()) < WITHIN_S, "the onset is real time"
    emulator.restore(fault)
    with pytest.raises(EmulatorRequestError, match=fault.id):
        emulator.restore(fault)
    kinds = [each["kind"] for each in emulator.events(before)]
    assert kinds == ["fault.begun", "fault.ended"], "both are events, and `since` leaves others out"


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/deploy", {"stack": "s"}, "project_dir"),
        ("/deploy", {"project_dir": "relative", "stack": "s"}, "'relative'"),
        ("/deploy", {"project_dir": "/", "stack": ""}, "stack"),
        ("/deploy", {"project_dir": "/", "stack": "s", "colour": 1}, "'colour'"),
        ("/deploy", {"project_dir": "/", "stack": "s", "config": [1]}, r"\[1\]"),
        ("/deploy", {"project_dir": "/", "stack": "s", "config_file": "/none"}, "'/none'"),
        ("/faults", [], "an object"),
        ("/events?since=yesterday", None, "'yesterday'"),
    ],
)
def test_bad_control_requests_name_the_value(
    emulator: EmulatorHandle, path: str, body: Any, named: str
) -> None:
    with pytest.raises(EmulatorRequestError, match=named):
        emulator._ask("GET" if body is None else "POST", path, body)


def test_the_status_command_tells_a_running_emulator_from_a_gone_one(
    emulator: EmulatorHandle, tmp_path: Path
) -> None:
    def status(work_dir: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "emulator", "status", "--work-dir", str(work_dir)],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            cwd=ROOT,
        )

    running_one = status(emulator.work_dir)
    assert json.loads(running_one.stdout)["pid"] == emulator.pid, "its state is printed as JSON"
    gone = status(tmp_path)
    assert gone.returncode == 3, "the run itself broke"
    assert "no emulator serves" in gone.stderr, "the message says so"
