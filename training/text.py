"""What the text encoder learns to name: the fields of a caption and their values as numbers."""

from __future__ import annotations

import torch
from torch import Tensor

from training.scene import CAMERAS, COLOURS, KINDS, MOTIONS, SETTINGS, WEATHERS

FIELDS: dict[str, tuple[str, ...]] = {
    "colour": ("", *COLOURS),
    "kind": ("", *KINDS),
    "size": ("", "small", "large"),
    "motion": ("", *MOTIONS),
    "speed": ("", "slow", "fast"),
    "setting": ("", *SETTINGS),
    "ground": ("", *COLOURS),
    "colour2": ("", *COLOURS),
    "kind2": ("", *KINDS),
    "size2": ("", "small", "large"),
    "weather": WEATHERS,
    "camera": CAMERAS,
}
"""What a caption may tell, by name as in words.TOLD; the first value, "", is: it says nothing of that."""
_NUMBERS = {name: {value: number for number, value in enumerate(values)} for name, values in FIELDS.items()}


def labels_of(saids: list[dict[str, str]]) -> Tensor:
    """[N, fields] int64: the place of each caption's values in FIELDS, in the order of FIELDS."""
    return torch.tensor([[numbers[said[name]] for name, numbers in _NUMBERS.items()] for said in saids])
