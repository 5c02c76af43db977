"""What drills a stack by the clock, from a Region that the drill does not hurt first.

All of it stands in the second of the settings' Regions and is about the first: roles move, so
nothing here is named after one, and turning the Regions round moves it. A schedule starts a state
machine, which runs one function step by step; what the function may do to the stack is what the
scheduled experiments need. Journals go to a bucket that is locked, the verdict to the topic, and
an alarm fires when none has passed for too long.
"""
