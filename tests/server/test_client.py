"""The documented Wan2.2 client's way through the API, its five traps, restarts, and jobs that came by other ways."""

from __future__ import annotations

import dataclasses
import io
import json
import threading
from pathlib import Path
from urllib.parse import urlencode

import pytest
from support.models import SPEC
from support.scripted_backend import ScriptedBackend
from support.workflows import node, template

from wan_desktop.domain.errors import EncodeFailed, OutOfMemory
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.request import Draft
from wan_desktop.library.database import Database


def documented_client(client, graph):
    """What the model's documentation shows: post, poll, take `videos` or `gifs`, fetch by file name alone."""
    prompt_id = client.post("/prompt", {"prompt": graph}).json()["prompt_id"]
    outputs = client.history(prompt_id)["outputs"]
    for output in outputs.values():
        for video in output.get("videos", output.get("gifs", [])):
            reply = client.get(f"/view?filename={video['filename']}")  # no subfolder, no type, not quoted
            return reply.body
    return None


def decoded(data):
    import av

    with av.open(io.BytesIO(data)) as clip:
        return [(frame.width, frame.height) for frame in clip.decode(video=0)]


def test_the_documented_client_gets_its_clip(served) -> None:
    data = documented_client(served.client, template("a red ball", n55={"length": 13}))
    assert decoded(data) == [(128, 96)] * 13


def test_outputs_are_comfyuis_and_videos_but_not_gifs(served) -> None:
    entry = served.client.history(served.client.prompt(template()))
    output = entry["outputs"]["58"]
    assert set(output) == {"images", "animated", "videos"}
    assert output["images"] == output["videos"]
    assert output["animated"] == [True]
    assert set(output["images"][0]) == {"filename", "subfolder", "type"}
    query = urlencode(output["images"][0])
    assert served.client.get(f"/view?{query}").headers["Content-Type"] == "video/mp4"


def test_a_failed_job_has_a_history_without_videos(served) -> None:
    served.backend.script(
        "heavy", fail=OutOfMemory("No memory for {n} frames.", n=5, action="Use a smaller size")
    )
    assert documented_client(served.client, template("heavy")) is None
    status = served.client.history(next(iter(served.client.get("/history").json())))["status"]
    assert (status["status_str"], status["completed"]) == ("error", False)
    kind, told = status["messages"][-1]
    assert kind == "execution_error"
    assert told["exception_message"] == "No memory for 5 frames. Use a smaller size\n"
    assert (told["node_id"], told["node_type"], told["traceback"]) == ("3", "KSampler", [])


def test_no_path_leaves_with_an_error(served) -> None:
    place = "/home/some body/secret place"
    served.backend.script(
        "full", fail=EncodeFailed("{place} is full: {why}", place=place, why=f"at {place}/x y.mp4")
    )
    prompt_id = served.client.prompt(template("full"))
    served.client.history(prompt_id)
    told = served.client.get("/history").body.decode()
    assert "home" not in told
    assert "some body" not in told


def test_a_deleted_waiting_job_ends_in_the_history(served) -> None:
    served.backend.script("slow", hold=Stage.DENOISING)
    served.client.until_running(served.client.prompt(template("slow")))
    waiting = served.client.prompt(template("next"))
    assert served.client.get(f"/history/{waiting}").json() == {}
    assert served.client.post("/queue", {"delete": [waiting, "unknown"]}).body == b""
    entry = served.client.history(waiting)
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"
    assert entry["outputs"] == {}
    queue = served.client.get("/queue").json()
    assert [len(queue["queue_running"]), len(queue["queue_pending"])] == [1, 0]


def test_interrupt_reaches_only_what_it_names(served) -> None:
    served.backend.script("slow", hold=Stage.DENOISING)
    running = served.client.prompt(template("slow one"))
    waiting = served.client.prompt(template("slow two"))
    served.client.until_running(running)
    assert served.client.post("/interrupt", {"prompt_id": waiting}).status == 200
    assert served.client.get(f"/history/{running}").json() == {}
    served.client.post("/interrupt", {"prompt_id": running})
    assert served.client.history(running)["status"]["messages"][-1][0] == "execution_interrupted"


