"""Nothing that clients send or ask for makes the server grow or stand still: memory, store, disk, event loop."""

from __future__ import annotations

import builtins
import dataclasses
import errno
import gc
import io
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.faults import Disk
from support.waiting import Waiter
from support.workflows import node, template

from wan_desktop.domain.errors import LibraryProblem
from wan_desktop.domain.events import JobChanged
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.library.database import Database
from wan_desktop.server import ledger, records
from wan_desktop.server.settings import Limits


def picture(size=(40, 30), color=(10, 200, 30)):
    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", size, color).save(data, "PNG")
    return data.getvalue()


def with_picture(**latent):
    return template(n55={"start_image": ["80", 0], **latent}) | {"80": node("LoadImage", image="cat.png")}


def refusal(reply):
    assert reply.status == 400, reply.body
    return reply.json()["error"]["type"]


def many(start, folder, count):
    """A server that finds `count` ended jobs, of which each has its client's record; their ids, oldest first."""
    first = start()
    done = first.client.prompt(template("kept"), extra_data={"note": "kept"})
    first.client.history(done)
    job = first.host.jobs().result()[0]
    first.close()
    database = Database(folder / "wan-desktop.sqlite")
    ids = [f"job-{n:05}" for n in range(count)]

    def work():
        record = records.find(database, job.id)
        for n, ident in enumerate(ids):
            database.put_job(dataclasses.replace(job, id=ident, finished_at=job.finished_at + 1 + n))
            records.keep(database, ident, dataclasses.replace(record, prompt_id=ident))

    database.run(work).result()
    database.close()
    return start(), [done, *ids]


# ---- what is kept


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"extra_data": {"note": "x" * 65_536}}, "extra_data_too_large"),
        ({"extra_data": {"note": [[]] * 40_000}}, "extra_data_too_large"),
        ({"prompt": template() | {"99": node("PrimitiveString", value="x" * 262_144)}}, "prompt_too_large"),
        ({"prompt": template(n37={"odd": [[[0] * 9] * 150] * 150})}, "prompt_too_large"),
    ],
    ids=["text", "many", "graph", "lists"],
)
def test_what_is_too_large_to_be_kept_is_refused(served, more, told) -> None:
    reply = served.client.post("/prompt", {"prompt": template(), **more})
    assert refusal(reply) == told
    assert "leave some of it out" in reply.json()["error"]["message"]
    assert served.host.jobs().result() == []


def test_what_a_usual_page_sends_along_is_kept(served) -> None:
    workflow = {"id": "w-1", "nodes": [{"id": n, "pos": [n, n], "note": "x" * 100} for n in range(400)]}
    prompt_id = served.client.prompt(template(), extra_data={"extra_pnginfo": {"workflow": workflow}})
    kept = served.client.history(prompt_id)["prompt"][3]
    assert kept["extra_pnginfo"]["workflow"] == workflow


def test_what_is_nested_too_deep_is_refused(served) -> None:
    for place in ({"extra_data": "?"}, {"prompt": template(n37={"odd": "?"})}):
        body = json.dumps({"prompt": template(), **place}).replace('"?"', "[" * 400 + "]" * 400)
        assert refusal(served.client.post("/prompt", body.encode())).endswith("_too_large")


def test_keys_and_tokens_are_dropped_wherever_they_stand(served) -> None:
    extra = {"auth": [{"api_key": "hidden-1", "kind": "x"}], "deep": {"er": {"Token": "hidden-2"}}}
    prompt_id = served.client.prompt(template(), extra_data=extra)
    kept = served.client.history(prompt_id)["prompt"][3]
    assert kept["auth"] == [{"kind": "x"}]
    assert kept["deep"] == {"er": {}}


def test_no_graph_of_an_ended_job_stays_in_memory(served) -> None:
    for n in range(4):
        served.client.history(served.client.prompt(template(f"soak {n}")))
    by_hand = served.host.submit(draft("soak by hand")).result()
    served.client.history(by_hand.id)
    assert len(served.client.get("/history").json()) == 5
    assert len(served.client.get("/api/jobs").json()["jobs"]) == 5
    served.backend.requests.clear()
    served.client.get("/history/none")  # whatever the threads still hold is of the last work they did
    served.client.get("/models/vae")
    gc.collect()
    texts = [o["text"] for o in gc.get_objects() if type(o) is dict and "text" in o and "clip" in o]
    assert [text for text in texts if str(text).startswith("soak ")] == []


