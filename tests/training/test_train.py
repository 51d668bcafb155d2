"""The whole training, in miniature: the folder it writes is a working model."""

import json

import pytest
import torch
from safetensors.torch import load_file

from training.train import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("demo")
    main(["--smoke", "--device", "cpu", "--out", str(root / "model"), "--work", str(root / "work")])
    return root / "model"


def test_files_are_small_and_complete(folder) -> None:
    sizes = {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert max(sizes.values()) <= 16 * 2**20
    assert sum(sizes.values()) <= 25e6
    assert {
        "model_index.json",
        "model.json",
        "latent_rgb.json",
        "README.md",
        "PHOTOS.md",
        "tokenizer/tokenizer.json",
        "scheduler/scheduler_config.json",
        "vae/config.json",
    } <= set(sizes)
    assert "_name_or_path" not in (folder / "text_encoder/config.json").read_text()


def test_descriptions_have_what_the_app_reads(folder) -> None:
    model = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    assert model["family"] == "wan2.2-ti2v"
    assert {"words", "examples", "defaults", "limits", "presets", "negative_prompt", "sizes"} <= set(model)
    preview = json.loads((folder / "latent_rgb.json").read_text())
    assert torch.tensor(preview["factors"]).shape == (48, 3)
    assert len(preview["bias"]) == 3
    vae = json.loads((folder / "vae/config.json").read_text())
    assert len(vae["latents_mean"]) == len(vae["latents_std"]) == 48


def test_training_resumes_from_kept_weights(folder) -> None:
    work = folder.parent / "work"
    before = load_file(work / "transformer.safetensors")
    words = ["--phases", "diffusion", "--resume", "resume.safetensors", "--span", "0.5", "1"]
    main(["--smoke", "--device", "cpu", "--work", str(work), *words])
    after = load_file(work / "transformer.safetensors")
    torch.testing.assert_close(after, before, rtol=0, atol=0.01)  # a few tiny steps from where it was


def test_a_finished_model_can_be_trained_on(folder, tmp_path) -> None:
    before = load_file(folder / "transformer" / "diffusion_pytorch_model.safetensors")
    words = ["--start", str(folder), "--work", str(tmp_path), "--phases", "diffusion"]
    main(["--smoke", "--device", "cpu", *words])
    after = load_file(tmp_path / "transformer.safetensors")
    for name, value in before.items():
        torch.testing.assert_close(after[name].float(), value.float(), rtol=0, atol=0.02)


def test_diffusers_own_pipeline_draws_from_it(folder) -> None:
    from diffusers import WanPipeline

    pipe = WanPipeline.from_pretrained(folder)
    frames = pipe(
        "a red ball", height=64, width=96, num_frames=5, num_inference_steps=2, output_type="np"
    ).frames
    assert frames.shape == (1, 5, 64, 96, 3)
