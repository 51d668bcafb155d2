"""The same result as the stock pipelines, given the same noise and the official noise levels."""

import numpy as np
import pytest
import torch
from diffusers.pipelines.wan.pipeline_wan import WanPipeline
from diffusers.pipelines.wan.pipeline_wan_i2v import WanImageToVideoPipeline
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from diffusers.utils import logging as diffusers_logging
from PIL import Image
from support.engine_jobs import DEMO, REQUEST
from transformers import AutoTokenizer

from wan_desktop.engine.prediction import FLOW, SAMPLE, pad

STEPS, SHIFT = 4, 5.0
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # stock dpm++
diffusers_logging.disable_progress_bar()


class OfficialUniPC(UniPCMultistepScheduler):
    """Stock UniPC on the official noise levels, which stock pipelines cannot be told."""

    def set_timesteps(self, num_inference_steps=None, device=None, **_):
        sigmas = np.linspace(0.999, 0, num_inference_steps + 1)[:-1]
        super().set_timesteps(sigmas=sigmas, device=device)


def shifted(flat):
    return SHIFT * flat / (1 + (SHIFT - 1) * flat)


class OfficialDPM(DPMSolverMultistepScheduler):
    """Stock DPM-Solver++ on the official code's levels for it, which stock makes differently."""

    def set_timesteps(self, num_inference_steps=None, device=None, **_):
        super().set_timesteps(num_inference_steps, device=device)
        levels = shifted(np.linspace(1, 0, num_inference_steps + 1)[:-1])
        self.sigmas = torch.from_numpy(np.append(levels, 0.0)).float()
        self.timesteps = torch.from_numpy((levels * 1000).astype(np.int64))


class ComfyEuler(FlowMatchEulerDiscreteScheduler):
    """Stock's Euler on ComfyUI's schedule "simple", which at these steps is every 250th of its thousand levels."""

    def set_timesteps(self, num_inference_steps=None, device=None, **_):
        every = 1000 // num_inference_steps
        super().set_timesteps(sigmas=shifted(np.arange(1000, 0, -every) / 1000), device=device)


LEVELS = {"use_flow_sigmas": True, "flow_shift": SHIFT, "num_train_timesteps": 1000}
STOCK = {
    ("unipc", SAMPLE): lambda: OfficialUniPC(**LEVELS, prediction_type=SAMPLE),
    ("unipc", FLOW): lambda: OfficialUniPC(**LEVELS, prediction_type=FLOW),
    ("dpm++", FLOW): lambda: OfficialDPM(**LEVELS, prediction_type=FLOW, algorithm_type="dpmsolver++"),
    ("euler", FLOW): lambda: ComfyEuler(num_train_timesteps=1000, shift=1.0),
}
"""Our samplers that stock has, too: uni_pc is ComfyUI's own (`test_samplers.py`), few-step ones are their models'.

The built-in transformer says SAMPLE, the 5 B FLOW: the same network serves for both, since nobody looks at what
comes out."""


@pytest.fixture(scope="module", params=list(STOCK), ids="-".join)
def case(request, pipeline):
    said = pipeline.transformer.prediction_type
    pipeline.transformer.prediction_type = request.param[1]
    yield request.param
    pipeline.transformer.prediction_type = said


@pytest.fixture(scope="module")
def sampler(case):
    return case[0]


@pytest.fixture(scope="module")
def parts(pipeline, case):
    scheduler = STOCK[case]()
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


def settings(guidance, sampler=None):
    """What both are told; our own pipeline the `sampler`, too."""
    return {
        **({} if sampler is None else {"sampler": sampler, "flow_shift": SHIFT}),
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
def test_text_to_video_equals_stock(pipeline, parts, noise, sampler, guidance):
    stock = WanPipeline(**parts)
    stock.set_progress_bar_config(disable=True)
    theirs = stock(**settings(guidance), latents=noise.clone(), output_type="latent").frames
    ours = pipeline(**settings(guidance, sampler), latents=noise.clone(), output_type="latent")
    assert relative(ours, theirs) <= 1e-4


def test_image_to_video_equals_stock(pipeline, parts, noise, sampler, picture):
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
    ours = pipeline(image=image, **settings(5.0, sampler), latents=noise.clone(), output_type="latent")
    assert relative(ours, theirs) <= 1e-4
    without = pipeline(**settings(5.0, sampler), latents=noise.clone(), output_type="latent")
    assert relative(without, theirs) > 1e-2


def test_frames_equal_stock(pipeline, parts, noise, sampler):
    stock = WanPipeline(**parts)
    stock.set_progress_bar_config(disable=True)
    theirs = stock(**settings(5.0), latents=noise.clone(), output_type="np").frames[0]
    ours = pipeline(**settings(5.0, sampler), latents=noise.clone())
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