def draft(prompt):
    from wan_desktop.domain.request import Draft

    return Draft(prompt=prompt, width=128, height=96, num_frames=9, seed=5)


def test_what_waits_has_a_limit_in_bytes(start) -> None:
    served = start(limits=Limits(waiting_bytes=30_000))
    served.backend.script("slow", hold=Stage.DENOISING)
    served.client.until_running(served.client.prompt(template("slow")))
    statuses = [
        served.client.post("/prompt", {"prompt": template("slow"), "extra_data": {"n": "x" * 10_000}}).status
        for _ in range(4)
    ]
    assert statuses == [200, 200, 200, 429]
    served.client.post("/queue", {"clear": True})
    assert served.client.post("/prompt", {"prompt": template("slow")}).status == 200


def test_more_outputs_than_anybody_needs_are_refused(served) -> None:
    graph = template()
    for n in range(40):
        graph[f"s{n}"] = node("SaveImage", images=["8", 0], filename_prefix="x")
    assert refusal(served.client.post("/prompt", {"prompt": graph})) == "invalid_prompt"


def test_records_of_jobs_that_are_gone_do_not_pile_up(start, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(records, "MOST_LOST", 2)
    first = start()
    ids = [first.client.prompt(template(), prompt_id=f"mine-{n}") for n in range(5)]
    for prompt_id in ids:
        first.client.history(prompt_id)
    for job in first.host.jobs().result():
        first.host.remove(job.id).result()
    for clip in first.host.clips().result()[:4]:
        first.host.store.run(lambda clip=clip: first.host.store.remove_clip(clip.id)).result()
    first.close()
    second = start()
    known = [prompt_id for prompt_id in ids if second.client.get(f"/history/{prompt_id}").json()]
    assert known == [ids[0], *ids[3:]]  # its clip is still there; the two newest of the rest
    keys = second.host.store.run(lambda: second.host.store.keys("api.")).result()
    assert sum(key.startswith("api.job.") for key in keys) == 3
    assert sum(key.startswith("api.prompt.") for key in keys) == 3


def test_older_jobs_than_are_listed_are_found_by_their_ids(start, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(ledger, "MOST_HISTORY", 3)
    served, ids = many(start, tmp_path, 5)
    assert list(served.client.get("/history").json()) == ids[-3:]
    assert served.client.get(f"/history/{ids[0]}").json()[ids[0]]["status"]["completed"]
    again = served.client.post("/prompt", {"prompt": template(), "prompt_id": ids[1]})
    assert refusal(again) == "invalid_prompt_id"


# ---- the history


def test_a_long_history_is_sent_whole_and_in_slices(start, tmp_path) -> None:
    served, ids = many(start, tmp_path, 150)
    run, slices = served.host.store.run, []
    served.host.store.run = lambda *what: (slices.append(threading.current_thread().name), run(*what))[1]
    whole = served.client.get("/history")
    assert whole.headers["Content-Type"] == "application/json; charset=utf-8"
    assert list(whole.json()) == ids
    assert slices.count("api") > 30
    assert whole.json()[ids[7]] == served.client.get(f"/history/{ids[7]}").json()[ids[7]]
    assert list(served.client.get("/history?max_items=100").json()) == ids[-100:]
    assert list(served.client.get("/history?max_items=40&offset=20").json()) == ids[20:60]
    assert served.client.get("/history?max_items=0").json() == {}
    assert served.client.get("/history?max_items=-3").json() == {}
    assert served.client.ask("HEAD", "/history").body == b""
    assert served.client.post("/history", {"delete": ids[:100]}).status == 200
    assert list(served.client.get("/history").json()) == ids[100:]


def test_a_long_history_is_as_safe_as_a_short_one(start, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("wan_desktop.server.queue_routes._SENT_WHOLE", 3)
    page, told = "https://example.org", []
    for count in (1, 5):
        served, _ = many(lambda: start(tmp_path / str(count), origins=(page,)), tmp_path / str(count), count)  # noqa: B023
        headers = served.client.get("/history", Origin=page).headers
        told.append({name: headers[name] for name in headers if name not in LENGTHS})
    assert told[0]["X-Content-Type-Options"] == "nosniff"
    assert told[0]["Access-Control-Allow-Origin"] == page
    assert told[1] == told[0]


LENGTHS = ("Date", "Content-Length", "Transfer-Encoding")


def test_who_hangs_up_in_the_middle_of_a_history_disturbs_nobody(start, tmp_path) -> None:
    import socket

    served, ids = many(start, tmp_path, 200)
    with socket.create_connection(("127.0.0.1", served.client.port)) as hasty:
        hasty.sendall(b"GET /history HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert hasty.recv(100)
    assert served.client.get("/queue").status == 200
    assert len(served.client.get("/history").json()) == len(ids)


# ---- the disk


def test_a_full_disk_is_told_and_leaves_nothing(served, monkeypatch) -> None:
    disk = Disk(served.folder, monkeypatch)
    before = set((served.folder / "api").rglob("*"))
    for number in range(100):
        disk.fail(number, OSError(errno.ENOSPC, "No space left on device"))
        reply = served.client.upload(picture(), "cat.png")
        disk.heal()
        if reply.status == 200:
            break
        assert (reply.status, reply.json()["error"]["type"]) == (507, "disk"), number
        assert "full" in reply.json()["error"]["message"]
        assert str(served.folder) not in reply.body.decode()
        left = set((served.folder / "api").rglob("*")) - before
        assert [
            path for path in left if path.parent.name != "incoming" and "incoming" not in path.parts
        ] == []
    assert number > 2
    assert served.client.upload(picture(), "cat.png").json()["name"] == "cat.png"


def test_a_full_disk_at_a_start_image_is_told(served, monkeypatch) -> None:
    served.client.upload(picture(), "cat.png")
    disk = Disk(served.folder, monkeypatch)
    disk.fail(0, OSError(errno.ENOSPC, "No space left on device"), lasting=True)
    reply = served.client.post("/prompt", {"prompt": with_picture()})
    disk.heal()
    assert (reply.status, reply.json()["error"]["type"]) == (507, "disk")
    assert served.host.jobs().result() == []
    served.client.history(served.client.prompt(with_picture()))


def test_the_event_loop_never_touches_the_disk(served, monkeypatch) -> None:
    touched = []

    def watch(place, name):
        real = getattr(place, name)

        def call(first, *rest, **named):
            if threading.current_thread().name == "api" and str(served.folder) in str(first):
                touched.append((name, first))
            return real(first, *rest, **named)

        monkeypatch.setattr(place, name, call)

    for name in ("stat", "lstat", "open", "scandir", "listdir", "mkdir", "rmdir", "unlink", "replace"):
        watch(os, name)
    watch(io, "open")
    watch(builtins, "open")
    client = served.client
    client.upload(picture(), "cat.png")
    client.upload(picture(), "mask.png", "/upload/mask", original_ref='{"filename": "cat.png"}')
    graph = with_picture() | {"60": node("SaveImage", images=["8", 0], filename_prefix="x")}
    outputs = client.history(client.prompt(graph))["outputs"]
    for item in (outputs["58"]["videos"][0], outputs["60"]["images"][0]):
        assert client.get(f"/view?filename={item['filename']}").status == 200
    assert client.get("/view?filename=cat.png&type=input&preview=webp;50").status == 200
    for path in ("/object_info", "/object_info/LoadImage", "/models/vae", "/history", "/queue"):
        assert client.get(path).status == 200
    assert touched == []


def test_uploads_have_a_number(start) -> None:
    served = start(limits=Limits(uploads=2))
    assert [served.client.upload(picture(), f"{n}.png").status for n in range(3)] == [200, 200, 507]


# ---- start images


@pytest.mark.parametrize(
    ("sizes", "told"),
    [([(100, 100)] * 9, "image"), ([(8000, 7000), (8000, 7000)], "width"), ([(16384, 16384)], "width")],
    ids=["many", "together", "one"],
)
def test_scaling_has_a_limit(served, sizes, told) -> None:
    served.client.upload(picture(), "cat.png")
    graph = with_picture()
    source = "80"
    for n, (width, height) in enumerate(sizes):
        graph[f"9{n}"] = node(
            "ImageScale",
            image=[source, 0],
            upscale_method="lanczos",
            width=width,
            height=height,
            crop="center",
        )
        source = f"9{n}"
    graph["55"]["inputs"]["start_image"] = [source, 0]
    reply = served.client.post("/prompt", {"prompt": graph})
    assert refusal(reply) == "prompt_outputs_failed_validation"
    errors = [each for found in reply.json()["node_errors"].values() for each in found["errors"]]
    assert [(each["type"], each["extra_info"]["input_name"]) for each in errors] == [
        ("custom_validation_failed", told)
    ]


def test_sides_that_follow_the_picture_are_counted_when_it_is_known(served) -> None:
    served.client.upload(picture((4000, 1)), "cat.png")
    graph = with_picture()
    for n, source in enumerate(("80", "90")):
        graph[f"9{n}"] = node(
            "ImageScale", image=[source, 0], upscale_method="area", width=0, height=90 - n, crop="disabled"
        )
    graph["55"]["inputs"]["start_image"] = ["91", 0]
    reply = served.client.post("/prompt", {"prompt": graph})
    assert refusal(reply) == "prompt_outputs_failed_validation"
    assert "megapixels" in reply.body.decode()


def test_while_a_start_image_is_made_others_are_served(served, monkeypatch) -> None:
    served.client.upload(picture(), "cat.png")
    began, go_on = threading.Event(), threading.Event()
    real = type(served.host.images).add

    def slowly(images, path):
        began.set()
        assert go_on.wait(30)
        return real(images, path)

    monkeypatch.setattr(type(served.host.images), "add", slowly)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(served.client.prompt, with_picture())
        try:
            assert began.wait(30)
            with served.client.socket("me") as ws:
                quick = served.client.prompt(template(), client_id="me")
                ws.until("executing", node=None)
            assert served.client.history(quick)["status"]["completed"]
        finally:
            go_on.set()
        assert served.client.history(slow.result())["status"]["completed"]


# ---- order, memory


def test_prompts_that_come_at_once_get_the_place_of_their_number(served) -> None:
    served.backend.script("slow", hold=Stage.DENOISING)
    served.client.until_running(served.client.prompt(template("slow")))
    numbers = [7, 3, 9, 1, 12, 5, 2, 11, 4, 10, 8, 6]
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda n: served.client.prompt(template(f"slow {n}"), number=n), numbers))
    pending = served.client.get("/queue").json()["queue_pending"]
    assert [entry[0] for entry in pending] == sorted(numbers)
    assert [entry[2]["6"]["inputs"]["text"] for entry in pending] == [f"slow {n}" for n in sorted(numbers)]


def test_a_job_is_never_stored_without_its_clients_name(served) -> None:
    """A kill at any moment leaves both or none: a name that was given means something from then on."""
    store, names = served.host.store, {}

    def hear(event):
        if (
            isinstance(event, JobChanged) and event.job.id not in names
        ):  # on the store's thread, after its commit
            found = records.find(store, event.job.id)
            names[event.job.id] = found and (found.prompt_id, store.value("api.number"))

    stop = served.host.subscribe(hear)
    served.client.history(served.client.prompt(template(), prompt_id="mine"))
    stop()
    assert list(names.values()) == [("mine", 1)]


def test_a_name_that_cannot_be_stored_leaves_no_job(served, monkeypatch) -> None:
    told = []
    stop = served.host.subscribe(lambda event: told.append(event) if isinstance(event, JobChanged) else None)

    def fails(*_):
        raise LibraryProblem("The library is damaged.")

    with monkeypatch.context() as patched:
        patched.setattr(records, "keep_number", fails)
        assert served.client.post("/prompt", {"prompt": template(), "prompt_id": "mine"}).status == 503
    stop()
    assert served.host.jobs().result() == told == []
    assert served.client.history(served.client.prompt(template(), prompt_id="mine"))["status"]["completed"]


def test_a_front_job_stays_in_front_when_the_next_one_begins_meanwhile(served) -> None:
    """The job before which it was to be put runs by now: it must not go to the end of the queue for that."""
    served.backend.script("slow", hold=Stage.DENOISING)
    first = served.client.prompt(template("slow first"))
    served.client.until_running(first)
    second, third = (served.client.prompt(template(f"slow {n}")) for n in (2, 3))
    pool, submit, waiter = ThreadPoolExecutor(1), served.host.submit, Waiter(served.host)

    def and_the_next_begins(*what):
        served.host.cancel(first).result()
        waiter.state(second, JobState.RUNNING)
        return submit(*what).result()

    served.host.submit = lambda *what: pool.submit(and_the_next_begins, *what)
    front = served.client.prompt(template("slow front"), front=True)
    pending = served.client.get("/queue").json()["queue_pending"]
    assert [entry[1] for entry in pending] == [front, third]
    pool.shutdown()


def test_free_lets_the_render_process_rest(served) -> None:
    before = served.backend.rests
    assert served.client.post("/free", {}).status == 200
    assert served.backend.rests == before
    for what in ("unload_models", "free_memory"):
        assert served.client.post("/free", {what: True}).body == b""
    assert served.backend.rests == before + 2
    served.backend.script("slow", hold=Stage.DENOISING)
    running = served.client.prompt(template("slow"))
    served.client.until_running(running)
    served.client.post("/free", {"unload_models": True})
    assert served.backend.rests == before + 2
    with served.client.socket("me") as ws:
        served.backend.release()
        ws.until("status", status={"exec_info": {"queue_remaining": 0}})
    served.client.history(running)
    served.client.post("/queue", {})  # everything that the host told is taken in
    assert served.backend.rests == before + 3


def test_models_are_looked_at_by_one_request_at_a_time(served, monkeypatch) -> None:
    at_once, most, second = [0], [0], threading.Event()
    models, lock = served.host.models, threading.Lock()
    look = models.all

    def counted():
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        if most[0] > 1:
            second.set()
        try:
            second.wait(0.05)  # for another one to come in meanwhile
            return look()
        finally:
            with lock:
                at_once[0] -= 1

    monkeypatch.setattr(models, "all", counted)
    monkeypatch.setattr("wan_desktop.server.desk._LOOK_AGAIN_SECONDS", 0.0)
    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda _: served.client.get("/models/vae").status, range(12)))
    assert set(statuses) == {200}
    assert most == [1]


