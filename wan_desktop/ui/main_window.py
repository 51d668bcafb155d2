"""The window: bar, banners and three columns, and what passes between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QVBoxLayout, QWidget

from wan_desktop.domain.errors import WanError
from wan_desktop.ui import actions, dropped, i18n, icons, texts, theme
from wan_desktop.ui.arrangement import Arrangement
from wan_desktop.ui.columns import LEFT, RIGHT, Columns
from wan_desktop.ui.commands import Commands
from wan_desktop.ui.countdown import EndOfQueue
from wan_desktop.ui.incoming import Incoming
from wan_desktop.ui.notify import Notifier
from wan_desktop.ui.opening import Opening
from wan_desktop.ui.panels.create.panel import CreatePanel
from wan_desktop.ui.panels.side import SideColumn
from wan_desktop.ui.panels.stage import StagePanel
from wan_desktop.ui.quitting import ask_to_quit
from wan_desktop.ui.when_done import when_done
from wan_desktop.ui.widgets.banner import BannerStack
from wan_desktop.ui.widgets.focus_glow import FocusGlow
from wan_desktop.ui.widgets.top_bar import TopBar

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent

    from wan_desktop.bridge.session import Session
    from wan_desktop.bridge.workflows import FoundWorkflow
    from wan_desktop.domain.events import BackendState
    from wan_desktop.domain.request import Draft
    from wan_desktop.domain.settings import Settings
    from wan_desktop.ui.window_state import WindowState

SMALLEST = (1024, 700)


class MainWindow(QMainWindow):
    """One window on one session. `resources` is the folder with icons and translations."""

    def __init__(self, session: Session, resources: Path, state: WindowState | None = None) -> None:
        super().__init__()
        self._session = session
        self._resources = resources
        self._quitting = False
        app = QApplication.instance()
        theme.set_resources(resources)
        theme.apply(app, session.settings.appearance)
        self._language = i18n.install(app, session.settings.language, resources)
        self._glow = FocusGlow(app, self)
        self._commands = Commands(self, session)
        self.opening = Opening(session, self)
        self._incoming = Incoming(session, self)
        self.setWindowTitle("Wan Desktop")
        self.setWindowIcon(icons.app_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(*SMALLEST)
        self._arrangement = Arrangement(session, self, state)
        self._build()
        self._arrangement.restore()
        self._mark_columns()
        self._connect_session()
        self._notifier = Notifier(session, self)
        self._end_of_queue = EndOfQueue(session, self)
        self._incoming.found.connect(self._bring_back)
        self._incoming.picture.connect(self._use_image)
        self._incoming.refused.connect(self._tell_error)
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
        self.create_panel.recipe_dropped.connect(self.open_recipe)
        self.create_panel.servers_asked.connect(self._commands.open_servers)
        self.create_panel.image.edited.connect(self._mark_actions)
        self.splitter.changed.connect(self._mark_columns)
        self._arrangement.watch()

    def _connect_session(self) -> None:
        session = self._session
        session.backend_changed.connect(self._show_backend)
        session.model_changed.connect(self._show_model)
        session.settings_changed.connect(self._use_settings)
        session.refused.connect(self._tell_refused)
        session.raise_requested.connect(self._come_forward)
        session.held_changed.connect(self._show_held)
        if session.api is not None:
            session.api.changed.connect(self._show_api)
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

    # ---- what the session tells

    def _show_model(self) -> None:
        try:
            self.bar.show_model(self._session.model())
        except WanError as error:
            self._tell_error(error, "model")

    def _show_backend(self, state: BackendState) -> None:
        self.bar.show_backend(state)
        self.banners.drop("backend")
        problems = [texts.note(problem) for problem in state.info.get("problems", ())]
        if state.state == "failed":
            self.banners.show_banner("backend", texts.note(state.sentence), "error")
        elif problems:
            self.banners.show_banner("backend", " ".join(problems), "attention")

    def _show_api(self) -> None:
        """When other programs cannot be let in as the settings say, tell why."""
        door = self._session.api
        self.banners.drop("api")
        if door is not None and door.problem is not None:
            self._tell_error(door.problem, "api")

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
        """Use a file given from outside: a clip's recipe, a ComfyUI workflow, or a picture as start image."""
        self._incoming.open(path)

    def open_recipe(self, path: str) -> None:
        """Bring back everything that made the file at `path`."""
        self._incoming.open_recipe(path)

    def _bring_back(self, found: FoundWorkflow) -> None:
        self.banners.drop("refused")
        self._reuse(found.draft)
        if found.missing_image:
            text = self.tr("The workflow starts from “{name}”, which is not here: drop that picture here.")
            self.create_panel.image.say(text.format(name=found.missing_image))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A picture or a clip may be dropped anywhere."""
        if dropped.look(event.mimeData()) is not None:
            self.create_panel.image.canvas.set_hot(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It went elsewhere."""
        self.create_panel.image.canvas.set_hot(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """A picture becomes the start image; a clip of ours or a workflow brings back what made it."""
        self.create_panel.image.canvas.set_hot(False)
        thing = dropped.look(event.mimeData())
        if thing is not None and thing.kind == "image":
            self.open_file(thing.path)
            event.acceptProposedAction()
        elif self.create_panel.take(event.mimeData()):
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
        self.bar.show_awake(session.awake, rendering=session.running_job() is not None)
        for name, able in self._commands.able().items():
            self.actions_by_id[name].setEnabled(able)

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
        self._arrangement.keep()
        event.accept()

    def end(self) -> None:
        """Close without asking, as when a terminal or the system says so; what renders goes on the next time."""
        self._quitting = True
        self.close()

    def _quit(self) -> None:
        self._quitting = True
        QTimer.singleShot(0, self.close)
