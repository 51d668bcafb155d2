"""Whole runs on a real ComfyUI, whose models are stand-ins, and on ours: messages, queue, history, files."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlencode

import pytest
from support.side_by_side import differences, picture, reply_differences
from support.workflows import node, template

from wan_desktop.domain.job import Stage

pytestmark = [pytest.mark.comfyui, pytest.mark.timeout(600)]


def run(client, graph, prompt_id, name):
    """Queue the workflow and hear of it until its end."""
    with client.socket(name) as ws:
        ws.flags()
        heard = ws.until("feature_flags")
        assert client.prompt(graph, client_id=name, prompt_id=prompt_id) == prompt_id
        return heard + ws.until("executing", node=None)


def shape_of(messages):
    """One message of each type; of the nodes whose progress is told the last one."""
    found = {m["type"]: m["data"] for m in messages if isinstance(m, dict)}
    states = found.get("progress_state", {}).get("nodes")
    return found | (
        {"progress_state": {**found["progress_state"], "nodes": [*states.values()][-1:]}} if states else {}
    )


def sequence(messages, graph):
    """What comes in which order: types without repeated progress; nodes by their class, in any order.

    Theirs keeps what loaders gave before; ours has no cache to tell of.
    """
    found = [m for m in messages if isinstance(m, dict) and m["type"] not in ("progress", "progress_state")]
    nodes = Counter(graph[m["data"]["node"]]["class_type"] for m in found if m["data"].get("node"))
    cached = next(m["data"]["nodes"] for m in found if m["type"] == "execution_cached")
    nodes += Counter(graph[ident]["class_type"] for ident in cached)
    return [m["type"] for m in found if not (m["type"] == "executing" and m["data"]["node"])], nodes


RUN_INTENDED = {"executed.output.videos": "what the model's documented client looks for"}


def test_a_whole_run(theirs, ours) -> None:
    data = picture()
    for client in (theirs, ours):
        assert client.upload(data, "start.png").json()["name"] == "start.png"
    graph = template("x", n55={"start_image": ["80", 0]}, n3={"steps": 3}) | {
        "80": node("LoadImage", image="start.png")
    }
    mine, other = (run(client, graph, "run-1", "me") for client in (ours, theirs))
    assert sequence(mine, graph) == sequence(other, graph)
    found = {}
    for kind, data in shape_of(other).items():
        found |= {f"{kind}{at}": text for at, text in differences(shape_of(mine)[kind], data).items()}
    assert set(found) == set(RUN_INTENDED), found
    frames = [[m for m in messages if isinstance(m, bytes)] for messages in (mine, other)]
    assert len(frames[0]) == len(frames[1]) == 3
    for one, another in zip(*frames, strict=True):
        assert one[:4] == another[:4]
    entries = [client.get("/history/run-1") for client in (ours, theirs)]
    assert set(reply_differences(*entries)) == {".run-1.outputs.58.videos"}
    ends = [[kind for kind, _ in entry.json()["run-1"]["status"]["messages"]] for entry in entries]
    assert ends[0] == ends[1]
    served = []
    for client, entry in zip((ours, theirs), entries, strict=True):
        item = entry.json()["run-1"]["outputs"]["58"]["images"][0]
        served.append(client.get(f"/view?{urlencode(item)}"))
    assert not reply_differences(*served)


def test_a_run_of_nobody(theirs, ours) -> None:
    heard = []
    for client in (ours, theirs):
        with client.socket("other") as ws:
            client.prompt(template("x", n3={"steps": 2, "seed": 8}))
            heard.append(ws.until("status", status={"exec_info": {"queue_remaining": 0}}))
            ws.until("status", status={"exec_info": {"queue_remaining": 0}})
    kinds = [{m["type"] for m in messages if isinstance(m, dict)} for messages in heard]
    assert kinds[0] <= kinds[1] | {"progress_state", "progress"}


def test_the_queue_and_an_interrupt(ours_served, theirs, ours) -> None:
    ours_served.backend.script("slow", hold=Stage.DENOISING)
    slow = template("slow", n3={"steps": 100, "seed": 11})
    waits = template("slow too", n3={"steps": 100, "seed": 12})
    for client in (ours, theirs):
        with client.socket("me") as ws:
            client.prompt(slow, client_id="me", prompt_id="slow-1")
            ws.until("executing", node="3")
            client.prompt(waits, client_id="me", prompt_id="slow-2", extra_data={"note": 1})
    listed = [client.get("/queue") for client in (ours, theirs)]
    assert not reply_differences(*listed)
    for path in ("/prompt", "/history/slow-1", "/history/slow-2"):
        assert not reply_differences(*(client.get(path) for client in (ours, theirs)), values=True), path
    for body in ({"delete": ["slow-1"]}, {"delete": ["slow-2", "unknown"]}):
        assert not reply_differences(*(client.post("/queue", body) for client in (ours, theirs)))
    left = [[len(each) for each in client.get("/queue").json().values()] for client in (ours, theirs)]
    assert left == [[1, 0], [1, 0]]
    lost = [client.get("/history/slow-2").json() for client in (ours, theirs)]
    assert (list(lost[0]), lost[1]) == (["slow-2"], {})  # ours has ended: nobody polls for it for ever
    ends = []
    for client in (ours, theirs):
        with client.socket("me") as ws:
            assert client.post("/interrupt", {"prompt_id": "unknown"}).status == 200
            assert client.get("/history/slow-1").json() == {}
            client.post("/interrupt", {"prompt_id": "slow-1"})
            ends.append(ws.until("executing", node=None))
    kinds = [[m["type"] for m in messages if isinstance(m, dict)][-3:] for messages in ends]
    assert kinds[0] == kinds[1]
    told = [shape_of(messages)["execution_interrupted"] for messages in ends]
    assert not differences(*told)
    entries = [client.get("/history/slow-1").json()["slow-1"] for client in (ours, theirs)]
    assert not differences(*(entry["status"] for entry in entries))


def test_a_reconnect(ours_served, theirs, ours) -> None:
    ours_served.backend.script("slow", hold=Stage.DENOISING)
    heard = []
    for client in (ours, theirs):
        with client.socket("me") as first:
            client.prompt(template("slow again", n3={"steps": 100, "seed": 13}), client_id="me")
            first.until("executing", node="3")
            with client.socket("me") as second:
                heard.append([second.receive(), second.receive()])
                client.post("/interrupt")
                second.until("executing", node=None)
    assert heard[0] == heard[1]


def test_whoever_has_no_name_and_whoever_sends_no_flags(theirs, ours) -> None:
    heard = []
    for client in (ours, theirs):
        with client.socket() as ws:
            heard.append(ws.receive())
            ws.flags(False)
            heard.append(ws.until("feature_flags")[-1])
    assert not differences(heard[0], heard[2])
    assert heard[1] == heard[3]
