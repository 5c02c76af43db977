"""Mistakes in who decides on a failover."""

from tests.mutations.mutation import Mutation, edit

MUTATIONS: tuple[Mutation, ...] = (
    edit(
        "an observer is told of the check that follows its own flag",
        "infra/traffic.py",
        "deep_check_id=self.health[region].deep_check_id",
        "deep_check_id=self.health[region].serving_check_id",
        "rule:verdicts-tell-of-the-deep-checks",
        "follows us-east-1-health-serving",
    ),
    edit(
        "every observer writes into the first Region's table",
        "infra/watching/watching.py",
        "table_arn=args.table.arns[region]",
        "table_arn=args.table.arns[args.settings.regions[0]]",
        "rule:observers-touch-their-own-region-alone",
        "reaches us-east-1",
    ),
    edit(
        "the schedules of observers and canaries are switched off",
        "infra/watching/schedule.py",
        'state="ENABLED"',
        'state="DISABLED"',
        "rule:every-region-has-an-observer-that-is-started",
        "nothing in us-east-1 starts its observer",
    ),
    edit(
        "an observer may delete its topic",
        "infra/observer_policies.py",
        'actions=["sns:Publish"], resources=[topic_arn]',
        'actions=["sns:Publish", "sns:DeleteTopic"], resources=[topic_arn]',
        "rule:observers-touch-their-own-region-alone",
        "may sns:DeleteTopic",
    ),
)
