"""The create column, driven through its real widgets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication

from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft, Lora

WORDS = "a red ball moving right over a blue background"


def render(qtbot, desk, button=None):
    """Click Render and wait for the job."""
    with qtbot.waitSignal(desk.session.submitted) as told:
        qtbot.mouseClick(button or desk.window.create_panel.foot.render_button, Qt.MouseButton.LeftButton)
    return told.args[0]


def test_typing_and_render_queue_what_was_typed(qtbot, desk, panel):
    qtbot.keyClicks(panel.prompt.editor, WORDS)
    job = render(qtbot, desk)
    assert job.request.prompt == WORDS
    assert (job.request.width, job.request.height, job.request.num_frames) == (256, 160, 25)
    qtbot.waitUntil(lambda: desk.session.jobs[job.id].state is JobState.DONE)
    assert len(desk.session.clips) == 1
    assert panel.prompt.editor.toPlainText() == WORDS


def test_ctrl_enter_renders_from_the_editor(qtbot, desk, panel, window):
    qtbot.keyClicks(panel.prompt.editor, WORDS)
    panel.prompt.editor.setFocus()
    with qtbot.waitSignal(desk.session.submitted):
        qtbot.keyClick(panel.prompt.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert "\n" not in panel.prompt.editor.toPlainText()


def test_an_empty_prompt_is_told_in_its_place(qtbot, desk, panel):
    with qtbot.waitSignal(desk.session.refused):
        qtbot.mouseClick(panel.foot.render_button, Qt.MouseButton.LeftButton)
    assert "prompt is empty" in panel.prompt.error.text()
    assert panel.prompt.error.isVisible()
    assert not desk.session.jobs
    qtbot.keyClicks(panel.prompt.editor, "x")
    assert panel.prompt.error.isHidden()


def test_values_out_of_range_are_told_while_typing_and_nothing_is_lost(qtbot, desk, panel):
    qtbot.keyClicks(panel.prompt.editor, WORDS)
    panel.advanced.steps.setValue(300)
    error = panel.advanced.fields["steps"]._error
    qtbot.waitUntil(lambda: "1 to 200" in error.text())
    assert panel.advanced.fold.is_open()
    with qtbot.waitSignal(desk.session.refused):
        qtbot.mouseClick(panel.foot.render_button, Qt.MouseButton.LeftButton)
    assert panel.prompt.editor.toPlainText() == WORDS
    assert panel.advanced.steps.value() == 300
    panel.advanced.fields["steps"].reset.emit()
    qtbot.waitUntil(lambda: error.text() == "")
    assert panel.advanced.steps.value() == 20


def test_a_size_that_is_no_multiple_of_32_names_its_neighbours(qtbot, panel):
    panel.advanced.width_box.setValue(200)
    error = panel.advanced.fields["size"]._error
    qtbot.waitUntil(lambda: "192" in error.text() and "224" in error.text())
    panel.advanced.width_box.setValue(224)
    qtbot.waitUntil(lambda: error.text() == "")
    assert panel.draft().width == 224
    assert panel.shape.values() == {"width": 224, "height": 160}


def test_the_meter_speaks_of_length(desk, panel):
    desk.models.chosen = desk.models.large.id
    panel.set_model()
    editor, meter = panel.prompt.editor, panel.prompt.meter
    editor.setPlainText("x" * 142)
    assert meter.text() == "142 characters · good length"
    editor.setPlainText("x" * 20)
    assert "say a little more" in meter.text()
    editor.setPlainText("x" * 400)
    assert "long" in meter.text()
    editor.setPlainText("")
    assert meter.text() == ""


def test_tips_light_up_as_the_text_covers_them(desk, panel):
    desk.models.chosen = desk.models.large.id
    panel.set_model()
    panel.prompt.editor.setPlainText("一位老人在黄昏的海边行走，镜头缓缓推近，电影质感")
    assert [bool(chip.property("covered")) for _, chip in panel.prompt._tips] == [True] * 5
    panel.prompt.editor.setPlainText("")
    assert not any(chip.property("covered") for _, chip in panel.prompt._tips)


def test_tip_words_are_inserted_at_the_cursor_and_can_be_undone(panel):
    qtbot_text = "a red ball"
    panel.prompt.editor.setPlainText(qtbot_text)
    cursor = panel.prompt.editor.textCursor()
    cursor.movePosition(cursor.MoveOperation.End)
    panel.prompt.editor.setTextCursor(cursor)
    _, chip = panel.prompt._tips[2]
    offered = chip.menu().actions()[0]
    offered.trigger()
    assert panel.prompt.editor.toPlainText() == f"a red ball {offered.text()}"
    panel.prompt.editor.undo()
    assert panel.prompt.editor.toPlainText() == qtbot_text


def test_examples_are_one_click_away(panel):
    panel.prompt._examples.menu().actions()[0].trigger()
    assert panel.prompt.editor.toPlainText() == WORDS


def test_paste_is_plain_text(panel):
    mime = QMimeData()
    mime.setHtml("<b>bold <i>words</i></b>")
    mime.setText("bold words")
    panel.prompt.editor.insertFromMimeData(mime)
    assert panel.prompt.editor.toPlainText() == "bold words"


def test_the_negative_prompt_is_the_models_until_it_is_changed(panel):
    assert panel.draft().negative_prompt is None
    own = panel.prompt.negative.toPlainText()
    assert "静止" in own
    panel.prompt.negative.setPlainText("blurry")
    assert panel.draft().negative_prompt == "blurry"
    panel.prompt._negative_reset.click()
    assert panel.draft().negative_prompt is None
    panel.prompt.negative.setPlainText("")
    assert panel.draft().negative_prompt == ""


def test_length_snaps_to_4n_plus_1_and_says_seconds(panel):
    for value in range(panel.length.slider.maximum() + 1):
        panel.length.slider.setValue(value)
        assert panel.length.num_frames() % 4 == 1
    assert panel.length.num_frames() == 49
    assert panel.length.value_label.text() == "4.1 s · 49 frames · 12 fps"
    panel.length.set_frames(24)
    assert panel.length.num_frames() == 25
    assert panel.draft().num_frames is None


def test_quality_sets_the_values_and_own_values_are_marked(qtbot, panel):
    qtbot.mouseClick(panel.quality._segments.button("demo-draft"), Qt.MouseButton.LeftButton)
    assert panel.advanced.steps.value() == 10
    assert panel.draft().preset == "demo-draft"
    assert panel.draft().num_inference_steps is None
    panel.advanced.steps.setValue(12)
    assert panel.draft().num_inference_steps == 12
    assert panel.advanced.fields["steps"]._label.text() == "Steps •"
    qtbot.waitUntil(lambda: panel.quality.value_label.text() == "12 steps · guidance 5 · shift 5")


def test_shapes_are_the_models(qtbot, panel):
    qtbot.mouseClick(panel.shape._segments.button("10:16"), Qt.MouseButton.LeftButton)
    assert (panel.draft().width, panel.draft().height) == (160, 256)
    assert panel.shape.value_label.text() == "160×256"
    assert panel.advanced.width_box.value() == 160


def test_unlocked_seeds_are_fresh_and_locked_ones_stay(qtbot, desk, panel):
    qtbot.keyClicks(panel.prompt.editor, WORDS)
    shown = panel.advanced.seed_value()
    first = render(qtbot, desk)
    assert first.request.seed == shown
    assert panel.advanced.seed_value() != shown
    panel.advanced._lock.click()
    kept = panel.advanced.seed_value()
    assert [render(qtbot, desk).request.seed for _ in range(2)] == [kept, kept]


def test_a_typed_seed_is_locked(qtbot, desk, panel):
    panel.advanced.seed.selectAll()
    qtbot.keyClicks(panel.advanced.seed, "20481")
    assert panel.advanced.locked()
    assert panel.draft().seed == 20481
    assert "20\u2009481" in panel.advanced._seed_button.text()


def test_four_variations_have_four_seeds(qtbot, desk, panel):
    qtbot.keyClicks(panel.prompt.editor, WORDS)
    qtbot.mouseClick(panel.foot.four, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(desk.session.jobs) == 4)
    assert len({job.request.seed for job in desk.session.jobs.values()}) == 4


def test_a_whole_draft_comes_back_out_of_the_form(panel):
    draft = Draft(
        prompt="a blue star",
        negative_prompt="dull",
        width=192,
        height=192,
        num_frames=33,
        preset="demo-draft",
        num_inference_steps=7,
        guidance_scale=3.5,
        flow_shift=8.0,
        fps=10,
        seed=7,
    )
    panel.fill(draft)
    assert panel.draft() == draft
    panel.fill(Draft())
    assert panel.draft() == Draft()


def test_the_text_survives_a_restart(qtbot, closed_desk):
    closed_desk.open()
    qtbot.keyClicks(closed_desk.window.create_panel.prompt.editor, "half a sentence")
    closed_desk.window.create_panel.length.set_frames(33)
    closed_desk.close()
    closed_desk.open()
    panel = closed_desk.window.create_panel
    qtbot.waitUntil(lambda: panel.prompt.editor.toPlainText() == "half a sentence")
    assert panel.length.num_frames() == 33
    closed_desk.close()


def test_the_draft_is_stored_while_typing_goes_on(qtbot, desk, panel):
    qtbot.keyClicks(panel.prompt.editor, "never lost")
    stored = desk.host.recall
    qtbot.waitUntil(lambda: (stored("draft").result() or {}).get("prompt") == "never lost")


def test_text_typed_before_the_stored_one_arrives_is_kept(qtbot, closed_desk):
    closed_desk.open()
    closed_desk.window.create_panel.prompt.editor.setPlainText("old")
    closed_desk.close()
    closed_desk.open()
    closed_desk.window.create_panel.prompt.editor.setPlainText("new")
    with qtbot.waitSignal(closed_desk.session.loaded, timeout=5_000, raising=False):
        pass
    assert closed_desk.window.create_panel.prompt.editor.toPlainText() == "new"
    closed_desk.close()


def test_the_demo_is_called_one_and_says_what_it_knows(desk, panel, window):
    assert panel.demo.isVisible()
    assert "not Wan2.2-TI2V-5B" in " ".join(
        label.text() for label in panel.demo.findChildren(type(panel.demo.words))
    )
    for word in ("red", "star", "growing"):
        assert word in panel.demo.words.text()
    assert window.bar.badge.isVisible()
    desk.models.chosen = desk.models.large.id
    desk.session.model_changed.emit(desk.models.large)
    assert panel.demo.isHidden()
    assert window.bar.badge.isHidden()
    assert window.bar.model.text() == desk.models.large.label


def test_another_model_keeps_the_words_and_brings_its_own_values(desk, panel):
    panel.prompt.editor.setPlainText(WORDS)
    desk.models.chosen = desk.models.large.id
    desk.session.model_changed.emit(desk.models.large)
    assert panel.prompt.editor.toPlainText() == WORDS
    assert panel.length.num_frames() == 121
    assert panel.advanced.steps.value() == 50
    assert panel.shape.value_label.text() == "1280×704"


@pytest.mark.parametrize(
    "text", ["مرحبا بالعالم", "一只猫 🐈‍⬛", "e\u0301 ñ — “q”", "line\nbreaks\tand tabs"]
)
def test_any_script_goes_through_unchanged(qtbot, desk, panel, text):
    QGuiApplication.clipboard().setText(text)
    panel.prompt.editor.paste()
    assert panel.prompt.editor.toPlainText() == text
    assert render(qtbot, desk).request.prompt == text


def test_too_long_a_prompt_is_told_and_kept(qtbot, panel):
    panel.prompt.editor.setPlainText("word " * 2100)
    qtbot.waitUntil(lambda: "10000 or fewer" in panel.prompt.error.text())
    assert len(panel.prompt.editor.toPlainText()) == 10_500
    panel.prompt.editor.setPlainText("word")
    assert panel.prompt.error.isHidden()


def test_a_refused_field_is_brought_into_view(qtbot, desk, panel, window):
    window.resize(1024, 700)
    qtbot.keyClicks(panel.prompt.editor, WORDS)
    panel.advanced.fps.setValue(500)
    with qtbot.waitSignal(desk.session.refused):
        panel.submit()
    area = panel._scroll.viewport()
    box = panel.advanced.fps

    def in_view() -> bool:
        top = box.mapTo(area, box.rect().topLeft()).y()
        return 0 <= top <= area.height() - box.height()

    qtbot.waitUntil(in_view)
    assert "1 to 60" in panel.advanced.fields["fps"]._error.text()


def test_precision_and_speed_say_what_they_cost_and_are_rendered_with(qtbot, desk, panel):
    exactness = panel.advanced.exactness
    panel.advanced.fold.set_open(True)
    assert exactness.note.isHidden()
    with qtbot.waitSignal(panel.advanced.edited):
        exactness.speed.setCurrentIndex(exactness.speed.findData("fast"))
    assert exactness.note.isVisible()
    assert "ot exact" in exactness.note.text()
    assert exactness.fields["speed"]._label.text() == "Speed •"
    assert panel.draft().speed == "fast"
    assert panel.draft().precision is None
    qtbot.keyClicks(panel.prompt.editor, WORDS)
    job = render(qtbot, desk)
    assert (job.request.precision, job.request.speed) == ("exact", "fast")
    exactness.fields["speed"].reset.emit()
    assert exactness.note.isHidden()
    assert panel.draft().speed is None
    panel.fill(Draft.from_request(job.request))
    assert exactness.speed.currentData() == "fast"
    panel.fill(Draft(prompt=WORDS))
    assert exactness.speed.currentData() == "exact"


def test_what_was_measured_is_told_and_is_no_claim_about_another_model(qtbot, panel, monkeypatch):
    from wan_desktop.domain.exactness import Deviation

    exactness = panel.advanced.exactness
    monkeypatch.setattr(exactness, "_measured", {"fast+fp8": Deviation(33.25, 17.5, 20)})
    exactness.speed.setCurrentIndex(1)
    assert "not been measured" in exactness.note.text()
    exactness.precision.setCurrentIndex(1)
    told = exactness.note.text()
    assert all(word in told for word in ("20 prompts", "33.", "17.5", "nothing about the 5 B"))


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_nothing_of_the_form_is_cut_off_at_its_right(qtbot, desk, language):
    """With everything unfolded and filled."""
    desk.session.change_settings(replace(desk.settings, language=language))
    panel = desk.window.create_panel
    used = (Lora("/models/" + "long " * 20, 0.8),)
    panel.fill(Draft(prompt=WORDS, precision="fp8", seed=10**15, loras=used))
    panel.advanced.fold.set_open(True)
    area = panel._scroll
    unfolded = panel.advanced.loras
    qtbot.waitUntil(lambda: 0 < unfolded.width() and area.widget().width() <= area.viewport().width())
    assert unfolded.mapTo(area.widget(), unfolded.rect().topRight()).x() < area.viewport().width()
