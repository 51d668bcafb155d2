"""What servers and what stands before them do wrong, on real sockets: a small ComfyUI that each test bends."""

from __future__ import annotations

import json
import struct

import av
import numpy as np
import pytest
from aiohttp import web
from support.scripted_backend import write_clip

from wan_desktop.domain.errors import Cancelled, EncodeFailed
from wan_desktop.domain.events import Preview
from wan_desktop.domain.job import Stage
from wan_desktop.domain.request import Lora
from wan_desktop.graph import names
from wan_desktop.media.clips import probe
from wan_desktop.remote.problems import RemoteProblem

PAGE = "<!doctype html><title>Bad gateway</title>"


@pytest.fixture
def clip(tmp_path):
    write_clip(tmp_path / "made.mp4", 128, 96, 9, 24)
    return (tmp_path / "made.mp4").read_bytes()


def webm(path, count=9, width=128, height=96):
    with av.open(str(path), "w", format="webm") as container:
        stream = container.add_stream(
            "libvpx-vp9", rate=24, options={"deadline": "realtime", "cpu-used": "8"}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for n in range(count):
            frame = np.full((height, width, 3), 20 * n, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


def submitted(stub):
    """Wait until a prompt waits there, and let it run."""
    stub.until(lambda: stub.pending)
    return stub.runs()


def tells(words):
    return lambda event: words in getattr(event, "sentence", "")


def sent(stub):
    return stub.posts[-1]["prompt"]


# ---- a stock ComfyUI


def test_what_comfyui_has_not_is_mapped_told_and_recorded(stub, elsewhere, clip):
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(clip)
    remote = render.end().rendered.made_by["remote"]
    sampler = sent(stub)["3"]["inputs"]
    assert (sampler["sampler_name"], sampler["scheduler"]) == ("uni_pc", "simple")
    assert any("official schedule" in note for note in render.notes)
    assert remote["changes"]["sampler"] == {"ours": "unipc", "theirs": "uni_pc/simple"}
    assert remote["comfyui"] == "0.3.75"
    assert remote["model"] == names.UNET


def test_what_is_the_same_there_needs_no_note(stub, elsewhere, clip):
    render = elsewhere.begin(stub.address, elsewhere.job(sampler="euler"))
    submitted(stub)
    stub.finish(clip)
    assert "sampler" not in render.end().rendered.made_by["remote"]["changes"]
    assert render.notes == []


def test_speed_and_precision_are_told_as_its_own_affair(stub, elsewhere, clip):
    render = elsewhere.begin(stub.address, elsewhere.job(speed="fast", precision="int8"))
    submitted(stub)
    stub.finish(clip)
    remote = render.end().rendered.made_by["remote"]
    assert remote["changes"]["speed"] == {"ours": "fast", "theirs": "exact"}
    assert remote["changes"]["precision"] == {"ours": "int8", "theirs": ""}
    assert len(render.notes) == 3


def test_loras_are_found_by_their_file_names(stub, elsewhere, clip):
    render = elsewhere.begin(stub.address, elsewhere.job(loras=(Lora("/models/cat.safetensors", 0.5),)))
    submitted(stub)
    stub.finish(clip)
    assert render.end().rendered
    assert sent(stub)["70"]["inputs"]["lora_name"] == "style/cat.safetensors"
    lacks = elsewhere.begin(
        stub.address, elsewhere.job("job2", loras=(Lora("/models/dog.safetensors"),))
    ).end()
    assert "dog.safetensors" in lacks.error.sentence


def test_a_missing_node_is_named_and_nothing_is_sent(stub, elsewhere):
    del stub.nodes["Wan22ImageToVideoLatent"]
    error = elsewhere.begin(stub.address).end().error
    assert "Wan22ImageToVideoLatent" in error.sentence
    assert not stub.posts


def test_another_name_of_the_model_and_a_gguf_are_found(stub, elsewhere, clip):
    stub.nodes["UNETLoader"] = {"unet_name": [["flux.safetensors"], {}]}
    stub.nodes["UnetLoaderGGUF"] = {"unet_name": [["wan/Wan2.2-TI2V-5B-Q8_0.gguf"], {}]}
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(clip)
    assert render.end().rendered
    assert sent(stub)["37"] == {
        "class_type": "UnetLoaderGGUF",
        "inputs": {"unet_name": "wan/Wan2.2-TI2V-5B-Q8_0.gguf"},
        "_meta": {"title": "Model"},
    }


def test_a_few_step_model_is_never_taken_by_chance(stub, elsewhere, clip):
    few, full = "FastWan2.2-TI2V-5B.safetensors", "my-Wan2.2-TI2V-5B.safetensors"
    stub.nodes["UNETLoader"] = {"unet_name": [[few], {}]}
    error = elsewhere.begin(stub.address).end().error
    assert few in error.sentence
    stub.nodes["UNETLoader"] = {"unet_name": [[few, full], {}]}
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(clip)
    assert render.end().rendered
    assert sent(stub)["37"]["inputs"]["unet_name"] == full
    named = elsewhere.begin(stub.address, elsewhere.job("job2", model=f"on:there/{few}", sampler="fastwan"))
    submitted(stub)
    stub.finish(clip)
    assert named.end().rendered
    assert sent(stub)["37"]["inputs"]["unet_name"] == few


def test_whoever_is_free_is_named_when_it_was(stub, elsewhere, clip):
    render = elsewhere.begin(stub.address, elsewhere.job(model="on:any"))
    submitted(stub)
    stub.finish(clip)
    assert render.end().rendered.made_by["seconds"]["total"] > 0
    assert render.notes[0] == "“there” was free and renders it."


@pytest.mark.parametrize("key", ["images", "videos", "gifs"])
def test_the_clip_is_found_under_every_key(stub, elsewhere, clip, key):
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(clip, key=key)
    assert probe(render.end().rendered.path).num_frames == 9


def test_steps_and_plain_previews_of_our_prompt_alone_are_shown(stub, elsewhere, clip):
    import io

    from PIL import Image

    render = elsewhere.begin(stub.address)
    ident = submitted(stub)
    data = io.BytesIO()
    Image.new("RGB", (64, 48), (0, 200, 0)).save(data, "JPEG")
    picture = struct.pack(">II", 1, 1) + data.getvalue()
    stub.say(picture)  # before our prompt runs: somebody else's
    stub.say({"type": "progress", "data": {"value": 9, "max": 9, "prompt_id": "another", "node": "3"}})
    stub.say({"type": "execution_start", "data": {"prompt_id": ident}})
    stub.say({"type": "progress", "data": {"value": 2, "max": 3, "prompt_id": ident, "node": "3"}})
    stub.say(picture)
    stub.say(struct.pack(">II", 1, 1) + b"no picture at all")
    stub.say({"type": "executing", "data": {"node": "8", "prompt_id": ident}})
    render.until(lambda event: getattr(event, "stage", None) is Stage.DECODING)
    stub.finish(clip)
    stub.say({"type": "executing", "data": {"node": None, "prompt_id": ident}})
    render.end()
    steps = [(p.done, p.total) for p in render.progress if p.stage is Stage.DENOISING]
    assert steps == [(2, 3)]
    (preview,) = [event for event in render.events if isinstance(event, Preview)]
    assert (preview.step, preview.frames[0].width) == (2, 64)


# ---- what stands before a server


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (lambda: web.Response(status=401, text=PAGE, content_type="text/html"), "token"),
        (lambda: web.Response(status=403), "token"),
        (lambda: web.Response(status=302, headers={"Location": "https://login.example/"}), "login.example"),
        (lambda: web.Response(status=200, text=PAGE, content_type="text/html"), "not ComfyUI"),
        (lambda: web.Response(status=200, text="[1]", content_type="application/json"), "not ComfyUI"),
        (lambda: web.Response(status=404, text=PAGE, content_type="text/html"), "address"),
        (lambda: web.Response(status=500, text="Traceback: /home/me"), "500"),
        (lambda: web.Response(status=502, text=PAGE, content_type="text/html"), "502"),
    ],
)
def test_pages_in_place_of_answers_are_sentences(stub, elsewhere, reply, words):
    stub.broken = lambda request: reply()
    render = elsewhere.begin(stub.address).end()
    assert isinstance(render.error, RemoteProblem)
    assert words in render.error.sentence
    assert "<" not in render.error.sentence
    assert not stub.posts


