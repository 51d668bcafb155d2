"""The servers that were added: a small file of names and addresses. Tokens are kept apart from it."""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest
from wan_desktop.domain.places import ANY
from wan_desktop.media.files import disk_errors, write_atomically
from wan_desktop.remote.secrets import FILE as TOKENS
from wan_desktop.remote.secrets import forget_token, keep_token, kept_token, kept_where

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

FILE = "remotes.json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class Remote:
    """A ComfyUI server: what the user calls it, its address (no path but its own, no query), its token or "".

    `certificate` is the sha256 (hex) of the one TLS certificate that is trusted, "" for those that the system trusts.
    `changed` is when it was added or changed, in seconds since 1970: a token alone may be what is new.
    """

    name: str
    url: str
    token: str = field(default="", repr=False)
    certificate: str = ""
    changed: float = 0.0

    @property
    def in_the_clear(self) -> bool:
        """True when what is sent can be read on the way: plain http to another computer."""
        parts = urlsplit(self.url)
        return parts.scheme == "http" and not _is_loopback(parts.hostname or "")


class RemoteBook:
    """The list in `config`/remotes.json. Every call reads it again; writes replace it whole."""

    def __init__(self, config: Path) -> None:
        self._config = config

    def listed(self) -> list[Remote]:
        """Every server in the order of adding, without tokens; none when the file is missing or unreadable."""
        try:
            listed = json.loads((self._config / FILE).read_bytes())["remotes"]
        except (OSError, ValueError, LookupError, TypeError):
            return []
        found: dict[str, Remote] = {}
        for each in listed if isinstance(listed, list) else ():
            try:
                remote = _read(each)
            except (LookupError, TypeError, ValueError, AttributeError, InvalidRequest) as error:
                log.warning("an entry of %s is left out: %r", FILE, error)
            else:
                found[remote.name] = remote
        return list(found.values())

    def all(self) -> list[Remote]:
        """Every server in the order of adding, with its token; asks the keyring, which may take its time."""
        return [self.with_token(remote) for remote in self.listed()]

    def names(self) -> list[str]:
        """The servers' names, in the order of adding."""
        return [remote.name for remote in self.listed()]

    def get(self, name: str) -> Remote:
        """The server of that name. Raises InvalidRequest, field "on"."""
        remote = next((remote for remote in self.listed() if remote.name == name), None)
        if remote is None:
            raise InvalidRequest(
                QT_TRANSLATE_NOOP("errors", "There is no server “{name}” on the list: add it first."),
                field="on",
                action=QT_TRANSLATE_NOOP("errors", "Add it: wan-desktop remotes add NAME URL"),
                name=name,
            )
        return self.with_token(remote)

    def with_token(self, remote: Remote) -> Remote:
        """The server with its token; asks the keyring, which may take its time."""
        return replace(remote, token=kept_token(self._config, remote.name))

    def token_kept(self, name: str) -> str:
        """Where the server's token is: "keyring", "file", or "" when there is none; asks the keyring."""
        return kept_where(self._config, name)

    def signature(self) -> tuple[tuple[int, int, int], ...]:
        """Something else after each change, whoever made it; cheap enough to be asked every second."""
        return tuple(_stat(self._config / name) for name in (FILE, TOKENS))

    def add(
        self, name: str, url: str, token: str | None = "", *, certificate: str = ""
    ) -> tuple[Remote, str]:
        """Put a server on the list, or change it; it, and where its token is: "keyring", "file" or "".

        `token` None leaves the one that it has. Raises InvalidRequest (fields "name", "url", "token",
        "certificate"), DiskProblem.
        """
        remote = Remote(
            _checked_name(name), checked_url(url), _checked_token(token), _checked_certificate(certificate)
        )
        remote = replace(remote, changed=time.time())
        # the token first: who sees the new entry finds the new token
        kept = kept_where(self._config, name) if token is None else keep_token(self._config, name, token)
        self._write({known.name: known for known in self.listed()} | {name: remote})
        return self.with_token(remote) if token is None else remote, kept

    def remove(self, name: str) -> None:
        """Take the server off the list and forget its token. Raises InvalidRequest, DiskProblem."""
        self.get(name)
        self._write({known.name: known for known in self.listed() if known.name != name})
        forget_token(self._config, name)

    def _write(self, listed: dict[str, Remote]) -> None:
        data: dict[str, Any] = {"version": 1, "remotes": [_written(remote) for remote in listed.values()]}
        with disk_errors(self._config):
            self._config.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(self._config / FILE, json.dumps(data, indent=1).encode() + b"\n")


def _read(entry: Any) -> Remote:
    certificate, changed = entry.get("certificate", ""), entry.get("changed", 0.0)
    return Remote(
        _checked_name(str(entry["name"])),
        checked_url(str(entry["url"])),
        certificate=_checked_certificate(str(certificate)),
        changed=float(changed),
    )


def _written(remote: Remote) -> dict[str, Any]:
    written = {"name": remote.name, "url": remote.url, "changed": remote.changed}
    return written | ({"certificate": remote.certificate} if remote.certificate else {})


def _stat(file: Path) -> tuple[int, int, int]:
    try:
        told = file.stat()
    except OSError:
        return 0, 0, 0
    return told.st_mtime_ns, told.st_size, told.st_ino


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name) or name == ANY:
        raise InvalidRequest(
            QT_TRANSLATE_NOOP(
                "errors", "“{name}” is no name for a server: use letters, digits and . _ - (not “any”)."
            ),
            field="name",
            name=name,
        )
    return name


def _checked_token(token: str | None) -> str:
    if not re.fullmatch(r"[\x21-\x7e]*", token or ""):
        raise InvalidRequest(
            QT_TRANSLATE_NOOP("errors", "A token is one word of plain characters: copy it again."),
            field="token",
        )
    return token or ""


def _checked_certificate(text: str) -> str:
    """The certificate's fingerprint as plain hexadecimal digits. Raises InvalidRequest, field "certificate"."""
    plain = re.sub(r"[:\s]", "", text).lower()
    if not re.fullmatch(r"([0-9a-f]{64})?", plain):
        raise InvalidRequest(
            QT_TRANSLATE_NOOP(
                "errors", "A certificate is named by its SHA-256 fingerprint: 64 digits of 0-9 and a-f."
            ),
            field="certificate",
        )
    return plain


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
