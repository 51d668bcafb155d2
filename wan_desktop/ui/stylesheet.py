"""The one style sheet, built from a palette. Selectors go by class and by the dynamic property `kind`."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor

if TYPE_CHECKING:
    from pathlib import Path

    from wan_desktop.ui.palette import Palette


def build(palette: Palette, icons: Path) -> str:
    """The style sheet for `palette`; `icons` holds the few pictures that controls need."""
    roles = {name: getattr(palette, name) for name in palette.__slots__}
    return Template(_SHEET).substitute(
        roles,
        icons=icons.as_posix(),
        placeholder=_alpha(palette.secondary, 0.85),
        hover=_mix(palette.raised, palette.text, 0.05),
        card_hover=_mix(palette.card, palette.text, 0.05),
        accent_hover=_mix(palette.accent, palette.text if palette.name == "dark" else "#000000", 0.12),
        accent_pressed=_mix(palette.accent, palette.window, 0.18),
        accent_soft=_alpha(palette.accent, 0.14),
        accent_line=_alpha(palette.accent, 0.55),
        good_soft=_alpha(palette.good, 0.12),
        good_line=_alpha(palette.good, 0.45),
        attention_soft=_alpha(palette.attention, 0.12),
        attention_line=_alpha(palette.attention, 0.45),
        error_soft=_alpha(palette.error, 0.12),
        error_line=_alpha(palette.error, 0.5),
        scroll=_alpha(palette.secondary, 0.32),
        scroll_hover=_alpha(palette.secondary, 0.6),
    )


def _mix(base: str, over: str, amount: float) -> str:
    a, b = QColor(base), QColor(over)
    parts = ((x * (1 - amount) + y * amount) for x, y in zip(a.getRgb()[:3], b.getRgb()[:3], strict=True))
    return "#" + "".join(f"{round(part):02x}" for part in parts)


def _alpha(colour: str, alpha: float) -> str:
    red, green, blue, _ = QColor(colour).getRgb()
    return f"rgba({red}, {green}, {blue}, {alpha})"


_SHEET = """
* { outline: none; }
QMainWindow, QMainWindow > QWidget#body { background: $window; }
QDialog { background: $panel; }
QWidget { color: $text; selection-background-color: $accent; selection-color: $on_accent; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 5px 8px; }

/* words */
QLabel { background: transparent; }
QLabel[kind="title"] { font-size: 15px; font-weight: 600; }
QLabel[kind="label"] { font-size: 12px; font-weight: 600; color: $secondary; }
QLabel[kind="value"] { font-size: 12px; color: $secondary; }
QLabel[kind="note"] { font-size: 11px; color: $secondary; }
QLabel[kind="error"] { font-size: 12px; color: $error; }
QLabel[kind="good"] { font-size: 12px; color: $good; }
QLabel[kind="attention"] { font-size: 12px; color: $attention; }
QLabel[kind="on-accent-title"] { font-size: 14px; font-weight: 600; color: $on_accent; }
QLabel[kind="on-accent-note"] { font-size: 11px; color: $on_accent; }
QLabel[kind="badge"] { font-size: 11px; font-weight: 600; color: $attention; background: $attention_soft;
    border: 1px solid $attention_line; border-radius: 6px; padding: 1px 7px; }

/* places */
QFrame[kind="panel"], QWidget[kind="panel"] { background: $panel; }
QFrame[kind="bar"] { background: $panel; border: none; border-bottom: 1px solid $line; }
QFrame[kind="foot"] { background: $panel; border: none; border-top: 1px solid $line; }
QFrame[kind="card"] { background: $card; border: 1px solid $line; border-radius: 10px; }
QFrame[kind="card"][selected="true"] { border-color: $accent; }
QFrame[kind="field"] { background: $card; border: 1px solid $line; border-radius: 8px; }
QFrame[kind="stage"] { background: $stage; border-radius: 12px; }
QFrame[kind="well"] { background: $raised; border: none; border-radius: 8px; }
QFrame[kind="banner"] { background: $accent_soft; border: 1px solid $accent_line; border-radius: 8px; }
QFrame[kind="banner"][tone="attention"] { background: $attention_soft; border-color: $attention_line; }
QFrame[kind="banner"][tone="error"] { background: $error_soft; border-color: $error_line; }
QFrame[kind="banner"][tone="good"] { background: $good_soft; border-color: $good_line; }
QFrame[kind="line"] { background: $line; border: none; }
QScrollArea, QScrollArea > QWidget > QWidget[kind="scrolled"] { background: transparent; border: none; }

/* buttons */
QPushButton, QToolButton { background: $card; border: 1px solid $line; border-radius: 8px;
    padding: 6px 12px; }
