"""The serving part of a release: standard library only, and little of that.

A cold start is on the path of a failover (a standby may have to take the whole load
from nothing), so start-up time is a feature here. House rules of this package:

* no third-party import, no AWS call;
* nothing that is slow to import on the way to the first answer: no `dataclasses`,
  `typing`, `pathlib`, `datetime`, `hashlib`, `base64`. `TYPE_CHECKING = False` stands
  in for the one in `typing`, which type checkers understand;
* no work in proportion to the size of the model before the first answer: arrays are
  memory-mapped, and digests are read when `/health/ready` first asks;
* no `sum()` over floats where the result is served: from Python 3.12 on it compensates
  for rounding, and an answer must not depend on the interpreter that gives it.
"""
