"""Every recorded request of a real ComfyUI server, sent to ours: same status, same keys, same types.

`recordings/` holds the replies of versions 0.3.64 and, where the name says so, 0.3.75. Where ours differs on purpose,
`DEVIATIONS` says to what, and why.
"""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path

import pytest
from support.served import serve
from support.workflows import TEMPLATE, template

from wan_desktop.domain.errors import OutOfMemory
from wan_desktop.domain.job import Stage

RECORDINGS = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((Path(__file__).parent / "recordings").glob("*.json"))
}
DEVIATIONS = {
    "history_bad": (400, "a broken number is the client's fault"),
    "history_of_deleted_pending": (200, "it has ended: nobody polls for it for ever"),
    "history_saveimage_prefix_traversal": (200, "it was refused when it was posted"),
    "host_rebind": (403, "DNS rebinding"),
    "host_rebind_noorigin": (403, "DNS rebinding"),
    "jobs": (200, "newer versions have it"),
    "loadimage_traversal": (400, "CVE-2026-56673"),
    "origin_null": (403, "GHSA-5xxr-jvhm-jxmj"),
    "prompt_list": (400, "no prompt is the client's fault"),
    "prompt_no_body": (400, "broken JSON is the client's fault"),
    "prompt_not_in_list": (400, "a format that does not exist is told at once"),
    "prompt_not_json": (400, "broken JSON is the client's fault"),
    "prompt_runtime_error": (400, "a picture that is none never gets in"),
    "queue_nobody": (400, "broken JSON is the client's fault"),
    "saveimage_prefix_traversal": (400, "told at once, without paths"),
    "upload_bad_type": (400, "an unknown type is the client's fault"),
    "upload_corrupt_png": (400, "uploads are decoded"),
    "upload_not_image_accepted": (400, "uploads are decoded"),
    "upload_text_field": (400, "text is no file"),
    "v0375_loadimage_traversal": (400, "CVE-2026-56673"),
    "v0375_v3_combo_not_in_list": (400, "a format that does not exist is told at once"),
    "view_html_forced_octet": (404, "nothing but pictures and clips lies here"),
    "view_no_subfolder_404": (200, "the documented client asks without the subfolder"),
    "view_svg_inline_xss": (404, "CVE-2026-56670"),
    "view_video_preview_error": (200, "the clip's middle frame"),
}
MORE = {
    "videos",
    "create_time",
    "wan_desktop_version",
    "output_tooltips",
    "deprecated",
    "experimental",
    "api_node",
}
"""Keys that ours may have beside the recorded ones."""
OWN = {
    "input",
    "input_order",
    "input_config",
    "tooltip",
    "extra_pnginfo",
    "current_inputs",
    "prompt",
    "meta",
    "api_key_comfy_org",
}
"""Keys whose content is the server's or the client's own."""