def test_ids_keep_their_meaning_over_a_restart(start) -> None:
    first = start()
    done = first.client.prompt(template(), prompt_id="my-own-id-1", client_id="me")
    before = first.client.history(done)
    first.backend.script("slow", hold=Stage.DENOISING)
    first.client.until_running(first.client.prompt(template("slow")))
    waiting = first.client.prompt(template("slow too"), extra_data={"extra_pnginfo": {"workflow": {"v": 1}}})
    number = first.client.get("/queue").json()["queue_pending"][0][0]
    first.close()
    backend = ScriptedBackend()
    backend.script("slow", hold=Stage.DENOISING)
    second = start(backend=backend)
    assert second.client.history("my-own-id-1") == before
    queue = second.client.get("/queue").json()
    entries = queue["queue_running"] + queue["queue_pending"]
    assert waiting in [entry[1] for entry in entries]
    again = next(entry for entry in entries if entry[1] == waiting)
    assert again[3]["extra_pnginfo"] == {"workflow": {"v": 1}}
    assert second.client.post("/prompt", {"prompt": template()}).json()["number"] > number


def test_an_id_in_use_is_refused(served) -> None:
    served.client.history(served.client.prompt(template(), prompt_id="mine"))
    reply = served.client.post("/prompt", {"prompt": template(), "prompt_id": "mine"})
    assert (reply.status, reply.json()["error"]["type"]) == (400, "invalid_prompt_id")


def test_a_job_taken_off_the_list_has_ended_for_its_client(served) -> None:
    served.backend.script("heavy", fail=OutOfMemory("No memory."))
    done, failed = served.client.prompt(template()), served.client.prompt(template("heavy"))
    served.client.history(done), served.client.history(failed)
    for prompt_id in (done, failed):
        served.host.remove(prompt_id).result()
    assert served.client.history(done)["outputs"]["58"]["videos"]
    assert served.client.history(failed)["status"]["status_str"] == "error"


def test_what_is_made_of_a_clip_outlives_its_job_and_a_restart(start) -> None:
    first = start()
    graph = template()
    graph["60"] = node("SaveImage", images=["8", 0], filename_prefix="x")
    done = first.client.prompt(graph)
    first.client.history(done)
    first.host.remove(done).result()
    first.close()
    second = start()
    image = second.client.history(done)["outputs"]["60"]["images"][0]["filename"]
    assert second.client.get(f"/view?filename={image}").status == 200


def test_a_long_history_is_cleared_in_one_transaction(served) -> None:
    done = [served.client.prompt(template()) for _ in range(3)]
    for prompt_id in done:
        served.client.history(prompt_id)
    run, asked_by = served.host.store.run, []
    served.host.store.run = lambda *what: (asked_by.append(threading.current_thread().name), run(*what))[1]
    assert served.client.post("/history", {"clear": True}).status == 200
    assert asked_by.count("api") == 1
    assert served.client.get("/history").json() == {}


def test_history_that_its_client_deleted_is_gone(served) -> None:
    first, second = served.client.prompt(template()), served.client.prompt(template("two"))
    served.client.history(first), served.client.history(second)
    assert served.client.post("/history", {"delete": [first]}).body == b""
    assert served.client.get(f"/history/{first}").json() == {}
    assert list(served.client.get("/history").json()) == [second]
    served.client.post("/history", {"clear": True})
    assert served.client.get("/history").json() == {}
    assert len(served.host.clips().result()) == 2


