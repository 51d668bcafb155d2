"""The drop zone: what is shown is what will be used, and a bad picture costs nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage

from wan_desktop.domain.job import JobState
from wan_desktop.media.images import cover, load_rgb


def ready(qtbot, panel):
    qtbot.waitUntil(lambda: panel.image.image() is not None)


def test_a_dropped_file_switches_to_image_to_video_and_back(qtbot, panel, drop, files, picture):
    assert panel.foot.render_button.words() == "Render"
    assert drop(panel.image, files(picture("my “harbour” 🐈 'x'.png", 640, 400)))
    ready(qtbot, panel)
    assert panel.foot.render_button.words() == "Render from image"
    assert panel.shape.value_label.text() == "256×160"
    assert "my “harbour” 🐈 'x'.png" in panel.image.canvas._tag
    qtbot.mouseClick(panel.image.remove, Qt.MouseButton.LeftButton)
    assert panel.foot.render_button.words() == "Render"
    assert panel.draft().image is None


def test_the_crop_shown_is_the_crop_that_is_rendered(qtbot, panel, tmp_path):
    path = tmp_path / "ramp.png"
    ramp = np.zeros((300, 900, 3), np.uint8)
    ramp[..., 0] = np.linspace(0, 255, 900, dtype=np.uint8)
    Image.fromarray(ramp).save(path)
    panel.set_image(str(path))
    ready(qtbot, panel)
    qtbot.mouseClick(panel.shape._segments.button("16:10"), Qt.MouseButton.LeftButton)
    left, top, right, bottom = panel.image.canvas.crop()
    used = np.asarray(cover(load_rgb(path), 256, 160))
    assert (top, bottom) == (0, 300)
    assert used[80, 0, 0] == pytest.approx(ramp[0, round(left), 0], abs=2)
    assert used[80, -1, 0] == pytest.approx(ramp[0, round(right) - 1, 0], abs=2)
    assert "cropped to 256×160" in panel.image.canvas._tag


def test_the_dimmed_part_is_what_is_cut_off(qtbot, panel, picture):
    panel.set_image(picture("wide.png", 900, 300))
    ready(qtbot, panel)
    qtbot.mouseClick(panel.shape._segments.button("10:16"), Qt.MouseButton.LeftButton)
    canvas = panel.image.canvas
    shot = canvas.grab().toImage()
    ratio = shot.devicePixelRatio()
    middle = QColor(shot.pixel(round(canvas.width() / 2 * ratio), round(canvas.height() / 2 * ratio)))
    edge = QColor(shot.pixel(round(12 * ratio), round(canvas.height() / 2 * ratio)))
    assert middle.red() > 190
    assert edge.red() < 120


def test_an_exif_turned_photo_counts_as_it_is_seen(qtbot, panel, tmp_path):
    path = tmp_path / "phone.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (640, 480), (10, 90, 200)).save(path, exif=exif)
    panel.set_image(str(path))
    ready(qtbot, panel)
    assert (panel.image.image().width, panel.image.image().height) == (480, 640)
    assert "portrait → " in panel.image.notes.text()


def test_small_pictures_are_named(qtbot, desk, panel, picture):
    panel.set_image(picture("tiny.png", 120, 80))
    ready(qtbot, panel)
    assert "small: 120×80, will look soft" in panel.image.notes.text()


def test_large_files_are_named(qtbot, panel, tmp_path):
    path = tmp_path / "noise.png"
    noise = np.random.default_rng(1).integers(0, 255, (2000, 2000, 3), np.uint8)
    Image.fromarray(noise).save(path, compress_level=0)
    panel.set_image(str(path))
    ready(qtbot, panel)
    assert "over 10 MB" in panel.image.notes.text()


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\nnot really", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_a_bad_picture_is_told_in_place_and_the_good_one_stays(qtbot, panel, picture, tmp_path, content):
    good = picture()
    panel.set_image(good)
    ready(qtbot, panel)
    bad = tmp_path / "bad.png"
    bad.write_bytes(content)
    panel.set_image(str(bad))
    qtbot.waitUntil(lambda: panel.image.error.text() != "")
    assert "bad.png" in panel.image.error.text()
    assert panel.draft().image == good
    assert panel.image.image() is not None


def test_a_bad_first_picture_leaves_text_to_video(qtbot, panel, tmp_path):
    panel.set_image(str(tmp_path / "gone.png"))
    qtbot.waitUntil(lambda: panel.image.error.text() != "")
    assert panel.draft().image is None
    assert panel.foot.render_button.words() == "Render"


def test_pasted_pixels_become_a_stored_image(qtbot, desk, panel, window):
    image = QImage(320, 200, QImage.Format.Format_RGB32)
    image.fill(QColor("#336699"))
    QGuiApplication.clipboard().setImage(image)
    window.actions_by_id["paste-image"].trigger()
    ready(qtbot, panel)
    assert panel.draft().stored_image
    assert desk.session.image_path(panel.draft().stored_image).is_file()


def test_pasting_a_picture_into_the_prompt_goes_to_the_start_image(qtbot, panel):
    image = QImage(320, 200, QImage.Format.Format_RGB32)
    image.fill(QColor("#336699"))
    mime = QMimeData()
    mime.setImageData(image)
    panel.prompt.editor.insertFromMimeData(mime)
    ready(qtbot, panel)
    assert panel.prompt.editor.toPlainText() == ""


def test_nothing_on_the_clipboard_says_so(panel, window):
    QGuiApplication.clipboard().setText("words")
    window.actions_by_id["paste-image"].trigger()
    assert "no picture on the clipboard" in panel.image.error.text()


def test_a_link_from_a_browser_is_not_fetched(panel, drop):
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.png")])
    assert drop(panel.image, mime)
    assert "This is a link" in panel.image.error.text()
    assert panel.draft().image is None


def test_text_is_no_business_of_the_drop_zone(panel, drop):
    mime = QMimeData()
    mime.setText("hello")
    assert not drop(panel.image, mime)


def test_dropping_anywhere_on_the_window_will_do(qtbot, window, panel, drop, files, picture):
    assert drop(window, files(picture()))
    ready(qtbot, panel)


def test_render_from_image_keeps_the_picture_in_the_request(qtbot, desk, panel, picture):
    panel.set_image(picture("start.png", 512, 320))
    ready(qtbot, panel)
    with qtbot.waitSignal(desk.session.submitted) as told:
        qtbot.mouseClick(panel.foot.render_button, Qt.MouseButton.LeftButton)
    job = told.args[0]
    assert job.request.image
    assert (job.request.width, job.request.height) == (256, 160)
    qtbot.waitUntil(lambda: desk.session.jobs[job.id].state is JobState.DONE)


def test_render_does_not_wait_for_the_picture_to_be_shown(qtbot, desk, panel, picture):
    panel.set_image(picture())
    with qtbot.waitSignal(desk.session.submitted) as told:
        qtbot.mouseClick(panel.foot.render_button, Qt.MouseButton.LeftButton)
    assert told.args[0].request.image


def test_the_last_of_two_quick_pictures_wins(qtbot, panel, picture):
    panel.set_image(picture("one.png", 300, 300))
    panel.set_image(picture("two.png", 200, 100))
    qtbot.waitUntil(lambda: panel.image.image() is not None and panel.image.image().source.name == "two.png")
    assert panel.draft().image.endswith("two.png")


def test_a_clip_dropped_on_the_window_brings_its_recipe_back(
    qtbot, desk, panel, window, drop, files, picture
):
    panel.prompt.editor.setPlainText("a red ball")
    panel.set_image(picture())
    ready(qtbot, panel)
    panel.advanced.steps.setValue(3)
    seed = panel.advanced.seed_value()
    with qtbot.waitSignal(desk.session.clip_added) as told:
        qtbot.mouseClick(panel.foot.render_button, Qt.MouseButton.LeftButton)
    panel.clear()
    assert panel.draft().prompt == ""
    assert drop(window, files(told.args[0].path))
    qtbot.waitUntil(lambda: panel.draft().prompt == "a red ball")
    assert panel.draft().seed == seed
    assert panel.draft().num_inference_steps == 3
    ready(qtbot, panel)


def test_a_clip_from_elsewhere_brings_the_picture_inside_it(qtbot, desk, panel, window, picture):
    panel.prompt.editor.setPlainText("a red ball")
    panel.set_image(picture())
    with qtbot.waitSignal(desk.session.clip_added) as told:
        qtbot.mouseClick(panel.foot.render_button, Qt.MouseButton.LeftButton)
    clip = told.args[0]
    panel.clear()
    desk.session.image_path(clip.request["image"]).unlink()
    window.open_recipe(clip.path)
    ready(qtbot, panel)
    assert (panel.image.image().width, panel.image.image().height) == (
        clip.request["width"],
        clip.request["height"],
    )


def test_a_foreign_video_is_told_and_changes_nothing(qtbot, panel, window, tmp_path):
    from support.scripted_backend import write_clip

    panel.prompt.editor.setPlainText("kept")
    write_clip(tmp_path / "holiday.mp4")
    window.open_file(str(tmp_path / "holiday.mp4"))
    qtbot.waitUntil(lambda: any("holiday.mp4" in text for text in window.banners.texts()))
    assert panel.draft().prompt == "kept"


def test_a_64_megapixel_picture_does_not_stall_the_window(qtbot, panel, tmp_path):
    from PySide6.QtCore import QTimer

    path = tmp_path / "huge.png"
    Image.new("RGB", (8000, 8000), (90, 90, 90)).save(path, compress_level=1)
    ticks, timer = [], QTimer()
    timer.timeout.connect(lambda: ticks.append(panel.image.image() is None))
    timer.start(1)
    panel.set_image(str(path))
    assert panel.image.image() is None
    qtbot.waitUntil(lambda: panel.image.image() is not None)
    timer.stop()
    assert sum(ticks) > 10, "the window answers while the picture is read"