def test_a_redirect_is_not_followed_so_the_token_stays_here(stub, elsewhere):
    got = []

    def broken(request):
        got.append((request.path, request.headers.get("Authorization")))
        return web.Response(status=302, headers={"Location": f"{stub.address}/stolen"})

    stub.broken = broken
    elsewhere.begin(stub.address, token="secret").end()
    assert {path for path, _ in got} == {"/system_stats"}
    assert got[0][1] == "Bearer secret"


def test_a_proxys_502_in_the_middle_is_waited_out(stub, elsewhere, clip):
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.broken = lambda request: web.Response(status=502, text=PAGE, content_type="text/html")
    stub.drop_sockets()
    render.until(tells("502"))
    stub.broken = None
    stub.finish(clip)
    assert render.end().rendered
    assert len(stub.posts) == 1


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (lambda: web.Response(status=401, text=PAGE, content_type="text/html"), "token"),
        (lambda: web.Response(status=302, headers={"Location": "https://login.example/"}), "login.example"),
        (lambda: web.Response(status=200, text=PAGE, content_type="text/html"), "not ComfyUI"),
        (lambda: web.Response(status=404, text=PAGE, content_type="text/html"), "no such page"),
        (lambda: web.Response(status=500, text=PAGE, content_type="text/html"), "500"),
    ],
)
def test_what_comes_in_the_way_of_a_job_that_is_there_is_waited_out(stub, elsewhere, clip, reply, words):
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.broken = lambda request: reply()
    stub.drop_sockets()
    render.until(tells(words))
    stub.finish(clip)
    stub.broken = None
    assert render.end().rendered
    assert len(stub.posts) == 1


