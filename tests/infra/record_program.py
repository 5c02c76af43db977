"""Run the program against a recorder instead of AWS, and tell what it asked for.

Nothing is created: each resource is answered with its own inputs and made-up identifiers, so the
record shows what the program says, not what AWS or an emulator makes of it.
"""

import asyncio
import functools
import runpy
import warnings
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pulumi
import pulumi_aws as aws
from pulumi import _types, _utils
from pulumi.output import Unknown
from pulumi.runtime import mocks, rpc
from pulumi.runtime.mocks import MockEngine, MockMonitor, MockSettings
from pulumi.runtime.proto import source_pb2
from pulumi.runtime.settings import configure
from pulumi.runtime.stack import run_in_stack

from policy.graph import UNKNOWN
from tests.infra.graph import ACCOUNT_ID


class _Recorder(MockMonitor):
    """A resource monitor that keeps what it was asked for."""

    def __init__(self, registered: list[str], *, preview: bool) -> None:
        super().__init__(_Aws(preview=preview))
        self.registered = registered
        self.recorded: dict[str, dict[str, Any]] = {}
        self.outputs: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            assert response.urn not in self.recorded, f"two resources are {response.urn}"
            self.registered.append(response.urn)
            self.recorded[response.urn] = {
                "urn": response.urn,
                "id": response.id,
                "type": request.type,
                "name": request.name,
                "parent": request.parent,
                "inputs": _plain(_values(request.object)),
                "outputs": _plain(_values(response.object)),
                "dependencies": sorted(request.dependencies),
                "property_dependencies": {
                    key: sorted(each.urns) for key, each in request.propertyDependencies.items()
                },
                "protect": request.protect,
                "retain_on_delete": request.retainOnDelete,
            }
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        if request.urn.endswith("pulumi:pulumi:Stack::understudy-" + pulumi.get_stack()):
            self.outputs.update(_plain(_values(request.outputs)))
        return super().RegisterResourceOutputs(request)


class _Aws(pulumi.runtime.Mocks):
    """Answers with what was asked for, plus identifiers, which a preview does not know."""

    def __init__(self, *, preview: bool) -> None:
        self._preview = preview

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if not args.typ.startswith("aws:"):
            return "", dict(args.inputs)
        kind = args.typ.rpartition(":")[2]
        if self._preview:
            return "", dict(args.inputs)
        id_ = f"{kind}-{args.name}"
        named = {"name": args.name, "arn": _arn(args.typ, args.inputs, args.name)}
        return id_, named | args.inputs | _computed(kind, args.inputs, id_)

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        if args.token == "aws:index/getCallerIdentity:getCallerIdentity":
            return {"accountId": ACCOUNT_ID}
        if args.token == "aws:ec2/getManagedPrefixList:getManagedPrefixList":
            return {"id": args.args["name"], "name": args.args["name"]}
        if args.token == "aws:servicequotas/getServiceQuota:getServiceQuota":
            return {"value": 1000.0}
        assert args.token == "aws:index/getAvailabilityZones:getAvailabilityZones", args.token
        region = args.args["region"]
        return {"names": [f"{region}{letter}" for letter in "dcba"]}


class _AtOnce(ThreadPoolExecutor):
    """Answers calls of the monitor where they are made: it waits for nobody."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **named))
        except Exception as error:  # noqa: BLE001 - whoever awaits it gets it
            done.set_exception(error)
        return done


def _at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that waits for nobody, as one over plain values does.

    The SDK would run the event loop inside the event loop for it, and in there the next resource,
    and the next: a stack of five Regions is more resources than Python nests calls.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("the recorder's answers hold something that is not known yet")


def _read_once(self: _utils.ContextProperty, owner: object, _kind: type) -> Any:
    """A property of the SDK's own state, read once; the SDK reads it twice, to see what it is."""
    if owner is None or isinstance(value := self.fget(), dict):
        return self
    return value


# Asked thousands of times a run, of a few hundred types; a fork has what the first run was told.
_types.unwrap_type = functools.cache(_types.unwrap_type)
_types.unwrap_optional_type = functools.cache(_types.unwrap_optional_type)
_utils.ContextProperty.__get__ = _read_once


def _discard(_: object) -> None:
    """`run_in_stack` awaits what the program returns; a module's globals are nothing to await."""


def _values(message: Any) -> Any:
    return rpc.deserialize_properties(message, keep_unknowns=True)


def _plain(value: Any) -> Any:
    """Return a wire value as JSON has it: secrets opened, assets as paths or texts."""
    if isinstance(value, pulumi.AssetArchive):
        return _plain(value.assets)
    if isinstance(value, pulumi.FileAsset | pulumi.StringAsset):
        return value.path if isinstance(value, pulumi.FileAsset) else value.text
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, dict):
        return UNKNOWN if isinstance(value, Unknown) else value
    if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
        return _plain(value["value"])
    return {key: _plain(each) for key, each in value.items()}


