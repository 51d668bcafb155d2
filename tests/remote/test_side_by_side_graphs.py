"""The same workflows, most of them wrong, to a real ComfyUI and to ours: what differs stands here, and why."""

from __future__ import annotations

import copy

import pytest
from support.side_by_side import LORA, differences, reply_differences
from support.workflows import node, template

pytestmark = [pytest.mark.comfyui, pytest.mark.timeout(600)]

FAULT = "a fault of the client's is a 400, never a 500"


def changed(**inputs):
    return template("x", **inputs)


def without(ident, *names):
    graph = changed()
    for name in names:
        del graph[ident]["inputs"][name]
    return graph


def beside(**nodes):
    return changed() | {ident.removeprefix("n"): each for ident, each in nodes.items()}


def started_by(**image):
    return changed(n55={"start_image": ["80", 0]}) | {"80": node("LoadImage", **image)}


def with_lora(**inputs):
    lora = {"model": ["37", 0], "lora_name": LORA, "strength_model": 1.0, **inputs}
    return changed(n48={"model": ["70", 0]}) | {"70": node("LoraLoaderModelOnly", **lora)}


GRAPHS = {
    "empty": {},
    "no class_type": beside(n9={"inputs": {}}),
    "unknown class": beside(n9=node("NoSuch")),
    "class none": beside(n9={"class_type": None, "inputs": {}}),
    "node is a list": beside(n9=[]),
    "node is null": beside(n9=None),
    "no outputs": {"1": node("PrimitiveInt", value=1)},
    "missing at the output": without("58", "video"),
    "missing inside": without("57", "images"),
    "two missing": without("3", "seed", "steps"),
    "three wrong": changed(n3={"steps": 0, "cfg": 101, "denoise": 2}),
    "fps too big": changed(n57={"fps": 500}),
    "fps too small": changed(n57={"fps": 0}),
    "two outputs, both wrong": changed(n37={"unet_name": "no"})
    | {"60": node("PreviewImage", images=["8", 0])},
    "an unused node is wrong": changed(n37={"unet_name": "no"}) | {"61": node("PrimitiveInt", value="abc")},
    "a primitive is wrong": changed(n55={"width": ["61", 0]}) | {"61": node("PrimitiveInt", value="abc")},
    "picture not there": started_by(image="nope.png"),
    "picture not said": started_by(),
    "lora not there": with_lora(lora_name="gone.safetensors"),
    "lora too strong": with_lora(strength_model=101),
    "lora without model": with_lora(model="x"),
    "cycle of one": changed(n48={"model": ["48", 0]}),
    "cycle at the output": changed(n57={"images": ["57", 0]}),
    "webp": changed(n37={"unet_name": "no"})
    | {
        "60": node(
            "SaveAnimatedWEBP",
            images=["8", 0],
            filename_prefix="x",
            fps=0,
            lossless="y",
            quality=101,
            method="no",
        )
    },
    **{
        f"{name} {value!r}": changed(**{f"n{ident}": {name: value}})
        for ident, name, values in (
            (37, "unet_name", ("no", 5, None)),
            (37, "weight_dtype", ("no", ["99", 0])),
            (38, "clip_name", ("no",)),
            (38, "type", ("no",)),
            (39, "vae_name", ("no",)),
            (3, "sampler_name", ("no",)),
            (3, "scheduler", ("no",)),
            (3, "cfg", ("abc", None, {}, 101, -1)),
            (3, "seed", (-1, 2**64, "x")),
            (3, "steps", (0, 10001)),
            (6, "text", (["6", 0], ["37", 0], ["6"])),
            (55, "width", ("abc", "1.5", None, {}, "", 8, 99999, ["37"], ["37", 0, 1], ["99", 0], ["37", 5])),
            (55, "width", (["37", "x"], ["37", -1], ["37", 0], [])),
            (55, "length", (0,)),
            (48, "model", ("x", 5, None, {}, ["99", 0], ["6", 0], ["37", 0, 0], ["37", 3])),
            (48, "shift", (-1, 101)),
            (58, "video", (["99", 0], ["57", 7], ["8", 0])),
        )
        for value in values
    },
}
CYCLE = (
    {".error.details[]", ".node_errors.58"},
    "a cycle is named; theirs says that something is wrong, and not what",
)
AT_ONCE = ({"status"}, "told at once; theirs queues it, and it fails while it runs")
ANOTHER = {"another error"}
GRAPHS_INTENDED = {
    "node is null": ({"status"}, FAULT),
    "cycle of one": CYCLE,
    "cycle at the output": CYCLE,
    "text ['6', 0]": CYCLE,
    "lora without model": AT_ONCE,
    **{f"model {value!r}": AT_ONCE for value in ("x", 5, None, {})},
    "picture not said": (ANOTHER, "an input that is missing is told as that, not as a fault of the server's"),
    "width ['37', -1]": (ANOTHER, "a slot below zero is no slot; theirs counts from the end"),
}
OWN_WORDS = ("value_not_in_list", "exception_during_validation", "exception_during_inner_validation")


