"""What the window can do with servers: look at the list, change it, ask one, and foresee what one renders instead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wan_desktop.domain.servers import ServerEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wan_desktop.domain.request import RenderRequest
    from wan_desktop.domain.sentence import Sentence
    from wan_desktop.domain.servers import ServerReport
    from wan_desktop.remote.book import RemoteBook
    from wan_desktop.remote.having import Having


class ServerDesk:
    """Implements the bridge's ServerActions on the list `book`. Safe to call from any thread."""

    def __init__(self, book: RemoteBook) -> None:
        self._book = book
        self._having: dict[str, Having] = {}

    def names(self) -> Sequence[str]:
        """The servers' names, in the order of adding; quick."""
        return self._book.names()

    def signature(self) -> object:
        """Something else after each change of the list, whoever made it; quick."""
        return self._book.signature()

    def entries(self) -> list[ServerEntry]:
        """The list; asks the keyring, which may take its time."""
        return [
            ServerEntry(
                remote.name,
                remote.url,
                self._book.token_kept(remote.name),
                not remote.in_the_clear,
                remote.certificate,
                remote.changed,
            )
            for remote in self._book.listed()
        ]

    def put(self, name: str, url: str, token: str | None, certificate: str) -> None:
        """Add a server, or change the one of that name; `token` None leaves its token. Raises WanError."""
        self._book.add(name, url, token, certificate=certificate)
        self._having.pop(name, None)

    def remove(self, name: str) -> None:
        """Take it off the list. Raises WanError."""
        self._book.remove(name)
        self._having.pop(name, None)

    def ask(self, name: str) -> ServerReport:
        """Ask the server what it is and has; takes seconds. Raises InvalidRequest when it is not on the list."""
        from wan_desktop.remote.checking import report_on

        report, having = report_on(self._book.get(name))
        if having is not None:
            self._having[name] = having
        return report

    def instead(self, name: str, request: RenderRequest) -> list[Sentence]:
        """What the server would render otherwise than this computer, as far as it was asked; quick."""
        from wan_desktop.remote.mapping import mapped

        having = self._having.get(name)
        return [] if having is None else mapped(replace(request, loras=(), image=None), having).notes
