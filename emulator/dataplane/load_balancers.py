"""Application Load Balancers on loopback: a listener on each address, one an Availability Zone.

Listeners come and go with what is deployed, within `LOOK_EVERY_S`; rules, targets, certificates
and faults count from the next request on.
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from emulator.addresses import is_in_zone
from emulator.dataplane import alb_lambda, alb_metrics
from emulator.dataplane.alb_connection import Connection
from emulator.dataplane.alb_firewall import BLOCKED
from emulator.dataplane.alb_handling import Handling
from emulator.dataplane.alb_lambda import TargetError
from emulator.dataplane.alb_messages import Request, Response, own_error
from emulator.dataplane.alb_rules import fixed_response, matching_rule, redirect
from emulator.dataplane.alb_tokens import TokenError
from emulator.store.listeners import FixedResponse, Forward, Redirect

if TYPE_CHECKING:
    import ssl
    from collections.abc import Coroutine
    from random import Random

    from emulator.addresses import Block, LoadBalancerNumbers
    from emulator.certificates import Authority
    from emulator.dataplane.alb_access_logs import AccessLogs
    from emulator.dataplane.alb_firewall import RateLimits
    from emulator.dataplane.alb_firewall_logs import FirewallLogs
    from emulator.dataplane.alb_tokens import Tokens
    from emulator.dataplane.lambda_service import LambdaService
    from emulator.dataplane.world import World
    from emulator.store import LoadBalancer
    from emulator.store.admission import Admission
    from emulator.store.listeners import Action, Listener, Rule

LOOK_EVERY_S: Final = 0.5
"""Real seconds between looks for new and deleted listeners."""

FORWARDED_LIMIT: Final = 30
"""463 for an X-Forwarded-For header with more addresses.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-463-issues
"""

BACKLOG: Final = 512
ACCEPT_PAUSE_S: Final = 0.01


@dataclass(frozen=True, kw_only=True)
class Backends:
    """What listeners answer with."""

    world: World
    functions: LambdaService
    certificates: Authority
    chance: Random
    tokens: Tokens
    access_logs: AccessLogs
    rate_limits: RateLimits
    firewall_logs: FirewallLogs


class ListenerSite:
    """One listener: answers requests by its rules as they are now."""

    def __init__(self, balancer: LoadBalancer, listener: Listener, backends: Backends) -> None:
        self.port = listener.port
        self.secure = listener.protocol == "HTTPS"
        self.arn = balancer.arn
        self.region = balancer.region
        self._listener_arn = listener.arn
        self._store = backends.world.store
        self._backends = backends

    def balancer(self) -> LoadBalancer | None:
        """The load balancer as it is now; None once it is gone."""
        return self._store.load_balancer(self.arn)

    def zone_id(self, node: str) -> str:
        """Id of the Availability Zone of an address; empty once the load balancer is gone."""
        balancer = self.balancer()
        pairs = zip(balancer.zones, balancer.zone_ids, strict=True) if balancer else ()
        return next((id_ for zone, id_ in pairs if is_in_zone(node, zone)), "")

    def admission(self, client: str) -> Admission:
        """Whether the load balancer's security groups let a client connect now."""
        return self._store.admission(self.arn, self.port, client)

    def tls(self) -> ssl.SSLContext | None:
        """A certificate with the names of every ACM certificate of the listener.

        With a trust store, clients without a certificate of its authorities are turned away.
        """
        balancer = self.balancer()
        listener = self._listener(balancer) if balancer else None
        arns = listener.certificate_arns if listener else ()
        found = [self._store.certificate(arn) for arn in arns]
        names = {name for certificate in found if certificate for name in certificate.names}
        trusted = listener.trust_store_arn if listener else None
        store = self._store.trust_store(trusted) if trusted else None
        if not names or (trusted and store is None):
            return None
        bundle = store.bundle if store else None
        return self._backends.certificates.server_context(names, client_bundle=bundle)

    async def respond(self, balancer: LoadBalancer, request: Request, *, node: str) -> Response:
        """Answer a request, and write down what became of it."""
        clock = self._backends.world.clock
        handling = Handling(
            request=request, came_at_s=clock.now_s(), trace_id=alb_lambda.trace_id_for(request)
        )
        response = handling.response = await self._answer(balancer, handling)
        handling.done_at_s = clock.now_s()
        self._backends.access_logs.note(balancer, node, handling)
        alb_metrics.note(self._backends.world, balancer, handling)
        return response

    async def _answer(self, balancer: LoadBalancer, handling: Handling) -> Response:
        """Answer a request by the first rule it meets."""
        refused = refusal(handling.request)
        if refused is not None:
            return own_error(refused)
        firewall = self._store.firewall(self.arn)
        if firewall is not None:
            handling.actions.append("waf")
            blocking = self._backends.rate_limits.blocked_by(firewall, handling.request)
            self._backends.firewall_logs.note(firewall, balancer, handling, blocking)
            if blocking is not None:
                self._note("load_balancer.request_blocked", web_acl=firewall.arn, rule=blocking)
                return own_error(BLOCKED)
        listener = self._listener(balancer)
        rule = matching_rule(listener, handling.request) if listener else None
        return await self._follow(rule, handling) if rule else own_error(503)

    async def _follow(self, rule: Rule, handling: Handling) -> Response:
        handling.rule_priority = rule.priority or 0
        if rule.tokens is not None:
            handling.actions.append("jwt-validation")
            try:
                self._backends.tokens.check(rule.tokens, handling.request)
            except TokenError as error:
                self._note("load_balancer.token_refused", rule=rule.arn, reason=str(error))
                return own_error(error.status)
        return await self._act(rule.action, handling)

    async def _act(self, action: Action, handling: Handling) -> Response:
        if isinstance(action, Forward):
            handling.actions.append("forward")
            return await self._forward(action, handling)
        if isinstance(action, FixedResponse):
            handling.actions.append("fixed-response")
            return fixed_response(action)
        if isinstance(action, Redirect):
            handling.actions.append("redirect")
            answer = redirect(action, handling.request)
            handling.redirect_url = dict(answer.headers)["Location"]
            return answer
        self._note("load_balancer.unsupported_action", action=action.kind)
        return own_error(500)

    async def _forward(self, action: Forward, handling: Handling) -> Response:
        group = self._store.target_group(self._drawn(action))
        if group is None or not group.targets:
            return own_error(503)
        if group.target_type != "lambda":
            self._note("load_balancer.unsupported_target", target_group=group.arn)
            return own_error(503)
        trace_id, handling.target_group_arn = handling.trace_id, group.arn
        event = alb_lambda.request_event(group, handling.request, trace_id)
        asked_s = self._backends.world.clock.now_s()
        try:
            answer = await alb_lambda.call(
                self._store,
                self._backends.functions,
                group,
                group.targets[0],
                event,
                trace_id=trace_id,
            )
        except TargetError as error:
            handling.error_reason = error.reason
            self._note(
                "load_balancer.target_failed",
                target_group=group.arn,
                target=group.targets[0],
                reason=error.reason,
                detail=error.detail[:500],
            )
            return own_error(error.status)
        handling.target_s = self._backends.world.clock.now_s() - asked_s
        handling.target_status = answer.status
        return answer

    def _drawn(self, action: Forward) -> str:
        """One of the weighted target groups, by chance."""
        mark = self._backends.chance.random() * sum(weight for _, weight in action.target_groups)
        for arn, weight in action.target_groups:
            mark -= weight
            if mark < 0:
                return arn
        return action.target_groups[-1][0]

    def _listener(self, balancer: LoadBalancer) -> Listener | None:
        listeners = balancer.listeners
        return next((each for each in listeners if each.arn == self._listener_arn), None)

    def _note(self, kind: str, **facts: str) -> None:
        self._backends.world.events.record(kind, load_balancer=self.arn, **facts)