def same_shape(ours, theirs, at="$"):
    """Raise AssertionError unless `ours` has the keys and types of `theirs`."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if at.rsplit(".", 1)[-1] in OWN:
            return
        assert not set(theirs) - set(ours) - OWN, f"{at}: {set(theirs) - set(ours)} missing"
        assert not set(ours) - set(theirs) - MORE - OWN, f"{at}: {set(ours) - set(theirs)} too many"
        for key in set(ours) & set(theirs):
            same_shape(ours[key], theirs[key], f"{at}.{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        if at.endswith((".prompt", "queue_running[]", "queue_pending[]")):
            ours, theirs = [*ours[:2], *ours[3:]], [*theirs[:2], *theirs[3:]]  # but for the client's graph
        for mine, other in zip(ours, theirs, strict=False):
            same_shape(mine, other, f"{at}[]")
    elif ours is not None and theirs is not None:
        assert type(ours) is type(theirs), f"{at}: {ours!r} is no {type(theirs).__name__}"


def as_recorded(name, reply):
    """The reply has the recorded status, kind and shape."""
    recorded = RECORDINGS[name]
    assert reply.status == DEVIATIONS.get(name, (recorded["status"],))[0], reply.body
    if name in DEVIATIONS:
        return
    kind = recorded["headers"].get("Content-Type")
    if reply.status == 200 and not recorded["body"] and recorded["headers"].get("Content-Length") == "0":
        assert reply.body == b""
    elif kind is not None:
        assert reply.headers["Content-Type"] == kind
    if kind and kind.startswith("application/json"):
        same_shape(reply.json(), recorded["body"])


def drawn(prompt):
    """The recorded prompt, its pictures drawn by the model: an EmptyImage alone is no clip here."""
    for node in prompt.values() if isinstance(prompt, dict) else ():
        if node.get("class_type") == "Wan22ImageToVideoLatent":
            node["inputs"] |= {"width": 128, "height": 96, "length": 9}  # what the tests' model can do
    if not isinstance(prompt, dict) or prompt.get("1", {}).get("class_type") != "EmptyImage":
        return prompt
    chain = copy.deepcopy({key: node for key, node in TEMPLATE.items() if key not in ("57", "58")})
    first = {"class_type": "VAEDecode", "inputs": chain.pop("8")["inputs"], "_meta": {"title": "x"}}
    chain["103"] = chain.pop("3")
    first["inputs"]["samples"] = ["103", 0]
    return {**prompt, "1": first, **chain}


def picture(kind="PNG", size=(64, 48), color=(200, 30, 30)):
    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", size, color).save(data, kind)
    return data.getvalue()


# ---- requests that can be sent as they are

PLAIN = [
    name
    for name, recorded in RECORDINGS.items()
    if isinstance(recorded, dict)
    and "request" in recorded
    and not name.startswith(("upload_", "view_", "history_", "origin_", "host_", "options", "v0375_queue"))
    and name
    not in ("history_id_success", "queue_after_clear", "queue_running_and_pending", "prompt_get_busy")
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One server for all requests that leave nothing behind that another would see."""
    served = serve(tmp_path_factory.mktemp("shared"))
    yield served
    served.close()


@pytest.mark.parametrize("name", PLAIN)
def test_the_reply_is_as_recorded(shared, name) -> None:
    recorded = RECORDINGS[name]
    asked = recorded["request"]
    body, headers = copy.deepcopy(asked["body"]), dict(asked["headers"])
    if isinstance(body, str) and asked["path"] == "/prompt" and recorded["status"] == 200:
        body = json.dumps({"prompt": drawn(json.loads(body)["prompt"])})
    elif isinstance(body, dict) and recorded["status"] == 200 and "prompt" in body:
        body["prompt"] = drawn(body["prompt"])
    if isinstance(body, str):
        body = body.encode()
    as_recorded(name, shared.client.ask(asked["method"], asked["path"], body, headers))


def exact(errors):
    """Node errors without what is the server's own."""
    errors = copy.deepcopy(errors)
    for found in errors.values():
        for each in found["errors"]:
            each["extra_info"].pop("input_config", None)
        found["errors"].sort(key=lambda each: (each["type"], each["details"]))
    return errors


@pytest.mark.parametrize(
    "name",
    [n for n in PLAIN if n.startswith("prompt_") and RECORDINGS[n]["status"] == 400 and n not in DEVIATIONS],
)
def test_errors_are_the_recorded_ones_word_for_word(shared, name) -> None:
    recorded = RECORDINGS[name]
    reply = shared.client.post("/prompt", recorded["request"]["body"]).json()
    assert exact(reply["node_errors"]) == exact(recorded["body"]["node_errors"])
    assert reply["error"] == recorded["body"]["error"]


def test_what_fails_beside_a_good_output_is_told_as_recorded(shared) -> None:
    recorded = RECORDINGS["prompt_partial_ok"]
    reply = shared.client.post("/prompt", {"prompt": drawn(recorded["request"]["body"]["prompt"])})
    assert exact(reply.json()["node_errors"]) == exact(recorded["body"]["node_errors"])


# ---- browsers and names


@pytest.mark.parametrize("name", [n for n in RECORDINGS if n.startswith(("origin_", "host_", "options"))])
def test_pages_and_names_are_treated_as_recorded(shared, name) -> None:
    asked = RECORDINGS[name]["request"]
    port = shared.client.port
    headers = {key: text.replace("8199", str(port)) for key, text in asked["headers"].items()}
    as_recorded(name, shared.client.ask(asked["method"], asked["path"], headers=headers))


# ---- files


