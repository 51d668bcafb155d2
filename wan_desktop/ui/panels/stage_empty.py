"""The stage before anything was made: what to do first, and examples to click."""

from __future__ import annotations

from functools import partial
from string import Template
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QLocale, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from wan_desktop.domain.errors import WanError
from wan_desktop.domain.request import Draft
from wan_desktop.ui import theme
from wan_desktop.ui.widgets.centred import centred_column
from wan_desktop.ui.widgets.elided_button import ElidedButton

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session

EXAMPLES, WIDEST = 3, 460


class EmptyPage(QFrame):
    """`chosen` carries the Draft of an example."""

    chosen = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_kind(self, "stage")
        self._session = session
        title = QLabel(self.tr("Describe a scene, and press Render"))
        theme.set_kind(title, "title")
        title.setWordWrap(True)
        sentence = QLabel(
            self.tr("Write on the left what is seen and how it moves, or drop a picture to set in motion.")
        )
        theme.set_kind(sentence, "value")
        sentence.setWordWrap(True)
        self._try = QLabel(self.tr("Or begin with one of these"))
        theme.set_kind(self._try, "note")
        self._examples = QVBoxLayout()
        self._examples.setSpacing(6)
        column = centred_column(self, WIDEST)
        column.addWidget(_Drawing())
        column.addSpacing(8)
        for label in (title, sentence, self._try):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(title)
        column.addWidget(sentence)
        column.addSpacing(14)
        column.addWidget(self._try)
        column.addLayout(self._examples)
        session.model_changed.connect(self.fill)
        self.fill()

    def fill(self) -> None:
        """Offer the examples of the chosen model."""
        while (item := self._examples.takeAt(0)) is not None:
            item.widget().deleteLater()
        try:
            examples = self._session.model().examples_in(QLocale().name())[:EXAMPLES]
        except WanError:
            examples = ()
        for text in examples:
            button = ElidedButton(text)
            theme.set_kind(button, "chip")
            button.setAccessibleName(self.tr("Example: {text}").format(text=text))
            button.clicked.connect(partial(self.chosen.emit, Draft(prompt=text)))
            self._examples.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        self._try.setVisible(bool(examples))


class _Drawing(QWidget):
    """`resources/icons/empty-stage.svg` in the palette's colours: it names them as $roles."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(180)
        theme.theme_changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        colours = theme.current()
        source = (theme.resources() / "icons" / "empty-stage.svg").read_text(encoding="utf-8")
        roles = {name: getattr(colours, name) for name in colours.__slots__}
        renderer = QSvgRenderer(QByteArray(Template(source).substitute(roles).encode()))
        renderer.setAspectRatioMode(Qt.AspectRatioMode.KeepAspectRatio)
        renderer.render(QPainter(self), QRectF(self.rect()))
