"""What to show: the prompt with its meter, what the model does not know of it, tips, examples, negative prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QLocale, QMimeData, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from wan_desktop.domain.prompts import Lexicon
from wan_desktop.ui.icons import icon
from wan_desktop.ui.panels.create.demo import words_by_kind
from wan_desktop.ui.panels.create.prompt_edit import PromptEdit, replace_text
from wan_desktop.ui.panels.create.tips import Tip, tips_for
from wan_desktop.ui.panels.create.unknown import UnknownMarks, UnknownNote
from wan_desktop.ui.theme import set_kind
from wan_desktop.ui.widgets.field import ErrorLabel, set_invalid
from wan_desktop.ui.widgets.flow_layout import FlowLayout

if TYPE_CHECKING:
    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.request import Draft

SHORT, GOOD, LONG = 50, 200, 1500
"""Characters: below SHORT there is little to go by, up to GOOD is what the model likes, over LONG much is lost."""


class PromptSection(QWidget):
    """`edited` at every change of either text."""

    edited = Signal()
    pictured = Signal(QMimeData)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: ModelSpec | None = None
        self._tips: list[tuple[Tip, QPushButton]] = []
        self.editor = PromptEdit(self)
        self.editor.setAccessibleName(self.tr("Prompt"))
        self.editor.setTabChangesFocus(True)
        self.editor.textChanged.connect(self._on_text)
        self.editor.pictured.connect(self.pictured)
        self.unknown = UnknownNote(self)
        self._marks = UnknownMarks(self.editor)
        self._marks.settled.connect(self._tell_unknown)
        self.meter = QLabel(self)
        self.meter.setProperty("kind", "value")
        self.error = ErrorLabel(self)
        self._examples = self._chip(self.tr("Examples"))
        self._examples.setIcon(icon("wand", "secondary"))
        self._examples.setIconSize(QSize(13, 13))
        self._negative_chip = self._chip(self.tr("Negative…"))
        self._negative_chip.setCheckable(True)
        self._negative_chip.setToolTip(
            self.tr("What the clip should not show. The model has its own standard text.")
        )
        self._negative_chip.toggled.connect(self._show_negative)
        self._negative = self._negative_part()
        self._lay_out()
        self._show_negative(False)

    # ---- state

    def set_model(self, model: ModelSpec) -> None:
        """Offer the model's examples and words, and its own negative prompt where it was not changed."""
        changed = self._model is not None and self.negative.toPlainText() != self._model.negative_prompt
        self._model = model
        examples = model.examples_in(QLocale().name())
        self.editor.setPlaceholderText(examples[0] if examples else "")
        if not changed:
            self.negative.setPlainText(model.negative_prompt)
        self._fill_examples(examples)
        self._fill_tips(model)
        self.unknown.setToolTip(words_by_kind(model))
        self._marks.set_lexicon(Lexicon(model.vocabulary))
        self._on_text()

    def values(self) -> dict[str, Any]:
        """The draft's fields; the negative prompt is None while it is the model's own."""
        text = self.negative.toPlainText()
        own = self._model is not None and text == self._model.negative_prompt
        return {"prompt": self.editor.toPlainText(), "negative_prompt": None if own else text}

    def fill(self, draft: Draft) -> None:
        """Show the draft's texts; undo brings the former text back."""
        replace_text(self.editor, draft.prompt)
        own = self._model.negative_prompt if self._model else ""
        replace_text(self.negative, own if draft.negative_prompt is None else draft.negative_prompt)
        if self.negative.toPlainText() != own:
            self._negative_chip.setChecked(True)

    def insert(self, words: str) -> None:
        """Add words where the cursor is, behind a space where they need one; Chinese needs none."""
        cursor = self.editor.textCursor()
        before = self.editor.toPlainText()[: cursor.position()]
        apart = not before or before[-1].isspace() or not (before[-1].isascii() or words[0].isascii())
        glue = "" if apart else " "
        cursor.insertText(f"{glue}{words}")
        self.editor.setFocus()

    def open_negative(self, is_open: bool) -> None:
        """Show or fold the negative prompt."""
        self._negative_chip.setChecked(is_open)

    def say(self, sentence: str) -> None:
        """Show what is wrong with the prompt, or nothing for ""."""
        self.error.say(sentence)
        set_invalid(self.editor, bool(sentence))

    def say_negative(self, sentence: str) -> None:
        """Show what is wrong with the negative prompt, or nothing for ""."""
        if sentence:
            self.open_negative(True)
        self.negative_error.say(sentence)
        set_invalid(self.negative, bool(sentence))

    # ---- reacting

    def _on_text(self) -> None:
        text = self.editor.toPlainText().strip()
        words, kind = self._judge(len(text))
        self.meter.setText(words)
        set_kind(self.meter, kind)
        for tip, chip in self._tips:
            covered = tip.covered(text)
            if covered != chip.property("covered"):
                chip.setProperty("covered", covered)
                chip.setIcon(icon("check" if covered else "plus", "good" if covered else "secondary"))
                set_kind(chip, "chip-good" if covered else "chip")
        if text:
            self.say("")
        self.edited.emit()

    def _tell_unknown(self) -> None:
        told = self.unknown.tell(self.editor.toPlainText(), self._model) if self._model else ""
        about = self.tr("Describe what the clip shows.")
        self.editor.setAccessibleDescription(f"{about} {told}".strip())

    def _judge(self, count: int) -> tuple[str, str]:
        if not count:
            return "", "value"
        text, kind = self.tr("{count} characters · very long: the end may be cut"), "attention"
        if self._model is not None and self._model.demo:
            text, kind = self.tr("{count} characters"), "value"
        elif count < SHORT:
            text, kind = self.tr("{count} characters · say a little more"), "value"
        elif count <= GOOD:
            text, kind = self.tr("{count} characters · good length"), "value"
        elif count <= LONG:
            text, kind = self.tr("{count} characters · long: some may be left out"), "value"
        return text.format(count=count), kind

    def _show_negative(self, is_open: bool) -> None:
        self._negative.setVisible(is_open)

    def _on_negative(self) -> None:
        own = self._model is not None and self.negative.toPlainText() == self._model.negative_prompt
        self._negative_reset.setEnabled(not own)
        self.say_negative("")
        self.edited.emit()

    def _reset_negative(self) -> None:
        if self._model is not None:
            replace_text(self.negative, self._model.negative_prompt)

    # ---- building

    def _fill_examples(self, examples: tuple[str, ...]) -> None:
        menu = QMenu(self)
        for text in examples:
            shown = text if len(text) <= 64 else f"{text[:62]}…"
            menu.addAction(shown).triggered.connect(lambda _=False, t=text: self._use_example(t))
        self._examples.setMenu(menu)
        self._examples.setEnabled(bool(examples))

    def _use_example(self, text: str) -> None:
        replace_text(self.editor, text)
        self.editor.setFocus()

    def _fill_tips(self, model: ModelSpec) -> None:
        for _, chip in self._tips:
            self._flow.removeWidget(chip)
            chip.deleteLater()
        self._tips = [(tip, self._tip_chip(tip)) for tip in tips_for(model, QLocale().name())]
        for chip in (self._examples, self._negative_chip):  # they stay last
            self._flow.removeWidget(chip)
            self._flow.addWidget(chip)

    def _tip_chip(self, tip: Tip) -> QPushButton:
        chip = self._chip(QCoreApplication.translate("tips", tip.label))
        chip.setIconSize(QSize(12, 12))
        chip.setToolTip(self.tr("Lights up when the prompt says it. Click for words to insert."))
        menu = QMenu(chip)
        for words in tip.offers:
            menu.addAction(words).triggered.connect(lambda _=False, w=words: self.insert(w))
        chip.setMenu(menu)
        self._flow.addWidget(chip)
        return chip

    def _chip(self, text: str) -> QPushButton:
        chip = QPushButton(text, self)
        chip.setProperty("kind", "chip")
        chip.setAccessibleName(text)
        return chip

    def _negative_part(self) -> QWidget:
        part = QWidget(self)
        label = QLabel(self.tr("Negative prompt"), part)
        label.setProperty("kind", "label")
        self.negative = QPlainTextEdit(part)
        self.negative.setAccessibleName(self.tr("Negative prompt"))
        self.negative.setTabChangesFocus(True)
        self.negative.setFixedHeight(72)
        self.negative.textChanged.connect(self._on_negative)
        label.setBuddy(self.negative)
        self._negative_reset = QPushButton(self.tr("Reset"), part)
        self._negative_reset.setProperty("kind", "link")
        self._negative_reset.setAccessibleName(self.tr("Reset the negative prompt"))
        self._negative_reset.clicked.connect(self._reset_negative)
        self.negative_error = ErrorLabel(part)
        top = QHBoxLayout()
        top.addWidget(label)
        top.addStretch(1)
        top.addWidget(self._negative_reset)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.negative)
        column.addWidget(self.negative_error)
        return part

    def _lay_out(self) -> None:
        label = QLabel(self.tr("Prompt"), self)
        label.setProperty("kind", "label")
        label.setBuddy(self.editor)
        top = QHBoxLayout()
        top.addWidget(label)
        top.addStretch(1)
        top.addWidget(self.meter, 0, Qt.AlignmentFlag.AlignRight)
        chips = QWidget(self)
        self._flow = FlowLayout(chips)
        self._flow.addWidget(self._examples)
        self._flow.addWidget(self._negative_chip)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.editor)
        column.addWidget(self.error)
        column.addWidget(self.unknown)
        column.addWidget(chips)
        column.addWidget(self._negative)
