"""The servers that were added: a small file of names and addresses. Tokens are kept apart from it."""

from __future__ import annotations

import ipaddress
import json
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest
from wan_desktop.media.files import disk_errors, write_atomically
from wan_desktop.remote.places import ANY
from wan_desktop.remote.secrets import forget_token, keep_token, kept_token

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

FILE = "remotes.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class Remote:
    """A ComfyUI server: what the user calls it, its address (no path but its own, no query), its token or ""."""

    name: str
    url: str
    token: str = field(default="", repr=False)

    @property
    def in_the_clear(self) -> bool:
        """True when what is sent can be read on the way: plain http to another computer."""
        parts = urlsplit(self.url)
        return parts.scheme == "http" and not _is_loopback(parts.hostname or "")


class RemoteBook:
    """The list in `config`/remotes.json. Every call reads it again; writes replace it whole."""

    def __init__(self, config: Path) -> None:
        self._config = config

    def all(self) -> list[Remote]:
        """Every server in the order of adding, with its token; none when the file is missing or unreadable."""
        return [Remote(name, url, kept_token(self._config, name)) for name, url in self._listed().items()]

    def names(self) -> list[str]:
        """The servers' names, in the order of adding."""
        return list(self._listed())

    def get(self, name: str) -> Remote:
        """The server of that name. Raises InvalidRequest, field "on"."""
        url = self._listed().get(name)
        if url is None:
            raise InvalidRequest(
                QT_TRANSLATE_NOOP("errors", "There is no server “{name}” on the list: add it first."),
                field="on",
                action=QT_TRANSLATE_NOOP("errors", "Add it: wan-desktop remotes add NAME URL"),
                name=name,
            )
        return Remote(name, url, kept_token(self._config, name))

    def add(self, name: str, url: str, token: str = "") -> tuple[Remote, str]:
        """Put a server on the list, or change it; it, and where its token is: "keyring", "file" or "".

        Raises InvalidRequest (fields "name", "url", "token"), DiskProblem.
        """
        if not _NAME.fullmatch(name) or name == ANY:
            raise InvalidRequest(
                QT_TRANSLATE_NOOP(
                    "errors", "“{name}” is no name for a server: use letters, digits and . _ - (not “any”)."
                ),
                field="name",
                name=name,
            )
        if not re.fullmatch(r"[\x21-\x7e]*", token):
            raise InvalidRequest(
                QT_TRANSLATE_NOOP("errors", "A token is one word of plain characters: copy it again."),
                field="token",
            )
        remote = Remote(name, checked_url(url), token)
        self._write(self._listed() | {name: remote.url})
        return remote, keep_token(self._config, name, token)

    def remove(self, name: str) -> None:
        """Take the server off the list and forget its token. Raises InvalidRequest, DiskProblem."""
        self.get(name)
        self._write({known: url for known, url in self._listed().items() if known != name})
        forget_token(self._config, name)

    def _listed(self) -> dict[str, str]:
        try:
            listed = json.loads((self._config / FILE).read_bytes())["remotes"]
        except (OSError, ValueError, LookupError, TypeError):
            return {}
        found: dict[str, str] = {}
        for each in listed if isinstance(listed, list) else ():
            try:
                found[str(each["name"])] = checked_url(str(each["url"]))
            except (LookupError, TypeError, InvalidRequest) as error:
                log.warning("an entry of %s is left out: %r", FILE, error)
        return found

    def _write(self, listed: dict[str, str]) -> None:
        data: dict[str, Any] = {
            "version": 1,
            "remotes": [{"name": name, "url": url} for name, url in listed.items()],
        }
        with disk_errors(self._config):
            self._config.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(self._config / FILE, json.dumps(data, indent=1).encode() + b"\n")


def checked_url(text: str) -> str:
    """The server's address in its plain form. Raises InvalidRequest, field "url"."""
    text = text.strip()
    parts = urlsplit(text if "://" in text else f"//{text}")
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    scheme = parts.scheme.lower() or ("http" if _is_loopback(host) else "")
    odd = parts.query or parts.fragment or "@" in parts.netloc or not host
    if scheme not in ("http", "https") or odd or re.search(r"[\s\\]", text):
        raise InvalidRequest(
            QT_TRANSLATE_NOOP(
                "errors",
                "“{url}” is no address of a server: write it like https://studio.example or "
                "http://192.168.1.20:8188, without name and password.",
            ),
            field="url",
            url=re.sub(r"//[^/]*@", "//…@", text),
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
