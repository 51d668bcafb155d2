"""What may go wrong with a server elsewhere, in sentences."""

from __future__ import annotations

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, WanError

CHECK_ADDRESS = QT_TRANSLATE_NOOP("errors", "Check the server's address")
CHECK_TOKEN = QT_TRANSLATE_NOOP("errors", "Check the server's token")
CHECK_CERTIFICATE = QT_TRANSLATE_NOOP(
    "errors", "Give it one that this computer trusts, or trust this one in Settings, Servers"
)


class RemoteProblem(WanError):
    """A server elsewhere cannot do what it is asked for, or refuses to."""

    code = "remote"


class Unreachable(RemoteProblem):
    """The server does not answer now, or something before it answers in its place; that may pass."""


class InTheWay(RemoteProblem):
    """Nobody is let in, or something else than ComfyUI answers: while a job is there that may pass, or be mended."""


class Untrusted(InTheWay):
    """Its TLS certificate cannot be verified, or is not the one that is trusted; nothing was sent."""


class NotFound(InTheWay):
    """The server has no such thing (404)."""


class Rejected(RemoteProblem):
    """The server has read what it was sent and refuses it (400); `body` is its answer, JSON or None."""

    def __init__(self, template: str, *, body: object = None, **rest: object) -> None:
        super().__init__(template, **rest)  # type: ignore[arg-type]
        self.body = body


def unreachable(name: str, why: object) -> Unreachable:
    """Nobody answers at the server's address."""
    return Unreachable(
        QT_TRANSLATE_NOOP("errors", "The server “{name}” does not answer ({why}): see that it runs."),
        action=CHECK_ADDRESS,
        name=name,
        why=str(why) or type(why).__name__,
    )


def untrusted(name: str, why: object) -> Untrusted:
    """Its TLS certificate cannot be verified."""
    return Untrusted(
        QT_TRANSLATE_NOOP(
            "errors",
            "The certificate of the server “{name}” cannot be verified ({why}), so nothing was sent to it.",
        ),
        action=CHECK_CERTIFICATE,
        name=name,
        why=why,
    )


def another_certificate(name: str) -> Untrusted:
    """It shows another TLS certificate than the one that is trusted."""
    return Untrusted(
        QT_TRANSLATE_NOOP(
            "errors",
            "The server “{name}” shows another certificate than the one that you trust, so nothing was sent to it.",
        ),
        action=CHECK_CERTIFICATE,
        name=name,
    )


def for_status(name: str, status: int, place: str = "") -> RemoteProblem:
    """The problem that an HTTP status tells of; `place` is where a redirect leads."""
    if status in (401, 403):
        return InTheWay(
            QT_TRANSLATE_NOOP(
                "errors", "The server “{name}” lets nobody in without the right token ({status})."
            ),
            action=CHECK_TOKEN,
            name=name,
            status=status,
        )
    if 300 <= status < 400:
        return InTheWay(
            QT_TRANSLATE_NOOP(
                "errors",
                "The server “{name}” sends to another page ({place}), such as a login: give its token, or the "
                "address that answers itself.",
            ),
            action=CHECK_TOKEN,
            name=name,
            place=place or status,
        )
    if status in (429, 502, 503, 504) or status >= 520:
        return Unreachable(
            QT_TRANSLATE_NOOP(
                "errors",
                "Something before the server “{name}” answers that it is away ({status}): try later.",
            ),
            name=name,
            status=status,
        )
    if status == 404:
        return NotFound(
            QT_TRANSLATE_NOOP("errors", "The server “{name}” has no such page: is it ComfyUI's address?"),
            action=CHECK_ADDRESS,
            name=name,
        )
    if status == 413:
        return RemoteProblem(
            QT_TRANSLATE_NOOP("errors", "The server “{name}” takes nothing that large."), name=name
        )
    return InTheWay(
        QT_TRANSLATE_NOOP("errors", "The server “{name}” answers with an error ({status}): look at its log."),
        name=name,
        status=status,
    )


def no_comfyui(name: str) -> InTheWay:
    """It answers, but with a web page or something else that ComfyUI would not say."""
    return InTheWay(
        QT_TRANSLATE_NOOP(
            "errors",
            "What answers at the address of “{name}” is not ComfyUI, perhaps a login page or a proxy.",
        ),
        action=CHECK_ADDRESS,
        name=name,
    )
