"""A job as a card in the queue: its picture, first words, state, progress, and small buttons under the mouse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize
from PySide6.QtGui import QColor, QFont, QHelpEvent, QImage, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QToolTip

from wan_desktop.bridge.job_list import JobListModel
from wan_desktop.bridge.job_progress import kept_fraction
from wan_desktop.domain.job import JobState
from wan_desktop.ui import icons, job_verbs, job_words, mending, texts, theme
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
_STATE_LINES, _NOTE_LINES, _META_LINES = 4, 3, 2


@dataclass(frozen=True, slots=True)
class _Block:
    """A few words under the prompt: at most `most` lines of them."""

    text: str
    font: QFont
    colour: str
    most: int


class JobDelegate(QStyledItemDelegate):
    """Paints the rows of a JobListModel."""

    def __init__(self, session: Session, pictures: Pictures, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._pictures = session, pictures

    # ---- geometry

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """As tall as its words: a failure's sentence takes up to four lines, a job under way has a bar."""
        job: Job | None = index.data(JobListModel.JobRole)
        width = option.rect.width() or option.widget.viewport().width()
        if job is None:
            return QSize(width, 0)
        inner = self.card_rect(QRect(0, 0, width, 0)).width() - 2 * PADDING - THUMB.width() - 10
        height = 2 * PADDING + 2 * _PROMPT_LINE + 2
        small = card_paint.sized(option.font, 11)
        height += _META_LINE * card_paint.line_count(job_words.job_line(job), small, inner, _META_LINES)
        for block in self._blocks(job, index, option.font):
            height += _STATE_LINE * card_paint.line_count(block.text, block.font, inner, block.most)
        if _has_bar(job):
            height += _BAR + 6
        return QSize(width, height + GAP)

    def _blocks(self, job: Job, index: Index, font: QFont) -> list[_Block]:
        """What stands under the prompt: the state, what helps, and what else there is to know."""
        colours = theme.current()
        line = job_words.state_line(
            job,
            index.data(JobListModel.PlaceRole),
            index.data(JobListModel.ProgressRole),
            stopping=job.id in self._session.stopping,
        )
        small = card_paint.sized(font, 11)
        strong = card_paint.sized(font, 11, QFont.Weight.DemiBold)
        blocks = [_Block(line, strong, getattr(colours, job_words.STATE_ROLES[job.state]), _STATE_LINES)]
        help_line = job_words.helps(job)
        if help_line:
            blocks.append(_Block(help_line, small, colours.secondary, 2))
        notes = job.notes or tuple(self._session.notes.get(job.id, ()))
        blocks += [_Block(texts.note(note), small, colours.attention, _NOTE_LINES) for note in notes]
        return blocks

    def buttons(self, rect: QRectF, job: Job) -> dict[str, QRectF]:
        """Where the small buttons of a card at `rect` lie, by what they do."""
        stopping, mend = job.id in self._session.stopping, mending.likeliest(self._session, job)
        names = job_verbs.card_verbs(job, stopping=stopping, mend=mend)
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
        for block in self._blocks(job, index, font):
            y += card_paint.lines(
                painter,
                QRectF(left, y, width, 0),
                block.text,
                block.font,
                block.colour,
                block.most,
                _STATE_LINE,
            )
        if _has_bar(job):
            part = index.data(JobListModel.FractionRole)
            role = getattr(colours, job_words.STATE_ROLES[job.state])
            card_paint.bar(painter, QRectF(left, y + 3, width, _BAR), part, role)
            y += _BAR + 6
        meta = job_words.job_line(job)
        card_paint.lines(
            painter,
            QRectF(left, y + 1, width, 0),
            meta,
            card_paint.sized(font, 11),
            colours.secondary,
            _META_LINES,
            _META_LINE,
        )

    def _paint_buttons(self, painter: QPainter, rect: QRectF, job: Job) -> None:
        colours = theme.current()
        ratio = painter.device().devicePixelRatio()
        for name, place in self.buttons(rect, job).items():
            painter.setPen(QColor(colours.line))
            painter.setBrush(QColor(colours.raised))
            painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
            glyph = icons.pixmap(job_verbs.ICONS[name], 16, "text", ratio)
            painter.drawPixmap(place.center() - QRectF(0, 0, 16, 16).center(), glyph)

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
        job: Job = index.data(JobListModel.JobRole)
        words = job_verbs.words(name, job, mending.likeliest(self._session, job))
        QToolTip.showText(event.globalPos(), words, view)
        return True

    def button_at(self, row: QRect, index: Index, at: QPoint) -> str | None:
        """The small button at that point of the view, when the index's row lies at `row`."""
        job: Job | None = index.data(JobListModel.JobRole)
        if job is None:
            return None
        places = self.buttons(self.card_rect(row), job)
        return next((name for name, place in places.items() if place.contains(at.toPointF())), None)


def _has_bar(job: Job) -> bool:
    """True while the job renders, and while it could go on from what it keeps."""
    waits = job.state is JobState.QUEUED or job_words.can_go_on(job)
    return job.state is JobState.RUNNING or (waits and kept_fraction(job) > 0)


def preview_key(job_id: str) -> str:
    """Under which name Pictures keeps a job's last preview."""
    return f"preview {job_id}"
