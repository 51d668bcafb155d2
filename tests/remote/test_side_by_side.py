"""The same requests to a real ComfyUI and to ours: whatever differs stands here, with its reason."""

from __future__ import annotations

import copy

import pytest
from support.side_by_side import differences, picture, reply_differences

from wan_desktop.graph.nodes import NODES

pytestmark = [pytest.mark.comfyui, pytest.mark.timeout(600)]

# ---- requests without a workflow

FAULT = "a fault of the client's is a 400, never a 500"
OBJECT = "a body that is no object is told"
GETS = (
    "/prompt /queue /history /history/unknown /history?max_items=2 /history?max_items=0 /history?max_items=-1 "
    "/history?max_items=2&offset=0 /history?offset=5 /history?max_items=x /system_stats /features /embeddings "
    "/models /models/diffusion_models /models/text_encoders /models/vae /models/loras /models/checkpoints "
    "/models/nosuch /object_info/NoSuch /nosuch /upload/image /view /view?filename= /view?filename=../x "
    "/view?filename=/etc/passwd /view?filename=x.png&type=zzz /view?filename=nope.png "
    "/view?filename=x.png&subfolder=../.. /view?filename=nope.png&type=input&preview=webp;90 /ws /"
).split()
POSTS = ("/queue", "/history", "/interrupt", "/free", "/prompt", "/upload/image", "/upload/mask")
BODIES = (
    b"", b"{", b"[]", b'"x"', b"null", {}, {"clear": True}, {"delete": ["x"]}, {"delete": []}, {"delete": "x"},
    {"delete": [5]}, {"prompt_id": "x"}, {"unload_models": True},
)  # fmt: skip
REQUESTS = [
    *(("GET", path, None) for path in GETS),
    *(("HEAD", path, None) for path in ("/queue", "/history", "/prompt", "/nosuch")),
    *(
        (method, path, None)
        for method, path in (("DELETE", "/prompt"), ("PUT", "/queue"), ("OPTIONS", "/prompt"))
    ),
    *(("POST", path, body) for path in POSTS for body in BODIES),
]
INTENDED = {
    "GET /history?max_items=x": ({"status": "400, theirs 500"}, FAULT),
    "GET /system_stats": (
        {
            ".system.wan_desktop_version": "too many",
            ".system.required_frontend_version": "None, theirs a text",
            ".system.required_templates_version": "None, theirs a text",
        },
        "there is no page here whose version anybody needs",
    ),
    "GET /upload/image": ({"status": "405, theirs 404"}, "there is such a route, but for POST"),
    "HEAD /nosuch": ({"content-type": ""}, "it says what a GET would"),
    "GET /": ({"content-type": "", "body": ""}, "it says what answers here; theirs is the page of a node editor"),
    "POST /free b''": ({"status": "200, theirs 500"}, "an empty body asks for nothing"),
    **{
        f"POST {path} {body}": ({"status": "400, theirs 500"}, FAULT)
        for path, bodies in {
            "/queue": (b"", b"{", b"null"),
            "/history": (b"", b"{", b"null"),
            "/interrupt": (b"[]", b'"x"', b"null"),
            "/free": (b"{", b"[]", b'"x"', b"null"),
            "/prompt": (b"", b"{", b"null"),
        }.items()
        for body in bodies
    },
    **{
        f"POST {path} {body}": ({"status": "400, theirs 200"}, OBJECT)
        for path in ("/queue", "/history")
        for body in (b"[]", b'"x"')
    },
}  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize(("method", "path", "body"), REQUESTS, ids=lambda part: str(part)[:60])
def test_requests(plain, ours, method, path, body, prefix) -> None:
    if prefix and path == "/":
        pytest.skip("there is no page under /api")
    mine, other = (client.ask(method, prefix + path, body) for client in (ours, plain))
    name = f"{method} {path}" if body is None else f"{method} {path} {body}"
    wanted = INTENDED.get(name, ({}, ""))[0]
    found = reply_differences(mine, other)
    if prefix and name == "GET /upload/image" and not found:
        return  # theirs has the page's files at the top alone
    assert set(found) == set(wanted), found
    if "status" in wanted:
        assert found == wanted


# ---- what the nodes say of themselves