def test_a_clip_made_by_hand_is_in_the_history(served) -> None:
    job = served.host.submit(Draft(prompt="by hand", width=128, height=96, num_frames=9, seed=5)).result()
    entry = served.client.history(job.id)
    assert entry["outputs"]["58"]["videos"][0]["filename"].endswith(".mp4")
    again = served.client.prompt(entry["prompt"][2])
    requests = [job.request for job in served.backend.requests]
    assert served.client.history(again)
    requests = [job.request for job in served.backend.requests]
    assert dataclasses.replace(requests[1], preset="") == dataclasses.replace(requests[0], preset="")


def test_lower_numbers_run_first(served) -> None:
    served.backend.script("slow", hold=Stage.DENOISING)
    served.client.until_running(served.client.prompt(template("slow")))
    ids = {name: served.client.prompt(template(name), **more) for name, more in ORDERS.items()}
    pending = served.client.get("/queue").json()["queue_pending"]
    assert [entry[1] for entry in pending] == [ids[name] for name in ("c", "d", "a", "b")]
    numbers = [entry[0] for entry in pending]
    assert numbers == sorted(numbers)


ORDERS = {"a": {}, "b": {}, "c": {"front": True}, "d": {"number": 0.5}}


def test_history_is_cut_as_asked(served) -> None:
    ids = [served.client.prompt(template(f"clip {n}")) for n in range(3)]
    served.client.history(ids[-1])
    assert list(served.client.get("/history?max_items=2").json()) == ids[1:]
    assert list(served.client.get("/history?max_items=1&offset=0").json()) == ids[:1]
    assert served.client.get("/history?max_items=x").status == 400


@pytest.mark.parametrize("many", [10**30, -(10**30), 2**63])
def test_numbers_beyond_any_list_are_numbers(served, many) -> None:
    prompt_id = served.client.prompt(template())
    served.client.history(prompt_id)
    for query in (f"max_items={many}", f"max_items=1&offset={many}", f"offset={many}"):
        reply = served.client.get(f"/history?{query}")
        assert (reply.status, set(reply.json()) <= {prompt_id}) == (200, True), query
    assert list(served.client.get(f"/history?max_items={abs(many)}").json()) == [prompt_id]
    for query in (f"limit={abs(many)}", f"offset={many}"):
        assert served.client.get(f"/api/jobs?{query}").status == 200
    for number in (many, float(many)):
        reply = served.client.post("/prompt", {"prompt": template(), "number": number})
        assert reply.status == 200
        served.client.history(reply.json()["prompt_id"])


def test_newer_clients_list_jobs(served) -> None:
    done = served.client.prompt(template())
    served.client.history(done)
    served.backend.script("slow", hold=Stage.DENOISING)
    running = served.client.prompt(template("slow"))
    listed = served.client.get("/api/jobs").json()
    assert [job["id"] for job in listed["jobs"]] == [running, done]
    assert listed["pagination"] == {"offset": 0, "limit": 1000, "total": 2, "has_more": False}
    assert [j["id"] for j in served.client.get("/api/jobs?status=completed").json()["jobs"]] == [done]
    assert served.client.get(f"/api/jobs/{done}").json()["outputs"]["58"]["videos"]
    assert served.client.get("/api/jobs/nope").json() == {"error": "Job not found"}
    assert served.client.post(f"/api/jobs/{running}/cancel").json() == {"cancelled": True}
    assert served.client.post(f"/api/jobs/{done}/cancel").json() == {"cancelled": False}
    served.client.history(running)