QPushButton { min-height: 17px; }
QPushButton:hover, QToolButton:hover { background: $card_hover; }
QPushButton:pressed, QToolButton:pressed { background: $raised; }
QPushButton:focus, QToolButton:focus { border-color: $accent; }
QPushButton:disabled, QToolButton:disabled { color: $faint; background: transparent; }
QPushButton:default { border-color: $accent; }
QPushButton::menu-indicator, QToolButton::menu-indicator { image: none; width: 0; }
QPushButton[kind="primary"], QToolButton[kind="primary"] { background: $accent; color: $on_accent;
    border: 1px solid $accent; font-weight: 600; }
QPushButton[kind="primary"]:hover, QToolButton[kind="primary"]:hover { background: $accent_hover;
    border-color: $accent_hover; }
QPushButton[kind="primary"]:pressed, QToolButton[kind="primary"]:pressed { background: $accent_pressed;
    border-color: $accent_pressed; }
QPushButton[kind="primary"]:disabled, QToolButton[kind="primary"]:disabled { background: $raised;
    color: $faint;
    border-color: $raised; }
QPushButton[kind="primary"]:focus { border-color: $text; }
QPushButton[kind="quiet"], QToolButton[kind="quiet"] { background: transparent; border: 1px solid transparent;
    padding: 4px 6px; color: $secondary; }
QToolButton[kind="quiet"] { padding: 4px; }
QPushButton[kind="quiet"]:hover, QToolButton[kind="quiet"]:hover { background: $raised; color: $text; }
QPushButton[kind="quiet"]:pressed, QToolButton[kind="quiet"]:pressed { background: $hover; }
QPushButton[kind="quiet"]:focus, QToolButton[kind="quiet"]:focus { border-color: $accent; }
QPushButton[kind="quiet"]:checked, QToolButton[kind="quiet"]:checked { background: $accent_soft;
    color: $text; }
QPushButton[kind="quiet"]:disabled, QToolButton[kind="quiet"]:disabled { color: $faint;
    background: transparent; }
QToolButton[kind="mini"] { background: transparent; border: 1px solid transparent; border-radius: 4px; padding: 1px; }
QToolButton[kind="mini"]:hover { background: $raised; }
QToolButton[kind="mini"]:focus { border-color: $accent; }
QToolButton[kind="sign"] { background: transparent; border: none; padding: 0; }
QPushButton[kind="link"] { background: transparent; border: 1px solid transparent; padding: 1px 3px;
    color: $secondary;
    font-size: 12px; min-height: 14px; border-radius: 6px; }
QPushButton[kind="link"]:hover { color: $accent; }
QPushButton[kind="link"]:disabled { color: $faint; }
QPushButton[kind="link"]:focus { border-color: $accent; }
QPushButton[kind="fold"] { background: transparent; border: 1px solid transparent; padding: 4px 4px 4px 0;
    margin-left: -4px; text-align: left; color: $secondary; border-radius: 6px; }
QPushButton[kind="fold"]:hover { color: $text; }
QPushButton[kind="fold"]:focus { border-color: $accent; }
QPushButton[kind="danger"], QToolButton[kind="danger"] { color: $error; }
QPushButton[kind="danger"]:disabled, QToolButton[kind="danger"]:disabled { color: $faint; }
QPushButton[kind="danger"]:hover, QToolButton[kind="danger"]:hover { background: $error_soft;
    border-color: $error_line; }
QPushButton[kind="chip"], QToolButton[kind="chip"] { border-radius: 11px; padding: 2px 8px; font-size: 12px;
    color: $secondary; background: $panel; min-height: 18px; }
QPushButton[kind="chip"]:hover, QToolButton[kind="chip"]:hover { color: $text; background: $raised; }
QPushButton[kind="chip"]:checked, QToolButton[kind="chip"]:checked { color: $accent; background: $accent_soft;
    border-color: $accent_line; }
QPushButton[kind="chip"]:disabled, QToolButton[kind="chip"]:disabled { color: $faint;
    background: transparent; }
QPushButton[kind="chip"]:focus, QToolButton[kind="chip"]:focus { border-color: $accent; }
QPushButton[kind="chip-good"] { border-radius: 11px; padding: 2px 8px; font-size: 12px; color: $good;
    background: $good_soft; border-color: $good_line; min-height: 18px; }
QPushButton[kind="chip-good"]:focus { border-color: $accent; }
QPushButton[kind="segment"] { background: transparent; border: 1px solid transparent; border-radius: 6px;
    padding: 4px 2px; color: $secondary; min-height: 18px; }
QPushButton[kind="segment"]:hover { color: $text; }
QPushButton[kind="segment"]:checked { background: $card; border-color: $line; color: $text;
    font-weight: 600; }
