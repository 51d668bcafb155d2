"""Names of the memory plans: where a clip is computed and when, never what. `engine/plans.py` has what they do."""

from __future__ import annotations

AUTO = "auto"
"""The first plan that fits into what is free when the render begins."""
CARD_PLANS = ("whole", "streamed", "tiled", "tight", "least")
"""On a graphics card, from the quickest to the one that needs the least. On a processor all but the first are one."""
PLAN_NAMES = (AUTO, *CARD_PLANS)
