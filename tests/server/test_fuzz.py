"""Nonsense of every kind, for a bounded time: never a 500, never silence, and the server goes on."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import string
from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.models import SPEC
from support.served import serve
from support.workflows import TEMPLATE, template

from wan_desktop.graph.names import ModelNames
from wan_desktop.graph.nodes import NODES
from wan_desktop.graph.problems import PromptRefused
from wan_desktop.graph.reading import read
from wan_desktop.server.settings import Limits

pytestmark = [
    pytest.mark.filterwarnings(f"ignore::aiohttp.{name}")  # what broken multipart makes aiohttp say
    for name in ("BadContentDispositionHeader", "BadContentDispositionParam")
]
BOUNDED = settings(
    max_examples=120,
    deadline=timedelta(seconds=5),
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


def _picture():
    from PIL import Image

    data = io.BytesIO()
    Image.new("RGB", (40, 30)).save(data, "PNG")
    return data.getvalue()


PICTURE = _picture()

LONG = ("a" * 300 + ".png", "猫" * 120 + ".png", "a/" * 9 + "x.png")
plain = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(["", "../..", "\x00", "9" * 400, "1e999", "NaN", "\ud800"]),
)
values = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
links = st.tuples(st.sampled_from([*TEMPLATE, "99", "", 3]), st.integers(-2, 4)).map(list)


PRIMITIVES = [name for name in NODES if name.startswith("Primitive")]


@st.composite
def graphs(draw):
    """The template with some of its inputs, links and nodes replaced by anything."""
    graph = template()
    for _ in range(draw(st.integers(1, 3))):
        node = graph[draw(st.sampled_from(sorted(TEMPLATE)))]
        what = draw(st.integers(0, 7))
        names = st.sampled_from([*node["inputs"], "more"]) if node["inputs"] else st.just("more")
        if what == 0:
            node["class_type"] = draw(st.sampled_from([*NODES, "NoSuch"]) | values)
        elif what == 1:
            node["inputs"].pop(draw(names), None)
        elif what == 2:
            node["inputs"][draw(names)] = draw(links)
        elif what == 3:
            graph["p"] = {"class_type": draw(st.sampled_from(PRIMITIVES)), "inputs": {"value": draw(values)}}
            graph["r"] = {"class_type": "Reroute", "inputs": {"": draw(links | st.just(["p", 0]))}}
            node["inputs"][draw(names)] = [draw(st.sampled_from("pr")), 0]
        else:
            node["inputs"][draw(names)] = draw(values)
    return graph


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    served = serve(
        tmp_path_factory.mktemp("fuzz"), limits=Limits(requests_per_second=1e6, burst=10**6, waiting_jobs=50)
    )
    yield served
    served.close()


def fine(served, reply):
    """An answer, and none that says that the server broke."""
    assert reply.status < 500 or reply.status == 507, (reply.status, reply.body)
    assert str(served.folder) not in reply.body.decode("utf-8", "replace")
    assert b"Traceback" not in reply.body


@BOUNDED
@given(graph=graphs())
def test_graphs(shared, graph) -> None:
    fine(shared, shared.client.post("/prompt", {"prompt": graph}))


class Somewhere:
    """A computer with a model that has to be named."""

    names = ModelNames((dataclasses.replace(SPEC, id="/models/Wan2.2-TI2V-5B", demo=False),))

    def images(self):
        return ["cat.png"]

    def has_image(self, name):
        return name == "cat.png"


@settings(BOUNDED, max_examples=1000)
@given(graph=graphs())
def test_graphs_where_models_have_names(graph) -> None:
    with contextlib.suppress(PromptRefused):
        read(graph, Somewhere())


def number(low, high):
    """A number in a field's range, its ends among them, or anything."""
    return st.sampled_from([low, high]) | st.floats(low, high) | plain


@settings(BOUNDED, max_examples=40)
@given(
    webm=st.fixed_dictionaries(
        {"codec": st.sampled_from(["vp9", "av1"]), "fps": number(0.01, 1000), "crf": number(0, 63)}
    ),
    webp=st.fixed_dictionaries(
        {
            "fps": number(0.01, 1000),
            "lossless": st.booleans(),
            "quality": number(0, 100),
            "method": st.sampled_from(["default", "fastest"]),
        }
    ),
)
def test_what_is_made_of_clips(shared, webm, webp) -> None:
    common = {"images": ["8", 0], "filename_prefix": "x"}
    savers = {"61": {"class_type": "SaveWEBM", "inputs": common | webm}}
    savers["62"] = {"class_type": "SaveAnimatedWEBP", "inputs": common | webp}
    reply = shared.client.post("/prompt", {"prompt": template() | savers})
    fine(shared, reply)
    if reply.status != 200:
        return  # an infinite number is no JSON
    for output in shared.client.history(reply.json()["prompt_id"])["outputs"].values():
        fetched = shared.client.get(f"/view?filename={output['images'][0]['filename']}")
        assert (fetched.status, len(fetched.body) > 100) == (200, True)


@BOUNDED
@given(body=values | st.fixed_dictionaries({"prompt": values, "number": values, "prompt_id": values}))
def test_bodies(shared, body) -> None:
    sent = json.dumps(body).encode()
    for path in ("/prompt", "/queue", "/history", "/interrupt", "/free"):
        fine(shared, shared.client.post(path, sent))


