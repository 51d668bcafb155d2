"""What the host says - notes of jobs, opening notes, problems of the backend - in the window's language."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication
from support.windows import RESOURCES

from wan_desktop.config.awake import NOT_POSSIBLE
from wan_desktop.config.settings_file import SettingsFile
from wan_desktop.domain.errors import RenderProcessDied
from wan_desktop.domain.events import AwakeState, BackendState
from wan_desktop.domain.sentence import Sentence, both
from wan_desktop.ui import i18n, texts

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = RESOURCES.parent / "wan_desktop"
WHOLESALE = {"sentence.py", "errors.py"}
"""They make sentences of what they are given."""
COMMAND_LINE_ONLY = {"jobs/following.py", "app/headless.py"}
"""What `render` prints in a terminal, and nobody else sees."""


@pytest.fixture
def chinese(closed_desk):
    """Everything for a window that speaks Chinese."""
    closed_desk.settings = replace(closed_desk.settings, language="zh_CN")
    yield closed_desk
    closed_desk.close()


def test_a_note_of_a_job_is_told_while_it_renders_and_with_its_clip(chinese, qtbot):
    kept = Sentence("It goes on after step {step} of {steps}.", step=3, steps=9)
    died = RenderProcessDied(
        "The render process crashed ({ending}); a fresh one is being started.", ending="x"
    )
    chinese.backend.script("a ball", notes=(both(died.sentence, kept),))
    window = chinese.open()
    window.create_panel.prompt.editor.setPlainText("a ball")
    with qtbot.waitSignal(chinese.session.note):
        window.create_panel.submit()
    assert window.stage.rendering_page.note.text() == (
        "渲染进程崩溃了（x）；正在启动新的进程。从第 3 步之后继续（共 9 步）。"
    )
    qtbot.waitUntil(lambda: len(chinese.session.clips) == 1)
    (clip,) = chinese.session.clips.values()
    window.stage.show_clip(clip, play=False)
    assert window.stage.clip_page.note.text().endswith("从第 3 步之后继续（共 9 步）。")


def test_an_opening_note_is_told(chinese, tmp_path):
    file = SettingsFile(tmp_path / "config")
    file.path.parent.mkdir()
    file.path.write_text("{", "utf-8")
    file.load()
    chinese.opening_notes = file.opening_notes
    (told,) = chinese.open().banners.texts()
    assert told.startswith("设置已损坏：使用默认值，旧文件保留为 settings.")


def test_problems_of_the_backend_and_of_keeping_awake_are_told(chinese):
    window = chinese.open()
    chinese.ready(
        problems=[
            Sentence("There is no usable GPU “{name}”, so clips render on the processor.", name="cuda:7")
        ]
    )
    QApplication.processEvents()
    assert window.banners.texts() == ["没有可用的 GPU“cuda:7”，因此用处理器渲染。"]
    assert window.bar.device.toolTip() == window.banners.texts()[0]
    died = RenderProcessDied(
        "The render process does not start: {why} The next render tries again.",
        why=Sentence(
            "it ended {count} times with {ending}.", count=3, ending=Sentence("exit code {code}", code=1)
        ),
    )
    chinese.backend.tell(BackendState("failed", {}, died.sentence))
    QApplication.processEvents()
    assert "它已 3 次以“退出码 1”结束。" in window.banners.texts()[0]
    window.bar.show_awake(AwakeState(False, NOT_POSSIBLE), rendering=True)
    assert "保持唤醒" in window.bar.awake.toolTip()


def test_a_note_that_an_older_program_stored_is_shown_as_it_is(qapp, closed_desk):
    i18n.install(qapp, "zh_CN", RESOURCES)
    assert texts.note("The last 40 words were cut.") == "The last 40 words were cut."
    assert texts.note("{no} place to fill") == "{no} place to fill"


# ---- every sentence is one that the gatherer finds


def marked(node: ast.expr, known: set[str]) -> bool:
    """Is it a marked literal, or a name that was given one?"""
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") == "QT_TRANSLATE_NOOP" and isinstance(node.args[1], ast.Constant)
    return isinstance(node, ast.Name) and node.id in known


def made_here(tree: ast.Module) -> list[ast.Call]:
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "Sentence"]


def marked_names(tree: ast.Module) -> set[str]:
    assigned = [n for n in ast.walk(tree) if isinstance(n, ast.Assign) and marked(n.value, set())]
    return {target.id for n in assigned for target in n.targets if isinstance(target, ast.Name)}


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(PACKAGE.rglob("*.py")) if path.name not in WHOLESALE],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_every_sentence_is_made_of_a_marked_template(path: Path):
    tree = ast.parse(path.read_text("utf-8"))
    known = marked_names(tree)
    assert [ast.unparse(call) for call in made_here(tree) if not marked(call.args[0], known)] == []
    if path.relative_to(PACKAGE).as_posix() in COMMAND_LINE_ONLY:
        return
    notes = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "Note"]
    said = [
        *notes,
        *(n for n in ast.walk(tree) if isinstance(n, ast.Call) and "_note" in ast.unparse(n.func)),
    ]
    plain = (ast.JoinedStr, ast.Constant)
    assert [ast.unparse(n) for n in said if n.args and isinstance(n.args[-1], plain)] == []
