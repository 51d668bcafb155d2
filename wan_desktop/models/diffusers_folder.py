"""Recognising a diffusers folder of Wan2.2-TI2V by its content, and checking that it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, ModelMissing
from wan_desktop.models.weights import missing_file, read_json, weight_files

if TYPE_CHECKING:
    from pathlib import Path

INDEX = "model_index.json"
FASTWAN = "WanDMDPipeline"
"""What FastWan's model_index.json calls its pipeline; it says nothing of expanded timesteps."""
_CHANNELS = 48
_WEIGHTS = {
    "transformer": "diffusion_pytorch_model",
    "vae": "diffusion_pytorch_model",
    "text_encoder": "model",
}
_CHOOSE = QT_TRANSLATE_NOOP("errors", "Choose another model")


def whole_model_files(folder: Path) -> list[Path]:
    """The files that make up the model, each there and whole by its header. Reads no weights.

    Raises ModelMissing when `folder` holds no Wan2.2-TI2V model or a file of it is missing, ModelDamaged when a
    file is truncated or not what it should be.
    """
    _check_kind(folder)
    files: list[Path] = []
    for component, stem in _WEIGHTS.items():
        files += [folder / component / "config.json", *weight_files(folder / component, stem)]
    files += [_present(folder / "scheduler" / "scheduler_config.json"), _tokenizer(folder / "tokenizer")]
    return files


def _check_kind(folder: Path) -> None:
    if not folder.is_dir():
        raise ModelMissing(
            QT_TRANSLATE_NOOP(
                "errors", "There is no model folder {path}: check the name, or choose another model."
            ),
            field="model",
            action=_CHOOSE,
            path=folder,
        )
    if not (folder / INDEX).is_file():
        raise ModelMissing(
            QT_TRANSLATE_NOOP(
                "errors",
                "{path} holds no model: choose a folder with model_index.json, or with the files of Wan2.2-TI2V-5B.",
            ),
            field="model",
            action=_CHOOSE,
            path=folder,
        )
    index = read_json(folder / INDEX)
    kind = index.get("_class_name")
    if kind not in ("WanPipeline", "WanImageToVideoPipeline", FASTWAN):
        raise _unfit(folder, f"a {kind}")
    if _present_component(index, "transformer_2") or index.get("boundary_ratio") is not None:
        raise _unfit(folder, "Wan2.2 A14B")
    transformer = read_json(folder / "transformer" / "config.json")
    vae = read_json(folder / "vae" / "config.json")
    read_json(folder / "text_encoder" / "config.json")
    if not index.get("expand_timesteps") and kind != FASTWAN:
        raise _unfit(folder, "Wan2.1 or another older Wan model")
    if transformer.get("in_channels") != _CHANNELS or vae.get("z_dim") != _CHANNELS:
        raise _unfit(folder, "a Wan model of another kind")


def _present_component(index: dict[str, Any], name: str) -> bool:
    return any(part is not None for part in index.get(name) or ())


def _unfit(folder: Path, kind: str) -> ModelMissing:
    return ModelMissing(
        QT_TRANSLATE_NOOP(
            "errors",
            "The model in {path} is {kind}, which cannot be used here: choose a Wan2.2-TI2V-5B folder.",
        ),
        field="model",
        action=_CHOOSE,
        path=folder,
        kind=kind,
    )


def _tokenizer(folder: Path) -> Path:
    for name in ("tokenizer.json", "spiece.model"):
        if (folder / name).is_file():
            return _present(folder / name)
    raise missing_file(folder / "tokenizer.json")


def _present(path: Path) -> Path:
    if path.suffix == ".json":
        read_json(path)
    return path