# ---- /api/jobs


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("sort_by=name", "sort_by must be 'created_at' or 'execution_duration'"),
        ("sort_order=up", "sort_order must be 'asc' or 'desc'"),
        ("limit=0", "limit must be a positive integer"),
        ("limit=-1", "limit must be a positive integer"),
        ("limit=x", "limit must be an integer"),
        ("offset=1.5", "offset must be an integer"),
        ("status=pending,odd", "Invalid status value(s): odd. Valid values: "
         "pending, in_progress, completed, failed, cancelled"),
    ],
)  # fmt: skip
def test_what_is_asked_of_the_list_of_jobs_is_checked(served, query, told) -> None:
    reply = served.client.get(f"/api/jobs?{query}")
    assert (reply.status, reply.json()) == (400, {"error": told})


def test_jobs_are_sorted_and_chosen_as_asked(start, tmp_path) -> None:
    served, ids = many(start, tmp_path, 3)
    slowest_first = served.client.get("/api/jobs?sort_by=Execution_Duration").json()["jobs"]
    assert [job["id"] for job in slowest_first] == ids[::-1]
    again = served.client.get("/api/jobs?sort_by=execution_duration&sort_order=ASC&limit=2&offset=-4").json()
    assert [job["id"] for job in again["jobs"]] == ids[:2]
    assert again["pagination"] == {"offset": 0, "limit": 2, "total": 4, "has_more": True}
    extra = {"extra_pnginfo": {"workflow": {"id": "w-1"}}}
    mine = served.client.prompt(template(), extra_data=extra)
    served.client.history(mine)
    assert [j["id"] for j in served.client.get("/api/jobs?workflow_id=w-1").json()["jobs"]] == [mine]
    job = served.client.get(f"/api/jobs/{mine}").json()
    assert job["workflow_id"] == "w-1"
    assert job["preview_output"]["nodeId"] == "58"
    assert job["execution_status"]["status_str"] == "success"


def test_a_job_that_goes_on_is_in_the_history_after_a_restart_too(start) -> None:
    first = start()
    first.backend.script("slow", hold=Stage.DENOISING)
    prompt_id = first.client.prompt(template("slow"))
    first.client.until_running(prompt_id)
    first.client.post("/interrupt")
    first.client.history(prompt_id)
    first.client.post("/history", {"delete": [prompt_id]})
    assert first.client.get(f"/history/{prompt_id}").json() == {}
    first.backend.release()
    first.host.resume(prompt_id).result()
    assert first.client.history(prompt_id)["status"]["completed"]
    first.close()
    assert start().client.history(prompt_id)["status"]["completed"]


def test_a_socket_that_never_reads_is_closed_before_it_costs_memory(monkeypatch) -> None:
    from wan_desktop.server.sockets import Socket

    socket = Socket("x", None)
    for _ in range(1000):
        socket.send("x" * 100_000)
    assert socket.bytes_waiting < 20_000_000
