"""Every action of the window as data: its menu, words, shortcut and the command that does it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP
from wan_desktop.ui.panels.create.foot import RENDER_KEY

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMainWindow, QMenuBar

    from wan_desktop.ui.commands import Commands


@dataclass(frozen=True, slots=True)
class Action:
    """One action. `text` is marked in the context "actions"; `do` names a method of `Commands`.

    `checkable` actions give the method a bool. `group` starts with a line above it in its menu.
    """

    id: str
    menu: str
    text: str
    keys: str
    do: str
    checkable: bool = False
    group: bool = False
    role: QAction.MenuRole = QAction.MenuRole.NoRole


MENUS = (  # key, words, the keys that open it: no letters underlined in the bar
    ("file", QT_TRANSLATE_NOOP("actions", "File"), "Alt+F"),
    ("edit", QT_TRANSLATE_NOOP("actions", "Edit"), "Alt+E"),
    ("render", QT_TRANSLATE_NOOP("actions", "Render"), "Alt+R"),
    ("view", QT_TRANSLATE_NOOP("actions", "View"), "Alt+V"),
    ("help", QT_TRANSLATE_NOOP("actions", "Help"), "Alt+H"),
)

ACTIONS = (
    Action("new", "file", QT_TRANSLATE_NOOP("actions", "New prompt"), "Ctrl+N", "new_prompt"),
    Action("image", "file", QT_TRANSLATE_NOOP("actions", "Choose start image…"), "Ctrl+O", "choose_image"),
    Action(
        "recipe",
        "file",
        QT_TRANSLATE_NOOP("actions", "Open a recipe or workflow…"),
        "Ctrl+Shift+O",
        "choose_recipe",
    ),
    Action(
        "folder", "file", QT_TRANSLATE_NOOP("actions", "Open library folder"), "Ctrl+Shift+L", "open_library"
    ),
    Action("models", "file", QT_TRANSLATE_NOOP("actions", "Models…"), "Ctrl+Shift+M", "open_models"),
    Action(
        "settings",
        "file",
        QT_TRANSLATE_NOOP("actions", "Settings…"),
        "Ctrl+,",
        "open_settings",
        group=True,
        role=QAction.MenuRole.PreferencesRole,
    ),
    Action(
        "quit",
        "file",
        QT_TRANSLATE_NOOP("actions", "Quit"),
        "Ctrl+Q",
        "quit",
        group=True,
        role=QAction.MenuRole.QuitRole,
    ),
    Action("undo", "edit", QT_TRANSLATE_NOOP("actions", "Undo"), "Ctrl+Z", "undo"),
    Action("redo", "edit", QT_TRANSLATE_NOOP("actions", "Redo"), "", "redo"),
    Action(
        "prompt",
        "edit",
        QT_TRANSLATE_NOOP("actions", "Write the prompt"),
        "Ctrl+P",
        "write_prompt",
        group=True,
    ),
    Action(
        "negative", "edit", QT_TRANSLATE_NOOP("actions", "Negative prompt"), "Ctrl+Shift+N", "write_negative"
    ),
    Action(
        "paste-image",
        "edit",
        QT_TRANSLATE_NOOP("actions", "Paste start image"),
        "Ctrl+Shift+V",
        "paste_image",
    ),
    Action(
        "remove-image",
        "edit",
        QT_TRANSLATE_NOOP("actions", "Remove start image"),
        "Ctrl+Shift+Backspace",
        "remove_image",
    ),
    Action("render", "render", QT_TRANSLATE_NOOP("actions", "Render"), RENDER_KEY, "render_clip"),
    Action(
        "four",
        "render",
        QT_TRANSLATE_NOOP("actions", "Render 4 variations"),
        "Ctrl+Shift+Return",
        "render_four",
    ),
    Action(
        "cancel", "render", QT_TRANSLATE_NOOP("actions", "Cancel what renders"), "Ctrl+.", "cancel_running"
    ),
    Action(
        "pause",
        "render",
        QT_TRANSLATE_NOOP("actions", "Pause what renders"),
        "Ctrl+Shift+P",
        "pause_running",
        group=True,
    ),
    Action(
        "continue",
        "render",
        QT_TRANSLATE_NOOP("actions", "Continue what is paused"),
        "Ctrl+Shift+C",
        "continue_paused",
    ),
    Action(
        "pause-queue",
        "render",
        QT_TRANSLATE_NOOP("actions", "Pause the queue now"),
        "Ctrl+Alt+P",
        "pause_queue",
        group=True,
    ),
    Action(
        "pause-after",
        "render",
        QT_TRANSLATE_NOOP("actions", "Pause the queue after this one"),
        "Ctrl+Alt+Shift+P",
        "pause_queue_after",
    ),
    Action(
        "continue-queue",
        "render",
        QT_TRANSLATE_NOOP("actions", "Continue the queue"),
        "Ctrl+Alt+C",
        "resume_queue",
    ),
    Action(
        "held",
        "render",
        QT_TRANSLATE_NOOP("actions", "Continue what is left from last time"),
        "",
        "release_held",
    ),
    Action(
        "seed", "render", QT_TRANSLATE_NOOP("actions", "Roll a new seed"), "Ctrl+D", "roll_seed", group=True
    ),
    Action(
        "advanced", "render", QT_TRANSLATE_NOOP("actions", "Advanced values"), "Ctrl+E", "toggle_advanced"
    ),
    Action("queue", "view", QT_TRANSLATE_NOOP("actions", "Queue"), "Ctrl+1", "show_queue"),
    Action("library", "view", QT_TRANSLATE_NOOP("actions", "Library"), "Ctrl+2", "show_library"),
    Action(
        "left",
        "view",
        QT_TRANSLATE_NOOP("actions", "Create column"),
        "Ctrl+[",
        "show_left",
        checkable=True,
        group=True,
    ),
    Action(
        "right",
        "view",
        QT_TRANSLATE_NOOP("actions", "Queue and library column"),
        "Ctrl+]",
        "show_right",
        checkable=True,
    ),
    Action(
        "full",
        "view",
        QT_TRANSLATE_NOOP("actions", "Full screen"),
        "F11",
        "show_full",
        checkable=True,
        group=True,
    ),
    Action("report", "help", QT_TRANSLATE_NOOP("actions", "Report a problem…"), "", "report_problem"),
    Action("keys", "help", QT_TRANSLATE_NOOP("actions", "Keyboard shortcuts"), "F1", "show_keys"),
    Action(
        "about",
        "help",
        QT_TRANSLATE_NOOP("actions", "About Wan Desktop"),
        "",
        "show_about",
        group=True,
        role=QAction.MenuRole.AboutRole,
    ),
)


def words(action: Action) -> str:
    """The action's words as they stand in a list."""
    return QCoreApplication.translate("actions", action.text).removesuffix("…")


