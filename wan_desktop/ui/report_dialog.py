"""Report a problem: what goes into the file, where it is saved, and then it is shown in its folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QFileDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from wan_desktop.bridge.background import in_background
from wan_desktop.ui import reveal, texts, theme
from wan_desktop.ui.widgets.field import ErrorLabel
from wan_desktop.ui.widgets.toast import show_toast

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.errors import WanError


class ReportDialog(QDialog):
    """Nothing is sent anywhere: the user saves a file and gives it to whom he likes."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Report a problem"))
        self.setMinimumWidth(500)
        self._session = session
        self.prompts = QCheckBox(self.tr("With my prompts"), self)
        self.prompts.setAccessibleDescription(self.tr("Without them the file does not say what you made"))
        self.error = ErrorLabel(self)
        self.save_button = QPushButton(self.tr("Save the file…"), self)
        self.save_button.setDefault(True)
        self.save_button.clicked.connect(self.choose)
        self.cancel_button = QPushButton(self.tr("Cancel"), self)
        self.cancel_button.clicked.connect(self.reject)
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        title = QLabel(self.tr("A file for whoever helps you"), self)
        theme.set_kind(title, "title")
        column.addWidget(title)
        for text in (
            self.tr(
                "In it: this program's logs and settings, what this computer has, how the last renders ended."
            ),
            self.tr("Not in it: your name, the names of your folders, your pictures and your clips."),
            self.tr("Nothing is sent: you save the file and give it to whom you like."),
        ):
            label = QLabel(text, self)
            label.setWordWrap(True)
            column.addWidget(label)
        column.addWidget(self.prompts)
        column.addWidget(self.error)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.cancel_button)
        row.addWidget(self.save_button)
        column.addSpacing(6)
        column.addLayout(row)

    def choose(self) -> None:
        """Ask where, and save there."""
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DesktopLocation)
        name = f"wan-desktop-report-{date.today():%Y-%m-%d}.zip"
        path, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save the report"), str(Path(folder or Path.home()) / name), "ZIP (*.zip)"
        )
        if path:
            self.save(Path(path) if Path(path).suffix else Path(f"{path}.zip"))

    def save(self, path: Path) -> None:
        """Write the report to `path`, then show it in its folder."""
        session, prompts = self._session, self.prompts.isChecked()
        self.error.say("")
        self.save_button.setEnabled(False)
        self.save_button.setText(self.tr("Saving…"))
        in_background(
            self,
            lambda: session.write_report(path, with_prompts=prompts),
            lambda _done: self._saved(path),
            self._failed,
        )

    def _saved(self, path: Path) -> None:
        window = self.parentWidget() or self
        show_toast(window, self.tr("Saved: {file}").format(file=path.name))
        reveal.show_in_folder(self._session, path, window)
        self.accept()

    def _failed(self, error: WanError) -> None:
        self.save_button.setEnabled(True)
        self.save_button.setText(self.tr("Save the file…"))
        self.error.say(texts.sentence(error))
