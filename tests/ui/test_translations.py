"""Simplified Chinese is complete, up to date with the code, and what is in the binary file."""

from __future__ import annotations

import ast
import re
import runpy
import shutil
import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QCoreApplication
from support.windows import RESOURCES

from wan_desktop.domain.errors import InvalidRequest
from wan_desktop.domain.job import JobState
from wan_desktop.ui import i18n, texts

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = RESOURCES / "i18n"
TS = FOLDER / "wan_desktop_zh_CN.ts"
UPDATE = runpy.run_path(str(FOLDER / "update.py"))
SOURCES = sorted((RESOURCES.parent / "wan_desktop").rglob("*.py"))
AGAIN = "run `python resources/i18n/update.py`, translate what is unfinished, and run it again"


def messages(ts: Path) -> dict[tuple[str, str], str]:
    """(context, source) → translation; "" while unfinished."""
    found = {}
    for context in ElementTree.parse(ts).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            text = "" if translation.get("type") == "unfinished" else translation.text or ""
            found[context.findtext("name"), message.findtext("source")] = text
    return found


def test_nothing_is_unfinished():
    assert [key for key, text in messages(TS).items() if not text] == []


def test_it_is_up_to_date_with_the_code(tmp_path):
    copy = tmp_path / TS.name
    shutil.copy(TS, copy)
    UPDATE["collect"](copy)
    assert set(messages(copy)) == set(messages(TS)), AGAIN


def test_the_binary_file_is_compiled_from_it(tmp_path):
    UPDATE["compile_qm"](TS, tmp_path / "fresh.qm")
    assert (tmp_path / "fresh.qm").read_bytes() == TS.with_suffix(".qm").read_bytes(), AGAIN


def test_places_to_fill_are_the_same_in_both_languages():
    wrong = [k for k, text in messages(TS).items() if places(k[1]) != places(text)]
    assert wrong == []


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_marked_strings_can_be_collected(path):
    """lupdate sees plain literals only: none inside an f-string, none built up."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            inside = [n for n in ast.walk(node) if isinstance(n, ast.Call) and marks(n)]
            assert not inside, f"{path.name}:{node.lineno}: a marked string inside an f-string"
        if isinstance(node, ast.Call) and marks(node) == "tr":
            assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}"


def marks(call: ast.Call) -> str:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name if name in ("tr", "QT_TRANSLATE_NOOP") else ""


def test_words_errors_and_qts_own_buttons_are_chinese(qapp):
    assert i18n.install(qapp, "zh_CN", RESOURCES) == "zh_CN"
    assert texts.state_name(JobState.RUNNING) == "渲染中"
    error = InvalidRequest(
        "{value} is outside the range of {field_name}: use {low} to {high}.",
        field="steps",
        value=300,
        field_name="steps",
        low=1,
        high=200,
    )
    assert texts.sentence(error) == "300 超出“步数”的范围：请用 1 到 200。"
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "取消"
    assert i18n.install(qapp, "en", RESOURCES) == "en"
    assert texts.state_name(JobState.RUNNING) == "Rendering"


def test_the_system_language_is_one_that_there_is():
    assert i18n.chosen("system") in i18n.NAMES
    assert i18n.chosen("xx") in i18n.NAMES


def test_a_chinese_window_has_no_english_left(qtbot, closed_desk):
    from dataclasses import replace

    from PySide6.QtWidgets import QAbstractButton, QLabel

    closed_desk.settings = replace(closed_desk.settings, language="zh_CN")
    window = closed_desk.open()
    shown = [w.text() for kind in (QLabel, QAbstractButton) for w in window.findChildren(kind)]
    shown += [action.text() for action in window.actions_by_id.values()]
    english = [text for text in shown if re.search(r"[A-Za-z]{4,}", re.sub(r"<[^>]+>", "", text))]
    closed_desk.close()
    allowed = re.compile(
        r"Wan Desktop|Wan2\.2|Ctrl|red, orange|Built-in|Demo|UniPC|background|Starting|GPU|ComfyUI|LoRA"
    )
    assert [text for text in english if not allowed.search(text)] == []