NOT_THEIRS = {
    "UnetLoaderGGUF": "a node of other people's, which many have",
    "Reroute": "the editor's own, which some exports leave in",
}
EVERY_NODE = {".deprecated", ".experimental", ".api_node", ".output_tooltips"}
"""Newer nodes say this; ours all do."""


def without_words(info):
    """A node's description without texts that are each server's own, and without the lists of names."""
    info = copy.deepcopy(info)
    info["python_module"] = info["description"] = ""
    for group in ("required", "optional"):
        for name, spec in info["input"].get(group, {}).items():
            options = {
                k: v for k, v in (spec[1] if len(spec) > 1 else {}).items() if k not in ("tooltip", "options")
            }
            kind = "one of a list" if isinstance(spec[0], list) else spec[0]
            info["input"][group][name] = [kind, options]
    if "output_tooltips" in info:
        info["output_tooltips"] = None
    return info


@pytest.mark.parametrize("name", [name for name in NODES if name not in NOT_THEIRS])
def test_nodes(plain, ours, name) -> None:
    mine, other = (client.get(f"/object_info/{name}").json()[name] for client in (ours, plain))
    found = differences(without_words(mine), without_words(other), values=True)
    assert not set(found) - EVERY_NODE, found
    assert list(mine["input"]["required"]) == list(other["input"]["required"])
    for group in ("required", "optional"):
        for key, spec in mine["input"].get(group, {}).items():
            known = choices(other["input"][group][key])
            if known and not key.endswith("_name"):
                assert set(choices(spec)) <= set(known), key
    assert set(ours.get("/object_info").json()) - set(plain.get("/object_info").json()) == set(NOT_THEIRS)


def choices(spec):
    return spec[0] if isinstance(spec[0], list) else spec[1].get("options", []) if len(spec) > 1 else []


def test_samplers_are_theirs(plain, ours) -> None:
    for name in ("KSampler", "KSamplerAdvanced"):
        told = (
            client.get(f"/object_info/{name}").json()[name]["input"]["required"] for client in (ours, plain)
        )
        mine, other = (set(inputs["sampler_name"][0]) for inputs in told)
        assert mine <= other


# ---- pictures


def test_pictures(plain, ours) -> None:
    a, b = picture(), picture((0, 0, 200))
    steps = {
        "first": lambda c: c.upload(a),
        "again": lambda c: c.upload(a),
        "another": lambda c: c.upload(b),
        "over it": lambda c: c.upload(b, overwrite="true"),
        "below": lambda c: c.upload(a, subfolder="s1/s2", type="temp"),
        "outside": lambda c: c.upload(a, subfolder="../.."),
        "a name outside": lambda c: c.upload(a, "../../evil.png"),
        "another field": lambda c: c.upload(a, field="file"),
        "mask": lambda c: c.upload(a, "m.png", "/upload/mask", original_ref='{"filename": "a.png"}'),
        "back": lambda c: c.get("/view?filename=a.png&type=input"),
        "head": lambda c: c.ask("HEAD", "/view?filename=a.png&type=input"),
        "range": lambda c: c.get("/view?filename=a.png&type=input", Range="bytes=0-9"),
        "from below": lambda c: c.get("/view?filename=a.png&type=temp&subfolder=s1/s2"),
        "annotated": lambda c: c.get("/view?filename=a.png%20[input]"),
        "webp": lambda c: c.get("/view?filename=a.png&type=input&preview=webp;90"),
        "jpeg": lambda c: c.get("/view?filename=a.png&type=input&preview=jpeg"),
        "rgb": lambda c: c.get("/view?filename=a.png&type=input&channel=rgb"),
        "a": lambda c: c.get("/view?filename=a.png&type=input&channel=a"),
    }
    for name, step in steps.items():
        mine, other = step(ours), step(plain)
        assert not reply_differences(mine, other, values=True), name
        for header in ("Accept-Ranges", "Etag", "Last-Modified", "Content-Range", "Content-Disposition"):
            assert (header in mine.headers) == (header in other.headers), (name, header)
    for step, status, other in (
        (lambda c: c.upload(a, type="zzz"), 400, 500),
        (lambda c: c.upload(b"text", "x.txt"), 400, 200),
    ):
        assert (step(ours).status, step(plain).status) == (status, other)
