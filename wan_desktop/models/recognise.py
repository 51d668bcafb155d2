"""Which part of which model a file holds: told by what is in it, never by its name."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from wan_desktop.domain import weight_names
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, ModelDamaged, ModelMissing
from wan_desktop.domain.weight_names import SPIECE, TEXT_ENCODER, TRANSFORMER, VAE
from wan_desktop.domain.weight_shapes import CHANNELS, config_of, count, expected_names, mended
from wan_desktop.models.few_step import told_by
from wan_desktop.models.tables import Table, read_table, read_words
from wan_desktop.models.weights import CHOOSE, damaged_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SCALES = (".scale_weight", ".weight_scale")
_SIDE = (*_SCALES, ".weight_scale_2", ".scale_input", ".input_scale", ".comfy_quant")
_BLOCK = r"blocks\.(\d+)\."
_FOREIGN = {
    "vace": "Wan VACE",
    "img_emb": "an image-to-video model of 14 B",
    "control_adapter": "Wan Fun Control",
    "ref_conv": "Wan Fun Control",
    "motion_encoder": "Wan Animate",
    "face_adapter": "Wan Animate",
    "casual_audio_encoder": "Wan S2V",
}


_READABLE = frozenset(
    [
        "F32",
        "F16",
        "BF16",
        "Q4_0",
        "Q4_1",
        "Q5_0",
        "Q5_1",
        "Q8_0",
        "Q2_K",
        "Q3_K",
        "Q4_K",
        "Q5_K",
        "Q6_K",
        "IQ4_NL",
        "IQ4_XS",
    ]
)
"""GGUF's ways of storing weights that the engine can unpack."""
_FLOATS = frozenset(["F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"])
"""Those of safetensors."""


@dataclass(frozen=True, slots=True)
class Found:
    """A usable file (or set of shards): `component`, its `config`, and in which `precision` it is stored.

    `spiece`: a tokenizer lies inside. `variant`: the few-step model that the file's own words name, or "".
    """

    component: str
    files: tuple[str, ...]
    config: dict[str, Any]
    precision: str
    spiece: bool = False
    variant: str = ""
    config_file: str = ""


def recognise(paths: tuple[Path, ...]) -> Found:
    """What the file, or the shards of one component, hold.

    Raises ModelMissing when it is a part of another model, with the name of that model; ModelDamaged when the
    file is cut short, is an unsafe pickle, or weights are missing.
    """
    tables = [read_table(path) for path in paths]
    shapes = {name: shape for table in tables for name, shape in table.shapes.items()}
    try:
        if tables[0].format == "torch":
            return _torch_part(paths[0], shapes)
        return _part(paths, tables, shapes)
    except KeyError as error:
        raise damaged_file(paths[0], f"weights are missing, such as {error}") from error
    except (IndexError, ValueError, ZeroDivisionError) as error:
        raise damaged_file(paths[0], f"its weights have shapes that no network has: {error}") from error


def _part(paths: tuple[Path, ...], tables: list[Table], shapes: Mapping[str, tuple[int, ...]]) -> Found:
    first = paths[0]
    prefix = weight_names.prefix_of(shapes)
    names = {n.removeprefix(prefix): s for n, s in shapes.items() if not _is_side(n)}
    component = weight_names.component_of(names)
    if component is None:
        raise _other(first, "no part of it")
    weights = {weight_names.canonical(component, name): shape for name, shape in names.items()}
    weights = mended(weights) if tables[0].format == "gguf" else weights
    _refuse_other(component, first, weights)
    _refuse_unreadable(first, tables)
    config = _checked(component, first, weights)
    metadata = {k: v for table in tables for k, v in table.metadata.items()}
    return Found(
        component,
        tuple(map(str, paths)),
        config,
        _precision(tables),
        spiece=SPIECE in shapes,
        variant=told_by(" ".join((*metadata, *map(str, metadata.values())))),
        config_file=_config_beside(component, first),
    )


def _is_side(name: str) -> bool:
    return name in (SPIECE, "scaled_fp8") or name.endswith(_SIDE)


def _config_beside(component: str, first: Path) -> str:
    """The original release's config.json beside its shards, which says how many heads there are."""
    beside = first.parent / "config.json"
    told = read_words(beside) if component == TRANSFORMER else {}
    return str(beside) if "num_heads" in told and "dim" in told else ""