QPushButton[kind="segment"]:focus { border-color: $accent; }
QPushButton[kind="segment"]:disabled { color: $faint; background: transparent; }
QPushButton[kind="tab"] { background: transparent; border: none; border-bottom: 2px solid transparent;
    border-radius: 0;
    padding: 9px 0 8px 0; color: $secondary; }
QPushButton[kind="tab"]:hover { color: $text; }
QPushButton[kind="tab"]:checked { color: $text; font-weight: 600; border-bottom-color: $accent; }
QPushButton[kind="tab"]:focus { color: $accent; }

/* fields */
QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox, QComboBox { background: $card;
    border: 1px solid $line;
    border-radius: 8px; padding: 5px 8px; min-height: 18px; }
QPlainTextEdit, QTextEdit { padding: 6px 8px; }
QLineEdit, QPlainTextEdit, QTextEdit { placeholder-text-color: $placeholder; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {
    border-color: $accent; }
QLineEdit[invalid="true"], QPlainTextEdit[invalid="true"], QAbstractSpinBox[invalid="true"],
QComboBox[invalid="true"],
QFrame[kind="field"][invalid="true"] { border-color: $error; }
QLineEdit:disabled, QPlainTextEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { color: $faint;
    background: $panel; }
QAbstractSpinBox QLineEdit, QComboBox QLineEdit { background: transparent; border: none;
    padding: 0 0 0 6px; min-height: 0; }
QAbstractSpinBox { padding-right: 20px; max-height: 18px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { background: transparent; border: none;
    width: 18px;
    subcontrol-origin: border; }
QAbstractSpinBox::up-button { subcontrol-position: top right; margin: 3px 3px 0 0; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; margin: 0 3px 3px 0; }
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $raised;
    border-radius: 4px; }
QAbstractSpinBox::up-arrow { image: url("$icons/control-up.svg"); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url("$icons/control-down.svg"); width: 10px; height: 10px; }
QAbstractSpinBox[buttonSymbols="2"] { padding-right: 8px; }
QComboBox { padding-right: 22px; }
QComboBox::drop-down { border: none; width: 22px; subcontrol-origin: border;
    subcontrol-position: center right; }
QComboBox::down-arrow { image: url("$icons/control-down.svg"); width: 12px; height: 12px; }
QComboBox QAbstractItemView { background: $card; border: 1px solid $line; padding: 4px; outline: none;
    selection-background-color: $raised; selection-color: $text; }
QComboBox QAbstractItemView::item { min-height: 26px; padding: 0 6px; border-radius: 6px; }
QCheckBox, QRadioButton { spacing: 8px; background: transparent; }
QCheckBox::indicator { width: 16px; height: 16px; border: 1px solid $faint; border-radius: 4px;
    background: $card; }
QCheckBox::indicator:focus { border-color: $accent; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent;
    image: url("$icons/control-check.svg"); }
QCheckBox:focus, QRadioButton:focus { color: $accent; }

/* tracks */
QProgressBar { background: $raised; border: none; border-radius: 3px; min-height: 6px; max-height: 6px;
    text-align: center; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QProgressBar[kind="good"]::chunk { background: $good; }
QProgressBar[kind="attention"]::chunk { background: $attention; }
QProgressBar[kind="error"]::chunk { background: $error; }
QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: $scroll; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $scroll_hover; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; background: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }
QSplitter::handle { background: $line; }
QSplitter::handle:hover { background: $accent; }

/* lists and menus */
QAbstractItemView { background: $card; border: 1px solid $line; border-radius: 8px; outline: none; }
QListView[kind="bare"], QTreeView[kind="bare"], QListView[kind="bare"]:focus { background: transparent;
    border: none; }
QListView::item, QTreeView::item { padding: 4px; border-radius: 6px; }
QListView::item:hover { background: $card_hover; }
QListView::item:selected, QTreeView::item:selected { background: $accent_soft; color: $text; }
QHeaderView::section { background: transparent; border: none; border-bottom: 1px solid $line; padding: 6px;
    color: $secondary; }
QMenuBar { background: transparent; border: none; padding: 0; spacing: 0; }
QMenuBar::item { background: transparent; color: $secondary; padding: 5px 8px; border-radius: 6px;
    margin: 0 1px; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: $raised; color: $text; }
QMenu { background: $card; border: 1px solid $line; border-radius: 8px; padding: 5px; }
QMenu::item { padding: 6px 24px 6px 10px; border-radius: 6px; background: transparent; }
QMenu::item:selected { background: $accent_soft; color: $text; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $line; margin: 5px 6px; }
QMenu::icon { padding-left: 8px; }
QMenu::indicator { width: 14px; height: 14px; margin-left: 6px; }
QMenu::indicator:checked { image: url("$icons/control-tick.svg"); }
QTabBar::tab { background: transparent; }
QGroupBox { border: none; margin-top: 16px; font-weight: 600; }
"""
