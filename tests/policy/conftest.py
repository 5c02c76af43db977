"""The recorded graph of each stack, as the tests of the program have it."""

from tests.infra.conftest import graph, prod, release_zip, staging

__all__ = ["graph", "prod", "release_zip", "staging"]
