"""A job as a card in the queue: its picture, first words, state, progress, and small buttons under the mouse."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QColor, QFont, QHelpEvent, QImage, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QToolTip

from wan_desktop.bridge.job_list import JobListModel
from wan_desktop.domain.job import JobState
from wan_desktop.ui import icons, job_words, theme
from wan_desktop.ui.widgets import card_paint
from wan_desktop.ui.widgets.pictures import WIDTH, Picture, Pictures, read_thumbnail

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.job import Job

    Index = QModelIndex | QPersistentModelIndex

GAP = 12
PADDING = 11
THUMB = QSize(84, 48)
BUTTON = 24
_PROMPT_LINE, _STATE_LINE, _META_LINE, _BAR = 17, 15, 15, 6
_STATE_LINES = 3


class JobDelegate(QStyledItemDelegate):
    """Paints the rows of a JobListModel."""

    def __init__(self, session: Session, pictures: Pictures, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._pictures = session, pictures

    # ---- geometry

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """As tall as the state needs: a failure's sentence takes up to three lines, a running job has a bar."""
        job: Job | None = index.data(JobListModel.JobRole)
        width = option.rect.width() or option.widget.viewport().width()
        if job is None:
            return QSize(width, 0)
        inner = width - 2 * PADDING - THUMB.width() - 10
        state_lines = 1
        if job.state in (JobState.FAILED, JobState.INTERRUPTED):
            state_lines = card_paint.line_count(
                job_words.state_line(job, 0, None), self._state_font(option.font), inner, _STATE_LINES
            )
        height = 2 * PADDING + 2 * _PROMPT_LINE + 2 + state_lines * _STATE_LINE + _META_LINE
        if job.state is JobState.RUNNING:
            height += _BAR + 6
        return QSize(width, height + GAP)

    def buttons(self, rect: QRectF, job: Job) -> dict[str, QRectF]:
        """Where the small buttons of a card at `rect` lie, by what they do."""
        names = ["retry", "remove"] if job.state.ended else ["cancel"]
        right, top = rect.right() - 7, rect.bottom() - 7 - BUTTON
        count = len(names)
        return {
            name: QRectF(right - (count - n) * (BUTTON + 2), top, BUTTON, BUTTON)
            for n, name in enumerate(names)
        }

    @staticmethod
    def card_rect(row: QRect) -> QRectF:
        """The card inside its row."""
        return QRectF(row).adjusted(2, 2, -2, 2 - GAP)

    # ---- painting

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The whole card."""
        job: Job | None = index.data(JobListModel.JobRole)
        if job is None:
            return
        state = option.state
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        view = option.widget
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = self.card_rect(option.rect)
        card_paint.card(
            painter, rect, selected=selected, hovered=hovered, focused=bool(view and view.hasFocus())
        )
        self._paint_picture(painter, rect, job)
        self._paint_words(painter, rect, option.font, job, index)
        if hovered:
            self._paint_buttons(painter, rect, job)
        painter.restore()

    def _paint_picture(self, painter: QPainter, rect: QRectF, job: Job) -> None:
        place = QRectF(rect.left() + PADDING, rect.top() + PADDING, THUMB.width(), THUMB.height())
        found = self.picture(job)
        pixmap = None if found is None or found.pixmap.isNull() else found.pixmap
        card_paint.picture(painter, place, pixmap, (6, 6), "image" if job.request.image else "film")

    def _paint_words(self, painter: QPainter, rect: QRectF, font: QFont, job: Job, index: Index) -> None:
        colours = theme.current()
        left = rect.left() + PADDING + THUMB.width() + 10
        width = rect.right() - PADDING - left
        y = rect.top() + PADDING - 2
        prompt = job_words.headline(job.request.prompt)
        card_paint.lines(
            painter,
            QRectF(left, y, width, 0),
            prompt,
            card_paint.sized(font, 13),
            colours.text,
            2,
            _PROMPT_LINE,
        )
        y += 2 * _PROMPT_LINE + 2
        text = job_words.state_line(
            job, index.data(JobListModel.PlaceRole), index.data(JobListModel.ProgressRole)
        )
        role = getattr(colours, job_words.STATE_ROLES[job.state])
        long = job.state in (JobState.FAILED, JobState.INTERRUPTED)
        most = _STATE_LINES if long else 1
        y += card_paint.lines(
            painter, QRectF(left, y, width, 0), text, self._state_font(font), role, most, _STATE_LINE
        )
        if job.state is JobState.RUNNING:
            part = index.data(JobListModel.FractionRole)
            card_paint.bar(painter, QRectF(left, y + 3, width, _BAR), part, colours.accent)
            y += _BAR + 6
        meta = job_words.request_line(job.request)
        card_paint.lines(
            painter,
            QRectF(left, y + 1, width, 0),
            meta,
            card_paint.sized(font, 11),
            colours.secondary,
            1,
            _META_LINE,
        )

    def _paint_buttons(self, painter: QPainter, rect: QRectF, job: Job) -> None:
        colours = theme.current()
        ratio = painter.device().devicePixelRatio()
        for name, place in self.buttons(rect, job).items():
            painter.setPen(QColor(colours.line))
            painter.setBrush(QColor(colours.raised))
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
            glyph = icons.pixmap(_ICONS[name], 16, "text", ratio)
            painter.drawPixmap(place.center() - QRectF(0, 0, 16, 16).center(), glyph)

    @staticmethod
    def _state_font(font: QFont) -> QFont:
        return card_paint.sized(font, 11, QFont.Weight.DemiBold)

    # ---- the job's picture

    def picture(self, job: Job) -> Picture | None:
        """Its clip's thumbnail, else its last preview, else its start image; None when there is none yet."""
        clip = self._session.clips.get(job.clip_id or "")
        if clip is not None:
            return self._pictures.get(clip.thumbnail, partial(read_thumbnail, clip.thumbnail))
        preview = self._pictures.peek(preview_key(job.id))
        if preview is not None or job.request.image is None:
            return preview
        return self._pictures.get(f"image {job.request.image}", partial(self._read_image, job.request.image))

    def _read_image(self, sha256: str) -> tuple[QImage, bool]:
        """A stored start image, small. For another thread."""
        picture = self._session.load_image(str(self._session.image_path(sha256)))
        picture.thumbnail((WIDTH, WIDTH))
        data = picture.tobytes()
        image = QImage(data, picture.width, picture.height, picture.width * 3, QImage.Format.Format_RGB888)
        return image.copy(), False

    # ---- the mouse

    def helpEvent(
        self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """What a small button does, else the whole prompt."""
        name = self.button_at(QRect(option.rect), index, event.pos())
        if name is None:
            return super().helpEvent(event, view, option, index)
        words = {
            "cancel": self.tr("Cancel"),
            "retry": self.tr("Retry"),
            "remove": self.tr("Remove from the queue"),
        }
        QToolTip.showText(event.globalPos(), words[name], view)
        return True

    def button_at(self, row: QRect, index: Index, at: QPoint) -> str | None:
        """The small button at that point of the view, when the index's row lies at `row`."""
        job: Job | None = index.data(JobListModel.JobRole)
        if job is None:
            return None
        places = self.buttons(self.card_rect(row), job)
        return next((name for name, place in places.items() if place.contains(at.toPointF())), None)


_ICONS = {"cancel": "cancel", "retry": "retry", "remove": "close"}


def preview_key(job_id: str) -> str:
    """Under which name Pictures keeps a job's last preview."""
    return f"preview {job_id}"
