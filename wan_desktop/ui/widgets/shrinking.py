"""Buttons in a row that keep only their pictures where their words have no room."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QPushButton

PICTURE_WIDTH = 40
"""Of a button that shows its picture alone."""
_ANY_WIDTH = 2**24 - 1  # Qt's QWIDGETSIZE_MAX


def fit(buttons: Sequence[QPushButton], kept: Sequence[QPushButton], room: int, gap: int) -> None:
    """Show the words, which are the accessible names, of as many of `buttons` as `room` allows, the last ones first.

    `kept` stand in the same row, `gap` apart, and stay as they are; hidden ones take no room.
    """
    for button in buttons:
        _show_words(button, shown=True)
    row = [button for button in (*kept, *buttons) if not button.isHidden()]
    room -= (len(row) - 1) * gap
    for button in buttons:
        if sum(min(b.sizeHint().width(), b.maximumWidth()) for b in row) > room:
            _show_words(button, shown=False)


def _show_words(button: QPushButton, *, shown: bool) -> None:
    button.setText(button.accessibleName() if shown else "")
    button.setMaximumWidth(_ANY_WIDTH if shown else PICTURE_WIDTH)
