"""From an output node back to the loaders: what a clip's workflow says, link by link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_desktop.domain.request import Lora
from wan_desktop.graph import names, problems
from wan_desktop.graph.found import (
    Found,
    Place,
    Scale,
    StartImage,
    Unfit,
    lora_place,
    saved_input,
    unknown_name,
)
from wan_desktop.graph.node_types import Listed, choices
from wan_desktop.graph.nodes import NODES
from wan_desktop.graph.plain import primitive, source_of

if TYPE_CHECKING:
    from wan_desktop.graph.checking import Graph
    from wan_desktop.graph.found import Here

DEFAULT_SHIFT = 8.0
"""ComfyUI's flow shift of this model family when no ModelSamplingSD3 says another."""
MAX_PIXELS, MAX_SCALES = 64_000_000, 8
"""What the ImageScale nodes behind one start image may make together, and how many there may be."""
MAX_AV1_FPS = 240
"""SVT-AV1 encodes no more."""
_SEED_MASK = 2**53 - 1


class Follower:
    """Follows one output's links back; every step either finds what it needs or says why not."""

    def __init__(self, graph: Graph, here: Here) -> None:
        self._graph, self._here = graph, here
        self._found = Found()

    def output(self, ident: str) -> Found:
        """What the clip of the output node `ident` is made of."""
        kind = self._kind(ident)
        for name, spec in NODES[kind].inputs.items():
            if spec[0] not in ("IMAGE", "VIDEO"):
                self._value(ident, name)  # refused here if it is wrong: the file is made when it is fetched
        if kind != "PreviewImage":
            _check_prefix((ident, "filename_prefix"), str(self._value(ident, "filename_prefix")))
        place = (ident, saved_input(self._graph, ident))
        images = self._source(*place)
        if kind == "SaveVideo":
            place = (images, "images")
            self._found.put("fps", self._fps(images), (images, "fps"))
            images = self._source(*place)
        elif kind in ("SaveWEBM", "SaveAnimatedWEBP"):
            self._check_rate(ident)
            self._found.put("fps", self._fps(ident), (ident, "fps"))
        if self._kind(images) not in ("VAEDecode", "VAEDecodeTiled"):
            raise Unfit(
                place, "Only what the model draws is saved here: link the images of a VAEDecode node."
            )
        self._vae(images)
        self._sampler(self._source(images, "samples"), (images, "samples"))
        return self._found

    def _kind(self, ident: str) -> str:
        return str(self._graph[ident]["class_type"])

    def _source(self, ident: str, name: str) -> str:
        """The node behind an input, through reroutes."""
        return source_of(self._graph, ident, name)

    def _value(self, ident: str, name: str) -> Any:
        """A plain input's value, through primitives; of the type that the input has."""
        value = self._graph[ident]["inputs"].get(name)
        if not isinstance(value, list):
            return value
        found = primitive(self._graph, ident, name)
        spec = NODES[self._kind(ident)].inputs[name]
        if found is None:
            raise Unfit((ident, name), "Only a primitive node can be linked here: write the value itself.")
        options = None if isinstance(spec[0], Listed) else choices(spec, {})
        if options is not None and found not in options:
            raise Unfit((ident, name), "", problems.not_in_list(name, spec, found, options))
        told = problems.out_of_range(name, spec, found)
        if told is not None:
            raise Unfit((ident, name), "", told)
        return found

    def _check_rate(self, ident: str) -> None:
        """Refuse what the codec cannot: the file is made when it is fetched."""
        is_av1 = self._kind(ident) == "SaveWEBM" and self._value(ident, "codec") == "av1"
        if is_av1 and self._value(ident, "fps") > MAX_AV1_FPS:
            raise Unfit(
                (ident, "fps"), f"AV1 is at most {MAX_AV1_FPS} frames a second: choose vp9, or fewer."
            )

    def _fps(self, ident: str) -> Any:
        fps = self._value(ident, "fps")
        return int(fps) if fps == int(fps) else fps  # a fraction is refused with the model's own words

    # ---- the sampler

    def _sampler(self, ident: str, place: Place) -> None:
        kind = self._kind(ident)
        if kind not in ("KSampler", "KSamplerAdvanced"):
            raise Unfit(place, "There is no sampler behind it: link a KSampler.")
        self._found.sampler = ident
        seed = "seed" if kind == "KSampler" else "noise_seed"
        if kind == "KSampler":
            if self._value(ident, "denoise") != 1.0:
                raise Unfit((ident, "denoise"), "Clips are drawn from pure noise: denoise must be 1.")
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
            raise Unfit((ident, "sampler_name"), f"{names.FRESH_NOISE} is for few-step models: use uni_pc.")
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
                raise Unfit((ident, name), f"Clips are drawn in one go: {name} must be {value}.")
        if self._value(ident, "end_at_step") < self._value(ident, "steps"):
            raise Unfit(
                (ident, "end_at_step"), "Clips are drawn in one go: end_at_step must not be below steps."
            )

    def _latent(self, ident: str, place: Place) -> None:
        if self._kind(ident) != "Wan22ImageToVideoLatent":
            raise Unfit(place, "Clips are drawn from pure noise: link a Wan22ImageToVideoLatent node.")
        self._vae(ident)
        if self._value(ident, "batch_size") != 1:
            raise Unfit((ident, "batch_size"), "One clip at a time: batch_size must be 1; send more prompts.")
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
        pixels = 0
        while self._kind(ident) == "ImageScale":
            values = [self._value(ident, name) for name in ("width", "height", "crop", "upscale_method")]
            pixels += values[0] * values[1]
            if pixels > MAX_PIXELS:
                raise Unfit(
                    (ident, "width"),
                    f"Start images are scaled to at most {MAX_PIXELS} pixels: make it smaller.",
                )
            if len(scales) == MAX_SCALES:
                raise Unfit(
                    (ident, "image"), f"A start image is scaled at most {MAX_SCALES} times: scale it once."
                )
            scales.insert(0, Scale(values[0], values[1], values[2] == "center", values[3]))
            place, ident = (ident, "image"), self._source(ident, "image")
        if self._kind(ident) == "LoadImage":
            name = str(self._value(ident, "image"))
            if not self._here.has_image(name):
                raise Unfit((ident, "image"), f"Invalid image file: {name}")
            self._found.places["image"] = (ident, "image")
            return StartImage(name, scales=tuple(scales))
        if self._kind(ident) != "EmptyImage":
            raise Unfit(
                place, "A start image comes from LoadImage or EmptyImage, through ImageScale if need be."
            )
        if self._value(ident, "batch_size") != 1:
            raise Unfit((ident, "batch_size"), "One start image: batch_size must be 1.")
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
        self._found.places["lora"] = self._found.places[lora_place(path)] = (ident, "lora_name")
        return Lora(path, self._value(ident, "strength_model"))

    def _unknown(self, ident: str, name: str, value: str) -> Unfit:
        told = unknown_name(self._kind(ident), name, value, self._here)
        return Unfit((ident, name), told["details"], told)


def _check_prefix(place: Place, prefix: str) -> None:
    parts = prefix.replace("\\", "/").split("/")
    if ".." in parts or prefix[:1] in ("/", "\\", "~") or ":" in parts[0] or not prefix.isprintable():
        raise Unfit(
            place, "The prefix must stay inside the output folder: no “..”, no drive, no leading slash."
        )