def test_other_formats_are_made_when_fetched(served) -> None:
    graph = template()
    graph["60"] = node("SaveImage", images=["8", 0], filename_prefix="x")
    graph["61"] = node("SaveWEBM", images=["8", 0], filename_prefix="x", codec="vp9", fps=24.0, crf=40)
    graph["62"] = node(
        "SaveAnimatedWEBP",
        images=["8", 0],
        filename_prefix="x",
        fps=12.0,
        lossless=False,
        quality=60,
        method="fastest",
    )
    outputs = served.client.history(served.client.prompt(graph))["outputs"]
    assert len(outputs["60"]["images"]) == 9
    png = served.client.get(f"/view?filename={outputs['60']['images'][8]['filename']}")
    assert (png.headers["Content-Type"], png.body[:4]) == ("image/png", b"\x89PNG")
    webm = served.client.get(f"/view?filename={outputs['61']['images'][0]['filename']}")
    assert (webm.headers["Content-Type"], len(decoded(webm.body))) == ("video/webm", 9)
    webp = served.client.get(f"/view?filename={outputs['62']['images'][0]['filename']}")
    from PIL import Image

    assert Image.open(io.BytesIO(webp.body)).n_frames == 9
    name = outputs["60"]["images"][0]["filename"].replace("_00001_", "_00010_")
    assert served.client.get(f"/view?filename={name}").status == 404


def test_other_formats_have_the_values_of_the_primitives_behind_them(served) -> None:
    graph = template(n57={"fps": 12.0}) | {
        "90": node("PrimitiveFloat", value=12),
        "91": node("PrimitiveBoolean", value=False),
        "92": node("Reroute", **{"": ["90", 0]}),
        "61": node("SaveWEBM", images=["8", 0], filename_prefix="x", codec="vp9", fps=["92", 0], crf=40),
    }
    values = {"fps": ["90", 0], "lossless": ["91", 0], "quality": 60, "method": "fastest"}
    graph["62"] = node("SaveAnimatedWEBP", images=["8", 0], filename_prefix="x", **values)
    outputs = served.client.history(served.client.prompt(graph))["outputs"]
    files = {
        n: served.client.get(f"/view?filename={outputs[n]['images'][0]['filename']}").body for n in outputs
    }
    import av

    with av.open(io.BytesIO(files["61"])) as clip:
        assert clip.streams.video[0].average_rate == 12
    assert b"VP8L" not in files["62"]
    assert files["62"].partition(b"ANMF")[2][16:19] == (83).to_bytes(3, "little")  # each frame's milliseconds


@pytest.mark.parametrize(
    ("name", "kind", "value", "told"),
    [
        ("crf", "PrimitiveFloat", 64, "value_bigger_than_max"),
        ("fps", "PrimitiveFloat", 0, "value_smaller_than_min"),
        ("codec", "PrimitiveString", "gif", "value_not_in_list"),
    ],
)
def test_what_a_saver_cannot_do_is_told_before_anything_is_rendered(served, name, kind, value, told) -> None:
    values = {"filename_prefix": "x", "codec": "vp9", "fps": 24.0, "crf": 40.0, name: ["90", 0]}
    graph = template() | {"90": node(kind, value=value), "61": node("SaveWEBM", images=["8", 0], **values)}
    del graph["57"], graph["58"]
    reply = served.client.post("/prompt", {"prompt": graph})
    assert reply.status == 400
    (error,) = reply.json()["node_errors"]["61"]["errors"]
    assert (error["type"], error["extra_info"]["input_name"]) == (told, name)


@pytest.mark.parametrize(("codec", "fps"), [("av1", 240.0), ("av1", 241.0), ("vp9", 1000.0), ("vp9", 0.01)])
def test_every_rate_that_is_taken_can_be_fetched(served, codec, fps) -> None:
    graph = template()
    graph["61"] = node("SaveWEBM", images=["8", 0], filename_prefix="x", codec=codec, fps=fps, crf=63.0)
    reply = served.client.post("/prompt", {"prompt": graph}).json()
    if reply["node_errors"]:
        assert (codec, fps) == ("av1", 241.0)
        assert [each["extra_info"]["input_name"] for each in reply["node_errors"]["61"]["errors"]] == ["fps"]
        return
    name = served.client.history(reply["prompt_id"])["outputs"]["61"]["images"][0]["filename"]
    assert len(decoded(served.client.get(f"/view?filename={name}").body)) == 9