@pytest.mark.parametrize("status", [401, 302, 404, 500, 502])
def test_what_comes_in_the_way_of_the_download_loses_no_clip(stub, elsewhere, clip, status):
    tried = []

    def broken(request):
        """From the first download on, four answers are not ComfyUI's."""
        if request.path == "/view" or tried:
            tried.append(request.path)
        return web.Response(status=status) if 0 < len(tried) <= 4 else None

    stub.broken = broken
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(clip)
    assert render.end().rendered
    assert len(tried) > 4
    assert len(stub.posts) == 1


def test_a_token_that_is_refused_for_long_is_told_and_the_clip_is_there_later(stub, elsewhere, clip):
    from support.jobs_elsewhere import FAST

    pace = type(FAST)(poll_s=0.05, retry_s=0.05, give_up_s=0.3, cancel_s=1.0)
    render = elsewhere.begin(stub.address, pace=pace)
    submitted(stub)
    stub.broken = lambda request: web.Response(status=401)
    stub.drop_sockets()
    error = render.end().error
    assert "token" in error.sentence
    assert error.action
    stub.finish(clip)
    stub.broken = None
    assert elsewhere.begin(stub.address).end().rendered
    assert len(stub.posts) == 1


def test_nobody_at_the_address_is_told(elsewhere, stub):
    stub.stop()
    error = elsewhere.begin(stub.address).end().error
    assert "does not answer" in error.sentence


# ---- lost connections and restarts


def test_without_a_websocket_the_queue_is_looked_at(stub, elsewhere, clip):
    stub.no_socket = True
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(clip)
    assert render.end().rendered


def test_a_dropped_websocket_is_opened_again(stub, elsewhere, clip):
    render = elsewhere.begin(stub.address)
    ident = submitted(stub)
    stub.until(lambda: stub.sockets)
    stub.drop_sockets()
    stub.until(lambda: stub.sockets)
    stub.say({"type": "executing", "data": {"node": "3"}})  # what ComfyUI says to one who comes back
    stub.say({"type": "progress", "data": {"value": 1, "max": 3, "prompt_id": ident, "node": "3"}})
    render.until(lambda event: getattr(event, "done", 0) == 1)
    stub.finish(clip)
    stub.say({"type": "execution_success", "data": {"prompt_id": ident}})
    assert render.end().rendered
    assert len(stub.posts) == 1


def test_a_restart_that_forgets_means_sending_again(stub, elsewhere, clip):
    render = elsewhere.begin(stub.address)
    first = submitted(stub)
    stub.stop()
    render.until(tells("does not answer"))
    stub.start_again()
    second = submitted(stub)
    assert second != first
    stub.finish(clip)
    assert render.end().rendered
    assert any("sent again" in note for note in render.notes)
    assert len(stub.posts) == 2


