"""Words outside a model's world: marked in the prompt once they are written, told in one line, never in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPushButton
from support.windows import RESOURCES, TwoModels

from wan_desktop.domain.prompts import unknown_words
from wan_desktop.ui import i18n, theme
from wan_desktop.ui.panels.create.unknown import PAUSE_MS

EN = "a red ball blue star moving left over background right growing".split()
ZH = ("一个", "红色", "蓝色", "的", "球", "星星", "在", "背景", "上", "向左", "移动")


@pytest.fixture
def closed_desk(closed_desk):
    """The demo of this window declares the few words that it knows."""
    models = TwoModels()
    models.demo = replace(
        models.demo,
        examples=("a red ball moving left",),
        examples_zh=("一个红色的球向左移动",),
        words={"colours": ("red", "blue"), "things": ("ball", "star")},
        words_zh={"colours": ("红色", "蓝色"), "things": ("球", "星星")},
        vocabulary={"en": tuple(EN), "zh": ZH},
    )
    closed_desk.models = models
    return closed_desk


@pytest.fixture
def prompt(panel):
    return panel.prompt


def marked(editor):
    """The words with dots under them, in the order of the text."""
    found = []
    block = editor.document().begin()
    while block.isValid():
        units = block.text().encode("utf-16-le")
        for span in block.layout().formats():
            if span.format.underlineStyle() == QTextCharFormat.UnderlineStyle.DotLine:
                found.append(units[2 * span.start : 2 * (span.start + span.length)].decode("utf-16-le"))
        block = block.next()
    return found


def test_a_word_outside_the_models_world_is_marked_and_told(qtbot, prompt):
    assert prompt.unknown.isHidden()
    prompt.editor.setPlainText("A red dragon over a castle\nand a Dragon")
    assert marked(prompt.editor) == ["dragon", "castle", "and", "Dragon"]
    qtbot.waitUntil(prompt.unknown.isVisible)
    assert "does not know “dragon”, “castle”, “and”:" in prompt.unknown.text()
    prompt.editor.setPlainText("a red ball")
    assert marked(prompt.editor) == []
    qtbot.waitUntil(prompt.unknown.isHidden)


def test_a_word_is_left_alone_while_it_is_typed(qtbot, prompt):
    prompt.editor.activateWindow()
    prompt.editor.setFocus()
    qtbot.waitUntil(prompt.editor.hasFocus)
    qtbot.keyClicks(prompt.editor, "a castle dra")
    assert marked(prompt.editor) == ["castle"]
    assert prompt.unknown.isHidden()  # nothing moves while keys come
    with qtbot.waitSignal(prompt._marks.settled, timeout=20 * PAUSE_MS):
        pass
    assert marked(prompt.editor) == ["castle", "dra"]
    assert prompt.unknown.isVisible()


def test_marks_neither_edit_the_text_nor_enter_the_undo_history(qtbot, prompt):
    edits = []
    prompt.edited.connect(lambda: edits.append(1))
    qtbot.keyClicks(prompt.editor, "dragon ")
    assert len(edits) == len("dragon ")
    prompt.editor.setPlainText("a dragon")
    edits.clear()
    with qtbot.waitSignal(prompt._marks.settled, timeout=20 * PAUSE_MS):
        pass
    assert edits == []
    assert not prompt.editor.document().isUndoAvailable()


def test_an_unknown_word_keeps_nothing_from_rendering(qtbot, desk, prompt, panel):
    prompt.editor.setPlainText("a dragon")
    with qtbot.waitSignal(desk.session.submitted):
        panel.submit()
    assert prompt.error.isHidden()


def test_places_are_right_behind_signs_of_two_units(qtbot, prompt):
    prompt.editor.setPlainText("🙂🙂 a dragon 🙂 红色巨龙")
    assert marked(prompt.editor) == ["dragon", "巨龙"]


def test_many_and_long_words_stay_one_short_line(qtbot, prompt):
    prompt.editor.setPlainText("one two three four five six " + "x" * 3000)
    qtbot.waitUntil(prompt.unknown.isVisible)
    assert "“three” and 4 more:" in prompt.unknown.text()
    prompt.editor.setPlainText("x" * 3000)
    qtbot.waitUntil(lambda: "xxx…”" in prompt.unknown.text())
    assert len(prompt.unknown.accessibleName()) < 150


def test_what_is_typed_is_never_read_as_markup(qtbot, prompt):
    prompt.editor.setPlainText("a <b>dragon</b> & <img src=x>")
    qtbot.waitUntil(prompt.unknown.isVisible)
    assert prompt.unknown.accessibleName().startswith(
        "The demo model does not know “b”, “dragon”, “img” and 2 more"
    )
    assert "<b>" not in prompt.unknown.text()
    assert "<img" not in prompt.unknown.text()


def test_the_line_is_heard_too(qtbot, prompt):
    alone = prompt.editor.accessibleDescription()
    prompt.editor.setPlainText("a dragon")
    qtbot.waitUntil(prompt.unknown.isVisible)
    assert "“dragon”" in prompt.unknown.accessibleName()
    assert prompt.editor.accessibleDescription() == f"{alone} {prompt.unknown.accessibleName()}"
    prompt.editor.setPlainText("a ball")
    qtbot.waitUntil(lambda: prompt.editor.accessibleDescription() == alone)


def test_what_it_knows_is_one_click_or_key_away(qtbot, panel, prompt):
    prompt.editor.setPlainText("a dragon")
    qtbot.waitUntil(prompt.unknown.isVisible)
    for words in ("red", "blue", "ball", "star"):
        assert words in prompt.unknown.toolTip()
    assert not panel.demo.fold.is_open()
    prompt.unknown.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(prompt.unknown, Qt.Key.Key_Tab)
    qtbot.keyClick(prompt.unknown, Qt.Key.Key_Return)
    qtbot.waitUntil(panel.demo.fold.is_open)
    assert panel.demo.words.isVisible()


def test_a_model_without_a_vocabulary_understands_everything(qtbot, desk, panel, prompt):
    prompt.editor.setPlainText("a dragon")
    qtbot.waitUntil(prompt.unknown.isVisible)
    desk.models.chosen = desk.models.large.id
    panel.set_model()
    assert prompt.unknown.isHidden()
    assert marked(prompt.editor) == []
    desk.models.chosen = "demo"
    panel.set_model()
    assert prompt.unknown.isVisible()
    assert marked(prompt.editor) == ["dragon"]


def test_marks_take_the_colour_of_the_theme(qapp, prompt):
    prompt.editor.setPlainText("a dragon")

    def colour():
        spans = prompt.editor.document().begin().layout().formats()
        return spans[0].format.underlineColor().name()

    assert colour() == theme.DARK.attention
    theme.apply(qapp, "light")
    assert colour() == theme.LIGHT.attention


def test_ten_thousand_characters_can_still_be_typed_in(qtbot, prompt):
    prompt.editor.setPlainText("dragon ball " * 830)
    assert len(marked(prompt.editor)) == 830
    qtbot.keyClicks(prompt.editor, "one two")
    assert marked(prompt.editor)[:2] == ["one", "twodragon"]


@pytest.mark.parametrize("appearance", ["dark", "light"])
def test_in_chinese_the_demo_offers_chinese_words_and_examples(qapp, qtbot, closed_desk, appearance):
    i18n.install(qapp, "zh_CN", RESOURCES)
    closed_desk.settings = replace(closed_desk.settings, language="zh_CN", appearance=appearance)
    window = closed_desk.open()
    try:
        prompt = window.create_panel.prompt
        assert [a.text() for a in prompt._examples.menu().actions()] == ["一个红色的球向左移动"]
        assert "一个红色的球向左移动" in [b.text() for b in window.stage.empty_page.findChildren(QPushButton)]
        assert "星星" in window.create_panel.demo.words.text()
        assert [a.text() for a in prompt._tips[0][1].menu().actions()] == ["红色", "蓝色"]
        prompt.editor.setPlainText("一个")
        prompt.editor.moveCursor(QTextCursor.MoveOperation.End)
        prompt._tips[0][1].menu().actions()[0].trigger()
        assert prompt.editor.toPlainText() == "一个红色"
        prompt.editor.setPlainText("一个红色的巨龙向左移动")
        assert marked(prompt.editor) == ["巨龙"]
        qtbot.waitUntil(prompt.unknown.isVisible)
        assert "巨龙" in prompt.unknown.text()
    finally:
        closed_desk.close()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_built_in_model_knows_every_word_it_offers(language):
    demo = TwoModels().demo
    offered = [*demo.examples_in(language)]
    for words in demo.words_in(language).values():
        offered += words
    assert offered
    assert {text: unknown_words(text, demo.vocabulary) for text in offered} == dict.fromkeys(offered, ())
