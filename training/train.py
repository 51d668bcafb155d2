"""Make the built-in demo model from nothing: `python -m training.train --out resources/models/demo`.

One GPU, about twenty minutes. `--smoke` walks through everything in seconds on a CPU and learns nothing.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file
from transformers import UMT5EncoderModel

from training import diffusion, text, vae
from training.evaluate import table
from training.export import export_model, new_text_encoder, new_transformer, new_vae
from training.model_card import model_card
from training.preview import fit_latent_rgb

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan, WanTransformer3DModel

SMOKE_STEPS = 4


def save_weights(model: torch.nn.Module, path: Path, dtype: torch.dtype) -> None:
    """Write the weights of `model` in `dtype`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.to(dtype).contiguous().clone() for name, value in model.state_dict().items()}
    if isinstance(model, UMT5EncoderModel):
        tensors.pop("encoder.embed_tokens.weight", None)  # the same tensor as shared.weight
    save_file(tensors, path)


def save_vae(model: AutoencoderKLWan, work: Path) -> None:
    """Keep a trained VAE and its latent statistics in `work`."""
    save_weights(model, work / "vae.safetensors", torch.float16)
    statistics = {"mean": list(model.config.latents_mean), "std": list(model.config.latents_std)}
    (work / "vae.json").write_text(json.dumps(statistics), encoding="utf-8")


def load_vae(work: Path, device: torch.device) -> AutoencoderKLWan:
    """The VAE that `save_vae` kept."""
    statistics = json.loads((work / "vae.json").read_text(encoding="utf-8"))
    model = new_vae(statistics["mean"], statistics["std"])
    model.load_state_dict(
        {name: value.float() for name, value in load_file(work / "vae.safetensors").items()}
    )
    return model.to(device).eval().requires_grad_(False)


def load_weights(model: torch.nn.Module, path: Path) -> None:
    """Read into `model`, in float32, what `save_weights` wrote."""
    weights = {name: value.float() for name, value in load_file(path).items()}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if unexpected or set(missing) - {"encoder.embed_tokens.weight"}:
        raise ValueError(f"{path.name} does not fit: missing {missing}, unexpected {unexpected}")


def load_denoiser(work: Path) -> tuple[UMT5EncoderModel, WanTransformer3DModel]:
    """Text encoder and transformer kept in `work`."""
    text_encoder, transformer = new_text_encoder(), new_transformer()
    load_weights(text_encoder, work / "text_encoder.safetensors")
    load_weights(transformer, work / "transformer.safetensors")
    return text_encoder.eval().requires_grad_(False), transformer.eval().requires_grad_(False)


def train_vae_phase(args: argparse.Namespace, device: torch.device) -> None:
    """Train the VAE and keep it in the work folder."""
    stages = vae.SMOKE_STAGES if args.smoke else vae.STAGES
    model = vae.train_vae(args.vae_minutes * 60, device, stages, SMOKE_STEPS if args.smoke else 10**9)
    save_vae(model, args.work)
    print(f"vae: {vae.clip_psnr(model, device, *((1, 5) if args.smoke else (16, 25))):.2f} dB", flush=True)


def train_text_phase(args: argparse.Namespace, device: torch.device) -> None:
    """Teach the text encoder to read captions and keep it."""
    model = new_text_encoder().to(device)
    right = text.teach_reading(model, args.text_minutes * 60, SMOKE_STEPS if args.smoke else 10**9)
    save_weights(model, args.work / "reader.safetensors", torch.float32)
    print(
        f"text: share of captions read right {dict(zip(text.FIELDS, right.tolist(), strict=True))}",
        flush=True,
    )


def train_diffusion_phase(args: argparse.Namespace, device: torch.device) -> None:
    """Train text encoder and transformer on the kept VAE's latents, and keep them too."""
    plans = diffusion.SMOKE_PLANS if args.smoke else diffusion.PLANS
    reader, start = new_text_encoder(), None
    load_weights(reader, args.work / "reader.safetensors")
    if args.resume:
        start = new_transformer()
        load_weights(start, args.work / "transformer.safetensors")
    text_encoder, transformer = diffusion.train_denoiser(
        load_vae(args.work, device),
        reader,
        args.diffusion_minutes * 60,
        device,
        plans,
        SMOKE_STEPS if args.smoke else 10**9,
        start,
    )
    save_weights(text_encoder, args.work / "text_encoder.safetensors", torch.bfloat16)
    save_weights(transformer, args.work / "transformer.safetensors", torch.bfloat16)


def export_phase(args: argparse.Namespace, device: torch.device) -> None:
    """Write the model folder from what the work folder keeps."""
    model = load_vae(args.work, device)
    latent_rgb = fit_latent_rgb(model, device, smoke=args.smoke)
    results = args.work / "evaluation.json"
    measured = table(json.loads(results.read_text(encoding="utf-8"))) if results.is_file() else ""
    text_encoder, transformer = load_denoiser(args.work)
    export_model(args.out, model.cpu(), transformer, text_encoder, latent_rgb, model_card(measured))


PHASES = {
    "vae": train_vae_phase,
    "text": train_text_phase,
    "diffusion": train_diffusion_phase,
    "export": export_phase,
}


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=Path("resources/models/demo"), help="the model folder to write"
    )
    parser.add_argument(
        "--work", type=Path, default=Path("build/demo-training"), help="where checkpoints are kept"
    )
    parser.add_argument("--vae-minutes", type=float, default=7.0)
    parser.add_argument("--diffusion-minutes", type=float, default=9.5)
    parser.add_argument("--text-minutes", type=float, default=0.5)
    parser.add_argument("--resume", action="store_true", help="start from the transformer in the work folder")
    parser.add_argument("--phases", nargs="+", choices=list(PHASES), default=list(PHASES))
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--smoke", action="store_true", help="a few tiny steps of everything")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    """Run the chosen phases."""
    args = parse(arguments)
    torch.manual_seed(0)
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    for name in args.phases:
        begun = time.monotonic()
        PHASES[name](args, torch.device(args.device))
        print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
