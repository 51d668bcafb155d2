"""The same result as the stock pipelines, given the same noise and the official noise levels."""

import numpy as np
import pytest
import torch
from diffusers.pipelines.wan.pipeline_wan import WanPipeline
from diffusers.pipelines.wan.pipeline_wan_i2v import WanImageToVideoPipeline
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from diffusers.utils import logging as diffusers_logging
from PIL import Image
from support.engine_jobs import DEMO, REQUEST
from transformers import AutoTokenizer

from wan_desktop.engine.prediction import pad

STEPS, SHIFT = 4, 5.0
diffusers_logging.disable_progress_bar()


class OfficialUniPC(UniPCMultistepScheduler):
    """Stock UniPC on the official noise levels, which stock pipelines cannot be told."""

    def set_timesteps(self, num_inference_steps=None, device=None, **_):
        sigmas = np.linspace(0.999, 0, num_inference_steps + 1)[:-1]
        super().set_timesteps(sigmas=sigmas, device=device)


@pytest.fixture(scope="module")
def parts(pipeline):
    scheduler = OfficialUniPC(
        prediction_type="sample", use_flow_sigmas=True, flow_shift=SHIFT, num_train_timesteps=1000
    )
    return {
        "tokenizer": AutoTokenizer.from_pretrained(DEMO / "tokenizer", local_files_only=True),
        "text_encoder": pipeline.text_encoder,
        "transformer": pipeline.transformer,
        "vae": pipeline.vae,
        "scheduler": scheduler,
        "expand_timesteps": True,
    }


@pytest.fixture(scope="module")
def noise(pipeline):
    return pipeline.prepare_latents(
        REQUEST.height, REQUEST.width, REQUEST.num_frames, torch.Generator("cpu").manual_seed(3)
    )


def settings(guidance):
    return {
        "prompt": REQUEST.prompt,
        "negative_prompt": REQUEST.negative_prompt,
        "height": REQUEST.height,
        "width": REQUEST.width,
        "num_frames": REQUEST.num_frames,
        "num_inference_steps": STEPS,
        "guidance_scale": guidance,
    }


def relative(ours, stock):
    return float((ours - stock).abs().max() / stock.abs().max())


@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_text_to_video_equals_stock(pipeline, parts, noise, guidance):
    stock = WanPipeline(**parts)
    stock.set_progress_bar_config(disable=True)
    theirs = stock(**settings(guidance), latents=noise.clone(), output_type="latent").frames
    ours = pipeline(**settings(guidance), flow_shift=SHIFT, latents=noise.clone(), output_type="latent")
    assert relative(ours, theirs) <= 1e-4


def test_image_to_video_equals_stock(pipeline, parts, noise, picture):
    image = torch.from_numpy(picture).permute(2, 0, 1)[None] / 127.5 - 1
    stock = WanImageToVideoPipeline(**parts)
    stock.set_progress_bar_config(disable=True)
    words = {k: v for k, v in settings(5.0).items() if "prompt" in k}
    embeds = WanPipeline(**parts).encode_prompt(**words, max_sequence_length=512)  # theirs needs ftfy
    rest = {k: v for k, v in settings(5.0).items() if k not in words}
    theirs = stock(
        image=Image.fromarray(picture),
        prompt_embeds=embeds[0],
        negative_prompt_embeds=embeds[1],
        **rest,
        latents=noise.clone(),
        output_type="latent",
    ).frames
    ours = pipeline(
        image=image, **settings(5.0), flow_shift=SHIFT, latents=noise.clone(), output_type="latent"
    )
    assert relative(ours, theirs) <= 1e-4
    without = pipeline(**settings(5.0), flow_shift=SHIFT, latents=noise.clone(), output_type="latent")
    assert relative(without, theirs) > 1e-2


def test_frames_equal_stock(pipeline, parts, noise):
    stock = WanPipeline(**parts)
    stock.set_progress_bar_config(disable=True)
    theirs = stock(**settings(5.0), latents=noise.clone(), output_type="np").frames[0]
    ours = pipeline(**settings(5.0), flow_shift=SHIFT, latents=noise.clone())
    assert ours.shape == (REQUEST.num_frames, REQUEST.height, REQUEST.width, 3)
    assert np.abs(ours.astype(int) - np.round(theirs * 255).astype(int)).max() <= 1


def test_one_timestep_equals_one_per_token(pipeline, noise):
    """Text to video may tell the transformer one timestep for all tokens: it saves gigabytes at full size."""
    embeds = pipeline.encode_prompt(REQUEST.prompt)
    context = pad(embeds)
    t = torch.tensor(937)
    tokens = noise.shape[2] * noise.shape[3] // 2 * noise.shape[4] // 2
    with torch.no_grad():
        one = pipeline.transformer(noise, t.expand(1), context, return_dict=False)[0]
        each = pipeline.transformer(noise, t.expand(1, tokens), context, return_dict=False)[0]
    assert relative(one, each) <= 1e-5


def test_same_request_twice_is_identical(pipeline):
    def run(seed):
        generator = torch.Generator("cpu").manual_seed(seed)
        return pipeline(**settings(5.0), generator=generator)

    first = run(1)
    assert np.array_equal(first, run(1))
    assert not np.array_equal(first, run(2))
