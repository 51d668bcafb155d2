"""`docs/api.md` names every route and every node, and its examples are understood."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from pathlib import Path

import pytest

from wan_desktop.graph.checking import MAX_NODES, MAX_OUTPUTS
from wan_desktop.graph.following import MAX_PIXELS, MAX_SCALES
from wan_desktop.graph.nodes import NODES
from wan_desktop.server.ledger import MOST_HISTORY
from wan_desktop.server.records import MAX_DEPTH
from wan_desktop.server.settings import Limits
from wan_desktop.server.sockets import MAX_BYTES, MAX_WAITING

TEXT = (Path(__file__).resolve().parents[2] / "docs/api.md").read_text("utf-8")
ROUTES = re.findall(r"^### (GET|POST) (\S+)$", TEXT, re.MULTILINE)
EXAMPLES = dict(re.findall(r"^#### (\w+)\n\n[^\n]+\n\n```json\n(.*?)\n```", TEXT, re.MULTILINE | re.DOTALL))


def test_every_route_is_documented(served) -> None:
    from aiohttp import web

    from wan_desktop.server.desk import Desk
    from wan_desktop.server.routes import add_routes

    async def routes():
        app = web.Application()
        add_routes(app, Desk(served.host, served.api.settings, None))
        return {(r.method, r.resource.canonical) for r in app.router.routes() if r.method != "HEAD"}

    found = asyncio.run(routes())
    once = {(m, p) for m, p in found if not (p.startswith("/api") and (m, p.removeprefix("/api")) in found)}
    assert set(ROUTES) == once
    for method, path in once:
        if not path.startswith("/api") and path != "/":
            assert (method, "/api" + path) in found


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_has_an_example(method, path) -> None:
    section = TEXT.partition(f"### {method} {path}\n")[2].partition("\n### ")[0]
    commands = re.findall(r"^(?:curl|python) .*$", section, re.MULTILINE)
    assert commands
    pattern = re.escape(path).replace(r"\{prompt_id\}", r"\w+").replace(r"\{node\}", r"\w+")
    pattern = pattern.replace(r"\{folder\}", r"\w+")
    assert any(re.search(rf":8188{pattern}(\?|$)", word) for line in commands for word in shlex.split(line))


def test_every_node_is_documented() -> None:
    assert set(EXAMPLES) == set(NODES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_nodes_example_has_its_inputs(name) -> None:
    example = json.loads(EXAMPLES[name])
    assert example["class_type"] == name
    assert set(NODES[name].required) <= set(example["inputs"]) <= set(NODES[name].inputs)


def test_the_limits_are_those_of_the_program() -> None:
    limits = Limits()
    for told in (
        f"{limits.prompt_bytes >> 20} MiB",
        f"{limits.upload_bytes >> 20} MiB",
        f"{limits.upload_pixels // 10**6} megapixels",
        f"{limits.uploads:,} pictures, {limits.uploads_bytes // 10**9} GB",
        f"a workflow: {limits.graph_bytes >> 10} KiB, {MAX_NODES} nodes, {MAX_OUTPUTS} outputs",
        f"`extra_data`: {limits.extra_bytes >> 10} KiB; either nested {MAX_DEPTH} levels",
        f"scaled {MAX_SCALES} times, to {MAX_PIXELS // 10**6} megapixels",
        f"{limits.waiting_bytes // 10**6} MB together",
        f"{MAX_WAITING:,} messages or {MAX_BYTES // 10**6} MB unread",
        f"The newest {MOST_HISTORY:,} are listed",
        f"{limits.waiting_jobs:,} waiting jobs",
        f"{limits.requests_per_second:.0f} requests a second",
        f"{limits.burst} at once",
        f"{limits.wrong_tokens_per_minute} wrong tokens",
        f"{limits.sockets} WebSockets",
    ):
        assert told in TEXT, told