def comparable(body):
    """A refusal without what is each server's own: lists of names, tooltips, words of exceptions, tracebacks."""
    body = copy.deepcopy(body)
    for found in body.get("node_errors", {}).values():
        for each in found["errors"]:
            extra = each["extra_info"]
            if each["type"] in OWN_WORDS:
                each["details"] = (
                    each["details"].partition(" not in ")[0] if "not in" in each["details"] else ""
                )
                extra |= {key: "" for key in ("exception_message",) if key in extra}
            if "traceback" in extra:
                extra["traceback"] = []
            config = extra.get("input_config")
            if isinstance(config, list):
                kind = "one of a list" if isinstance(config[0], list) else config[0]
                own = ("tooltip", "options")
                extra["input_config"] = [kind, {k: v for k, v in config[1].items() if k not in own}]
            elif each["type"] == "value_not_in_list":
                extra["input_config"] = ["one of a list", {}]  # theirs is left out when it is long
        found["errors"].sort(key=lambda each: (each["type"], str(each["extra_info"].get("input_name"))))
        found["dependent_outputs"] = []  # theirs depend on the order of a set
    if "error" not in body:
        return body
    error = body["error"]
    lines = sorted(error["details"].split("\n"))
    own = ("Value not in list", "Exception when")
    error["details"] = [line.partition(":")[0] if line.startswith(own) else line for line in lines]
    return body


@pytest.mark.parametrize("name", GRAPHS)
def test_refused_workflows(plain, ours, name) -> None:
    mine, other = (client.post("/prompt", {"prompt": GRAPHS[name]}) for client in (ours, plain))
    plain.post("/queue", {"clear": True})
    wanted = GRAPHS_INTENDED.get(name, (set(), ""))[0]
    if mine.status != other.status:
        assert (mine.status, wanted) == (400, {"status"}), (mine.body, other.body)
        return
    assert mine.status == 400, mine.body
    found = set(differences(comparable(mine.json()), comparable(other.json()), values=True))
    for ident, told in mine.json()["node_errors"].items():
        there = other.json()["node_errors"].get(ident, told)
        assert set(told["dependent_outputs"]) <= set(there["dependent_outputs"])
    if wanted == ANOTHER:
        assert any(at.endswith("errors[].type") for at in found)
        assert set(mine.json()["node_errors"]) == set(other.json()["node_errors"])
        return
    assert found == wanted, found


def test_what_is_wrong_beside_a_good_output(theirs, ours) -> None:
    graph = beside(
        n60=node("SaveImage", images=["8", 0]), n61=node("SaveImage", images=["99", 0], filename_prefix="x")
    )
    mine, other = (client.post("/prompt", {"prompt": graph}) for client in (ours, theirs))
    found = differences(comparable(mine.json()), comparable(other.json()), values=True)
    assert set(found) == {".prompt_id", ".number"}
    for client, reply in ((ours, mine), (theirs, other)):
        client.history(reply.json()["prompt_id"])


@pytest.mark.parametrize(
    ("more", "status", "why"),
    [
        ({"number": -7}, 200, ""),
        ({"number": "2.5"}, 200, ""),
        ({"front": True}, 200, ""),
        ({"client_id": 5}, 200, ""),
        ({"extra_data": {"x": [1]}}, 200, ""),
        ({"prompt_id": "any-id-1"}, 200, ""),
        ({"extra_data": None}, 200, "theirs breaks over it"),
        ({"number": "x"}, 400, FAULT),
        ({"prompt_id": 5}, 400, "an id is a text; newer servers refuse it too"),
    ],
    ids=str,
)
def test_what_goes_with_a_workflow(theirs, ours, more, status, why) -> None:
    mine, other = (client.post("/prompt", {"prompt": changed(), **more}) for client in (ours, theirs))
    assert mine.status == status
    assert (other.status == status) == (not why), other.body
    for client, reply in ((ours, mine), (theirs, other)):
        if reply.status == 200:
            client.history(reply.json()["prompt_id"])
    if not why:
        found = reply_differences(mine, other)
        assert not found, found
