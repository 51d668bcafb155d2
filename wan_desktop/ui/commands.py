"""What the menu and the shortcuts do; `actions.py` names these methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPlainTextEdit

from wan_desktop.domain.job import Job, JobState
from wan_desktop.ui import job_words
from wan_desktop.ui.panels.side import LIBRARY, QUEUE

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from wan_desktop.bridge.session import Session
    from wan_desktop.ui.main_window import MainWindow


class Commands(QObject):
    """One method per action, on one window."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session

    def able(self) -> dict[str, bool]:
        """Which actions, by id, can be done now; the others always can."""
        session, running = self._session, self._session.running_job()
        rests = session.queue_state.paused
        return {
            "cancel": running is not None,
            "pause": running is not None and running.id not in session.stopping,
            "continue": self.to_continue() is not None,
            "pause-queue": not rests,
            "pause-after": running is not None and not rests,
            "continue-queue": rests,
            "held": self._window.opening.anything_left,
            "remove-image": self._window.create_panel.image.has_image(),
        }

    def show_left(self, shown: bool) -> None:
        """Show or collapse the create column."""
        self._window.show_left(shown)

    def show_right(self, shown: bool) -> None:
        """Show or collapse the queue and library column."""
        self._window.show_right(shown)

    def quit(self) -> None:
        """Close the window, which asks first while something renders."""
        self._window.close()

    def new_prompt(self) -> None:
        """An empty form; undo brings the text back."""
        self._window.create_panel.clear()

    def choose_image(self) -> None:
        """Ask for a start image."""
        self._window.create_panel.image.choose()

    def choose_recipe(self) -> None:
        """Ask for a clip whose recipe to bring back, or for a ComfyUI workflow."""
        folder = str(self._session.library_folder)
        kinds = self.tr("Clips and workflows ({patterns})").format(
            patterns="*.mp4 *.m4v *.mov *.webm *.json *.png *.webp"
        )
        path, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Open a recipe or workflow"), folder, kinds
        )
        if path:
            self._window.open_recipe(path)

    def open_library(self) -> None:
        """Show the library folder in the file manager."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._session.library_folder)))

    def open_settings(self) -> None:
        """Show the settings."""
        self._open_settings("general")

    def open_servers(self) -> None:
        """Show the servers that render for this computer."""
        self._open_settings("servers")

    def _open_settings(self, page: str) -> None:
        from wan_desktop.ui.settings_dialog import SettingsDialog

        dialog = SettingsDialog(self._session, self._window)
        dialog.show_page(page)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def open_models(self) -> None:
        """Show the models of this computer; one that becomes the chosen one is used at once."""
        from wan_desktop.ui.models_page import ModelsPage

        session, shelf = self._session, self._session.model_shelf
        if shelf is None:
            return
        before = session.model().id
        page = ModelsPage(shelf, self._window)
        page.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def closed() -> None:
            if session.model().id != before:
                session.model_changed.emit(session.model())

        page.finished.connect(closed)
        page.open()

    def undo(self) -> None:
        """Undo in the text that has the focus; when there is nothing to undo, the last deleted clip comes back."""
        focus = QApplication.focusWidget()
        if _can_undo(focus):
            focus.undo()
        else:
            self._window.side.library.undo_delete()

    def redo(self) -> None:
        """Redo in the text that has the focus."""
        focus = QApplication.focusWidget()
        if hasattr(focus, "redo"):
            focus.redo()

    def write_prompt(self) -> None:
        """Put the cursor into the prompt."""
        self._window.show_left(True)
        self._window.create_panel.prompt.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def write_negative(self) -> None:
        """Put the cursor into the negative prompt."""
        self._window.show_left(True)
        self._window.create_panel.prompt.open_negative(True)
        self._window.create_panel.prompt.negative.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def paste_image(self) -> None:
        """Use the picture on the clipboard as start image."""
        if not self._window.create_panel.take(QGuiApplication.clipboard().mimeData()):
            self._window.create_panel.image.say(
                self.tr("There is no picture on the clipboard: copy one first.")
            )

    def remove_image(self) -> None:
        """Back to text to video."""
        self._window.create_panel.image.clear()

    def render_clip(self) -> None:
        """Queue what is in the form."""
        self._window.create_panel.submit()

    def render_four(self) -> None:
        """Queue it with four seeds."""
        self._window.create_panel.submit(4)

    def cancel_running(self) -> None:
        """Stop what renders now."""
        job = self._session.running_job()
        if job is not None:
            self._session.cancel(job.id)

    def pause_running(self) -> None:
        """Let what renders stop after its step."""
        job = self._session.running_job()
        if job is not None:
            self._session.pause(job.id)

    def to_continue(self) -> Job | None:
        """The job that "Continue" means: the one on the stage, else the first that is paused."""
        shown = self._window.stage.shown()
        if isinstance(shown, Job) and job_words.can_go_on(shown):
            return shown
        paused = (job for job in self._session.jobs.values() if job.state is JobState.PAUSED)
        return min(paused, key=lambda job: job.order, default=None)

    def continue_paused(self) -> None:
        """Let a paused job go on."""
        job = self.to_continue()
        if job is not None:
            self._session.resume(job.id)

    def pause_queue(self) -> None:
        """Begin nothing new, and let what renders stop after its step."""
        self._session.pause_queue(after_current=False)

    def pause_queue_after(self) -> None:
        """Begin nothing new."""
        self._session.pause_queue(after_current=True)

    def resume_queue(self) -> None:
        """Go on with the queue."""
        self._session.resume_queue()

    def release_held(self) -> None:
        """Let the jobs of last time run."""
        self._window.opening.go_on()

    def roll_seed(self) -> None:
        """A new random seed."""
        self._window.create_panel.advanced.dice.click()

    def toggle_advanced(self) -> None:
        """Show or fold the advanced values."""
        fold = self._window.create_panel.advanced.fold
        fold.set_open(not fold.is_open())

    def show_queue(self) -> None:
        """Show the queue tab."""
        self._window.show_right(True)
        self._window.side.show_tab(QUEUE)

    def show_library(self) -> None:
        """Show the library tab."""
        self._window.show_right(True)
        self._window.side.show_tab(LIBRARY)

    def show_full(self, full: bool) -> None:
        """Full screen, or back."""
        if full:
            self._window.showFullScreen()
        else:
            self._window.showNormal()

    def show_keys(self) -> None:
        """List the shortcuts."""
        from wan_desktop.ui.about_dialog import KeysDialog

        KeysDialog(self._window).open()

    def report_problem(self) -> None:
        """Save a file with what somebody who helps needs to know."""
        from wan_desktop.ui.report_dialog import ReportDialog

        ReportDialog(self._session, self._window).open()

    def show_about(self) -> None:
        """What this program is."""
        from wan_desktop.ui.about_dialog import AboutDialog

        AboutDialog(self._window).open()


def _can_undo(focus: QWidget | None) -> bool:
    if isinstance(focus, QLineEdit):
        return focus.isUndoAvailable()
    return isinstance(focus, QPlainTextEdit) and focus.document().isUndoAvailable()
