"""The stage for a finished clip: the player, what the clip is, and what can be done with it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from wan_desktop.bridge.background import in_background
from wan_desktop.bridge.clip_list import prompt
from wan_desktop.domain.recipe import notes_of
from wan_desktop.domain.request import Draft, RenderRequest
from wan_desktop.ui import again, job_words, mending, server_words, texts, theme
from wan_desktop.ui.clip_actions import clip_actions
from wan_desktop.ui.icons import icon
from wan_desktop.ui.panels.stage_recipe import RecipeDialog
from wan_desktop.ui.widgets import shrinking
from wan_desktop.ui.widgets.elided_label import ElidedLabel
from wan_desktop.ui.widgets.player import Player
from wan_desktop.ui.widgets.toast import show_toast

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.job import Clip

BUTTON_GAP = 8


class ClipPage(QWidget):
    """Shows one clip. `reuse_requested` carries a Draft, `image_requested` the stored picture of its last frame."""

    reuse_requested = Signal(object)
    image_requested = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._actions = clip_actions(session)
        self._actions.deleting.connect(self._let_go)
        session.refused.connect(self._take_up_again)
        session.job_changed.connect(self._refresh)
        session.job_removed.connect(self._refresh)
        self._let_go_of: Clip | None = None
        self._clip: Clip | None = None
        self.player = Player()
        self.prompt = ElidedLabel()
        self.details = ElidedLabel()
        theme.set_kind(self.details, "value")
        self.badge = QLabel(self.tr("Demo model"))
        theme.set_kind(self.badge, "badge")
        self.note = QLabel()
        self.note.setWordWrap(True)
        theme.set_kind(self.note, "attention")
        self.mend_button = QPushButton(icon("wand"), "")
        self.mend_button.setAccessibleName(self.tr("Make it another way"))
        self.mend_button.clicked.connect(self._mend)
        self._build()

    def _build(self) -> None:
        self.continue_button = self._button(self.tr("Continue"), self._continue, "primary")
        self.continue_button.setToolTip(self.tr("Use the last frame as the start image of the next clip"))
        self.reuse_button = self._button(self.tr("Reuse settings"), self._reuse)
        self.folder_button = self._button(self.tr("Show in folder"), self._show_in_folder)
        self.recipe_button = self._button(self.tr("How it was made"), self.show_recipe)
        self.delete_button = self._button(self.tr("Delete"), self._delete, "danger")
        self.delete_button.setIcon(icon("trash", "error"))
        self.again_button = QPushButton(icon("refresh"), "")
        text = self.tr("Develop the frames again from what was drawn")
        self.again_button.setAccessibleName(text)
        self.again_button.setToolTip(text)
        self.again_button.clicked.connect(self._choose_again)
        self.again_button.setMaximumWidth(shrinking.PICTURE_WIDTH)
        self.folder_button.setIcon(icon("folder"))
        self.recipe_button.setIcon(icon("info"))
        self.reuse_button.setIcon(icon("copy"))
        self._shrinking = (self.recipe_button, self.folder_button, self.delete_button, self.reuse_button)
        for button in self._shrinking:
            button.setToolTip(button.text())
        facts = QHBoxLayout()
        facts.setSpacing(8)
        facts.addWidget(self.badge)
        facts.addWidget(self.details, 1)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.prompt)
        words.addLayout(facts)
        told = QHBoxLayout()
        told.setSpacing(BUTTON_GAP)
        told.addWidget(self.note, 1)
        told.addWidget(self.mend_button, 0, Qt.AlignmentFlag.AlignTop)
        words.addLayout(told)
        row = QHBoxLayout()
        row.setSpacing(BUTTON_GAP)
        for button in (self.continue_button, self.reuse_button, self.folder_button):
            row.addWidget(button)
        row.addWidget(self.again_button)
        row.addStretch(1)
        row.addWidget(self.recipe_button)
        row.addWidget(self.delete_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.player, 1)
        column.addLayout(words)
        column.addLayout(row)

    def _button(self, text: str, action: Callable[[], object], kind: str = "") -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(text)
        button.clicked.connect(lambda: action())
        if kind:
            theme.set_kind(button, kind)
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where the words of all buttons have no room, some keep only their picture."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        kept = (self.continue_button, self.again_button)
        shrinking.fit(self._shrinking, kept, self.width(), BUTTON_GAP)

    # ---- what is shown

    @property
    def clip(self) -> Clip | None:
        """The clip that is shown."""
        return self._clip

    def show_clip(self, clip: Clip, *, play: bool) -> None:
        """Show a clip, and play it if asked."""
        if self._clip is not None and self._clip.id == clip.id:
            if play and not self.player.playing:
                self.player.toggle()
            return
        self._clip = clip
        request = RenderRequest.from_json(clip.request)
        self.prompt.setText(job_words.headline(prompt(clip)))
        demo = request.model == job_words.DEMO_MODEL
        self.badge.setVisible(demo)
        parts = [job_words.clip_line(clip), job_words.file_size(clip.size_bytes)]
        if not demo:
            parts.insert(1, server_words.place(request.model) or Path(request.model).name)
        self.details.setText(" · ".join(parts))
        self._refresh()
        self.player.open_clip(clip, play=play)

    def _refresh(self) -> None:
        """What may change while the clip is shown: its job may leave the list, or what it keeps."""
        if self._clip is None:
            return
        notes = self._notes(self._clip)
        self.note.setText("\n".join(texts.note(note) for note in notes))
        self.note.setVisible(bool(notes))
        mend = mending.of_clip(self._session, self._clip)
        self.mend_button.setVisible(mend is not None)
        if mend is not None:
            self.mend_button.setText(mending.words(mend[1]))
            self.mend_button.setAccessibleName(self.mend_button.text())
        self.again_button.setVisible(again.job_with_latents(self._session, self._clip) is not None)
        self._fit()

    def close_clip(self) -> None:
        """Let the clip go."""
        self._clip = None
        self.player.close_clip()

    def _notes(self, clip: Clip) -> tuple[str, ...]:
        if told := notes_of(clip.recipe):
            return told
        job = self._session.jobs.get(clip.job_id)
        return job.notes if job is not None and job.clip_id == clip.id else ()

    # ---- verbs

    def show_recipe(self) -> None:
        """How the clip was made, in a window of its own."""
        if self._clip is not None:
            RecipeDialog(self._clip, self).open()

    def _choose_again(self) -> None:
        job = again.job_with_latents(self._session, self._clip) if self._clip is not None else None
        if job is not None:
            menu = again.menu(self, self._session, job)
            menu.popup(self.again_button.mapToGlobal(self.again_button.rect().topLeft()))

    def _mend(self) -> None:
        mend = mending.of_clip(self._session, self._clip) if self._clip is not None else None
        if mend is not None:
            self._session.mend(mend[0].id)

    def _reuse(self) -> None:
        if self._clip is not None:
            self.reuse_requested.emit(Draft.from_request(RenderRequest.from_json(self._clip.request)))

    def _show_in_folder(self) -> None:
        if self._clip is not None:
            self._actions.show_in_folder(self._clip, self)

    def _delete(self) -> None:
        if self._clip is not None:
            self._actions.delete([self._clip], self)

    def _continue(self) -> None:
        if self._clip is None:
            return
        clip, session = self._clip, self._session
        self.continue_button.setEnabled(False)
        in_background(
            self,
            lambda: _keep_last_frame(session, clip),
            self._continued,
            lambda error: self._continued("", texts.sentence(error)),
        )

    def _continued(self, stored: str, problem: str = "") -> None:
        self.continue_button.setEnabled(True)
        if problem:
            show_toast(self, problem)
        else:
            self.image_requested.emit(stored)

    def _let_go(self, clip_ids: list[str]) -> None:
        """The clip is being deleted: its file must not be open (Windows would refuse to move it)."""
        if self._clip is not None and self._clip.id in clip_ids:
            self._let_go_of = self._clip
            self.player.close_clip()

    def _take_up_again(self) -> None:
        """It was not deleted after all."""
        clip, self._let_go_of = self._let_go_of, None
        if clip is not None and clip is self._clip:
            self.player.open_clip(clip)


def _keep_last_frame(session: Session, clip: Clip) -> str:
    """The clip's last frame in the image store, by its sha256. Not on the window's thread."""
    from wan_desktop.media.clips import frame_at

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "frame.png"
        frame_at(clip.path, -1).save(file, "PNG")
        return session.keep_image(str(file))
