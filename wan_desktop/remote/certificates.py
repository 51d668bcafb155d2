"""TLS certificates that no authority vouches for: which one a server shows, and how its owner may trust that one."""

from __future__ import annotations

import hashlib
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import aiohttp

_SECONDS = 10.0


def certificate_at(url: str) -> str:
    """The sha256 (hex) of the certificate that the server at `url` shows now; "" when none is to be had.

    Nothing is sent to it. What it shows is worth no more than the way to it: its owner must compare it.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return ""
    try:
        shown = ssl.get_server_certificate((parts.hostname, parts.port or 443), timeout=_SECONDS)
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(shown)).hexdigest()
    except (OSError, ValueError):
        return ""


def only(certificate: str) -> aiohttp.Fingerprint | bool:
    """What aiohttp verifies: that certificate (sha256, hex) and no other, or for "" what the system trusts."""
    import aiohttp

    return aiohttp.Fingerprint(bytes.fromhex(certificate)) if certificate else True
