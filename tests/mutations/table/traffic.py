"""Mistakes in how clients are led to a Region."""

from tests.mutations.mutation import Mutation, edit

TRAFFIC = "infra/traffic.py"
CHAIN = "infra/failover_chain.py"
LEADING = "infra/leading.py"

MUTATIONS: tuple[Mutation, ...] = (
    edit(
        "a failover record without its health check",
        CHAIN,
        "                health_check_id=args.health[region].serving_check_id,\n",
        "",
        "rule:every-routed-record-has-its-health-check",
        "us-east-1-link: has no health check, so it always counts as healthy",
    ),
    edit(
        "a failover record follows the deep check, which knows nothing of evacuation",
        CHAIN,
        "health_check_id=args.health[region].serving_check_id",
        "health_check_id=args.health[region].deep_check_id",
        "rule:every-routed-record-has-its-health-check",
        "leads to us-east-1 and follows us-east-1-health-deep",
    ),
    edit(
        "a failover record lives for an hour",
        LEADING,
        "ttl=None if aliased else self.ttl_s,",
        "ttl=None if aliased else 3600,",
        "rule:answers-live-for-a-minute",
        "lives for 3600 s in resolvers",
    ),
    edit(
        "the chain begins with the last Region",
        CHAIN,
        "order = tuple(args.regions)",
        "order = tuple(reversed(args.regions))",
        "rule:failover-records-are-complete-and-distinct",
        "clients are led to us-west-2, us-east-1, us-east-1, expected each Region once",
    ),
    edit(
        "two primaries",
        CHAIN,
        'failover="SECONDARY"',
        'failover="PRIMARY"',
        "rule:failover-records-are-complete-and-distinct",
        "has the failover records PRIMARY, PRIMARY",
    ),
    edit(
        "two records by one name, of which AWS keeps the second",
        CHAIN,
        'set_identifier=f"{region}-onward"',
        "set_identifier=region",
        "rule:failover-records-are-complete-and-distinct",
        "has two records called us-east-1",
    ),
    edit(
        "the load balancer's own health judges as well",
        LEADING,
        "evaluate_target_health=False",
        "evaluate_target_health=True",
        "rule:one-judge-decides",
        "lets its target's health decide beside its health check",
    ),
    edit(
        "every link leads to the first Region",
        CHAIN,
        "                balancer(serving.load_balancer),\n",
        "                balancer(next(iter(args.regions.values())).load_balancer),\n",
        "rule:failover-records-are-complete-and-distinct",
        "clients are led to us-east-1, us-east-1, us-east-1, expected each Region once",
    ),
    edit(
        "the way onward counts as healthy only while every later Region does",
        CHAIN,
        "child_health_threshold=1",
        "child_health_threshold=len(later) + 1",
        "rule:the-chain-goes-on-while-a-later-region-is-ready",
        "goes on only while 2 are ready",
    ),
    edit(
        "clients are led to a Region that is still being built",
        CHAIN,
        "depends_on=[serving, *behind, *onward]",
        "depends_on=[*behind, *onward]",
        "rule:records-wait-for-what-they-lead-to",
        "may lead clients to us-west-2 before it can serve",
    ),
    edit(
        "clients are led to one Region's own name",
        TRAFFIC,
        "            leading.within(way.name),\n",
        "            leading.within(regional_name(settings.regions[0], settings.zone_name)),\n",
        "rule:clients-have-one-way-in",
        "answers clients with one Region, whatever its health",
    ),
)