def test_uploads_are_answered_as_recorded(served) -> None:
    client, a, b = served.client, picture(), picture(color=(0, 0, 200))
    sent = {
        "upload_ok": lambda: client.upload(a),
        "upload_same_again_dedup": lambda: client.upload(a),
        "upload_conflict_renamed": lambda: client.upload(b),
        "upload_overwrite": lambda: client.upload(b, overwrite="true"),
        "upload_subfolder_type": lambda: client.upload(a, subfolder="s1/s2", type="temp"),
        "upload_not_image_accepted": lambda: client.upload(b"text", "x.txt"),
        "upload_corrupt_png": lambda: client.upload(a[:60], "bad.png"),
        "upload_escape": lambda: client.upload(a, subfolder="../.."),
        "upload_name_escape": lambda: client.upload(a, "../../evil.png"),
        "upload_wrong_field": lambda: client.upload(a, field="file"),
        "upload_json_body": lambda: client.post("/upload/image", {"a": 1}),
        "upload_bad_type": lambda: client.upload(a, type="zzz"),
        "upload_text_field": lambda: client.upload(b"", field="other", image="text"),
        "upload_too_big": lambda: client.post(
            "/upload/image", b"", Content_Type="multipart/form-data; boundary=x", Content_Length="105906360"
        ),
    }
    assert set(sent) == {name for name in RECORDINGS if name.startswith("upload_")}
    for name, send in sent.items():
        reply = send()
        as_recorded(name, reply)
        if name not in DEVIATIONS and reply.status == 200:
            assert reply.json() == RECORDINGS[name]["body"]


def test_files_are_served_as_recorded(served) -> None:
    clip = served.client.history(served.client.prompt(template()))["outputs"]["58"]["videos"][0]["filename"]
    served.client.upload(picture())
    for name in (name for name in RECORDINGS if name.startswith("view_")):
        asked = RECORDINGS[name]["request"]
        path = asked["path"].replace("ComfyUI_00001_.mp4", clip).replace("&subfolder=video", "")
        reply = served.client.ask(asked["method"], path, headers=asked["headers"])
        as_recorded(name, reply)
        recorded = RECORDINGS[name]["headers"]
        for header in ("Content-Type", "Accept-Ranges", "Etag", "Last-Modified", "Content-Range"):
            if name not in DEVIATIONS and reply.status in (200, 206):
                assert (header in reply.headers) == (header in recorded), (name, header)
        if recorded.get("Content-Disposition") and name not in DEVIATIONS:
            assert reply.headers["Content-Disposition"].startswith("filename=")
    part = served.client.get(f"/view?filename={clip}", Range="bytes=0-99")
    whole = served.client.get(f"/view?filename={clip}")
    assert part.body == whole.body[:100]
    assert part.headers["Content-Range"] == f"bytes 0-99/{len(whole.body)}"


# ---- queue and history


def test_queue_and_history_are_shown_as_recorded(served) -> None:
    client = served.client
    ok = drawn(RECORDINGS["prompt_ok"]["request"]["body"]["prompt"])
    done = client.prompt(ok, client_id="me", extra_data={"extra_pnginfo": {"workflow": {"v": 1}}})
    entry = client.history(done)
    recorded = next(iter(RECORDINGS["history_id_success"]["body"].values()))
    same_shape(entry, recorded)
    assert entry["meta"] == recorded["meta"]
    assert [kind for kind, _ in entry["status"]["messages"]] == [k for k, _ in recorded["status"]["messages"]]
    full = client.history(client.prompt(template(), client_id="me"))
    same_shape(full, next(iter(RECORDINGS["history_full_run"]["body"].values())))
    same_shape(full["prompt"], next(iter(RECORDINGS["history_full_run"]["body"].values()))["prompt"])
    newest = client.get("/history?max_items=1").json()
    recorded = next(iter(RECORDINGS["history_max1"]["body"].values()))
    same_shape({**newest.popitem()[1], "outputs": {}}, {**recorded, "outputs": {}})
    assert newest == {}
    as_recorded("history_unknown", client.get("/history/unknown"))
    as_recorded("history_bad", client.get("/history?max_items=x"))
    as_recorded("history_delete", client.post("/history", {"delete": ["my-own-id-1"]}))