def build(window: QMainWindow, commands: Commands, bar: QMenuBar) -> dict[str, QAction]:
    """Fill the menu bar with every action, wired to the commands; the actions by id."""
    menus = {}
    for key, text, keys in MENUS:
        menus[key] = bar.addMenu(QCoreApplication.translate("actions", text))
        opener = QShortcut(QKeySequence(keys), bar)
        opener.activated.connect(partial(_open_menu, bar, menus[key].menuAction()))
    built = {}
    for action in ACTIONS:
        menu = menus[action.menu]
        if action.group:
            menu.addSeparator()
        built[action.id] = _build_one(action, window, commands)
        menu.addAction(built[action.id])
    return built


def _open_menu(bar: QMenuBar, menu: QAction) -> None:
    bar.setFocus(Qt.FocusReason.MenuBarFocusReason)
    bar.setActiveAction(menu)


def _build_one(action: Action, window: QMainWindow, commands: Commands) -> QAction:
    item = QAction(QCoreApplication.translate("actions", action.text), window)
    item.setMenuRole(action.role)
    if action.keys:
        item.setShortcut(QKeySequence(action.keys))
        item.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
    do = getattr(commands, action.do)
    if action.checkable:
        item.setCheckable(True)
        item.triggered.connect(do)
    else:
        item.triggered.connect(lambda _checked=False: do())
    return item
