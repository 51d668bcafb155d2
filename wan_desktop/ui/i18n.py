"""The window's language: which one, and its translators on the application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import QCoreApplication

NAMES = {"en": "English", "zh_CN": "简体中文"}
"""The languages there are, each in its own words."""

_installed: list[QTranslator] = []


def chosen(language: str) -> str:
    """The language code for the setting: "system" is the desktop's language where there is a translation."""
    if language in NAMES:
        return language
    return "zh_CN" if QLocale.system().language() == QLocale.Language.Chinese else "en"


def install(app: QCoreApplication, language: str, resources: Path) -> str:
    """Make `app` speak `language` (a Settings.language); the code that was chosen. Widgets built later use it."""
    for translator in _installed:
        app.removeTranslator(translator)
    _installed.clear()
    code = chosen(language)
    QLocale.setDefault(QLocale(code))
    if code != "en":
        qt = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        _add(app, f"{qt}/qtbase_{code}.qm")
        _add(app, str(resources / "i18n" / f"wan_desktop_{code}.qm"))
    return code


def _add(app: QCoreApplication, file: str) -> None:
    translator = QTranslator(app)
    if translator.load(file):
        app.installTranslator(translator)
        _installed.append(translator)