def body(name):
    """The only entry of a recorded history."""
    return next(iter(RECORDINGS[name]["body"].values()))


def test_saved_pictures_are_shown_as_recorded(served) -> None:
    recorded = body("history_saveimage")
    graph = {**recorded["prompt"][2], "1": {"class_type": "EmptyImage", "inputs": {}}}
    entry = served.client.history(served.client.prompt(drawn(graph), client_id="me"))
    same_shape(entry, recorded)
    assert entry["meta"] == recorded["meta"]
    assert set(entry["outputs"]["2"]) == set(recorded["outputs"]["2"])


def test_what_is_not_in_the_history_is_shown_as_recorded(served) -> None:
    served.backend.script("slow", hold=Stage.DENOISING)
    cleared = served.client.prompt(template())
    served.client.history(cleared)
    served.client.post("/history", {"clear": True})
    as_recorded("history_of_cleared", served.client.get(f"/history/{cleared}"))
    served.client.until_running(served.client.prompt(template("slow")))
    deleted = served.client.prompt(template("slow too"))
    served.client.post("/queue", {"delete": [deleted]})
    as_recorded("history_of_deleted_pending", served.client.get(f"/history/{deleted}"))
    refused = RECORDINGS["saveimage_prefix_traversal"]["request"]["body"]["prompt"]
    served.client.post("/prompt", {"prompt": drawn(copy.deepcopy(refused)), "prompt_id": "refused"})
    reply = served.client.get("/history/refused")
    as_recorded("history_saveimage_prefix_traversal", reply)
    assert reply.json() == {}


def test_failures_and_interrupts_are_shown_as_recorded(served) -> None:
    served.backend.script("heavy", fail=OutOfMemory("No memory."))
    served.backend.script("slow", hold=Stage.DENOISING)
    failed = served.client.history(served.client.prompt(template("heavy"), client_id="me"))
    for recorded in (body("history_error_in_sampler"), body("history_id_error")):
        same_shape(failed, recorded)
        assert [k for k, _ in failed["status"]["messages"]] == [k for k, _ in recorded["status"]["messages"]]
    running = served.client.prompt(template("slow"), client_id="me")
    served.client.until_running(running)
    as_recorded("history_of_running_empty", served.client.get(f"/history/{running}"))
    as_recorded("interrupt_running_id", served.client.post("/interrupt", {"prompt_id": running}))
    stopped = served.client.history(running)
    recorded = next(iter(RECORDINGS["history_interrupted"]["body"].values()))
    same_shape(stopped, recorded)
    assert [k for k, _ in stopped["status"]["messages"]] == [k for k, _ in recorded["status"]["messages"]]


def test_the_queue_is_shown_as_recorded(served) -> None:
    served.backend.script("slow", hold=Stage.DENOISING)
    for n in range(4):
        secrets = {"api_key_comfy_org": "secret-1", "auth_token_comfy_org": "secret-2"}
        served.client.prompt(template(f"slow {n}"), client_id="me", extra_data=secrets)
    served.client.until_running(served.client.get("/api/jobs?sort_order=asc").json()["jobs"][0]["id"])
    reply = served.client.get("/queue")
    assert b"secret" not in reply.body
    as_recorded("queue_running_and_pending", reply)
    assert {
        tuple(map(type, entry)) for entry in [each for listed in reply.json().values() for each in listed]
    } == {(int, str, dict, dict, list)}
    as_recorded("prompt_get_busy", served.client.get("/prompt"))
    assert served.client.get("/prompt").json()["exec_info"]["queue_remaining"] == 4
    as_recorded("queue_clear_pending", served.client.post("/queue", {"clear": True}))
    as_recorded("queue_after_clear", served.client.get("/queue"))
    after = served.client.get("/queue").json()
    assert (len(after["queue_running"]), after["queue_pending"]) == (1, [])


def test_the_queue_is_shown_as_by_the_newer_version(served) -> None:
    served.backend.script("slow", hold=Stage.DENOISING)
    served.client.until_running(served.client.prompt(template("slow")))
    served.client.prompt(template("slow too"), prompt_id="not-a-uuid")
    reply = served.client.get("/queue")
    as_recorded("v0375_queue", reply)
    assert [set(entry[3]) for listed in reply.json().values() for entry in listed] == [{"create_time"}] * 2


