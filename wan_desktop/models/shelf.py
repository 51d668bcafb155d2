"""What is in a folder, and which of it makes a model: any transformer with any VAE and any text encoder."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, ModelMissing, WanError
from wan_desktop.domain.model import Part
from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
from wan_desktop.models.diffusers_folder import INDEX, whole_model_files
from wan_desktop.models.recognise import Found, recognise
from wan_desktop.models.tables import read_words
from wan_desktop.models.weights import CHOOSE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TOKENIZER = "tokenizer"
TOKENIZER_FILES = ("tokenizer.json", "spiece.model")
SUFFIXES = (".safetensors", ".gguf", ".pth", ".pt", ".ckpt", ".bin")
COMFY_KINDS = ("diffusion_models", "unet", "unet_gguf", "text_encoders", "clip", "vae", "checkpoints")
"""The folders in which ComfyUI keeps what a model is made of."""
_DEPTH = 8
_BEST = ("bf16", "fp16", "fp32", "fp8", "torch")
NEEDED = {
    VAE: QT_TRANSLATE_NOOP("errors", "the VAE (wan2.2_vae.safetensors)"),
    TEXT_ENCODER: QT_TRANSLATE_NOOP(
        "errors", "the text encoder (umt5_xxl_fp8_e4m3fn_scaled.safetensors, for example)"
    ),
    TOKENIZER: QT_TRANSLATE_NOOP(
        "errors", "a tokenizer (tokenizer.json or spiece.model; ComfyUI's text encoder has one inside)"
    ),
}


@dataclass(slots=True)
class Shelf:
    """Parts that are there: usable ones, whole diffusers `folders`, `tokenizers` by file, and what is wrong."""

    found: list[Found] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    tokenizers: list[Path] = field(default_factory=list)
    problems: list[WanError] = field(default_factory=list)

    def add(self, other: Shelf) -> None:
        """Take in another shelf's things, each once."""
        for mine, theirs in (
            (self.found, other.found),
            (self.folders, other.folders),
            (self.tokenizers, other.tokenizers),
            (self.problems, other.problems),
        ):
            mine.extend(item for item in theirs if item not in mine)  # type: ignore[attr-defined]

    def of(self, component: str) -> list[Found]:
        """The usable files of that component."""
        return [found for found in self.found if found.component == component]


def look_into(folder: Path, *, tell_foreign: bool = False, depth: int = _DEPTH) -> Shelf:
    """Everything in `folder` and `depth` folders below that belongs to this model.

    With `tell_foreign`, what does not is told too.
    """
    shelf = Shelf()
    if (folder / INDEX).is_file():
        take_folder(shelf, folder, tell_foreign=tell_foreign)
        return shelf
    for place, names in _walk(folder, depth):
        if INDEX in names:
            take_folder(shelf, place, tell_foreign=tell_foreign)
            continue
        shelf.tokenizers += [place / name for name in TOKENIZER_FILES if name in names][:1]
        for group in _groups(place, names):
            take(shelf, group, tell_foreign=tell_foreign)
    return shelf


def look_beside(file: Path) -> Shelf:
    """What lies beside `file`: in its folder, in the folders of the same ComfyUI, and the original's tokenizer."""
    shelf = look_into(file.parent, depth=0)
    if file.parent.name in COMFY_KINDS:
        for kind in COMFY_KINDS:
            if (file.parent.parent / kind).is_dir():
                shelf.add(look_into(file.parent.parent / kind))
    for place in (file.parent / "google" / "umt5-xxl", file.parent / TOKENIZER):
        shelf.tokenizers += [place / name for name in TOKENIZER_FILES if (place / name).is_file()][:1]
    return shelf


def take(shelf: Shelf, files: tuple[Path, ...], *, tell_foreign: bool = False) -> None:
    """Put a file, or the shards of one component, on the shelf, or what is wrong with it among the problems."""
    try:
        shelf.found.append(recognise(files))
    except ModelMissing as error:
        if tell_foreign or error.values.get("kind") != "no part of it":
            shelf.problems.append(error)
    except WanError as error:
        shelf.problems.append(error)


