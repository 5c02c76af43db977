"""What the world outside AWS serves: pages by URL, put there through the control API.

Nothing leaves this machine, so what a load balancer would fetch from elsewhere (an identity
provider's public keys) is published here first.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a URL answers."""

    body: bytes
    content_type: str


class Outside:
    """Pages by their exact URL. Safe to use from any thread."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self._lock = threading.Lock()

    def put(self, url: str, page: Page) -> None:
        """Let a URL answer from now on, in place of what it answered before."""
        with self._lock:
            self._pages[url] = page

    def get(self, url: str) -> Page | None:
        """What a URL answers now; None when nobody is there."""
        with self._lock:
            return self._pages.get(url)
