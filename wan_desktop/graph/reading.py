"""From a checked prompt to what this model renders: links are followed back from the output nodes.

Outputs that hang on the same sampler are one clip. What is well formed but cannot be rendered here is told as
ComfyUI tells a node's own refusal (`custom_validation_failed`), at the node and input where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from wan_desktop.domain.request import Draft, Lora
from wan_desktop.graph import names, problems
from wan_desktop.graph.checking import Checked, Graph, check, order_of
from wan_desktop.graph.nodes import NODES, REROUTE
from wan_desktop.graph.problems import Problem, PromptRefused, problem

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_SHIFT = 8.0
"""ComfyUI's flow shift of this model family when no ModelSamplingSD3 says another."""
MAX_PIXELS = 64_000_000
_SEED_MASK = 2**53 - 1

_NAMED = {
    "LoadImage": "image",
    "UNETLoader": "unet_name",
    "UnetLoaderGGUF": "unet_name",
    "CheckpointLoaderSimple": "ckpt_name",
    "CLIPLoader": "clip_name",
    "VAELoader": "vae_name",
}
"""The inputs that name something on this computer."""

Place = tuple[str, str]
"""A node's id and the name of one of its inputs."""


class Here(Protocol):
    """What is on this computer, as far as a prompt can name it."""

    @property
    def names(self) -> names.ModelNames:
        """The models."""

    def images(self) -> Sequence[str]:
        """The pictures that LoadImage offers."""

    def has_image(self, name: str) -> bool:
        """True when LoadImage can load `name`. Must be safe for any text."""


@dataclass(frozen=True, slots=True)
class Scale:
    """One ImageScale: to `width` x `height` pixels (0: as the other side asks), cut to shape when `crop`."""

    width: int
    height: int
    crop: bool
    method: str


