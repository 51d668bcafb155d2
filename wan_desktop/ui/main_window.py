"""The window: bar, banners and three columns, and what passes between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QMoveEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from wan_desktop.bridge.background import in_background
from wan_desktop.domain.errors import WanError
from wan_desktop.ui import actions, dropped, i18n, icons, texts, theme
from wan_desktop.ui.columns import LEFT, RIGHT, Columns
from wan_desktop.ui.commands import Commands
from wan_desktop.ui.countdown import EndOfQueue
from wan_desktop.ui.notify import Notifier
from wan_desktop.ui.opening import Opening
from wan_desktop.ui.panels.create.panel import CreatePanel
from wan_desktop.ui.panels.side import LIBRARY, QUEUE, SideColumn
from wan_desktop.ui.panels.stage import StagePanel
from wan_desktop.ui.quitting import ask_to_quit
from wan_desktop.ui.recipes import draft_of
from wan_desktop.ui.when_done import when_done
from wan_desktop.ui.widgets.banner import BannerStack
from wan_desktop.ui.widgets.focus_glow import FocusGlow
from wan_desktop.ui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from pathlib import Path

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.events import BackendState
    from wan_desktop.domain.request import Draft
    from wan_desktop.domain.settings import Settings
    from wan_desktop.ui.widgets.fold import Fold
    from wan_desktop.ui.window_state import WindowState

SMALLEST = (1024, 700)
PREFERRED = (1440, 900)
KEEP_MS = 1000
"""The arrangement is kept this long after it changed, so that a power cut does not lose it."""


class MainWindow(QMainWindow):
    """One window on one session. `resources` is the folder with icons and translations."""

    def __init__(self, session: Session, resources: Path, state: WindowState | None = None) -> None:
        super().__init__()
        self._session = session
        self._resources = resources
        self._state = state
        self._quitting = False
        self._keeper = QTimer(self)
        self._keeper.setSingleShot(True)
        self._keeper.setInterval(KEEP_MS)
        self._keeper.timeout.connect(self._keep_arrangement)
        app = QApplication.instance()
        theme.set_resources(resources)
        theme.apply(app, session.settings.appearance)
        self._language = i18n.install(app, session.settings.language, resources)
        self._glow = FocusGlow(app, self)
        self._commands = Commands(self, session)
        self.opening = Opening(session, self)
        self.setWindowTitle("Wan Desktop")
        self.setWindowIcon(icons.app_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(*SMALLEST)
        self._build()
        self._restore()
        self._connect_session()
        self._notifier = Notifier(session, self)
        self._end_of_queue = EndOfQueue(session, self)
        when_done(session).refused.connect(self._tell_error)
        self.opening.answered.connect(self._show_held)
        self.opening.tell_notes()

    # ---- building

    def _build(self) -> None:
        """Everything inside the window; also when the language changes."""
        body = QWidget(self)
        body.setObjectName("body")
        self.bar = TopBar(body)
        self.banners = BannerStack(body)
        self.create_panel = CreatePanel(self._session, body)
        self.stage = StagePanel(self._session, body)
        self.side = SideColumn(self._session, body)
        self.splitter = Columns((self.create_panel, self.stage, self.side), body)
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.banners)
        column.addWidget(self.splitter, 1)
        self.actions_by_id = actions.build(self, self._commands, self.bar.menus)
        self.addActions(list(self.actions_by_id.values()))
        self.setCentralWidget(body)
        self._wire_panels()
        self._mark_actions()
        self._show_model()
        self._show_backend(self._session.backend)
        self.create_panel.prompt.editor.setFocus()

    def _wire_panels(self) -> None:
        self.bar.settings_asked.connect(self._commands.open_settings)
        self.side.queue.job_selected.connect(self.stage.show_job)
        self.side.queue.reuse_requested.connect(self._reuse)
        self.side.library.clip_opened.connect(self.stage.show_clip)
        self.side.library.reuse_requested.connect(self._reuse)
        self.stage.reuse_requested.connect(self._reuse)
        self.stage.image_requested.connect(self._use_stored)
        self.stage.report_requested.connect(self._commands.report_problem)
        self.create_panel.video_dropped.connect(self.open_recipe)
        self.create_panel.image.edited.connect(self._mark_actions)
        self.splitter.changed.connect(self._mark_columns)
        for signal in (
            self.splitter.changed,
            self.side.tab_changed,
            self.stage.turned,
            *(fold.toggled for fold in self._folds().values()),
        ):
            signal.connect(self._arranged)

    def _connect_session(self) -> None:
        session = self._session
        session.backend_changed.connect(self._show_backend)
        session.model_changed.connect(self._show_model)
        session.settings_changed.connect(self._use_settings)
        session.refused.connect(self._tell_refused)
        session.raise_requested.connect(self._come_forward)
        session.loaded.connect(self._show_again)
        session.held_changed.connect(self._show_held)
        for signal in (
            session.job_changed,
            session.job_removed,
            session.loaded,
            session.queue_changed,
            session.pausing,
            session.awake_changed,
            session.held_changed,
        ):
            signal.connect(self._mark_actions)

    def _folds(self) -> dict[str, Fold]:
        return {"advanced": self.create_panel.advanced.fold, "demo-words": self.create_panel.demo.fold}

    def _restore(self) -> None:
        if self._state is None or not self._state.restore_window(self):
            screen = QGuiApplication.primaryScreen().availableGeometry()
            self.resize(min(PREFERRED[0], screen.width()), min(PREFERRED[1], screen.height()))
        self.splitter.set_standard(self.width())
        if self._state is not None:
            self._state.restore_splitter(self.splitter)
            self._state.restore_folds(self._folds())
            if self._state.tab() in (QUEUE, LIBRARY):
                self.side.show_tab(self._state.tab())
        self._mark_columns()

    # ---- what the session tells

    def _show_model(self) -> None:
        try:
            self.bar.show_model(self._session.model())
        except WanError as error:
            self._tell_error(error, "model")

    def _show_backend(self, state: BackendState) -> None:
        self.bar.show_backend(state)
        self.banners.drop("backend")
        problems = [str(problem) for problem in state.info.get("problems", ())]
        if state.state == "failed":
            self.banners.show_banner("backend", state.sentence, "error")
        elif problems:
            self.banners.show_banner("backend", " ".join(problems), "attention")

    def _use_settings(self, settings: Settings) -> None:
        theme.apply(QApplication.instance(), settings.appearance)
        if i18n.chosen(settings.language) != self._language:
            QTimer.singleShot(0, self._change_language)

    def _change_language(self) -> None:
        """Build everything anew in the other language; what was typed and shown stays."""
        self._language = i18n.install(
            QApplication.instance(), self._session.settings.language, self._resources
        )
        draft, sizes, tab = self.create_panel.draft(), self.splitter.sizes(), self.side.tab()
        shown, by_hand = self.stage.shown(), self.stage.by_hand
        old = self.takeCentralWidget()
        for action in self.actions_by_id.values():
            self.removeAction(action)
            action.deleteLater()
        self._build()
        old.deleteLater()
        self.create_panel.fill(draft)
        self.splitter.setSizes(sizes)
        self.side.show_tab(tab)
        self._mark_columns()
        self.stage.show_again(shown, by_hand=by_hand)
        self.opening.ask()
        self._show_held()

    def _show_again(self) -> None:
        """What was shown when the window was closed, now that it is there again."""
        name = self._state.shown() if self._state is not None else ""
        thing = self._session.clips.get(name) or self._session.jobs.get(name)
        if thing is not None and self.stage.shown() is None:
            self.stage.show_again(thing, by_hand=False)
            self.side.library.select(name)

    def _show_held(self) -> None:
        self.side.queue.show_held(self._session.held_jobs if not self.opening.asking else 0)

    def _tell_refused(self, error: WanError) -> None:
        if not self.create_panel.show_error(error):
            self._tell_error(error)

    def _tell_error(self, error: WanError, key: str = "refused") -> None:
        self.banners.show_banner(key, texts.sentence(error), "error")

    def _come_forward(self, file: str) -> None:
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()
        if file:
            self.open_file(file)

    # ---- between the panels

    def _reuse(self, draft: Draft) -> None:
        self.create_panel.fill(draft)
        self.show_left(True)
        self.create_panel.prompt.editor.setFocus()

    def _use_image(self, path: str) -> None:
        self.create_panel.set_image(path)
        self.show_left(True)

    def _use_stored(self, sha256: str) -> None:
        self.create_panel.fill(replace(self.create_panel.draft(), image=None, stored_image=sha256))
        self.show_left(True)

    def open_file(self, path: str) -> None:
        """Use a file given from outside: a clip's recipe, or a picture as start image."""
        if path.lower().endswith(dropped.VIDEOS):
            self.open_recipe(path)
        else:
            self._use_image(path)

    def open_recipe(self, path: str) -> None:
        """Bring back everything that made the clip at `path`."""
        in_background(self, lambda: draft_of(self._session, path), self._reuse, self._tell_error)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A picture or a clip may be dropped anywhere."""
        if dropped.look(event.mimeData()) is not None:
            self.create_panel.image.canvas.set_hot(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It went elsewhere."""
        self.create_panel.image.canvas.set_hot(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """A picture becomes the start image, a clip of ours brings its recipe back."""
        self.create_panel.image.canvas.set_hot(False)
        if self.create_panel.take(event.mimeData()):
            self.show_left(True)
            event.acceptProposedAction()

    # ---- columns

    def show_left(self, shown: bool) -> None:
        """Show or collapse the create column."""
        self.splitter.show_column(LEFT, shown)

    def show_right(self, shown: bool) -> None:
        """Show or collapse the queue and library column."""
        self.splitter.show_column(RIGHT, shown)

    def _mark_columns(self) -> None:
        self.actions_by_id["left"].setChecked(self.splitter.shown(LEFT))
        self.actions_by_id["right"].setChecked(self.splitter.shown(RIGHT))

    def _mark_actions(self) -> None:
        """What cannot be done now is grey."""
        session = self._session
        running = session.running_job()
        self.bar.show_awake(session.awake, rendering=running is not None)
        self.actions_by_id["cancel"].setEnabled(running is not None)
        self.actions_by_id["held"].setEnabled(self.opening.anything_left)
        self.actions_by_id["pause"].setEnabled(running is not None and running.id not in session.stopping)
        self.actions_by_id["continue"].setEnabled(self._commands.to_continue() is not None)
        self.actions_by_id["pause-queue"].setEnabled(not session.queue_state.paused)
        self.actions_by_id["pause-after"].setEnabled(running is not None and not session.queue_state.paused)
        self.actions_by_id["continue-queue"].setEnabled(session.queue_state.paused)
        self.actions_by_id["remove-image"].setEnabled(self.create_panel.image.has_image())

    # ---- the end

    def changeEvent(self, event: QEvent) -> None:
        """Keep the full-screen action true to the window."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.actions_by_id["full"].setChecked(self.isFullScreen())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask while something renders; then remember the arrangement and the text."""
        if self._session.running_job() is not None and not self._quitting:
            ask_to_quit(self, self._quit)
            event.ignore()
            return
        self._session.flush_draft()
        self._keep_arrangement()
        event.accept()

    def end(self) -> None:
        """Close without asking, as when a terminal or the system says so; what renders goes on the next time."""
        self._quitting = True
        self.close()

    def _quit(self) -> None:
        self._quitting = True
        QTimer.singleShot(0, self.close)

    # ---- the arrangement

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Remember the size soon."""
        super().resizeEvent(event)
        self._arranged()

    def moveEvent(self, event: QMoveEvent) -> None:
        """Remember the place soon."""
        super().moveEvent(event)
        self._arranged()

    def _arranged(self) -> None:
        self._keeper.start()

    def _keep_arrangement(self) -> None:
        self._keeper.stop()
        shown = self.stage.shown()
        if self._state is not None:
            name = "" if shown is None else shown.id
            self._state.save(self, self.splitter, self.side.tab(), self._folds(), name)