# How AWS writes the ARN of what policies speak of; all else has one of a form of its own.
_ARNS: Final = {
    "aws:backup/vault:Vault": "backup:{region}:{account}:backup-vault:{name}",
    "aws:cloudwatch/logGroup:LogGroup": "logs:{region}:{account}:log-group:{name}",
    "aws:dynamodb/table:Table": "dynamodb:{region}:{account}:table/{name}",
    "aws:ecr/repository:Repository": "ecr:{region}:{account}:repository/{name}",
    "aws:iam/role:Role": "iam::{account}:role/{name}",
    "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": (
        "firehose:{region}:{account}:deliverystream/{name}"
    ),
    "aws:kms/key:Key": "kms:{region}:{account}:key/{logical}",
    "aws:kms/replicaKey:ReplicaKey": "kms:{region}:{account}:key/{logical}",
    "aws:lambda/function:Function": "lambda:{region}:{account}:function:{name}",
    "aws:secretsmanager/secret:Secret": "secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
    "aws:sns/topic:Topic": "sns:{region}:{account}:{name}",
    "aws:sqs/queue:Queue": "sqs:{region}:{account}:{name}",
}


def _arn(type_: str, inputs: Mapping[str, Any], logical: str) -> str:
    service, _, kind = type_.removeprefix("aws:").partition("/")
    usual = f"{service}:{{region}}:{{account}}:{kind.partition(':')[0]}/{{logical}}"
    form = _ARNS.get(type_, usual)
    name, region = inputs.get("name", logical), inputs.get("region", "")
    return "arn:aws:" + form.format(region=region, account=ACCOUNT_ID, name=name, logical=logical)


def _computed(kind: str, inputs: Mapping[str, Any], id_: str) -> dict[str, Any]:
    match kind:
        case "Bucket":
            made: dict[str, Any] = {"arn": f"arn:aws:s3:::{inputs['bucket']}"}
        case "Certificate":
            names = [*inputs["subjectAlternativeNames"], inputs["domainName"]]
            made = {"domainValidationOptions": [_proof(name) for name in names]}
        case "LoadBalancer":
            made = {"dnsName": f"{id_}.elb.amazonaws.com", "zoneId": f"zone-of-{id_}"}
        case "Zone":
            made = {"zoneId": id_}
        case "Repository":
            registry = f"{ACCOUNT_ID}.dkr.ecr.{inputs['region']}.amazonaws.com"
            made = {"repositoryUrl": f"{registry}/{inputs['name']}"}
        case "TableReplica":
            table = str(inputs["globalTableArn"]).rpartition("/")[2]
            made = {"arn": f"arn:aws:dynamodb:{inputs['region']}:{ACCOUNT_ID}:table/{table}"}
        case "Record":
            made = {"fqdn": inputs["name"]}
        case "Function":
            made = {"version": "1"}
        case "Alias" if "functionName" in inputs:
            own = f"function:{inputs['functionName']}:{inputs['name']}"
            made = {"arn": f"arn:aws:lambda:{inputs['region']}:{ACCOUNT_ID}:{own}"}
        case _:
            made = {}
    return made


def _proof(name: str) -> dict[str, str]:
    return {
        "domainName": name,
        "resourceRecordName": f"_proof.{name}.",
        "resourceRecordValue": "_value.acm-validations.aws.",
        "resourceRecordType": "CNAME",
    }


def record(stack: str, root: Path, registered: list[str], *, preview: bool) -> dict[str, Any]:
    """Run the program in `root` as one stack, and return what it asked for.

    `registered` takes each URN as it comes, for whoever wants to know what was asked for before a
    program ended with an error.
    """
    monitor, said = _Recorder(registered, preview=preview), []
    # Not `set_mocks`: it starts a stack of its own, on another event loop than the program's.
    settings = MockSettings(
        monitor=monitor,
        monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),
        engine=MockEngine(None),
        project="understudy",
        stack=stack,
        dry_run=preview,
        organization=None,
        callbacks=None,
    )
    configure(settings)
    pulumi.log.warn = lambda message, *_args, **_options: said.append(message)
    # Loading a service tells of every deprecated class in it, used or not. What is said after
    # that is about what the program uses.
    _ = (aws.lambda_.Function, aws.s3.Bucket, aws.ec2.Vpc, aws.iam.Role)
    warnings.simplefilter("error")

    mocks._sync_await = _at_once
    # Where each resource was made: a walk through the stack that nobody here asks for.
    pulumi.runtime.resource._get_stack_trace = source_pb2.StackTrace

    async def program() -> None:
        asyncio.get_running_loop().set_default_executor(_AtOnce())
        await run_in_stack(lambda: _discard(runpy.run_path(str(root / "__main__.py"))))

    asyncio.run(program())
    return {
        "resources": list(monitor.recorded.values()),
        "outputs": monitor.outputs,
        "warnings": said,
    }
