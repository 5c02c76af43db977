"""The ports a load balancer listens on, and how TLS is spoken there."""

from typing import Final

CLIENT_PORT: Final = 443

# Any free port would do. Route 53 takes 1 to 65535:
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
HEALTH_PORT: Final = 9443

# TLS 1.2 and 1.3, forward secrecy only: AWS's recommended policy.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
TLS_POLICY: Final = "ELBSecurityPolicy-TLS13-1-2-2021-06"

# What only health checkers have a reason to ask for.
HEALTH_PATHS: Final = ("/health/*", "/evacuation/*")

# What a listener answers at a path it does not have: nothing of what is behind it.
NOT_FOUND_BODY: Final = '{"title":"There is nothing at this path"}'