def refusal(request: Request) -> int | None:
    """The status with which a load balancer refuses a request before any rule; None otherwise."""
    if request.method == "TRACE":
        return 405
    if request.header("upgrade"):
        return 400  # WebSockets do not reach Lambda targets
    forwarded = ",".join(request.header_values("x-forwarded-for"))
    return 463 if forwarded.count(",") >= FORWARDED_LIMIT else None


class _Served:
    """A listener on one address: its socket and the connections it has accepted."""

    def __init__(self, site: ListenerSite, world: World) -> None:
        self._site = site
        self._world = world
        self._socket: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, host: str, port: int) -> None:
        """Bind and begin to accept.

        Raises:
            OSError: the address is in use.
        """
        self._socket = socket.create_server((host, port), backlog=BACKLOG)
        self._socket.setblocking(False)
        self._keep(self._accept(self._socket))

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._socket is not None:
            self._socket.close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listening)
                accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = Connection(self._site, self._world, accepted)
            except OSError:  # it was gone before it was taken up
                await asyncio.sleep(ACCEPT_PAUSE_S)
            else:
                self._keep(connection.serve())

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class LoadBalancers:
    """Serves every listener of every deployed load balancer."""

    def __init__(self, backends: Backends, numbers: LoadBalancerNumbers, block: Block) -> None:
        self._backends = backends
        self._world = backends.world
        self._numbers = numbers
        self._block = block
        self._served: dict[tuple[str, str, int], _Served] = {}
        self._refused: set[tuple[str, str, int]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to serve."""
        self._tasks = [
            asyncio.create_task(self._look_around()),
            asyncio.create_task(self._backends.access_logs.run()),
        ]

    async def stop(self) -> None:
        """Close every listener and connection. Idempotent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(served.close() for served in self._served.values()))
        self._served.clear()

    async def refresh(self) -> None:
        """Open and close listeners now, without waiting for the next look."""
        wanted = {
            (listener.arn, host, self._block.listener_port(listener.port)): (balancer, listener)
            for balancer in self._world.store.load_balancers()
            for host in self._numbers.addresses(balancer.arn, balancer.zones)
            for listener in balancer.listeners
        }
        gone = [self._served.pop(key) for key in set(self._served) - set(wanted)]
        await asyncio.gather(*(served.close() for served in gone))
        for key, (balancer, listener) in wanted.items():
            if key not in self._served:
                self._open(key, balancer, listener)

    async def _look_around(self) -> None:
        while True:
            await self.refresh()
            await asyncio.sleep(LOOK_EVERY_S)

    def _open(self, key: tuple[str, str, int], balancer: LoadBalancer, listener: Listener) -> None:
        served = _Served(ListenerSite(balancer, listener, self._backends), self._world)
        _, host, port = key
        try:
            served.open(host, port)
        except OSError as error:
            if key not in self._refused:  # said once; tried again at every look
                self._refused.add(key)
                self._world.events.record(
                    "load_balancer.not_served",
                    load_balancer=balancer.arn,
                    address=f"{host}:{port}",
                    reason=str(error),
                )
            return
        self._served[key] = served
