"""What watches the emulated AWS: metrics, alarms, and events on their way to who acts on them.

Reading order: `metrics` (what is kept), `queries` and `expressions` (how it is read),
`alarm_verdict` and `evaluator` (alarms), `bus`, `rules` and `schedules` (events), `targets` and
`delivery` (who gets them), `watch` (all of it, joined).
"""
