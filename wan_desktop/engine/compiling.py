"""Compiled pieces of the transformer: made once a card and size, kept on disk, and only where they pay.

docs/decisions/0010-compiled-when-it-pays.md says why it is done between clips and never within one.
"""

from __future__ import annotations

import functools

import torch

from wan_desktop.engine.lean_pieces import EAGER, Pieces

SHAPES = 64
"""So many sizes of clips may be compiled in one process before new ones run as they are."""


@functools.cache
def pieces() -> Pieces:
    """The pieces, each compiled at its first call with new shapes, which takes seconds."""
    torch._dynamo.config.recompile_limit = SHAPES
    return Pieces(*(torch.compile(piece, fullgraph=True, dynamic=False) for piece in EAGER))
