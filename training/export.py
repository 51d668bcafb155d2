"""Write the demo model as a diffusers folder, small enough for a source repository and swapped in as a whole."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanTransformer3DModel
from transformers import UMT5Config, UMT5EncoderModel

from training import configs
from training.model_card import model_description
from training.tokenizer import build_tokenizer, save_tokenizer

MODEL_INDEX = {
    "_class_name": "WanPipeline",
    "_diffusers_version": "0.42.1",
    "boundary_ratio": None,
    "expand_timesteps": True,
    "scheduler": ["diffusers", "UniPCMultistepScheduler"],
    "text_encoder": ["transformers", "UMT5EncoderModel"],
    "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
    "transformer": ["diffusers", "WanTransformer3DModel"],
    "transformer_2": [None, None],
    "vae": ["diffusers", "AutoencoderKLWan"],
}


def new_vae(mean: list[float] | None = None, std: list[float] | None = None) -> AutoencoderKLWan:
    """An untrained VAE; `mean` and `std` are the 48 latent statistics of its configuration."""
    statistics = {
        "latents_mean": mean or [0.0] * configs.LATENT_CHANNELS,
        "latents_std": std or [1.0] * configs.LATENT_CHANNELS,
    }
    return AutoencoderKLWan(**configs.VAE, **statistics)


def new_transformer() -> WanTransformer3DModel:
    """An untrained transformer whose output starts at zero."""
    model = WanTransformer3DModel(**configs.TRANSFORMER)
    torch.nn.init.zeros_(model.proj_out.weight)
    return model


def new_text_encoder() -> UMT5EncoderModel:
    """An untrained umT5 encoder for the demo tokenizer's vocabulary, each head inclined towards one neighbour.

    From umT5's own start, flat in position, heads took over 5,000 steps to find word order: "a star on purple" drew
    purple stars. Inclined, they read it within 100 batches of captions.
    """
    vocabulary = build_tokenizer().get_vocab_size()
    model = UMT5EncoderModel(UMT5Config(vocab_size=vocabulary, **configs.TEXT_ENCODER))
    with torch.no_grad():
        for block in model.encoder.block:
            attention = block.layer[0].SelfAttention
            for head, offset in enumerate((-2, -1, 1, 2, 3, 4)):
                bucket = attention._relative_position_bucket(torch.tensor([[offset]])).item()
                attention.relative_attention_bias.weight[bucket, head] += 4
    return model


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON with a final newline."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def export_model(
    folder: Path,
    vae: AutoencoderKLWan,
    transformer: WanTransformer3DModel,
    text_encoder: UMT5EncoderModel,
    latent_rgb: dict[str, object],
    card: str,
) -> None:
    """Write the whole model next to `folder`, then swap it in: no reader ever sees half a model.

    VAE weights are fp16 (its pixels show rounding), the others bf16 as in the original.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    fresh.chmod(0o755)
    vae.to(torch.float16).save_pretrained(fresh / "vae")
    transformer.to(torch.bfloat16).save_pretrained(fresh / "transformer")
    text_encoder.to(torch.bfloat16).save_pretrained(fresh / "text_encoder")
    UniPCMultistepScheduler(**configs.SCHEDULER).save_pretrained(fresh / "scheduler")
    save_tokenizer(fresh / "tokenizer")
    write_json(fresh / "model_index.json", MODEL_INDEX)
    write_json(fresh / "latent_rgb.json", latent_rgb)
    write_json(fresh / "model.json", model_description())
    (fresh / "README.md").write_text(card, encoding="utf-8")
    shutil.copy(Path(__file__).with_name("PHOTOS.md"), fresh)  # who made what it learnt from travels with it
    for config in fresh.glob("*/config.json"):
        _drop_local_path(config)
    for file in fresh.rglob("*.*"):
        file.chmod(0o644)
    _swap(fresh, folder)


def _drop_local_path(config: Path) -> None:
    """Remove the path that save_pretrained may note in a configuration."""
    value = json.loads(config.read_text(encoding="utf-8"))
    value.pop("_name_or_path", None)
    write_json(config, value)


def _swap(fresh: Path, folder: Path) -> None:
    """Put `fresh` in the place of `folder` by renames."""
    old = folder.with_name(f".{folder.name}-old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def main() -> None:
    """Write a model with random weights to resources/models/demo, for building against."""
    torch.manual_seed(0)
    zeros = {"what": "untrained", "factors": [[0.01] * 3] * configs.LATENT_CHANNELS, "bias": [0.0] * 3}
    transformer = WanTransformer3DModel(**configs.TRANSFORMER)
    export_model(
        Path("resources/models/demo"),
        new_vae(),
        transformer,
        new_text_encoder(),
        zeros,
        "# Random weights, to be replaced\n",
    )


if __name__ == "__main__":
    main()
