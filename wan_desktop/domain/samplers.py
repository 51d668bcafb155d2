"""The samplers a request can name; the engine has a factory for each (`engine/samplers.py`)."""

from __future__ import annotations

SAMPLERS: tuple[str, ...] = ("unipc", "uni_pc", "euler", "dpm++", "fastwan", "turbo")
"""unipc: multistep UniPC on the official schedule. uni_pc, euler: ComfyUI's samplers of these names on its schedule
"simple". dpm++: the official code's other solver. fastwan, turbo: for the few-step models of these names only; they
draw fresh noise between steps and need no guidance."""

FEW_STEP = frozenset({"fastwan", "turbo"})
"""The samplers that fit only the model of the same name (`ModelSpec.variant`)."""