@dataclass(frozen=True, slots=True)
class StartImage:
    """Where a start image comes from: the name of an uploaded picture, or a plain `color` (0xRRGGBB) of `size`."""

    name: str = ""
    size: tuple[int, int] = (0, 0)
    color: int = 0
    scales: tuple[Scale, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a prompt asks for.

    `draft` lacks the start image, which `start` describes. `graph` is the prompt with its values converted,
    `outputs` the output nodes that will be served, `node_errors` what is wrong with the others. `places` says
    where a draft's field stands, by the names that InvalidRequest uses. `order` lists the nodes as they run.
    """

    draft: Draft
    start: StartImage | None
    graph: Graph
    outputs: list[str]
    node_errors: dict[str, Any]
    places: dict[str, Place]
    order: list[str]
    sampler: str


class _Unfit(Exception):
    def __init__(self, place: Place, sentence: str, told: Problem | None = None) -> None:
        super().__init__(sentence)
        self.node = place[0]
        self.problem = told or problems.custom(place[1], sentence)


@dataclass(slots=True)
class _Found:
    """What was read on the way from one output back to its loaders."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    start: StartImage | None = None
    sampler: str = ""

    def put(self, name: str, value: Any, place: Place, called: str = "") -> None:
        self.values[name] = value
        self.places[called or name] = place


def lists(here: Here) -> dict[str, Sequence[str]]:
    """The choices of this moment, as `nodes.Listed` names them."""
    known = here.names
    return {
        "unets": known.unets(),
        "checkpoints": known.unets(),
        "texts": known.texts(),
        "vaes": known.vaes(),
        "loras": list(known.loras),
        "images": here.images(),
    }


def read(prompt: Any, here: Here) -> Reading:
    """What the prompt asks for. Raises PromptRefused when no output of it can be served."""
    checked = check(prompt, lists(here))
    faults = {ident: found + _not_here(checked, ident, here) for ident, found in checked.faults.items()}
    first, good = _Found(), list[str]()
    for output in checked.outputs:
        if any(faults.get(ident) for ident in _needs(checked, output)):
            continue
        try:
            found = _Reader(checked.graph, here).output(output)
            _same_clip(first, found, (output, _saved_input(checked.graph, output)))
        except _Unfit as unfit:
            faults[unfit.node] = [*faults.get(unfit.node, []), unfit.problem]
            continue
        first = first if good else found
        good.append(output)
    node_errors = _node_errors(checked, faults, good)
    if not good:
        raise _all_failed(checked, faults, node_errors)
    order = order_of(checked.graph, good)
    draft = Draft(**first.values)
    return Reading(draft, first.start, checked.graph, good, node_errors, first.places, order, first.sampler)


def unfit(reading: Reading, field_name: str, sentence: str) -> PromptRefused:
    """The refusal of a value that is wrong for the model: `field_name` as InvalidRequest says it."""
    node, name = reading.places.get(field_name) or (reading.outputs[0], "")
    told = problems.custom(name or field_name, sentence)
    faults = {node: [told]}
    checked = Checked(reading.graph, reading.outputs, faults)
    return _all_failed(checked, faults, _node_errors(checked, faults, []))


def _not_here(checked: Checked, ident: str, here: Here) -> list[Problem]:
    """What the node names that is not on this computer: a picture, a model's file."""
    kind, inputs = checked.graph[ident]["class_type"], checked.graph[ident]["inputs"]
    name = _NAMED.get(kind, "")
    value = inputs.get(name)
    if not name or not isinstance(value, str):
        return []
    if kind == "LoadImage":
        return [] if here.has_image(value) else [problems.custom(name, f"Invalid image file: {value}")]
    known = {"clip_name": here.names.is_text, "vae_name": here.names.is_vae}.get(name, here.names.model)
    return [] if known(value) else [_unknown_name(kind, name, value, here)]


def _unknown_name(kind: str, name: str, value: str, here: Here) -> Problem:
    options = list(lists(here)[NODES[kind].inputs[name][0].name])
    return problems.not_in_list(name, [options], value, options)


# ---- errors


def _needs(checked: Checked, output: str) -> list[str]:
    """The output and every node that it needs, as far as its links lead somewhere."""
    try:
        return checked.ancestors(output)
    except (LookupError, TypeError, ValueError):
        return [output, *(ident for ident, found in checked.faults.items() if found)]


def _node_errors(checked: Checked, faults: dict[str, list[Problem]], good: list[str]) -> dict[str, Any]:
    bad = [output for output in checked.outputs if output not in good]
    needs = {output: set(_needs(checked, output)) for output in bad}
    return {
        ident: {
            "errors": found,
            "dependent_outputs": [output for output in bad if ident in needs[output]],
            "class_type": checked.graph[ident]["class_type"],
        }
        for ident, found in faults.items()
        if found and any(ident in needs[output] for output in bad)
    }


def _all_failed(
    checked: Checked, faults: dict[str, list[Problem]], node_errors: dict[str, Any]
) -> PromptRefused:
    own = [each for output in checked.outputs for each in faults.get(output, [])]
    details = "\n".join(f"{each['message']}: {each['details']}" for each in own)
    failed = problem("prompt_outputs_failed_validation", "Prompt outputs failed validation", details)
    return PromptRefused(failed, node_errors)


def _same_clip(first: _Found, found: _Found, place: Place) -> None:
    if first.sampler and first.sampler != found.sampler:
        raise _Unfit(
            place, "One prompt is one clip here: send the other sampler's outputs as a prompt of their own."
        )


def _saved_input(graph: Graph, output: str) -> str:
    return "video" if graph[output]["class_type"] == "SaveVideo" else "images"


# ---- following links


class _Reader:
    """Follows one output's links back; every step either finds what it needs or says why not."""

    def __init__(self, graph: Graph, here: Here) -> None:
        self._graph, self._here = graph, here
        self._found = _Found()

    def output(self, ident: str) -> _Found:
        """What the clip of the output node `ident` is made of."""
        kind = self._kind(ident)
        if kind != "PreviewImage":
            _check_prefix((ident, "filename_prefix"), str(self._value(ident, "filename_prefix")))
        place = (ident, _saved_input(self._graph, ident))
        images = self._source(*place)
        if kind == "SaveVideo":
            place = (images, "images")
            self._found.put("fps", self._fps(images), (images, "fps"))
            images = self._source(*place)
        elif kind in ("SaveWEBM", "SaveAnimatedWEBP"):
            self._found.put("fps", self._fps(ident), (ident, "fps"))
        if self._kind(images) not in ("VAEDecode", "VAEDecodeTiled"):
            raise _Unfit(
                place, "Only what the model draws is saved here: link the images of a VAEDecode node."
            )
        self._vae(images)
        self._sampler(self._source(images, "samples"), (images, "samples"))
        return self._found

    def _kind(self, ident: str) -> str:
        return str(self._graph[ident]["class_type"])

    def _source(self, ident: str, name: str) -> str:
        """The node behind an input, through reroutes."""
        source = str(self._graph[ident]["inputs"][name][0])
        while self._kind(source) == REROUTE:
            source = str(next(iter(self._graph[source]["inputs"].values()))[0])
        return source

    def _value(self, ident: str, name: str) -> Any:
        """A plain input's value, through primitives; of the type that the input has."""
        value = self._graph[ident]["inputs"].get(name)
        if not isinstance(value, list):
            return value
        source = self._source(ident, name)
        found = self._graph[source]["inputs"].get("value")
        spec = NODES[self._kind(ident)].inputs[name]
        if not self._kind(source).startswith("Primitive") or isinstance(found, list):
            raise _Unfit((ident, name), "Only a primitive node can be linked here: write the value itself.")
        if isinstance(spec[0], list) and found not in spec[0]:
            raise _Unfit((ident, name), "", problems.not_in_list(name, spec, found, spec[0]))
        return found

    def _fps(self, ident: str) -> Any:
        fps = self._value(ident, "fps")
        return int(fps) if fps == int(fps) else fps  # a fraction is refused with the model's own words

    # ---- the sampler

    def _sampler(self, ident: str, place: Place) -> None:
        kind = self._kind(ident)
        if kind not in ("KSampler", "KSamplerAdvanced"):
            raise _Unfit(place, "There is no sampler behind it: link a KSampler.")
        self._found.sampler = ident
        seed = "seed" if kind == "KSampler" else "noise_seed"
        if kind == "KSampler":
            if self._value(ident, "denoise") != 1.0:
                raise _Unfit((ident, "denoise"), "Clips are drawn from pure noise: denoise must be 1.")
        else:
            self._whole_range(ident)
        put = self._found.put
        put("seed", int(self._value(ident, seed)) & _SEED_MASK, (ident, seed))
        put("num_inference_steps", self._value(ident, "steps"), (ident, "steps"), "steps")
        put("guidance_scale", self._value(ident, "cfg"), (ident, "cfg"), "guidance")
        self._value(ident, "scheduler")
        self._model(ident)
        sampler = self._here.names.sampler(self._value(ident, "sampler_name"), self._found.values["model"])
        if sampler is None:
            raise _Unfit((ident, "sampler_name"), f"{names.FRESH_NOISE} is for few-step models: use uni_pc.")
        put("sampler", sampler, (ident, "sampler_name"))
        for name, called in (("positive", "prompt"), ("negative", "negative_prompt")):
            text = self._source(ident, name)
            self._clip(text)
            put(called, self._value(text, "text"), (text, "text"))
        self._latent(self._source(ident, "latent_image"), (ident, "latent_image"))

    def _whole_range(self, ident: str) -> None:
        wanted = {"add_noise": "enable", "return_with_leftover_noise": "disable", "start_at_step": 0}
        for name, value in wanted.items():
            if self._value(ident, name) != value:
                raise _Unfit((ident, name), f"Clips are drawn in one go: {name} must be {value}.")
        if self._value(ident, "end_at_step") < self._value(ident, "steps"):
            raise _Unfit(
                (ident, "end_at_step"), "Clips are drawn in one go: end_at_step must not be below steps."
            )

    def _latent(self, ident: str, place: Place) -> None:
        if self._kind(ident) != "Wan22ImageToVideoLatent":
            raise _Unfit(place, "Clips are drawn from pure noise: link a Wan22ImageToVideoLatent node.")
        self._vae(ident)
        if self._value(ident, "batch_size") != 1:
            raise _Unfit(
                (ident, "batch_size"), "One clip at a time: batch_size must be 1; send more prompts."
            )
        put = self._found.put
        put("width", self._value(ident, "width"), (ident, "width"), "size")
        put("height", self._value(ident, "height"), (ident, "height"), "height")
        length = self._value(ident, "length")
        put("num_frames", (length - 1) // 4 * 4 + 1, (ident, "length"), "frames")  # as the node itself rounds
        if "start_image" in self._graph[ident]["inputs"]:
            self._found.start = self._picture(self._source(ident, "start_image"), (ident, "start_image"))
            self._found.places["image"] = (ident, "start_image")

    def _picture(self, ident: str, place: Place) -> StartImage:
        scales: list[Scale] = []
        while self._kind(ident) == "ImageScale":
            values = [self._value(ident, name) for name in ("width", "height", "crop", "upscale_method")]
            if values[0] * values[1] > MAX_PIXELS:
                raise _Unfit(
                    (ident, "width"), f"A start image has at most {MAX_PIXELS} pixels: make it smaller."
                )
            scales.insert(0, Scale(values[0], values[1], values[2] == "center", values[3]))
            place, ident = (ident, "image"), self._source(ident, "image")
        if self._kind(ident) == "LoadImage":
            name = str(self._value(ident, "image"))
            if not self._here.has_image(name):
                raise _Unfit((ident, "image"), f"Invalid image file: {name}")
            self._found.places["image"] = (ident, "image")
            return StartImage(name, scales=tuple(scales))
        if self._kind(ident) != "EmptyImage":
            raise _Unfit(
                place, "A start image comes from LoadImage or EmptyImage, through ImageScale if need be."
            )
        if self._value(ident, "batch_size") != 1:
            raise _Unfit((ident, "batch_size"), "One start image: batch_size must be 1.")
        size = (self._value(ident, "width"), self._value(ident, "height"))
        return StartImage("", size, self._value(ident, "color"), tuple(scales))

    # ---- loaders

    def _model(self, ident: str) -> None:
        shift: tuple[float, Place] | None = None
        loras: list[Lora] = []
        place = (ident, "model")
        source = self._source(*place)
        while (kind := self._kind(source)) in ("ModelSamplingSD3", "LoraLoader", "LoraLoaderModelOnly"):
            if kind == "ModelSamplingSD3":
                shift = shift or (self._value(source, "shift"), (source, "shift"))  # the last one counts
            elif self._value(source, "strength_model"):
                loras.insert(0, self._lora(source))
            source = self._source(source, "model")
        self._found.values["loras"] = tuple(loras)
        self._found.put("flow_shift", *(shift or (DEFAULT_SHIFT, (ident, "model"))), called="shift")
        name = "ckpt_name" if kind == "CheckpointLoaderSimple" else "unet_name"
        called = str(self._value(source, name))
        model = self._here.names.model(called)
        if model is None:
            raise self._unknown(source, name, called)
        self._found.put("model", model, (source, name))

    def _clip(self, ident: str) -> None:
        source = self._source(ident, "clip")
        while self._kind(source) == "LoraLoader":  # ours change the transformer alone
            source = self._source(source, "clip")
        if self._kind(source) == "CLIPLoader":
            called = str(self._value(source, "clip_name"))
            if not self._here.names.is_text(called):
                raise self._unknown(source, "clip_name", called)

    def _vae(self, ident: str) -> None:
        source = self._source(ident, "vae")
        if self._kind(source) == "VAELoader":
            called = str(self._value(source, "vae_name"))
            if not self._here.names.is_vae(called):
                raise self._unknown(source, "vae_name", called)

    def _lora(self, ident: str) -> Lora:
        called = str(self._value(ident, "lora_name"))
        path = self._here.names.loras.get(called)
        if path is None:
            raise self._unknown(ident, "lora_name", called)
        self._found.places.setdefault("lora", (ident, "lora_name"))
        return Lora(path, self._value(ident, "strength_model"))

    def _unknown(self, ident: str, name: str, value: str) -> _Unfit:
        told = _unknown_name(self._kind(ident), name, value, self._here)
        return _Unfit((ident, name), told["details"], told)


def _check_prefix(place: Place, prefix: str) -> None:
    parts = prefix.replace("\\", "/").split("/")
    if ".." in parts or prefix[:1] in ("/", "\\", "~") or ":" in parts[0] or not prefix.isprintable():
        raise _Unfit(
            place, "The prefix must stay inside the output folder: no “..”, no drive, no leading slash."
        )


def with_image(draft: Draft, *, path: str | None = None, stored: str | None = None) -> Draft:
    """The draft with its start image: a file, or one of the image store by its sha256."""
    return replace(draft, image=path, stored_image=stored)