def take_folder(shelf: Shelf, folder: Path, *, tell_foreign: bool) -> None:
    """Put a diffusers folder on the shelf: as a whole, and its parts for other transformers."""
    try:
        files = whole_model_files(folder)
        parts = [_folder_part(folder, component, files) for component in (TRANSFORMER, VAE, TEXT_ENCODER)]
    except WanError as error:
        named = str(read_words(folder / INDEX).get("_class_name", ""))
        if tell_foreign or named.startswith("Wan"):
            shelf.problems.append(error)
        return
    shelf.folders.append(folder)
    shelf.found += parts
    shelf.tokenizers += [f for f in files if f.parent.name == TOKENIZER]


def _folder_part(folder: Path, component: str, files: list[Path]) -> Found:
    weights = tuple(f for f in files if f.parent == folder / component and f.suffix == ".safetensors")
    return replace(recognise(weights), config_file=str(folder / component / "config.json"))


def _walk(folder: Path, most: int) -> Iterator[tuple[Path, frozenset[str]]]:
    """Each folder below, with the names of its files; hidden ones and model folders' insides left out.

    Links are followed, since people put their models on another disk that way; each folder once.
    """
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        depth = len(Path(place).relative_to(folder).parts)
        stop = INDEX in files or depth >= most or real in seen
        folders[:] = [] if stop else sorted(f for f in folders if f[0] != ".")
        if real not in seen:
            yield Path(place), frozenset(files)
        seen.add(real)


def _groups(place: Path, names: frozenset[str]) -> Iterator[tuple[Path, ...]]:
    """The files of weights in one folder, shards of one index together."""
    left = sorted(n for n in names if n.endswith(SUFFIXES))
    for index in sorted(n for n in names if n.endswith(".safetensors.index.json")):
        listed = read_words(place / index).get("weight_map")
        shards = sorted({str(v) for v in listed.values()}) if isinstance(listed, dict) else []
        if shards and all(shard in left for shard in shards):
            yield tuple(place / shard for shard in shards)
            left = [name for name in left if name not in shards]
    for name in left:
        yield (place / name,)


# ---- making a model of parts


def assemble(transformer: Found, shelf: Shelf) -> tuple[Part, ...]:
    """The parts of a model around `transformer`: of several VAEs and text encoders the nearest one is taken.

    Raises ModelMissing that says what there is none of.
    """
    vae = _nearest(transformer, shelf.of(VAE))
    width = transformer.config.get("text_dim")
    fitting = [t for t in shelf.of(TEXT_ENCODER) if width is None or t.config.get("d_model", width) == width]
    encoder = _nearest(transformer, fitting)
    if vae is None or encoder is None:
        raise _incomplete(transformer, VAE if vae is None else TEXT_ENCODER)
    tokenizer = _tokenizer_for(encoder, shelf)
    if tokenizer is None:
        raise _incomplete(transformer, TOKENIZER)
    return (
        *(Part(found.component, found.files, found.config_file) for found in (transformer, vae, encoder)),
        Part(TOKENIZER, (tokenizer,)),
    )


def _nearest(to: Found, found: Iterable[Found]) -> Found | None:
    """The one whose file lies nearest; of equally near ones the more exact."""
    rank = {kind: number for number, kind in enumerate(_BEST)}
    return min(
        found,
        key=lambda f: (-_shared(to.files[0], f.files[0]), rank.get(f.precision, len(rank)), f.files),
        default=None,
    )


def _tokenizer_for(encoder: Found, shelf: Shelf) -> str | None:
    """The file with the tokenizer: the nearest one beside the text encoder, else the one inside some encoder."""
    if encoder.spiece:
        return encoder.files[0]
    near = sorted(map(str, shelf.tokenizers), key=lambda t: (-_shared(encoder.files[0], t), t))
    inside = [found.files[0] for found in shelf.of(TEXT_ENCODER) if found.spiece]
    return next(iter((*near, *inside)), None)


def _shared(one: str, other: str) -> int:
    """How many folders two paths share from the top."""
    try:
        return len(Path(os.path.commonpath([one, other])).parts)
    except ValueError:
        return 0


def _incomplete(transformer: Found, component: str) -> ModelMissing:
    return ModelMissing(
        QT_TRANSLATE_NOOP(
            "errors", "{file} is here, but {part} is missing: get it, then look for models again."
        ),
        field="model",
        action=CHOOSE,
        file=transformer.files[0],
        part=NEEDED[component],
    )
