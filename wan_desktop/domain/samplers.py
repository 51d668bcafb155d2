"""The samplers a request can name; the engine has a factory for each (`engine/samplers.py`)."""

from __future__ import annotations

SAMPLERS: tuple[str, ...] = ("unipc",)
"""unipc: multistep UniPC on the official schedule."""
