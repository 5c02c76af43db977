"""What a web ACL writes down of the requests it looks at: one JSON line each.

https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html. The log stream is
`<Region>_<web ACL>_0`. The country is not known here, and fingerprints and labels are left out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from emulator.store.backends import ACCOUNT

if TYPE_CHECKING:
    from emulator.dataplane.alb_handling import Handling
    from emulator.dataplane.lambda_logs import ShipLogs
    from emulator.store import LoadBalancer
    from emulator.store.firewalls import Firewall, Logging

_REDACTED: Final = "REDACTED"
_DEFAULT: Final = "Default_Action"


class FirewallLogs:
    """Writes to the log group that a web ACL names."""

    def __init__(self, ship: ShipLogs) -> None:
        self._ship = ship

    def note(
        self, firewall: Firewall, balancer: LoadBalancer, handling: Handling, rule: str | None
    ) -> None:
        """Take down one request, if the web ACL keeps such; `rule` is what blocked it."""
        logging = firewall.logging
        action = "ALLOW" if rule is None else "BLOCK"
        if logging is None or action not in logging.kept:
            return
        at_ms = int(handling.came_at_s * 1000)
        stream = f"{balancer.region}_{firewall.arn.split('/')[-2]}_0"
        line = {
            "timestamp": at_ms,
            "formatVersion": 1,
            "webaclId": firewall.arn,
            "terminatingRuleId": rule or _DEFAULT,
            "terminatingRuleType": "REGULAR" if rule is None else "RATE_BASED",
            "action": action,
            "terminatingRuleMatchDetails": [],
            "httpSourceName": "ALB",
            "httpSourceId": f"{ACCOUNT}-{balancer.arn.partition(':loadbalancer/')[2]}",
            "ruleGroupList": [],
            "rateBasedRuleList": _rates(firewall, rule),
            "nonTerminatingMatchingRules": [],
            "requestHeadersInserted": None,
            "responseCodeSent": None,
            "httpRequest": _request(handling, logging),
        }
        text = json.dumps(line, separators=(",", ":"))
        self._ship(balancer.region, logging.log_group, stream, [(at_ms, text)])


def _rates(firewall: Firewall, rule: str | None) -> list[dict[str, Any]]:
    return [
        {
            "rateBasedRuleName": each.name,
            "limitKey": "IP",
            "maxRateAllowed": each.limit,
            "evaluationWindowSec": str(int(each.window_s)),
        }
        for each in firewall.rate_rules
        if each.name == rule
    ]


def _request(handling: Handling, logging: Logging) -> dict[str, Any]:
    request = handling.request
    return {
        "clientIp": request.client_ip,
        "country": "-",
        "headers": [
            {
                "name": name,
                "value": _REDACTED if name.lower() in logging.redacted_headers else value,
            }
            for name, value in request.headers
        ],
        "uri": request.path,
        "args": request.query,
        "httpVersion": "HTTP/1.1",
        "httpMethod": request.method,
        "requestId": handling.trace_id,
    }