def test_an_outage_that_forgets_nothing_renders_once(stub, elsewhere, clip):
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.stop()
    render.until(tells("does not answer"))
    stub.finish(clip)
    stub.start_again(forget=False)
    assert render.end().rendered
    assert len(stub.posts) == 1


def test_a_reply_that_is_lost_does_not_render_twice(stub, elsewhere, clip):
    lost = []

    def broken(request):
        if request.path == "/prompt" and not lost:
            lost.append(request)
            body = stub_body(stub, request)
            stub.pending.append(body)
            return web.Response(status=504, text=PAGE, content_type="text/html")
        return None

    def stub_body(stub, request):
        kept = json.loads((elsewhere.folder / "renders" / "job1" / "remote.json").read_text())
        return [1, kept["prompt_id"], {}, {"client_id": kept["client_id"]}, ["58"]]

    stub.broken = broken
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(clip)
    assert render.end().rendered
    assert stub.posts == []


def test_a_server_with_ids_of_its_own_is_followed(stub, elsewhere, clip):
    stub.own_ids = True
    render = elsewhere.begin(stub.address)
    assert submitted(stub) == "own-1"
    stub.finish(clip)
    assert render.end().rendered


def test_one_that_was_taken_off_its_queue_fails_and_is_not_sent_again(stub, elsewhere):
    render = elsewhere.begin(stub.address)
    stub.until(lambda: stub.pending)
    stub.pending.clear()
    error = render.end().error
    assert "taken off the queue" in error.sentence
    assert len(stub.posts) == 1


def test_an_answer_that_never_comes_again_ends_and_is_taken_up_later(stub, elsewhere, clip):
    from support.jobs_elsewhere import FAST

    pace = type(FAST)(poll_s=0.05, retry_s=0.05, give_up_s=0.3, cancel_s=1.0)
    render = elsewhere.begin(stub.address, pace=pace)
    submitted(stub)
    stub.stop()
    assert "does not answer" in render.end().error.sentence
    stub.finish(clip)
    stub.start_again(forget=False)
    again = elsewhere.begin(stub.address).end()
    assert again.rendered
    assert len(stub.posts) == 1


# ---- stopping


def test_cancel_interrupts_by_id_and_only_while_ours_runs(stub, elsewhere):
    render = elsewhere.begin(stub.address)
    ident = submitted(stub)
    stub.pending.append([9, "another", {}, {"client_id": "x"}, ["58"]])
    render.cancel.cancel()
    assert isinstance(render.end().error, Cancelled)
    assert stub.interrupts == [{"prompt_id": ident}]
    assert [entry[1] for entry in stub.pending] == ["another"]


def test_cancel_of_a_waiting_one_interrupts_nobody(stub, elsewhere):
    stub.running.append([0, "another", {}, {"client_id": "x"}, ["58"]])
    render = elsewhere.begin(stub.address)
    stub.until(lambda: stub.pending)
    render.until(tells("behind"))
    render.cancel.cancel()
    assert isinstance(render.end().error, Cancelled)
    assert stub.interrupts == []
    assert stub.pending == []
    assert [entry[1] for entry in stub.running] == ["another"]


def test_another_ones_job_that_begins_in_that_moment_is_not_interrupted(stub, elsewhere, clip):
    def broken(request):
        """Ours ends, and the next begins, just before the interrupt comes in."""
        if request.path == "/interrupt" and stub.pending:
            stub.finish(clip)
            stub.runs()

    stub.broken = broken
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.pending.append([9, "another", {}, {"client_id": "x"}, ["58"]])
    render.cancel.cancel()
    assert isinstance(render.end().error, Cancelled)
    assert len(stub.interrupts) == 1
    assert [entry[1] for entry in stub.running] == ["another"]


@pytest.mark.parametrize("version", ["0.3.50", "v0.3.9", "", "unknown"])
def test_one_that_ignores_the_id_is_never_told_to_interrupt(stub, elsewhere, version):
    stub.version = version
    render = elsewhere.begin(stub.address)
    ident = submitted(stub)
    render.cancel.cancel()
    assert isinstance(render.end().error, Cancelled)
    assert stub.interrupts == []
    assert [entry[1] for entry in stub.running] == [ident]
    assert "renders the job to its end" in render.notes[-1]