# ---- sockets


def skeleton(messages, graph):
    """The messages without repeated progress: types, and which kind of node."""
    found = []
    for message in messages:
        if isinstance(message, bytes) or message.get("BINARY") or "binary" in message:
            found.append("binary")
            continue
        node = message["data"].get("node", "-")
        kind = graph[node]["class_type"] if node in graph else node
        found.append(message["type"] if node == "-" else f"{message['type']} {kind}")
    return found


def recorded_run(name, prompt_id_of="execution_start"):
    """The messages of the first job in a recording, from its first `status` on."""
    messages = RECORDINGS[name]
    end = next(
        i
        for i, m in enumerate(messages)
        if m.get("type") == "executing" and m["data"].get("node", "-") is None
    )
    start = 2 if messages[1].get("type") == "feature_flags" else 0
    return messages[start : end + 1]


def shapes(messages):
    """A message of each type."""
    return {m["type"]: m["data"] for m in messages if isinstance(m, dict) and "type" in m}


def test_a_whole_run_is_told_as_recorded(served) -> None:
    graph = template(n3={"steps": 3})
    with served.client.socket("me") as ws:
        ws.flags()
        hello = ws.until("feature_flags")
        served.client.prompt(graph, client_id="me")
        heard = ws.until("executing", node=None)
    name = "ws_full_run_metadata_preview_client"
    same_shape(hello[0], RECORDINGS[name][0])
    assert hello[1] == RECORDINGS[name][1]
    theirs = recorded_run(name)
    for kind, data in shapes(theirs).items():
        if kind != "progress_state":
            same_shape(shapes(heard)[kind], data, kind)
    mine, other = skeleton(heard, graph), skeleton(theirs, graph)
    assert sorted(mine) == sorted(other)
    assert [m for m in mine if m not in ("binary", "progress KSampler", "progress_state")][:4] == [
        "status", "status", "execution_start", "execution_cached"
    ]  # fmt: skip
    after = [m for m in other if m != "binary"]
    assert [m for m in mine if m != "binary"][-len(after) // 3 :] == after[-len(after) // 3 :]
    states = [m["data"]["nodes"] for m in heard if isinstance(m, dict) and m["type"] == "progress_state"]
    assert {node: state["state"] for node, state in states[-1].items()} == dict.fromkeys(graph, "finished")
    same_shape(states[-1], shapes(theirs)["progress_state"]["nodes"])


@pytest.mark.parametrize(("metadata", "event"), [(True, 4), (False, 1)])
def test_previews_have_the_recorded_frames(served, metadata, event) -> None:
    with served.client.socket("me") as ws:
        ws.flags(metadata)
        ws.until("feature_flags")
        prompt_id = served.client.prompt(template(), client_id="me")
        frames = [m for m in ws.until("executing", node=None) if isinstance(m, bytes)]
    assert len(frames) == 3
    for frame in frames:
        assert int.from_bytes(frame[:4], "big") == event
        size = int.from_bytes(frame[4:8], "big")
        if metadata:
            told = json.loads(frame[8 : 8 + size])
            recorded = next(
                m["metadata"] for m in RECORDINGS["ws_full_run_metadata_preview_client"] if m.get("BINARY")
            )
            assert set(told) == set(recorded)
            assert (told["prompt_id"], told["node_id"]) == (prompt_id, "3")
        else:
            assert size == 1
        assert frame[8 + size * metadata :][:2] == b"\xff\xd8"


def test_a_socket_that_sent_no_flags_gets_no_binary(served) -> None:
    with served.client.socket("me") as ws:
        served.client.prompt(template(), client_id="me")
        heard = ws.until("executing", node=None)
    assert not [m for m in heard if isinstance(m, bytes)]


@pytest.mark.parametrize("name", ["ws_error", "ws_error_in_sampler", "ws_interrupt"])
def test_failures_are_told_as_recorded(served, name) -> None:
    served.backend.script("heavy", fail=OutOfMemory("No memory."))
    served.backend.script("slow", hold=Stage.DENOISING)
    graph = template("heavy" if "error" in name else "slow")
    with served.client.socket("me") as ws:
        prompt_id = served.client.prompt(graph, client_id="me")
        heard = ws.until("executing", node="3")
        if "interrupt" in name:
            served.client.post("/interrupt", {"prompt_id": prompt_id})
        heard += ws.until("executing", node=None)
    theirs = recorded_run(name)
    last = ["execution_error" if "error" in name else "execution_interrupted", "status", "executing None"]
    assert skeleton(heard, graph)[-3:] == last
    assert skeleton(theirs, graph)[-3:] == last
    same_shape(shapes(heard)[last[0]], shapes(theirs)[last[0]])


def test_a_client_of_older_versions_hears_what_is_recorded_but_previews(served) -> None:
    """Theirs sent pictures to one that had not said that it takes any."""
    graph = template(n3={"steps": 2})
    with served.client.socket("me") as ws:
        served.client.prompt(graph, client_id="me")
        mine = skeleton(ws.until("executing", node=None), graph)
    theirs = skeleton(recorded_run("ws_full_run_legacy_preview_client"), graph)
    assert "binary" in theirs
    assert "binary" not in mine
    plain = [m for m in theirs if m != "binary"]
    tail = mine[mine.index("executing KSampler") :]
    assert tail == plain[plain.index("executing KSampler") :]


def test_a_second_run_is_told_as_the_first(served) -> None:
    """Theirs had it in its cache and told the outputs again; here it is rendered again."""
    graph = drawn(RECORDINGS["prompt_ok"]["request"]["body"]["prompt"])
    recorded = RECORDINGS["ws_success_then_cached_rerun"]
    ends = [n for n, m in enumerate(recorded) if m["type"] == "executing" and m["data"]["node"] is None]
    runs = [recorded[: ends[0] + 1], recorded[ends[0] + 1 :]]
    with served.client.socket("me") as ws:
        ws.flags()
        for theirs in runs:
            prompt_id = served.client.prompt(copy.deepcopy(graph), client_id="me")
            mine = [m for m in ws.until("executing", node=None) if isinstance(m, dict)]
            found, wanted = shapes(mine), shapes(theirs)
            assert set(wanted) <= set(found)
            for kind in set(wanted) - {"progress_state"}:
                same_shape(found[kind], wanted[kind], kind)
            assert found["execution_success"]["prompt_id"] == prompt_id
            assert [m["type"] for m in mine][-3:] == [m["type"] for m in theirs][-3:]


def test_a_job_of_nobody_is_told_as_recorded(served) -> None:
    graph = template(n3={"steps": 2})
    with served.client.socket("one") as ws, served.client.socket("two") as other:
        ws.flags(False)
        ws.until("feature_flags")
        served.client.prompt(graph)
        heard = ws.until("status", status={"exec_info": {"queue_remaining": 0}})
        also = other.until("progress_state")
    theirs = RECORDINGS["ws_no_client_id_prompt_broadcast"]
    assert set(skeleton(heard, graph)) == set(skeleton(theirs, graph))
    assert [m["type"] for m in also][-1] == "progress_state"


def test_a_reconnect_is_told_as_recorded(served) -> None:
    served.backend.script("slow", hold=Stage.DENOISING)
    with served.client.socket("me") as first:
        served.client.prompt(template("slow"), client_id="me")
        first.until("executing", node="3")
        with served.client.socket("me") as second:
            heard = [second.receive(), second.receive()]
            assert heard[1] == RECORDINGS["ws_reconnect_midrun"][1]
            same_shape(heard[0], RECORDINGS["ws_reconnect_midrun"][0])
            assert first.receive() is None
            served.backend.release()
            second.until("executing", node=None)


def test_who_has_no_name_gets_one(served) -> None:
    with served.client.socket() as ws:
        hello = ws.receive()
    same_shape(hello, RECORDINGS["ws_no_clientid_first_message"])
    assert len(hello["data"]["sid"]) == 32


def test_every_recording_is_used() -> None:
    text = Path(__file__).read_text("utf-8").partition("# ---- requests that can be sent as they are")[2]
    whole = ("view_", "origin_", "host_", "options")  # of these all are sent
    assert [
        n for n in RECORDINGS if n not in PLAIN and f'"{n}"' not in text and not n.startswith(whole)
    ] == []
