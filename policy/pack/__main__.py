"""The rules as a Pulumi policy pack: `pulumi preview --policy-pack policy/pack`."""

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack

# Pulumi starts this file by its path, so the project's folder must be made known.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from translation import policies

PolicyPack(name="understudy", enforcement_level=EnforcementLevel.MANDATORY, policies=policies())
