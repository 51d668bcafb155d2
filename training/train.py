"""Make the built-in demo model from nothing: `python -m training.train --out resources/models/demo`.

One GPU, five quarters of an hour: make the photographs first (`python -m training.photos build/photos.zip`).
`--smoke` walks through everything in seconds on a CPU and learns nothing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file

from training import diffusion, reading, vae
from training.corpus import make_corpus
from training.evaluate import table
from training.export import export_model, new_text_encoder, new_transformer, new_vae
from training.model_card import model_card
from training.pixels import photo_stack
from training.preview import fit_latent_rgb
from training.stepper import TimeBox
from training.text import FIELDS

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan, WanTransformer3DModel
    from transformers import UMT5EncoderModel

SMOKE_STEPS = 4


def save_weights(weights: dict[str, torch.Tensor], path: Path, dtype: torch.dtype) -> None:
    """Write `weights` in `dtype`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().to(dtype).contiguous().clone() for name, value in weights.items()}
    tensors.pop("encoder.embed_tokens.weight", None)  # the same tensor as shared.weight
    save_file(tensors, path)


def save_vae(model: AutoencoderKLWan, work: Path) -> None:
    """Keep a trained VAE and its latent statistics in `work`."""
    save_weights(model.state_dict(), work / "vae.safetensors", torch.float16)
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


def load_denoiser(work: Path, kept: str | None) -> tuple[UMT5EncoderModel, WanTransformer3DModel]:
    """The text encoder kept in `work`, and the transformer of file `kept` there (None: a new one)."""
    text_encoder, transformer = new_text_encoder(), new_transformer()
    load_weights(text_encoder, work / "text_encoder.safetensors")
    if kept:
        load_weights(transformer, work / kept)
    return text_encoder.eval().requires_grad_(False), transformer


def unpack_model(folder: Path, work: Path) -> None:
    """Make a work folder of a finished model, to train it on."""
    work.mkdir(parents=True, exist_ok=True)
    for part in ("vae", "transformer"):
        shutil.copy(folder / part / "diffusion_pytorch_model.safetensors", work / f"{part}.safetensors")
    shutil.copy(folder / "text_encoder" / "model.safetensors", work / "text_encoder.safetensors")
    config = json.loads((folder / "vae" / "config.json").read_text(encoding="utf-8"))
    statistics = {"mean": config["latents_mean"], "std": config["latents_std"]}
    (work / "vae.json").write_text(json.dumps(statistics), encoding="utf-8")


def train_vae_phase(args: argparse.Namespace, device: torch.device) -> None:
    """Train the VAE and keep it in the work folder."""
    stages = vae.SMOKE_STAGES if args.smoke else vae.STAGES
    steps = SMOKE_STEPS if args.smoke else 10**9
    model = vae.train_vae(args.vae_minutes * 60, device, stages, steps, args.photos)
    save_vae(model, args.work)
    print(f"vae: {vae.clip_psnr(model, device, *((1, 5) if args.smoke else (16, 25))):.2f} dB", flush=True)


def polish_phase(args: argparse.Namespace, device: torch.device) -> None:
    """Train the kept VAE on; the transformer must follow."""
    model = load_vae(args.work, device)
    stages, steps = (vae.SMOKE_STAGES, SMOKE_STEPS) if args.smoke else (vae.POLISHING, 10**9)
    vae.polish(model, args.polish_minutes * 60, stages, steps, args.photos)
    save_vae(model, args.work)
    clips = (1, 5) if args.smoke else (16, 25)
    print(f"polish: {vae.clip_psnr(load_vae(args.work, device), device, *clips):.2f} dB", flush=True)


def train_text_phase(args: argparse.Namespace, device: torch.device) -> None:
    """Teach the text encoder to read captions and keep it."""
    model = new_text_encoder().to(device)
    corpus = make_corpus(SMOKE_STEPS * 8 if args.smoke else args.captions, seed=4)
    right = reading.teach_reading(model, corpus, args.text_minutes * 60, SMOKE_STEPS if args.smoke else 10**9)
    save_weights(model.state_dict(), args.work / "text_encoder.safetensors", torch.bfloat16)
    named = ", ".join(f"{name} {share:.3f}" for name, share in zip(FIELDS, right.tolist(), strict=True))
    print(f"text: share of unseen captions read right: {named}", flush=True)


def train_diffusion_phase(args: argparse.Namespace, device: torch.device) -> None:
    """Train the transformer on the kept VAE's latents and the kept text encoder's states, and keep it too."""
    plans = diffusion.SMOKE_PLANS if args.smoke else diffusion.PLANS
    if args.warm:
        plans = tuple(replace(plan, first=1, bank=1024, workers=1) for plan in plans)
    text_encoder, transformer = load_denoiser(args.work, args.resume)
    encoders = diffusion.frozen_encoders(load_vae(args.work, device), text_encoder, device)
    photos = photo_stack(args.photos, "train", plans[0].window, device)
    course = diffusion.Course(encoders, transformer, photos, plans)
    if args.warm:
        return
    steps = SMOKE_STEPS if args.smoke else 10**9
    kept = args.work / "transformer.safetensors"
    course.run(
        TimeBox(args.diffusion_minutes * 60, steps),
        diffusion.Span(*args.span),
        keep=lambda weights: save_weights(weights, kept, torch.bfloat16),
    )
    save_weights(transformer.state_dict(), args.work / "resume.safetensors", torch.bfloat16)


def export_phase(args: argparse.Namespace, device: torch.device) -> None:
    """Write the model folder from what the work folder keeps."""
    model = load_vae(args.work, device)
    latent_rgb = fit_latent_rgb(model, device, smoke=args.smoke)
    results = args.work / "evaluation.json"
    measured = table(json.loads(results.read_text(encoding="utf-8"))) if results.is_file() else ""
    text_encoder, transformer = load_denoiser(args.work, "transformer.safetensors")
    export_model(args.out, model.cpu(), transformer, text_encoder, latent_rgb, model_card(measured))


PHASES = {
    "vae": train_vae_phase,
    "polish": polish_phase,
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
    parser.add_argument("--photos", type=Path, help="the shard of photographs; without it, only the world")
    parser.add_argument("--vae-minutes", type=float, default=8.0)
    parser.add_argument("--polish-minutes", type=float, default=13.0)
    parser.add_argument("--text-minutes", type=float, default=1.5)
    parser.add_argument("--diffusion-minutes", type=float, default=52.0)
    parser.add_argument("--captions", type=int, default=400_000, help="captions to learn reading from")
    parser.add_argument("--start", type=Path, metavar="FOLDER", help="train this finished model on")
    parser.add_argument("--resume", metavar="FILE", help="start from this transformer in the work folder")
    parser.add_argument(
        "--span",
        type=float,
        nargs=2,
        default=(0.0, 1.0),
        metavar=("BEGIN", "END"),
        help="which part of the diffusion training's learning rates this run goes through",
    )
    parser.add_argument(
        "--warm",
        action="store_true",
        help="only compile what the diffusion phase needs, beside another phase",
    )
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
    if args.start:
        unpack_model(args.start, args.work)
        args.resume = args.resume or "transformer.safetensors"
    for name in args.phases:
        begun = time.monotonic()
        PHASES[name](args, torch.device(args.device))
        print(f"{name}: {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
