"""Pulumi's resource monitor and engine services, spoken over gRPC on loopback.

The protocol: https://github.com/pulumi/pulumi/blob/master/proto/pulumi/resource.proto. The SDK's
own stubs carry it; everything that means something happens in `Deployment`.
"""

from __future__ import annotations

import traceback
from concurrent import futures
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    provider_pb2,
    resource_pb2,
    resource_pb2_grpc,
)

from emulator.engine import wire
from emulator.engine.aws import AwsError
from emulator.engine.registration import ReadRequest, Registered, from_request
from emulator.engine.request import RefusedError

if TYPE_CHECKING:
    from collections.abc import Generator

    from emulator.engine.deployment import Deployment
    from emulator.engine.invokes import Invokes

_THREADS: Final = 16
_LARGEST_MESSAGE_BYTES: Final = 400 * 1024 * 1024  # as the SDK's own limit
# Alias specs are left out on purpose: the SDK then works out every alias URN itself.
_FEATURES: Final = {
    "secrets": resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    "resourceReferences": resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    "outputValues": resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    "deletedWith": resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
}
_SEVERITIES: Final = {
    engine_pb2.DEBUG: "debug",
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}

Context = grpc.ServicerContext


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Answers the program's registrations, reads and invokes."""

    def __init__(self, deployment: Deployment, invokes: Invokes) -> None:
        self._deployment = deployment
        self._invokes = invokes

    def GetDeploymentInfo(  # noqa: N802  # the protocol's name
        self, request: empty_pb2.Empty, context: Context
    ) -> resource_pb2.DeploymentInfo:
        """Project, stack, and what this engine can do."""
        del request, context
        project = self._deployment.project
        return resource_pb2.DeploymentInfo(
            project=project.name,
            stack=project.stack,
            organization="emulator",
            config=dict(project.config),
            dryRun=self._deployment.preview,
            supportedFeatures=list(_FEATURES.values()),
        )

    def SupportsFeature(  # noqa: N802  # the protocol's name
        self, request: resource_pb2.SupportsFeatureRequest, context: Context
    ) -> resource_pb2.SupportsFeatureResponse:
        """Whether this engine can do one thing; asked by older SDKs."""
        del context
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in _FEATURES)

    def RegisterResource(  # noqa: N802  # the protocol's name
        self, request: resource_pb2.RegisterResourceRequest, context: Context
    ) -> resource_pb2.RegisterResourceResponse:
        """Bring one resource to what the program wants."""
        with self._reporting(context):
            done = self._deployment.register(from_request(request))
        return resource_pb2.RegisterResourceResponse(
            urn=done.urn,
            id=done.id,
            object=wire.encode(done.outputs, done.secrets),
            result=resource_pb2.FAIL if done.failed else resource_pb2.SUCCESS,
        )

    def RegisterResourceOutputs(  # noqa: N802  # the protocol's name
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: Context
    ) -> empty_pb2.Empty:
        """Note a component's (or the stack's) outputs."""
        with self._reporting(context):
            decoded = wire.decode(request.outputs)
            self._deployment.register_outputs(request.urn, decoded.values, decoded.secrets)
        return empty_pb2.Empty()

    def ReadResource(  # noqa: N802  # the protocol's name
        self, request: resource_pb2.ReadResourceRequest, context: Context
    ) -> resource_pb2.ReadResourceResponse:
        """Look up a resource that exists (`.get`)."""
        with self._reporting(context):
            done = self._read(request)
        return resource_pb2.ReadResourceResponse(
            urn=done.urn,
            id=done.id,
            properties=wire.encode(done.outputs, done.secrets),
            result=resource_pb2.FAIL if done.failed else resource_pb2.SUCCESS,
        )

    def _read(self, request: resource_pb2.ReadResourceRequest) -> Registered:
        return self._deployment.read(
            ReadRequest(
                type=request.type,
                name=request.name,
                id=request.id,
                parent=request.parent,
                provider=request.provider,
                inputs=wire.decode(request.properties).values,
            )
        )

    def Invoke(  # noqa: N802  # the protocol's name
        self, request: resource_pb2.ResourceInvokeRequest, context: Context
    ) -> provider_pb2.InvokeResponse:
        """Answer a function call (`aws.get_caller_identity`)."""
        with self._reporting(context):
            defaults = self._deployment.defaults(request.provider)
            arguments = wire.decode(request.args).values
            try:
                found = self._invokes.answer(request.tok, arguments, defaults)
            except (RefusedError, AwsError) as error:
                # A Region that does not answer is the program's to judge: it may know a way round.
                if not (isinstance(error, AwsError) and error.unreachable):
                    self._deployment.refuse(f"{request.tok}: {error}")
                answer = provider_pb2.InvokeResponse()
                answer.failures.add(reason=str(error))
                return answer
        answer = provider_pb2.InvokeResponse()
        getattr(answer, "return").CopyFrom(wire.encode(found))
        return answer

    def SignalAndWaitForShutdown(  # noqa: N802  # the protocol's name
        self, request: empty_pb2.Empty, context: Context
    ) -> empty_pb2.Empty:
        """The program has said all it has to say: it may end."""
        del request, context
        return empty_pb2.Empty()

    @contextmanager
    def _reporting(self, context: Context) -> Generator[None]:
        """A defect of ours becomes a problem of the run, not a silent gRPC error."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # whatever went wrong is reported below
            failure, trace = str(error) or repr(error), traceback.format_exc(limit=-4)
        else:
            return
        self._deployment.refuse(f"the emulator's engine failed: {failure}\n{trace}")
        context.abort(grpc.StatusCode.INTERNAL, f"the emulator's engine failed: {failure}")


class EngineService(engine_pb2_grpc.EngineServicer):
    """Takes the program's log lines and remembers its root resource."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._root = ""

    def Log(  # noqa: N802  # the protocol's name
        self, request: engine_pb2.LogRequest, context: Context
    ) -> empty_pb2.Empty:
        """Pass a log line on; debug lines are the SDK's own and stay here."""
        del context
        severity = _SEVERITIES[request.severity]
        if severity != "debug":
            self._deployment.log(severity, request.message)
        return empty_pb2.Empty()

    def GetRootResource(  # noqa: N802  # the protocol's name
        self, request: engine_pb2.GetRootResourceRequest, context: Context
    ) -> engine_pb2.GetRootResourceResponse:
        """The stack's URN."""
        del request, context
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def SetRootResource(  # noqa: N802  # the protocol's name
        self, request: engine_pb2.SetRootResourceRequest, context: Context
    ) -> engine_pb2.SetRootResourceResponse:
        """Remember the stack's URN."""
        del context
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()


@contextmanager
def serving(deployment: Deployment, invokes: Invokes) -> Generator[str]:
    """Serve both services on a loopback port that the system chooses; yields `host:port`.

    Calls under way are seen to their end, whatever became of the program: what they make is
    written down before the next run reads the state.
    """
    limits = [
        ("grpc.max_receive_message_length", _LARGEST_MESSAGE_BYTES),
        ("grpc.max_send_message_length", _LARGEST_MESSAGE_BYTES),
    ]
    threads = futures.ThreadPoolExecutor(_THREADS)
    server = grpc.server(threads, options=limits)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Monitor(deployment, invokes), server)
    engine_pb2_grpc.add_EngineServicer_to_server(EngineService(deployment), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(grace=None).wait()
        threads.shutdown(wait=True, cancel_futures=True)