def _refuse_other(component: str, path: Path, weights: Mapping[str, tuple[int, ...]]) -> None:
    """Raise ModelMissing when these are the weights of a model of the same family, but another one."""
    if component == TRANSFORMER:
        kind = next((told for part, told in _FOREIGN.items() if any(part in name for name in weights)), "")
        width, channels = (*weights.get("patch_embedding.weight", (0, 0)), 0)[:2]
        if not kind and channels != CHANNELS:
            kind = {5120: "a Wan model of 14 B", 1536: "Wan2.1 1.3B"}.get(width, "another Wan model")
        if kind:
            raise _other(path, kind)
    elif component == VAE:
        stem = weights.get("decoder.conv_in.weight", (0, CHANNELS))
        if stem[1] == 16:
            raise _other(path, "the VAE of Wan2.1")
        if stem[1] != CHANNELS:
            raise _other(path, "the VAE of another model")
    elif "encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight" not in weights:
        raise _other(path, "T5 or another text encoder, not umT5")


def _checked(component: str, path: Path, weights: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The configuration, when every weight that it asks for is there. Raises ModelDamaged."""
    config = config_of(component, weights)
    missing = expected_names(component, config) - set(weights)
    if missing:
        raise damaged_file(path, f"{len(missing)} weights are missing, such as {min(missing)}")
    return config


def _refuse_unreadable(path: Path, tables: list[Table]) -> None:
    """Raise ModelDamaged when the weights are stored in a way that the engine cannot unpack."""
    for table in tables:
        known = _READABLE if table.format == "gguf" else _FLOATS
        unknown = {kind for name, kind in table.dtypes.items() if not _is_side(name)} - known
        if unknown:
            raise _unreadable(path, f"as {min(unknown)}")
        for name, shape in table.shapes.items():
            layer = next((name.removesuffix(s) for s in _SCALES if name.endswith(s)), None)
            rows = table.shapes.get(f"{layer}.weight", (1,))[:1]
            if layer is not None and prod(shape) not in (1, *rows):  # mxfp8, nvfp4
                raise _unreadable(path, "with a scale for every few numbers")


def _unreadable(path: Path, how: str) -> ModelDamaged:
    return ModelDamaged(
        QT_TRANSLATE_NOOP(
            "errors",
            "{file} stores its weights in a way that cannot be read here ({how}): "
            "get them as fp16, bf16, fp8 or GGUF.",
        ),
        field="model",
        action=CHOOSE,
        file=path,
        how=how,
    )


def _torch_part(path: Path, names: Mapping[str, tuple[int, ...]]) -> Found:
    """A torch file tells names only: enough to know the two that the original release has."""
    marks = ("blocks.0.", "decoder.conv1.", "token_embedding.")
    prefix = next(
        (p for p in weight_names.PREFIXES if any(n.startswith(p + m) for n in names for m in marks)), ""
    )
    known = {name.removeprefix(prefix) for name in names if "." in name and name.startswith(prefix)}
    component = weight_names.component_of(known)
    if component == VAE and "decoder.upsamples.0.upsamples.0.residual.2.weight" in known:
        weights = {weight_names.canonical(VAE, name) for name in known}
        needed = {"encoder.conv_in.weight", "decoder.conv_out.weight", "quant_conv.weight"}
    elif component == VAE:
        raise _other(path, "the VAE of Wan2.1")
    elif component == TEXT_ENCODER and "blocks.1.pos_embedding.embedding.weight" in known:
        weights = {weight_names.canonical(TEXT_ENCODER, name) for name in known}
        needed = set(expected_names(TEXT_ENCODER, {"num_layers": count(known, _BLOCK)}))
    elif component == TRANSFORMER:
        weights = {weight_names.canonical(TRANSFORMER, name) for name in known}
        needed = set(
            expected_names(TRANSFORMER, {"num_layers": count(known, _BLOCK), "cross_attn_norm": True})
        )
    else:
        raise _other(path, "no part of it")
    if missing := needed - weights:
        raise damaged_file(path, f"{len(missing)} weights are missing, such as {min(missing)}")
    return Found(component or "", (str(path),), {}, "torch")


def _precision(tables: list[Table]) -> str:
    """The type that most weights are stored in, as people call it: "fp16", "bf16", "fp8", "Q4_K", …"""
    kinds = [kind for table in tables for name, kind in table.dtypes.items() if not _is_side(name)]
    matrices = [k for k in kinds if k not in ("F32", "U8")] or kinds
    common = max(sorted(set(matrices)), key=matrices.count, default="")
    return {"F16": "fp16", "BF16": "bf16", "F32": "fp32", "F8_E4M3": "fp8", "F8_E5M2": "fp8"}.get(
        common, common
    )


def _other(path: Path, kind: str) -> ModelMissing:
    return ModelMissing(
        QT_TRANSLATE_NOOP(
            "errors",
            "{file} is {kind}, which cannot be used here: this program runs Wan2.2-TI2V-5B.",
        ),
        field="model",
        action=CHOOSE,
        file=path,
        kind=kind,
    )