@pytest.mark.parametrize("kind", ["webm", "webp", "png", "preview"])
def test_of_a_damaged_clip_nothing_is_made(served, kind) -> None:
    graph = template()
    common = {"images": ["8", 0], "filename_prefix": "x"}
    graph["60"] = node("SaveImage", **common)
    graph["61"] = node("SaveWEBM", **common, codec="vp9", fps=24.0, crf=40.0)
    graph["62"] = node("SaveAnimatedWEBP", **common, fps=24.0, lossless=True, quality=80, method="fastest")
    outputs = served.client.history(served.client.prompt(graph))["outputs"]
    (clip,) = served.host.clips().result()
    Path(clip.path).write_bytes(Path(clip.path).read_bytes()[:600])
    of = {"png": "60", "webm": "61", "webp": "62", "preview": "58"}[kind]
    name = outputs[of]["images"][0]["filename"]
    reply = served.client.get(f"/view?filename={name}{'&preview=jpeg' if kind == 'preview' else ''}")
    assert reply.status in (404, 503), reply.body
    assert str(served.folder) not in reply.body.decode()


def test_without_the_flag_the_demo_does_not_answer(start) -> None:
    reply = start(allow_demo=False).client.post("/prompt", {"prompt": template()})
    assert reply.status == 400
    errors = reply.json()["node_errors"]
    assert {each["type"] for found in errors.values() for each in found["errors"]} == {"value_not_in_list"}
    assert SPEC.id not in json.dumps(errors["37"]["errors"][0]["extra_info"]["input_config"])


def test_loras_are_those_of_the_folder_that_was_named(start, tmp_path) -> None:
    from wan_desktop.domain.settings import Settings
    from wan_desktop.models.catalog import ModelCatalog

    folder = tmp_path / "loras"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "style.safetensors").write_bytes(b"no LoRA")
    (tmp_path / "secret.safetensors").write_bytes(b"no LoRA")
    served = start(loras=str(folder))
    assert served.client.get("/models/loras").json() == ["sub/style.safetensors"]
    catalog = ModelCatalog(tmp_path, Settings)
    served.host.models.check_loras = catalog.check_loras
    for name, told in (("sub/style.safetensors", "custom"), ("../secret.safetensors", "value_not_in_list")):
        graph = template(n48={"model": ["70", 0]})
        graph["70"] = node("LoraLoaderModelOnly", model=["37", 0], lora_name=name, strength_model=1.0)
        reply = served.client.post("/prompt", {"prompt": graph})
        errors = reply.json()["node_errors"]["70"]["errors"]
        assert errors[0]["type"].startswith(told)
        assert str(tmp_path) not in reply.body.decode()


def test_a_paused_job_waits_and_goes_on(served) -> None:
    served.backend.script("slow", hold=Stage.DENOISING)
    served.client.until_running(served.client.prompt(template("slow")))
    resting = served.client.prompt(template("a star"))
    served.host.pause(resting).result()
    assert [entry[1] for entry in served.client.get("/queue").json()["queue_pending"]] == [resting]
    assert served.client.get("/prompt").json()["exec_info"]["queue_remaining"] == 2
    assert served.client.get(f"/history/{resting}").json() == {}
    served.host.resume(resting).result()
    served.backend.release()
    assert served.client.history(resting)["status"]["completed"]


def test_a_job_that_a_crash_interrupted_has_ended_until_it_goes_on(start, tmp_path) -> None:
    first = start()
    prompt_id = first.client.prompt(template(), prompt_id="mine")
    first.client.history(prompt_id)
    job = first.host.jobs().result()[0]
    first.close()
    database = Database(tmp_path / "wan-desktop.sqlite")
    running = dataclasses.replace(job, state=JobState.RUNNING, clip_id=None, finished_at=None)
    database.run(lambda: database.put_job(running)).result()
    database.close()
    second = start()
    entry = second.client.history("mine")
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"
    assert second.client.post("/history", {"delete": ["mine"]}).status == 200
    second.host.resume(job.id).result()
    assert second.client.history("mine")["status"]["completed"]
