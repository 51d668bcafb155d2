"""The servers' tokens: in the system's keyring, or where there is none in a file that only its owner can read."""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING

from wan_desktop.media.files import disk_errors, replace_file

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

SERVICE = "Wan Desktop servers"
FILE = "remote-tokens"
KEYRING, IN_FILE = "keyring", "file"


def kept_token(config: Path, name: str) -> str:
    """The token of the server `name`, or ""."""
    return _from_keyring(config, name) or _in_file(config).get(name, "")


def kept_where(config: Path, name: str) -> str:
    """Where the server's token is: "keyring", "file", or "" when there is none."""
    if _from_keyring(config, name):
        return KEYRING
    return IN_FILE if _in_file(config).get(name) else ""


def keep_token(config: Path, name: str, token: str) -> str:
    """Keep the token in place of an older one: "keyring" or "file", where it is now; "" for an empty one.

    Raises DiskProblem.
    """
    forget_token(config, name)
    if not token:
        return ""
    if _to_keyring(config, name, token):
        return KEYRING
    _write(config, _in_file(config) | {name: token})
    return IN_FILE


def forget_token(config: Path, name: str) -> None:
    """Forget the server's token. Raises DiskProblem."""
    import keyring

    if _from_keyring(config, name):
        try:
            keyring.delete_password(SERVICE, _account(config, name))
        except Exception as error:  # noqa: BLE001 - each system's keyring raises errors of its own
            log.warning("a token stays in the keyring: %s", type(error).__name__)
    kept = _in_file(config)
    if name in kept:
        _write(config, {known: token for known, token in kept.items() if known != name})


def _account(config: Path, name: str) -> str:
    return f"{config}#{name}"


def _from_keyring(config: Path, name: str) -> str:
    import keyring

    try:
        return keyring.get_password(SERVICE, _account(config, name)) or ""
    except Exception as error:  # noqa: BLE001 - each system's keyring raises errors of its own
        log.info("no keyring: %s", error)
        return ""


def _to_keyring(config: Path, name: str, token: str) -> bool:
    import keyring

    try:
        keyring.set_password(SERVICE, _account(config, name), token)
    except Exception as error:  # noqa: BLE001 - each system's keyring raises errors of its own
        log.info("no keyring: %s", type(error).__name__)
        return False
    return _from_keyring(config, name) == token  # the null keyring takes and keeps nothing


def _in_file(config: Path) -> dict[str, str]:
    try:
        kept = json.loads((config / FILE).read_bytes())
        return {str(name): str(token) for name, token in kept.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _write(config: Path, tokens: dict[str, str]) -> None:
    file, part = config / FILE, config / f".{FILE}.part"
    with disk_errors(file):
        config.mkdir(mode=0o700, parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as written:
            json.dump(tokens, written)
            written.flush()
            os.fsync(written.fileno())
        replace_file(part, file)
