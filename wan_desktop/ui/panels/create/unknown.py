"""Words that a model with few words does not know: marked softly in the prompt, and told in one line beneath."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QWidget

from wan_desktop.domain.prompts import Lexicon, unknown_words
from wan_desktop.ui import theme

if TYPE_CHECKING:
    from wan_desktop.domain.model import ModelSpec

PAUSE_MS = 500
"""A word is left alone while it is typed; it is judged after this long a pause, or when the cursor has left it."""
NAMED, LONGEST = 3, 24
"""How many words the line names, and how many characters of each."""


class UnknownMarks(QSyntaxHighlighter):
    """Dots under the words of `editor` that a model does not know. `settled`: all words are judged after a pause."""

    settled = Signal()

    def __init__(self, editor: QPlainTextEdit) -> None:
        super().__init__(editor.document())
        self._editor = editor
        self._lexicon = Lexicon({})
        self._judging = False
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._settle)
        self._wear_theme()
        theme.theme_changed.connect(self._wear_theme)
        editor.textChanged.connect(self._pause.start)

    def set_lexicon(self, lexicon: Lexicon) -> None:
        """Judge by these words from now on."""
        self._lexicon = lexicon
        self._mark_again()
        self._settle()

    def highlightBlock(self, text: str) -> None:
        """Mark the unknown words of one line; Qt counts in UTF-16."""
        typed = -1 if self._judging else self._typed_at(text)
        for start, end in self._lexicon.unknown(text):
            if end != typed:
                first = _utf16(text[:start])
                self.setFormat(first, _utf16(text[start:end]), self._format)

    def _typed_at(self, text: str) -> int:
        """Where in this line the cursor stands, in characters, while the editor has the keyboard; else -1."""
        cursor = self._editor.textCursor()
        if not self._editor.hasFocus() or cursor.blockNumber() != self.currentBlock().blockNumber():
            return -1
        return len(text.encode("utf-16-le")[: 2 * cursor.positionInBlock()].decode("utf-16-le", "ignore"))

    def _settle(self) -> None:
        self._pause.stop()
        self._judging = True
        self._mark_again()
        self._judging = False
        self.settled.emit()

    def _mark_again(self) -> None:
        blocked = QSignalBlocker(self._editor)  # to Qt, other marks are another text
        self.rehighlight()
        blocked.unblock()

    def _wear_theme(self) -> None:
        self._format = QTextCharFormat()
        self._format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
        self._format.setUnderlineColor(QColor(theme.current().attention))
        self._mark_again()


def _utf16(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


class UnknownNote(QLabel):
    """“The demo model does not know …”; takes no room while there is nothing to say. `asked`: what does it know?"""

    asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "note")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        flags = Qt.TextInteractionFlag
        self.setTextInteractionFlags(flags.LinksAccessibleByMouse | flags.LinksAccessibleByKeyboard)
        self.linkActivated.connect(self.asked)
        self.hide()

    def tell(self, prompt: str, model: ModelSpec) -> str:
        """Say which words of the prompt the model does not know; the sentence, "" when it knows them all."""
        words = unknown_words(prompt, model.vocabulary)
        sentence = self._sentence(words) if words else ""
        link = self.tr("What it knows")
        rich = f'{escape(sentence)} <a href="#words">{escape(link)}</a>'
        self.setText(rich if sentence else "")
        self.setAccessibleName(sentence)
        self.setVisible(bool(sentence))
        return sentence

    def _sentence(self, words: tuple[str, ...]) -> str:
        shown = [word if len(word) <= LONGEST else f"{word[: LONGEST - 1]}…" for word in words[:NAMED]]
        named = self.tr(", ").join(self.tr("“{word}”").format(word=word) for word in shown)
        more = len(words) - len(shown)
        if more:
            named = self.tr("{words} and {count} more").format(words=named, count=more)
        return self.tr("The demo model does not know {words}: it draws only simple shapes.").format(
            words=named
        )
