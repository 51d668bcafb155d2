"""From a request to the graph that a ComfyUI server renders, and what had to be mapped on the way.

ComfyUI has no official schedule, no `speed` and no `precision`; another Wan Desktop understands our samplers by the
names that its API gives them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.sentence import QT_TRANSLATE_NOOP, Sentence
from wan_desktop.graph import names
from wan_desktop.graph.writing import SAMPLER, workflow

if TYPE_CHECKING:
    from wan_desktop.domain.request import RenderRequest
    from wan_desktop.graph.checking import Graph
    from wan_desktop.remote.having import Having

SCHEDULE = "simple"
AT_COMFYUI = {
    "unipc": ("uni_pc", False),
    "uni_pc": ("uni_pc", True),
    "euler": ("euler", True),
    "dpm++": ("dpmpp_2m", False),
    "fastwan": (names.FRESH_NOISE, False),
    "turbo": (names.FRESH_NOISE, False),
}
"""Our samplers: ComfyUI's name on its schedule "simple", and whether it is the same sampler."""
AT_WAN_DESKTOP = {ours: theirs for theirs, ours in names.SAMPLERS.items()}
"""The same ones by the names that another Wan Desktop's API gives them; few-step ones are FRESH_NOISE."""

_NO_SPEED = QT_TRANSLATE_NOOP("notes", "“{name}” has no speed setting: it renders exactly.")
_OWN_PRECISION = QT_TRANSLATE_NOOP("notes", "“{name}” decides itself in which precision it renders.")
_NO_SAMPLER = QT_TRANSLATE_NOOP(
    "notes",
    "“{name}” is ComfyUI, which has no sampler “{ours}” on the official schedule: {theirs} on “{schedule}” renders "
    "instead, and the clip looks different from one made here.",
)
_OTHER_SAMPLERS = QT_TRANSLATE_NOOP("notes", "Some samplers are replaced there: {samplers}.")
_OTHER_NOISE = QT_TRANSLATE_NOOP("notes", "The same seed gives another clip than here.")


@dataclass(slots=True)
class Mapped:
    """The graph to send; `notes` are sentences for the user.

    `changes` is for the recipe: what was mapped, by its name, from "ours" to "theirs" ("": the server decides).
    """

    graph: Graph
    notes: list[Sentence] = field(default_factory=list)
    changes: dict[str, dict[str, str]] = field(default_factory=dict)


def needed_nodes(request: RenderRequest) -> set[str]:
    """The kinds of nodes that the request's graph has."""
    return {node["class_type"] for node in workflow(request).values()}


def mapped(request: RenderRequest, having: Having, image: str = "") -> Mapped:
    """The request's graph for that server. `image` is what LoadImage calls the uploaded start image there."""
    found = Mapped(workflow(request, having.unet))
    _name_files(found.graph, having, image)
    _sampler(found, request, having)
    if request.speed != "exact":
        _change(
            found,
            "speed",
            request.speed,
            "exact",
            Sentence(_NO_SPEED, name=having.name),
        )
    if request.precision != "exact":
        sentence = Sentence(_OWN_PRECISION, name=having.name)
        _change(found, "precision", request.precision, "", sentence)
    if not having.wan_desktop:
        found.changes["seed"] = {"ours": str(request.seed), "theirs": ""}
    return found


def otherwise(having: Having) -> tuple[Sentence, ...]:
    """What the server renders otherwise than this computer, whatever it is asked for."""
    if having.wan_desktop:
        return ()
    other = [f"{ours} → {theirs}/{SCHEDULE}" for ours, (theirs, same) in AT_COMFYUI.items() if not same]
    return Sentence(_OTHER_SAMPLERS, samplers=", ".join(other)), Sentence(_OTHER_NOISE)


def _name_files(graph: Graph, having: Having, image: str) -> None:
    graph["38"]["inputs"]["clip_name"] = having.text
    graph["39"]["inputs"]["vae_name"] = having.vae
    if having.unet.lower().endswith(".gguf"):
        graph["37"]["class_type"] = "UnetLoaderGGUF"
        del graph["37"]["inputs"]["weight_dtype"]
    for node in graph.values():
        if node["class_type"] == "LoraLoaderModelOnly":
            node["inputs"]["lora_name"] = having.loras[node["inputs"]["lora_name"]]
    if image:
        graph["56"]["inputs"]["image"] = image


def _sampler(found: Mapped, request: RenderRequest, having: Having) -> None:
    inputs: dict[str, Any] = found.graph[SAMPLER]["inputs"]
    if having.wan_desktop:
        inputs["sampler_name"] = AT_WAN_DESKTOP.get(request.sampler, names.FRESH_NOISE)
        return
    theirs, same = AT_COMFYUI[request.sampler]
    inputs["sampler_name"], inputs["scheduler"] = theirs, SCHEDULE
    if not same:
        sentence = Sentence(
            _NO_SAMPLER, name=having.name, ours=request.sampler, theirs=theirs, schedule=SCHEDULE
        )
        _change(found, "sampler", request.sampler, f"{theirs}/{SCHEDULE}", sentence)


def _change(found: Mapped, what: str, ours: str, theirs: str, sentence: Sentence) -> None:
    found.changes[what] = {"ours": ours, "theirs": theirs}
    found.notes.append(sentence)
