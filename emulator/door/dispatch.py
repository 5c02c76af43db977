"""Moto's dispatcher, which remembers what it looked up.

Stock moto lists its own folder, asks of each entry whether it is a folder, and tries two hundred
patterns, for every call: a millisecond each.
"""

from __future__ import annotations

from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app


class Dispatcher(DomainDispatcherApplication):
    """All of moto's services as one WSGI application."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._backends: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """The service behind a host name; there are as many names as services and Regions."""
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]
