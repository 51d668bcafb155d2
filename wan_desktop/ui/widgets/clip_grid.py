"""The library's grid: thumbnails that play under the mouse, no widget per clip, made for 10,000 of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLocale, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from wan_desktop.bridge.clip_list import ClipListModel, prompt, seconds
from wan_desktop.ui import job_words, theme
from wan_desktop.ui.widgets import card_paint
from wan_desktop.ui.widgets.hover_film import HoverFilm
from wan_desktop.ui.widgets.pictures import Pictures, read_thumbnail
from wan_desktop.ui.widgets.scroll_room import keep_scroll_room

if TYPE_CHECKING:
    from wan_desktop.domain.job import Clip

    Index = QModelIndex | QPersistentModelIndex

GAP = 10
NARROWEST = 120
_LINE, _TEXT_PAD = 16, 8


class ClipGrid(QListView):
    """Shows a ClipListModel in as many columns as fit, two at the panel's usual width."""

    def __init__(self, model: ClipListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_kind(self, "bare")
        self.setAccessibleName(self.tr("Library"))
        self.setModel(model)
        self.pictures = Pictures(self)
        self.film = HoverFilm(self)
        self.setItemDelegate(ClipDelegate(self, self.pictures, self.film))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setUniformItemSizes(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        keep_scroll_room(self)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.pictures.ready.connect(self._repaint)
        self.film.moved.connect(self._repaint)
        theme.theme_changed.connect(self._repaint)

    def cell(self) -> QSize:
        """The size of one clip's place, gaps included."""
        width = self.viewport().width() - 1  # a row that fills the width exactly is wrapped
        columns = max(1, width // (NARROWEST + GAP))
        across = max(NARROWEST, width // columns)
        return QSize(across, thumb_height(across - GAP) + 2 * _TEXT_PAD + 2 * _LINE + GAP)

    def _repaint(self) -> None:
        self.viewport().update()

    def clip_at(self, index: Index) -> Clip | None:
        """The clip of a row."""
        clip: Clip | None = index.data(ClipListModel.ClipRole)
        return clip

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns to the width."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Play what is under the mouse."""
        super().mouseMoveEvent(event)
        index = self.indexAt(event.position().toPoint())
        self.film.hover(self.clip_at(index) if index.isValid() and not event.buttons() else None)

    def viewportEvent(self, event: QEvent) -> bool:
        """Stop playing when the mouse leaves."""
        if event.type() == QEvent.Type.Leave:
            self.film.hover(None)
        return super().viewportEvent(event)


def thumb_height(width: int) -> int:
    """A thumbnail's height in a card of `width`: 16:9."""
    return round(width * 9 / 16)


class ClipDelegate(QStyledItemDelegate):
    """Paints one clip: its picture with its length on it, and two lines of its prompt below."""

    def __init__(self, grid: ClipGrid, pictures: Pictures, film: HoverFilm) -> None:
        super().__init__(grid)
        self._grid, self._pictures, self._film = grid, pictures, film

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The same for every clip."""
        return self._grid.cell()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The whole card."""
        clip: Clip | None = index.data(ClipListModel.ClipRole)
        if clip is None:
            return
        view = option.widget
        rect = QRectF(option.rect).adjusted(GAP / 2, GAP / 2, -GAP / 2, -GAP / 2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card_paint.card(
            painter,
            rect,
            selected=bool(option.state & QStyle.StateFlag.State_Selected),
            hovered=bool(option.state & QStyle.StateFlag.State_MouseOver),
            focused=bool(view and view.hasFocus()),
        )
        self._paint_picture(painter, rect, clip, option.font)
        text = QRectF(rect.left() + 9, 0, rect.width() - 18, 0)
        text.moveTop(rect.top() + thumb_height(int(rect.width())) + _TEXT_PAD - 1)
        words = job_words.headline(prompt(clip))
        font = card_paint.sized(option.font, 12)
        card_paint.lines(painter, text, words, font, theme.current().secondary, 2, _LINE)
        painter.restore()

    def _paint_picture(self, painter: QPainter, rect: QRectF, clip: Clip, font: QFont) -> None:
        place = QRectF(rect.left() + 1, rect.top() + 1, rect.width() - 2, thumb_height(int(rect.width())) - 1)
        found = self._pictures.get(clip.thumbnail, partial(read_thumbnail, clip.thumbnail, clip.path))
        missing = found is not None and found.missing
        pixmap = self._film.picture(clip.id) or (found.pixmap if found is not None else None)
        if pixmap is not None and pixmap.isNull():
            pixmap = None
        card_paint.picture(painter, place, pixmap, (9, 0), "film")
        small = card_paint.sized(font, 11, QFont.Weight.DemiBold)
        length = seconds(clip)
        if missing:
            card_paint.badge(painter, place.right() - 6, place.bottom() - 6, self.tr("File missing"), small)
        elif length:
            words = self.tr("{seconds} s").format(seconds=QLocale().toString(length, "f", 1))
            card_paint.badge(painter, place.right() - 6, place.bottom() - 6, words, small)
