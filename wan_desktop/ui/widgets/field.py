"""A labelled control with its help, a mark when it was changed, a reset, and a place for what is wrong with it."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wan_desktop.ui import texts
from wan_desktop.ui.icons import icon
from wan_desktop.ui.widgets.wheel_guard import guard_wheel

Box = TypeVar("Box", bound=QAbstractSpinBox)


class ErrorLabel(QLabel):
    """A sentence under a control; takes no room while there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "error")
        self.setWordWrap(True)
        self.hide()

    def say(self, sentence: str) -> None:
        """Show the sentence, or nothing for ""."""
        self.setText(sentence)
        self.setVisible(bool(sentence))


class Field(QWidget):
    """`control` under its label. `reset` is clicked when a person wants the model's own value back."""

    reset = Signal()

    def __init__(self, label: str, control: QWidget, help_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.control = control
        self._label_text = label
        self._label = QLabel(label, self)
        self._label.setProperty("kind", "label")
        self._label.setBuddy(control)
        self._label.setToolTip(help_text)
        control.setAccessibleName(label)
        control.setAccessibleDescription(help_text)
        control.setToolTip(help_text)
        self._reset = self._reset_button(label)
        self._error = ErrorLabel(self)
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self._label)
        top.addStretch(1)
        top.addWidget(self._reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(control)
        column.addWidget(self._error)

    def set_changed(self, changed: bool) -> None:
        """Mark the field as changed from the model's value, and offer the reset."""
        self._label.setText(f"{self._label_text} •" if changed else self._label_text)
        self._reset.setVisible(changed)

    def say(self, sentence: str) -> None:
        """Show what is wrong with the value, or nothing for ""."""
        self._error.say(sentence)
        set_invalid(self.control, bool(sentence))

    def _reset_button(self, label: str) -> QToolButton:
        button = QToolButton(self)
        button.setProperty("kind", "mini")
        button.setIcon(icon("reset", "secondary"))
        button.setIconSize(QSize(12, 12))
        text = self.tr("Reset {field}").format(field=label.lower())
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.clicked.connect(self.reset)
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        button.hide()
        return button


def set_invalid(control: QWidget, invalid: bool) -> None:
    """Let the style sheet show that the control's value is refused."""
    if bool(control.property("invalid")) != invalid:
        control.setProperty("invalid", invalid)
        control.style().unpolish(control)
        control.style().polish(control)


class _RealBox(QDoubleSpinBox):
    """Shows 5, not 5.00."""

    def textFromValue(self, value: float) -> str:
        """The number without trailing zeros."""
        return texts.number(value, self.decimals())


def whole_number(most: int = 99_999, step: int = 1) -> QSpinBox:
    """A box for a whole number; the model's own limits are told in a sentence, not enforced by the box."""
    box = QSpinBox()
    box.setRange(0, most)
    box.setSingleStep(step)
    return _prepared(box)


def real_number(most: float = 999.0, step: float = 0.5, decimals: int = 2) -> QDoubleSpinBox:
    """A box for a number with decimals."""
    box = _RealBox()
    box.setRange(0.0, most)
    box.setDecimals(decimals)
    box.setSingleStep(step)
    return _prepared(box)


def choice() -> QComboBox:
    """A box of choices that is as wide as its column, however long their words are."""
    box = QComboBox()
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(5)
    guard_wheel(box)
    return box


def _prepared(box: Box) -> Box:
    box.lineEdit().setTextMargins(6, 0, 0, 0)
    box.setKeyboardTracking(True)
    box.setAlignment(Qt.AlignmentFlag.AlignLeft)
    guard_wheel(box)
    return box
