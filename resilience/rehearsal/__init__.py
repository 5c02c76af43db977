"""The rehearsal: a scenario played on an emulated AWS, measured as clients see it."""