@pytest.mark.parametrize("version", ["0.3.50", "0.3.75", "v0.4", "1.0.0"])
def test_what_waits_is_taken_back_from_every_version(stub, elsewhere, version):
    stub.version = version
    render = elsewhere.begin(stub.address)
    stub.until(lambda: stub.pending)
    render.cancel.cancel()
    assert isinstance(render.end().error, Cancelled)
    assert stub.pending == stub.interrupts == []


def test_cancel_while_the_server_is_away_ends_soon(stub, elsewhere):
    from support.jobs_elsewhere import FAST

    render = elsewhere.begin(stub.address, pace=type(FAST)(retry_s=0.05, poll_s=0.05, cancel_s=0.5))
    submitted(stub)
    stub.stop()
    render.cancel.cancel()
    assert isinstance(render.end(10).error, Cancelled)
    assert "could not be told" in render.notes[-1]


# ---- how it ends there


def test_what_failed_there_is_told(stub, elsewhere):
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.fail(
        "execution_error",
        {"exception_type": "ValueError", "exception_message": "bad\nshape", "traceback": []},
    )
    assert "bad shape" in render.end().error.sentence


def test_missing_memory_there_has_a_way_out(stub, elsewhere):
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.fail("execution_error", {"exception_type": "torch.OutOfMemoryError", "exception_message": "CUDA"})
    error = render.end().error
    assert "ran out of memory" in error.sentence
    assert error.action


def test_one_that_was_interrupted_there_says_so(stub, elsewhere):
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.fail("execution_interrupted", {})
    assert "by somebody there" in render.end().error.sentence


def test_a_refused_graph_is_told_with_the_nodes_words(stub, elsewhere):
    refusal = {
        "error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation"},
        "node_errors": {
            "55": {
                "class_type": "Wan22ImageToVideoLatent",
                "errors": [{"message": "Value 128 bigger than max of 64", "details": "width"}],
            }
        },
    }
    stub.broken = lambda request: (
        web.json_response(refusal, status=400) if request.path == "/prompt" else None
    )
    error = elsewhere.begin(stub.address).end().error
    assert "bigger than max of 64 width" in error.sentence


def test_another_format_is_encoded_as_h264(stub, elsewhere, tmp_path):
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(webm(tmp_path / "made.webm"), name="ComfyUI_00001_.webm")
    rendered = render.end().rendered
    info = probe(rendered.path)
    assert (info.codec, info.num_frames, info.fps) == ("h264", 9, 24)
    assert rendered.made_by["came_as"] == "vp9"


@pytest.mark.parametrize("how", ["short", "cut", "no video", "other size"])
def test_what_is_no_whole_clip_is_refused_and_rendered_anew(stub, elsewhere, clip, tmp_path, how):
    write_clip(tmp_path / "short.mp4", 128, 96, 5, 24)
    write_clip(tmp_path / "large.mp4", 160, 96, 9, 24)
    data = {
        "short": (tmp_path / "short.mp4").read_bytes(),
        "cut": clip[: len(clip) // 2],
        "no video": PAGE.encode(),
        "other size": (tmp_path / "large.mp4").read_bytes(),
    }[how]
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(data)
    assert isinstance(render.end().error, EncodeFailed)
    again = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(clip)
    assert again.end().rendered


def test_a_download_that_breaks_off_is_fetched_again(stub, elsewhere, clip):
    broke = []

    def broken(request):
        if request.path == "/view" and not broke:
            broke.append(1)
            return web.Response(status=503)
        return None

    stub.broken = broken
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(clip)
    assert render.end().rendered
    assert len(stub.posts) == 1


def test_a_download_that_is_cut_in_the_middle_is_fetched_again(stub, elsewhere, clip):
    stub.cuts = 2
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(clip)
    assert render.end().rendered
    assert stub.cuts == 0
    assert len(stub.posts) == 1


def test_a_clip_that_is_gone_is_told(stub, elsewhere, clip):
    stub.broken = lambda request: web.Response(status=404) if request.path == "/view" else None
    render = elsewhere.begin(stub.address)
    submitted(stub)
    stub.finish(clip)
    assert "no longer on the server" in render.end().error.sentence
