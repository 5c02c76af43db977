"""Mistakes in what drills a stack by the clock."""

from tests.mutations.mutation import Mutation, edit

DEFINITION = "infra/drills/definition.py"
NAMES = "infra/drills/names.py"

MUTATIONS: tuple[Mutation, ...] = (
    edit(
        "a drill's failing step goes on to its report",
        DEFINITION,
        'name: _step(machine, step, again, "Rollback", _RETRY),',
        'name: _step(machine, step, again, "Report", _RETRY),',
        "rule:drills-roll-back-whatever-fails",
        "and not to the rollback",
    ),
    edit(
        "a step that hangs is waited for",
        DEFINITION,
        '        "OutputPath": "$.Payload",\n        "TimeoutSeconds": TASK_S,\n',
        '        "OutputPath": "$.Payload",\n',
        "rule:drills-roll-back-whatever-fails",
        "for ever",
    ),
    edit(
        "drills run from the Region that they hurt",
        NAMES,
        "    return regions[1]\n",
        "    return regions[0]\n",
        "rule:drills-run-from-where-they-do-not-hurt",
        "which is hurt first",
    ),
    edit(
        "the schedule of drills is made and never switched on",
        "infra/drills/start.py",
        'state="ENABLED"',
        'state="DISABLED"',
        "rule:drills-run-from-where-they-do-not-hurt",
        "is started by no schedule",
    ),
    edit(
        "no drill for months is no data, and no data is no alarm",
        "infra/watching/drill_alarms.py",
        'missing="breaching"',
        'missing="notBreaching"',
        "rule:drills-that-stop-are-noticed",
        "takes silence for a drill that passed",
    ),
    edit(
        "a drill that is stopped by hand leaves its fault in",
        "infra/drills/runner.py",
        '"status": ["FAILED", "TIMED_OUT", "ABORTED"]',
        '"status": ["FAILED"]',
        "rule:drills-that-are-killed-are-taken-back",
        "when it is stopped or times out",
    ),
    edit(
        "an experiment of AWS FIS without a stop condition",
        "infra/drills/faults.py",
        '{"source": "aws:cloudwatch:alarm", "value": arn} for arn in args.stop_arns',
        '{"source": "none"} for _ in args.stop_arns',
        "rule:faults-stop-when-clients-are-hurt",
        "is stopped by nothing",
    ),
    edit(
        "journals that production's administrator can take away",
        "infra/drills/journals.py",
        "mode=settings.journal_lock.upper()",
        'mode="GOVERNANCE"',
        "rule:journals-are-locked",
        "which an administrator can take off",
        stack="prod",
    ),
    edit(
        "production is broken on a schedule, on a stack that may not be broken",
        "Pulumi.prod.yaml",
        "drillExperiments: [evacuation-and-return]",
        "drillExperiments: [region-loss]",
        "settings",
        "region-loss does",
        stack="prod",
    ),
    edit(
        "a drill at an hour when none may run",
        "Pulumi.prod.yaml",
        "drillSchedule: cron(0 10 ? * TUE#2 *)",
        "drillSchedule: cron(0 22 ? * TUE#2 *)",
        "settings",
        "which Tue:22:00 is not",
        stack="prod",
    ),
)
