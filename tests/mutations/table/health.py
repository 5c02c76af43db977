"""Mistakes in how a Region's health is judged."""

from tests.mutations.mutation import Mutation, edit

HEALTH = "infra/health.py"
RING = "infra/ring.py"

MUTATIONS: tuple[Mutation, ...] = (
    edit(
        "the evacuation check is not inverted, as in a published reference architecture",
        HEALTH,
        "inverted=True)",
        "inverted=False)",
        "rule:evacuation-checks-ask-a-watcher",
        "is not inverted: losing its watcher takes us-east-1 out of service",
    ),
    edit(
        "the evacuation check asks the Region it is to take out",
        HEALTH,
        "region=watcher, path=path",
        "region=region, path=path",
        "rule:evacuation-checks-ask-a-watcher",
        "which is no other Region than us-east-1",
    ),
    edit(
        "each Region watches itself",
        RING,
        "for step in range(1, len(regions))]",
        "for step in range(len(regions))]",
        "rule:evacuation-checks-ask-a-watcher",
        "which is no other Region than us-east-1",
    ),
    edit(
        "one judge is enough to serve",
        HEALTH,
        "child_health_threshold=len(children)",
        "child_health_threshold=1",
        "rule:serving-checks-need-every-judge",
        "needs 1 of 2 judges to serve",
    ),
    edit(
        "evacuation is left out of the verdict",
        HEALTH,
        "children = [self.deep_check_id, *self.evacuation_check_ids.values()]",
        "children = [self.deep_check_id]",
        "rule:serving-checks-need-every-judge",
        "us-east-1 has 0 checks that need its deep and evacuation checks",
    ),
    edit(
        "the deep check asks whether the process lives, not whether it can predict",
        HEALTH,
        '"/health/ready"',
        '"/health/live"',
        "rule:deep-checks-ask-each-region-itself",
        "asks for /health/live, not /health/ready",
    ),
    edit(
        "the deep check only looks whether somebody answers",
        HEALTH,
        'type="HTTPS_STR_MATCH",',
        'type="HTTPS",',
        "rule:deep-checks-ask-each-region-itself",
        "only looks at the surface (by HTTPS)",
    ),
    edit(
        "the words that are looked for have a space that the answer has not",
        HEALTH,
        """_READY: Final = '"ready":true'""",
        """_READY: Final = '"ready": true'""",
        "rule:deep-checks-ask-each-region-itself",
        "only looks at the surface",
    ),
    edit(
        "health checks ask at the clients' door",
        HEALTH,
        "port=HEALTH_PORT",
        "port=443",
        "rule:health-checks-ask-at-their-own-door",
        "asks at port 443, not 9443",
    ),
    edit(
        "health checks are switched off for a maintenance that is over",
        HEALTH,
        "            enable_sni=True,",
        "            enable_sni=True,\n            disabled=True,",
        "rule:health-checks-are-never-disabled",
        "is disabled, so it says the same whatever happens",
    ),
    edit(
        "health checks look from the primary's Region and two others only",
        HEALTH,
        "            enable_sni=True,",
        "            enable_sni=True,\n"
        '            regions=["us-east-1", "us-west-1", "us-west-2"],',
        "rule:health-checks-look-from-everywhere",
        "looks only from us-east-1, us-west-1, us-west-2",
    ),
)
