"""The API's token: kept in the system's keyring, or where there is none in a file that only its owner can read."""

from __future__ import annotations

import logging
import os
import secrets
from typing import TYPE_CHECKING

from wan_desktop.media.files import disk_errors

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

SERVICE = "Wan Desktop API"
FILE = "api-token"
KEYRING, IN_FILE = "keyring", "file"


def stored_token(config: Path) -> tuple[str, str]:
    """(the token, "keyring" or "file"): the one kept for this config folder, or a new one. Raises DiskProblem."""
    file = config / FILE
    kept = _from_keyring(str(config))
    if kept:
        return kept, KEYRING
    kept = _from_file(file)
    if kept:
        return kept, IN_FILE
    token = secrets.token_urlsafe(32)
    if _to_keyring(str(config), token):
        return token, KEYRING
    _to_file(file, token)
    return token, IN_FILE


def new_token(config: Path) -> tuple[str, str]:
    """Forget the kept token and make another. Raises DiskProblem."""
    _to_keyring(str(config), "")
    with disk_errors(config):
        (config / FILE).unlink(missing_ok=True)
    return stored_token(config)


def _from_keyring(account: str) -> str:
    import keyring

    try:
        return keyring.get_password(SERVICE, account) or ""
    except Exception as error:  # noqa: BLE001 - each system's keyring raises errors of its own
        log.info("no keyring: %s", error)
        return ""


def _to_keyring(account: str, token: str) -> bool:
    import keyring

    try:
        keyring.set_password(SERVICE, account, token)
        return (
            keyring.get_password(SERVICE, account) or ""
        ) == token  # the null keyring takes and keeps nothing
    except Exception as error:  # noqa: BLE001 - each system's keyring raises errors of its own
        log.info("no keyring: %s", error)
        return False


def _from_file(file: Path) -> str:
    with disk_errors(file):
        try:
            return file.read_text("ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return ""


def _to_file(file: Path, token: str) -> None:
    part = file.with_name(f".{file.name}.part")
    with disk_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as written:
            written.write(token)
            written.flush()
            os.fsync(written.fileno())
        os.replace(part, file)
