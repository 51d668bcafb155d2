"""What a model says of itself: its defaults, limits, sizes and presets."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Preset:
    """A named set of sampling values. `origin` says where it comes from ("the official recipe")."""

    name: str
    label: str
    num_inference_steps: int
    guidance_scale: float
    flow_shift: float
    sampler: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Size:
    """A size the model offers: `label` is its shape ("16:9"), width and height in pixels."""

    label: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What the model can do: sides in pixels, pixels a frame, frames a clip."""

    min_side: int = 64
    max_side: int = 1920
    max_pixels: int = 1_300_000
    max_frames: int = 241


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a model: `component` is "transformer", "vae", "text_encoder" or "tokenizer".

    `files` are absolute paths of its weights (the shards in any order; for the tokenizer the one file it is in).
    `config` is the config.json beside them, or "" where the weights alone say what the network is.
    """

    component: str
    files: tuple[str, ...]
    config: str = ""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model that can render: where it lies, what it is made of and what it likes.

    `id` is "demo", or the absolute path of the folder or of the transformer's file. `parts` are its files; without
    them `path` is a diffusers folder. `variant` is "" or the few-step model it is ("fastwan", "turbo"); `ask` is
    a variant that only the file's name speaks for, until the user has said yes or no.
    `words` are those a demo model understands, by kind.
    `words_zh` and `examples_zh` are the same in Chinese. `vocabulary` holds every word that the model knows, by
    language ("en", "zh"); empty: everything is understood.
    `good_pixels` is the frame size below which the model gets visibly worse (0: none known).
    """

    id: str
    label: str
    path: str
    fingerprint: str
    demo: bool
    description: str
    width: int
    height: int
    num_frames: int
    fps: int
    negative_prompt: str
    limits: Limits
    sizes: tuple[Size, ...]
    presets: tuple[Preset, ...]
    examples: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    examples_zh: tuple[str, ...] = ()
    words_zh: dict[str, tuple[str, ...]] = field(default_factory=dict)
    vocabulary: dict[str, tuple[str, ...]] = field(default_factory=dict)
    good_pixels: int = 0
    max_prompt_tokens: int = 512
    parts: tuple[Part, ...] = ()
    variant: str = ""
    ask: str = ""

    @property
    def default_preset(self) -> Preset:
        """The preset used when none is named: the first."""
        return self.presets[0]

    def examples_in(self, language: str) -> tuple[str, ...]:
        """The examples for a language code ("en", "zh_CN"): the model's own Chinese ones, else the others."""
        return (self.examples_zh if language.startswith("zh") else ()) or self.examples

    def words_in(self, language: str) -> dict[str, tuple[str, ...]]:
        """The words by kind for a language code, as `examples_in`."""
        return (self.words_zh if language.startswith("zh") else {}) or self.words

    def part(self, component: str) -> Part | None:
        """The part of that kind, or None."""
        return next((p for p in self.parts if p.component == component), None)

    def preset(self, name: str) -> Preset | None:
        """The preset of that name, or None."""
        return next((p for p in self.presets if p.name == name), None)
