"""Models: which there are, what is wrong with others, what to get; found, added, checked and taken off the list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from wan_desktop.domain.errors import WanError
from wan_desktop.ui import texts

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QShowEvent

    from wan_desktop.bridge.model_shelf import ModelShelf

FEW_STEP = {"fastwan": "FastWan", "turbo": "Turbo"}


class ModelsPage(QDialog):
    """The list of models with what can be done with them. Nothing here moves or deletes a model's file."""

    def __init__(self, shelf: ModelShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shelf = shelf
        self._page: dict[str, Any] = {}
        self.setWindowTitle(self.tr("Models"))
        self.setMinimumSize(640, 460)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Models"))
        self.list.setWordWrap(True)
        self.state = QLabel(self)
        self.state.setWordWrap(True)
        self.state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.state.setAccessibleName(self.tr("What there is to know"))
        self.yes, self.no = QPushButton(self), QPushButton(self.tr("No, the plain model"), self)
        self.look = QPushButton(self.tr("Look for models"), self)
        self.file = QPushButton(self.tr("Add a file…"), self)
        self.folder = QPushButton(self.tr("Add a folder…"), self)
        self.check = QPushButton(self.tr("Check the files"), self)
        self.leave = QPushButton(self.tr("Take off the list"), self)
        self._lay_out()
        self._connect()
        self._choice_changed()

    # ---- showing

    def show_page(self, page: dict[str, Any]) -> None:
        """Show what the manager's overview says."""
        self._page = page
        self.list.clear()
        for model in page["models"]:
            item = QListWidgetItem(f"{model['label']}\n{'' if model['demo'] else model['path']}".strip())
            item.setToolTip("\n".join(dict.fromkeys(model["files"])))
            item.setData(Qt.ItemDataRole.UserRole, "" if model["demo"] else model["path"])
            self.list.addItem(item)
        for error in map(WanError.from_json, page["errors"]):
            told = texts.sentence(error)
            item = QListWidgetItem(self.tr("Not usable: {sentence}").format(sentence=told))
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsSelectable)
            self.list.addItem(item)
        self.state.setText(self._to_get(page))
        asked = page["ask"][:1]
        for button in (self.yes, self.no):
            button.setVisible(bool(asked))
        if asked:
            name = FEW_STEP[asked[0]["variant"]]
            file = Path(asked[0]["model"]).name
            self.state.setText(
                self.tr("{file} is called like the few-step model {name}. Is it that model?").format(
                    file=file, name=name
                )
            )
            self.yes.setText(self.tr("Yes, it is {name}").format(name=name))

    def _to_get(self, page: dict[str, Any]) -> str:
        if not page["to_get"]:
            return ""
        words = self.tr(
            "There is no Wan2.2-TI2V-5B yet. Put these files into {folder}; they are noticed there:"
        )
        lines = [
            self.tr("{name}, {size} GB, from {source}").format(
                name=item["name"], size=f"{item['size'] / 1e9:.1f}", source=item["source"]
            )
            for item in page["to_get"]
        ]
        return "\n".join([words.format(folder=page["folder"]), *lines])

    def show_results(self, results: list[dict[str, str]]) -> None:
        """Say what a check of all files found."""
        bad = [r for r in results if r["state"] in ("changed", "missing")]
        if not bad:
            self.state.setText(self.tr("{count} files are as they should be.").format(count=len(results)))
            return
        lines = [
            (self.tr("missing: {file}") if r["state"] == "missing" else self.tr("changed: {file}")).format(
                file=r["file"]
            )
            for r in bad
        ]
        self.state.setText("\n".join([self.tr("Get these files again:"), *lines]))

    def show_error(self, error: WanError) -> None:
        """Say what was refused."""
        self.state.setText(texts.sentence(error))

    def _show_read(self, count: int) -> None:
        self.state.setText(self.tr("Reading: {size} GB").format(size=f"{count / 1e9:.1f}"))

    # ---- acting

    def _connect(self) -> None:
        shelf = self._shelf
        shelf.changed.connect(self.show_page)
        shelf.verified.connect(self.show_results)
        shelf.refused.connect(self.show_error)
        shelf.read.connect(self._show_read)
        shelf.busy.connect(self._be_busy)
        self.look.clicked.connect(shelf.scan)
        self.check.clicked.connect(shelf.verify)
        self.file.clicked.connect(self._add_file)
        self.folder.clicked.connect(self._add_folder)
        self.leave.clicked.connect(self._remove)
        self.yes.clicked.connect(lambda: self._answer(self._page["ask"][0]["variant"]))
        self.no.clicked.connect(lambda: self._answer("plain"))
        self.list.itemSelectionChanged.connect(self._choice_changed)

    def showEvent(self, event: QShowEvent) -> None:
        """Look, and keep looking while the page is open."""
        super().showEvent(event)
        self._shelf.refresh()
        self._shelf.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: stop."""
        self._shelf.watch(False)
        super().hideEvent(event)

    def _chosen(self) -> str:
        item = next(iter(self.list.selectedItems()), None)
        return "" if item is None else str(item.data(Qt.ItemDataRole.UserRole) or "")

    def _choice_changed(self) -> None:
        self.leave.setEnabled(bool(self._chosen()))

    def _be_busy(self, busy: bool) -> None:
        for button in (self.look, self.file, self.folder, self.check, self.yes, self.no):
            button.setEnabled(not busy)
        self.leave.setEnabled(not busy and bool(self._chosen()))

    def _add_file(self) -> None:
        kinds = self.tr("Weights and tokenizers ({patterns})").format(
            patterns="*.safetensors *.gguf *.pth *.pt tokenizer.json spiece.model"
        )
        file, _ = QFileDialog.getOpenFileName(self, self.tr("Add a file"), "", kinds)
        if file:
            self._shelf.add(Path(file))

    def _add_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.tr("Add a folder"))
        if folder:
            self._shelf.add(Path(folder))

    def _remove(self) -> None:
        self._shelf.remove(Path(self._chosen()))

    def _answer(self, variant: str) -> None:
        self._shelf.add(Path(self._page["ask"][0]["model"]), variant)

    def _lay_out(self) -> None:
        answers, row = QHBoxLayout(), QHBoxLayout()
        for button in (self.yes, self.no):
            button.setVisible(False)
            answers.addWidget(button)
        answers.addStretch(1)
        for button in (self.look, self.file, self.folder, self.check):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.leave)
        for button in (self.yes, self.no, self.look, self.file, self.folder, self.check, self.leave):
            button.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        column.addWidget(self.list, 1)
        column.addWidget(self.state)
        column.addLayout(answers)
        column.addLayout(row)
