"""The window's switch for the API: one server on loopback, started, replaced and stopped as the settings say.

Nothing of the server is imported before it is switched on.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from wan_desktop.domain.api import ApiState

if TYPE_CHECKING:
    from pathlib import Path

    from wan_desktop.domain.settings import Settings
    from wan_desktop.jobs.host import Host
    from wan_desktop.server.api import ApiServer


class ApiSwitch:
    """Serves `host` while it is on. Every verb blocks, and may be called from any thread."""

    def __init__(self, host: Host, *, data: Path, config: Path) -> None:
        self._host, self._data, self._config = host, data, config
        self._lock = threading.Lock()
        self._server: ApiServer | None = None
        self._kept = ""
        self._closed = False

    def apply(self, settings: Settings) -> ApiState:
        """Serve, or not, as `settings` say; what is so already stays as it is, with its connections.

        Raises HostProblem when the port cannot be had, DiskProblem when the token cannot be kept; the server is
        then off.
        """
        with self._lock:
            if not settings.api_on or self._closed:
                self._end()
                return ApiState()
            token, kept = self._token(settings)
            if not self._serves(settings, token):
                self._end()
                self._begin(settings, token)
            self._kept = kept
            return self._state()

    def new_token(self, settings: Settings) -> ApiState:
        """Make another token, which counts from now on; who has the old one is sent away. Raises as `apply`."""
        from wan_desktop.server.tokens import new_token

        with self._lock:
            new_token(self._config)
        return self.apply(settings)

    def close(self) -> None:
        """Stop, and serve no more."""
        with self._lock:
            self._closed = True
            self._end()

    def _token(self, settings: Settings) -> tuple[str, str]:
        if not settings.api_token:
            return "", ""
        from wan_desktop.server.tokens import stored_token

        return stored_token(self._config)

    def _serves(self, settings: Settings, token: str) -> bool:
        if self._server is None or not self._server.address:
            return False
        now = self._server.settings
        asked = (settings.api_port, token, settings.api_demo, settings.api_loras)
        return (now.port, now.token, now.allow_demo, now.loras) == asked

    def _begin(self, settings: Settings, token: str) -> None:
        from wan_desktop.server.api import ApiServer
        from wan_desktop.server.settings import ApiSettings

        told = ApiSettings(
            port=settings.api_port, token=token, allow_demo=settings.api_demo, loras=settings.api_loras
        )
        server = ApiServer(self._host, told, data=self._data, config=self._config)
        server.start()
        self._server = server

    def _end(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def _state(self) -> ApiState:
        if self._server is None:
            return ApiState()
        from wan_desktop.server.loras import lora_files

        found = lora_files(self._server.settings.loras)
        return ApiState(self._server.address, self._server.token, self._kept, len(found))
