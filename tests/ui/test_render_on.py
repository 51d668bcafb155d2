"""Choosing who renders, in the real window; the servers are small ComfyUIs on loopback."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiohttp import web
from support.comfy_stub import ComfyStub
from support.models import SPEC
from support.scripted_backend import write_clip

from wan_desktop.bridge.session import DRAFT_KEY
from wan_desktop.domain.events import JobChanged
from wan_desktop.domain.job import Job, JobState
from wan_desktop.domain.request import Draft
from wan_desktop.domain.validate import resolve
from wan_desktop.ui import job_words, recipe_words, server_words

WORDS = "a red ball moving right over a blue background"


@pytest.fixture
def stub():
    with ComfyStub() as running:
        yield running


@pytest.fixture
def shelf(desk):
    return desk.session.servers


@pytest.fixture
def studio(desk, stub, shelf):
    """The stub is on the list."""
    desk.book.add("studio", stub.address)
    shelf.look()
    return stub


@pytest.fixture
def choose(qtbot, panel, shelf):
    """Chooses in the box as a person does, and waits until those who are asked have answered."""

    def do(words):
        panel.where.box.setCurrentIndex(panel.where.box.findText(words))
        panel.where.box.activated.emit(panel.where.box.currentIndex())
        qtbot.waitUntil(lambda: not shelf.asking)

    return do


def offered(panel):
    return [panel.where.box.itemText(n) for n in range(panel.where.box.count())]


def said(panel):
    return panel.where.note.text()


def until_said(qtbot, panel, words):
    qtbot.waitUntil(lambda: words in said(panel))


def test_it_is_hidden_until_there_is_a_server_and_asks_nobody_by_itself(qtbot, desk, panel, stub, shelf):
    assert panel.where.isHidden()
    desk.book.add("studio", stub.address)
    qtbot.waitUntil(lambda: panel.where.isVisible())  # the window finds out by itself
    assert offered(panel) == ["This computer", "studio"]
    assert panel.draft().model is None
    assert stub.asked == []
    desk.book.remove("studio")
    qtbot.waitUntil(lambda: panel.where.isHidden())


def test_a_chosen_server_says_what_it_is_and_what_it_renders_otherwise(qtbot, panel, studio, choose):
    choose("studio")
    until_said(qtbot, panel, "official schedule")
    assert "ComfyUI 0.3.75 · RTX" in said(panel)
    panel.quality._segments.button("comfyui").click()  # its sampler is ComfyUI's own
    qtbot.waitUntil(lambda: "official schedule" not in said(panel))
    assert "ComfyUI 0.3.75" in said(panel)


def test_the_form_is_that_of_the_servers_model(panel, studio, choose):
    assert panel.demo.isVisible()
    choose("studio")
    assert panel.demo.isHidden()
    assert (panel.shape.value_label.text(), panel.length.num_frames()) == ("1280×704", 121)
    choose("This computer")
    assert panel.demo.isVisible()
    assert panel.length.num_frames() == 25


def test_a_job_goes_there_and_card_and_recipe_say_so(qtbot, desk, panel, studio, choose, tmp_path):
    write_clip(tmp_path / "made.mp4", 128, 96, 9, 24)
    panel.prompt.editor.setPlainText(WORDS)
    choose("studio")
    panel.advanced.width_box.setValue(128)
    panel.advanced.height_box.setValue(96)
    panel.length.set_frames(9)
    panel.submit()
    qtbot.waitUntil(lambda: bool(studio.pending and desk.session.jobs))
    studio.runs()
    (job,) = desk.session.jobs.values()
    assert job.request.model == "on:studio"
    assert job_words.job_line(job).endswith("on studio")
    studio.finish((tmp_path / "made.mp4").read_bytes())
    qtbot.waitUntil(lambda: bool(desk.session.clips))
    (clip,) = desk.session.clips.values()
    changes = clip.recipe["made_by"]["remote"]["changes"]
    assert changes["sampler"] == {"ours": "unipc", "theirs": "uni_pc/simple"}
    rows = dict(recipe_words.made_by(clip.recipe))
    assert rows["Software"] == "ComfyUI 0.3.75 · PyTorch 2.9"
    assert rows["Device"] == "RTX"
    assert rows["Otherwise there"].splitlines() == [
        "Sampler: uni_pc/simple instead of unipc",
        "The seed gives another clip there than here",
    ]
    assert rows["Sent as"] == "H.264"
    assert not {"Remote", "Came as", "Seconds"} & set(rows)
    assert server_words.rendered_on(clip.recipe, job.request.model) == f"studio ({studio.address})"
    assert server_words.model(clip.recipe, job.request.model) == "wan2.2_ti2v_5B_fp16.safetensors"
    assert desk.backend.requests == []
    panel._learn()
    qtbot.waitUntil(lambda: "on studio" in panel.foot.note.text())


def test_the_choice_is_kept_with_the_draft_and_asks_nobody_at_the_next_start(qtbot, closed_desk, stub):
    closed_desk.open()
    closed_desk.book.add("studio", stub.address)
    closed_desk.session.servers.look()
    panel = closed_desk.window.create_panel
    panel.where.fill(Draft(model="on:studio/wan-q8.gguf"))
    panel.prompt.editor.setPlainText(WORDS)
    closed_desk.close()
    closed_desk.open()
    panel = closed_desk.window.create_panel
    qtbot.waitUntil(lambda: panel.prompt.editor.toPlainText() == WORDS)
    assert panel.where.box.currentText() == "studio"
    assert panel.draft().model == "on:studio/wan-q8.gguf"
    assert "Not asked yet" in said(panel)
    assert stub.asked == []
    panel.where.note.linkActivated.emit("check")
    until_said(qtbot, panel, "ComfyUI 0.3.75")
    closed_desk.close()


def test_a_draft_for_a_server_that_is_not_known_is_for_this_computer(panel, studio):
    panel.fill(Draft(prompt=WORDS, model="on:attic"))
    assert panel.where.box.currentText() == "This computer"
    assert panel.draft().model is None


def test_a_server_that_is_removed_while_it_is_chosen(qtbot, desk, panel, studio, choose):
    panel.prompt.editor.setPlainText(WORDS)
    choose("studio")
    desk.book.remove("studio")
    qtbot.waitUntil(lambda: panel.where.isHidden())
    assert panel.draft().model is None
    assert panel.demo.isVisible()
    desk.session.flush_draft()
    assert desk.host.recall(DRAFT_KEY).result()["model"] is None


def test_the_model_of_this_computer_does_not_touch_a_servers_form(desk, panel, studio, choose):
    choose("studio")
    panel.length.set_frames(9)
    desk.session.model_changed.emit(desk.session.model())
    assert panel.length.num_frames() == 9


def test_whoever_is_free_names_them_all(qtbot, desk, panel, studio, choose, shelf):
    with ComfyStub() as attic:
        desk.book.add("attic", attic.address)
        shelf.look()
        assert offered(panel) == ["This computer", "studio", "attic", "Whoever is free"]
        choose("Whoever is free")
        until_said(qtbot, panel, "Whichever is free first: studio, attic")
        assert said(panel).count("ComfyUI 0.3.75") == 2
        assert panel.draft().model == "on:any"


def test_this_computer_is_one_of_those_who_may_be_free(qtbot, desk, panel, studio):
    assert offered(panel) == ["This computer", "studio"]  # it is the only one
    desk.models.chosen = "5b"
    desk.ready(device="cuda:0", device_name="NVIDIA RTX 4090")
    qtbot.waitUntil(lambda: "Whoever is free" in offered(panel))
    panel.fill(Draft(model="on:any"))
    assert "this computer, studio" in said(panel)


PAGE = "<!doctype html><title>Sign in</title>"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (lambda: web.Response(status=401, text=PAGE, content_type="text/html"), "token"),
        (lambda: web.Response(status=302, headers={"Location": "https://login.example/"}), "login.example"),
        (lambda: web.Response(status=502, text=PAGE, content_type="text/html"), "502"),
        (lambda: web.Response(status=200, text=PAGE, content_type="text/html"), "not ComfyUI"),
    ],
)
def test_what_is_wrong_is_told_where_it_was_chosen_with_a_way_out(
    qtbot, desk, panel, studio, choose, shelf, reply, words
):
    studio.broken = lambda request: reply()
    choose("studio")
    until_said(qtbot, panel, words)
    assert "Sign in" not in said(panel)
    with qtbot.waitSignal(panel.servers_asked):
        panel.where.note.linkActivated.emit("servers")
    studio.broken = None
    panel.where.note.linkActivated.emit("check")
    until_said(qtbot, panel, "ComfyUI 0.3.75")


def test_nobody_at_the_address(qtbot, desk, panel, studio, choose):
    studio.stop()
    choose("studio")
    until_said(qtbot, panel, "nothing listens there")
    studio.start_again()


@pytest.mark.parametrize(
    ("model", "state", "code", "goes_on"),
    [
        ("on:studio", "failed", "remote", True),
        ("on:studio", "failed", "encode_failed", False),
        ("on:studio", "interrupted", None, True),
        ("on:studio", "cancelled", None, False),
        ("demo", "failed", "remote", False),
        ("demo", "interrupted", None, False),
    ],
)
def test_what_a_server_may_have_still_can_be_continued(desk, panel, model, state, code, goes_on):
    request = resolve(Draft(prompt=WORDS), SPEC)
    error = {"code": code, "template": "Why."} if code else None
    job = Job("job1", replace(request, model=model), JobState(state), 1.0, 1.0, error=error)
    assert job_words.can_go_on(job) is goes_on
    desk.session._on_event(JobChanged(job))
    desk.window.stage.show_job(job)
    page = desk.window.stage.ended_page
    assert page.resume_button.isVisible() is goes_on
    assert ("server" in page.sentence.text()) is (goes_on and state == "interrupted")
