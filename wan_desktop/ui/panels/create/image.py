"""The start image: drop, paste or choose it, see the crop, remove it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from wan_desktop.bridge.background import in_background
from wan_desktop.ui import dropped, texts
from wan_desktop.ui.start_image import LARGE_BYTES, ImageSource, StartImage, keep_pixels, read
from wan_desktop.ui.widgets.field import ErrorLabel
from wan_desktop.ui.widgets.image_canvas import ImageCanvas

if TYPE_CHECKING:
    from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.errors import WanError
    from wan_desktop.domain.request import Draft

PATTERNS = "*.png *.jpg *.jpeg *.webp *.avif *.tif *.tiff *.gif *.bmp *.ppm"


class ImageSection(QWidget):
    """`edited` when the picture is another one or none; `recipe_dropped` passes on a clip's or workflow's path."""

    edited = Signal()
    recipe_dropped = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._source: ImageSource | None = None
        self._image: StartImage | None = None
        self._asked = 0
        self._target = (0, 0)
        self.setAcceptDrops(True)
        self.canvas = ImageCanvas(self)
        self.canvas.setAccessibleName(self.tr("Start image"))
        self.canvas.setToolTip(
            self.tr("The first frame of the clip. Drop a picture, paste one, or click to choose.")
        )
        self.canvas.invite(
            self.tr("Drop a picture, or click to choose"), self.tr("It becomes the first frame")
        )
        self.canvas.clicked.connect(self.choose)
        self.remove = QPushButton(self.tr("Remove"), self)
        self.remove.setProperty("kind", "link")
        self.remove.setAccessibleName(self.tr("Remove the start image"))
        self.remove.clicked.connect(self.clear)
        self.remove.hide()
        self.notes = QLabel(self)
        self.notes.setProperty("kind", "attention")
        self.notes.setWordWrap(True)
        self.notes.hide()
        self.error = ErrorLabel(self)
        self._lay_out()

    # ---- state

    def image(self) -> StartImage | None:
        """The picture, once it is read."""
        return self._image

    def has_image(self) -> bool:
        """Whether there is one, even while it is still being read."""
        return self._source is not None

    def values(self) -> dict[str, Any]:
        """The draft's fields."""
        if self._source is None:
            return {}
        return {"image": self._source.path, "stored_image": self._source.stored}

    def fill(self, draft: Draft) -> None:
        """Show the draft's picture, or none."""
        if draft.stored_image is not None:
            self._take(ImageSource(stored=draft.stored_image, name=self.tr("Stored picture")))
        elif draft.image is not None:
            self.set_path(draft.image)
        else:
            self.clear()

    def set_path(self, path: str) -> None:
        """Use the picture file at `path`; a bad one is told in place and what was there stays."""
        self._take(ImageSource(path=path, name=Path(path).name))

    def set_pixels(self, image: QImage) -> None:
        """Use picture data that came by drop or paste."""
        session, name = self._session, self.tr("Pasted picture")
        self._begin(self._source, lambda: keep_pixels(session, image, name))

    def clear(self) -> None:
        """Back to text to video."""
        self._asked += 1
        had = self._source is not None
        self._source = self._image = None
        self._show_image()
        if had:
            self.edited.emit()

    def set_target(self, width: int, height: int) -> None:
        """The size that will be rendered: shows its crop."""
        self._target = (width, height)
        self.canvas.set_target(width, height)
        self._describe()

    def say(self, sentence: str) -> None:
        """Show what is wrong with the picture, or nothing for ""."""
        self.error.say(sentence)

    def choose(self) -> None:
        """Ask for a file."""
        kinds = self.tr("Pictures ({patterns})").format(patterns=PATTERNS)
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Choose a start image"), "", kinds)
        if path:
            self.set_path(path)

    def take(self, mime: QMimeData) -> bool:
        """Use what was dropped or pasted; False when it is nothing for us."""
        thing = dropped.look(mime)
        if thing is None:
            return False
        if thing.kind == "image":
            self.set_path(thing.path)
        elif thing.kind == "recipe":
            self.recipe_dropped.emit(thing.path)
        elif thing.image is not None:
            self.set_pixels(thing.image)
        else:
            self.say(
                self.tr(
                    "This is a link, not a picture: save the picture to a file, then drop that file here."
                )
            )
        return True

    # ---- events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Light up for what can be used."""
        if dropped.look(event.mimeData()) is not None:
            self.canvas.set_hot(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Calm down."""
        self.canvas.set_hot(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Use what was dropped."""
        self.canvas.set_hot(False)
        if self.take(event.mimeData()):
            event.acceptProposedAction()

    # ---- reading

    def _take(self, source: ImageSource) -> None:
        session, before = self._session, self._source
        self._source = source
        self._begin(before, lambda: read(session, source))
        self.edited.emit()

    def _begin(self, before: ImageSource | None, work: Any) -> None:
        self._asked += 1
        number = self._asked
        self.error.say("")
        self.canvas.set_tag(self.tr("Reading the picture…"))
        in_background(
            self,
            work,
            lambda image: self._ready(number, image),
            lambda error: self._failed(number, before, error),
        )

    def _ready(self, number: int, image: StartImage) -> None:
        if number == self._asked:
            self._source, self._image = image.source, image
            self._show_image()
            self.edited.emit()

    def _failed(self, number: int, before: ImageSource | None, error: WanError) -> None:
        if number == self._asked:
            kept = before if self._image is not None and before == self._image.source else None
            self._source = kept
            if kept is None:
                self._image = None
            self._show_image()
            self.error.say(texts.sentence(error))
            self.edited.emit()

    # ---- showing

    def _show_image(self) -> None:
        self.error.say("")
        self.remove.setVisible(self._source is not None)
        if self._image is None:
            self.canvas.set_picture(None)
        else:
            self.canvas.set_picture(self._image.shown, (self._image.width, self._image.height))
        self._describe()

    def _describe(self) -> None:
        image, (width, height) = self._image, self._target
        self.notes.hide()
        if image is None or not width:
            return
        size = texts.size(width, height)
        left, top, right, bottom = self.canvas.crop()
        whole = right - left > image.width - 1 and bottom - top > image.height - 1
        how = self.tr("used at {size}") if whole else self.tr("cropped to {size}")
        self.canvas.set_tag(f"{image.source.name} · {how.format(size=size)}")
        self.canvas.setAccessibleDescription(f"{image.source.name}, {how.format(size=size)}")
        notes = self._notes(image, width, height, right - left)
        self.notes.setText(" · ".join(notes))
        self.notes.setVisible(bool(notes))

    def _notes(self, image: StartImage, width: int, height: int, used_width: float) -> list[str]:
        notes = []
        if image.bytes > LARGE_BYTES:
            notes.append(self.tr("over 10 MB"))
        if used_width < width:
            small = self.tr("small: {size}, will look soft")
            notes.append(small.format(size=texts.size(image.width, image.height)))
        if image.height > image.width and height > width:
            notes.append(self.tr("portrait → {size}").format(size=texts.size(width, height)))
        return notes

    def _lay_out(self) -> None:
        label = QLabel(self.tr("Start image"), self)
        label.setProperty("kind", "label")
        label.setBuddy(self.canvas)
        top = QHBoxLayout()
        top.addWidget(label)
        top.addStretch(1)
        top.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(self.canvas)
        column.addWidget(self.notes)
        column.addWidget(self.error)