@BOUNDED
@given(
    extra=st.dictionaries(st.text(max_size=8), values, max_size=3) | values,
    client_id=values,
    number=values,
    front=values,
)
def test_what_goes_with_a_prompt(shared, extra, client_id, number, front) -> None:
    body = {
        "prompt": template(),
        "extra_data": extra,
        "client_id": client_id,
        "number": number,
        "front": front,
    }
    fine(shared, shared.client.post("/prompt", body))
    fine(shared, shared.client.get("/queue"))
    fine(shared, shared.client.get("/history"))
    fine(shared, shared.client.get("/api/jobs"))


@BOUNDED
@given(body=st.binary(max_size=300))
def test_bytes(shared, body) -> None:
    for path in ("/prompt", "/upload/image"):
        fine(shared, shared.client.post(path, body))


@BOUNDED
@given(
    path=st.text(string.printable, max_size=20),
    name=st.text(max_size=20) | st.sampled_from(["../x", "/etc/passwd", "a.png [input]", "x.mp4", *LONG]),
    more=st.text(max_size=10) | st.sampled_from(LONG),
    kind=st.sampled_from(["input", "output", "temp", "zzz", ""]) | st.text(max_size=5),
)
def test_paths(shared, path, name, more, kind) -> None:
    query = "&".join(
        f"{key}={quote(text.encode('utf-8', 'surrogatepass'))}"
        for key, text in {
            "filename": name,
            "subfolder": more,
            "type": kind,
            "preview": more,
            "channel": path,
        }.items()
    )
    fine(shared, shared.client.get(f"/view?{query}"))
    for start in ("/", "/history/", "/object_info/", "/models/", "/api/jobs/", "/view/", "/api/"):
        fine(shared, shared.client.get(start + quote(path)))
    fine(shared, shared.client.get(f"/history?max_items={quote(more)}&offset={quote(path)}"))


@BOUNDED
@given(most=st.integers() | st.integers(-(2**70), 2**70), offset=st.integers() | st.just(10**30))
def test_pages_of_lists(shared, most, offset) -> None:
    for query in (f"history?max_items={most}&offset={offset}", f"api/jobs?limit={most}&offset={offset}"):
        fine(shared, shared.client.get(f"/{query}"))


HEADERS = (
    "Range",
    "If-Range",
    "If-Modified-Since",
    "If-None-Match",
    "Accept-Encoding",
    "Cookie",
    "Content-Encoding",
)


@BOUNDED
@given(
    headers=st.dictionaries(
        st.sampled_from(HEADERS),
        st.from_regex(r"(bytes=)?[0-9]{0,30}-?[0-9]{0,30}", fullmatch=True) | st.text(string.printable[:95]),
    )
)
def test_headers(shared, headers) -> None:
    if "x.png" not in shared.client.get("/object_info/LoadImage").body.decode():
        assert shared.client.upload(PICTURE, "x.png").status == 200
    for path in ("/view?filename=x.png&type=input", "/queue"):
        fine(shared, shared.client.ask("GET", path, headers=headers))
    fine(shared, shared.client.ask("POST", "/queue", b"{}", headers))


@BOUNDED
@given(
    name=st.text(st.characters(codec="utf-8", exclude_characters='"\r\n'), max_size=40)
    | st.sampled_from(LONG),
    field=st.sampled_from(["image", "mask", "", "image\\"]),
    fields=st.dictionaries(
        st.sampled_from(["overwrite", "subfolder", "type", "original_ref"]),
        st.text(string.printable, max_size=20) | st.sampled_from([*LONG, json.dumps({"filename": LONG[0]})]),
    ),
    data=st.binary(max_size=200) | st.just(PICTURE),
    cut=st.just(0) | st.integers(0, 60),
)
def test_multipart(shared, name, field, fields, data, cut) -> None:
    lines = [
        f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
        for k, v in fields.items()
    ]
    head = f'--x\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    body = b"".join([*lines, head.encode(), data, b"\r\n--x--\r\n"])
    for path in ("/upload/image", "/upload/mask"):
        fine(
            shared,
            shared.client.post(path, body[: len(body) - cut], Content_Type="multipart/form-data; boundary=x"),
        )


@BOUNDED
@given(
    messages=st.lists(st.tuples(st.sampled_from([1, 2, 9, 10, 3, 11]), st.binary(max_size=120)), max_size=4),
    told=values,
    client_id=st.text(max_size=20),
)
def test_socket_frames(shared, messages, told, client_id) -> None:
    with shared.client.socket(quote(client_id.encode("utf-8", "surrogatepass"))) as ws:
        assert ws.receive()["type"] == "status"
        try:
            ws.send({"type": "feature_flags", "data": told})
            for opcode, data in messages:
                ws.send(data, opcode)
        except ConnectionError:
            pass  # it was right to hang up
    fine(shared, shared.client.get("/queue"))


def test_deep_and_wide_nonsense_is_answered(shared) -> None:
    for body in (b"[" * 100_000, b'{"prompt":' * 50_000, b"1" * 100_000, b'{"a":1,' * 10_000):
        reply = shared.client.post("/prompt", body)
        assert reply.status == 400
    chain = template()
    for n in range(280):
        chain[f"r{n}"] = {"class_type": "Reroute", "inputs": {"x": [f"r{n + 1}", 0]}}
    chain["r280"] = {"class_type": "Reroute", "inputs": {"x": ["37", 0]}}
    chain["48"]["inputs"]["model"] = ["r0", 0]
    assert shared.client.post("/prompt", {"prompt": chain}).status == 200
    chain["r280"]["inputs"]["x"] = ["r0", 0]
    assert shared.client.post("/prompt", {"prompt": chain}).status == 400
