"""Every rule a draft must obey."""

from __future__ import annotations

import math

import pytest

from wan_desktop.domain.errors import InvalidRequest, WanError
from wan_desktop.domain.request import Draft, RenderRequest
from wan_desktop.domain.validate import resolve


def test_an_empty_draft_with_a_prompt_takes_the_models_defaults(model):
    request = resolve(Draft(prompt="a lighthouse"), model)
    assert (request.width, request.height, request.num_frames, request.fps) == (1280, 704, 121, 24)
    assert (request.num_inference_steps, request.guidance_scale, request.flow_shift) == (50, 5.0, 5.0)
    assert request.negative_prompt == "色调艳丽"
    assert request.preset == "official"
    assert 0 <= request.seed < 2**32


def test_a_preset_gives_its_values_and_single_fields_go_before_it(model):
    request = resolve(Draft(prompt="x", preset="draft", guidance_scale=7), model)
    assert (request.num_inference_steps, request.guidance_scale, request.flow_shift) == (10, 7.0, 8.0)


def test_an_emptied_negative_prompt_stays_empty(model):
    assert resolve(Draft(prompt="x", negative_prompt=""), model).negative_prompt == ""


def test_an_image_needs_no_prompt_and_gives_the_size(model):
    request = resolve(Draft(stored_image="a" * 64), model, image_size=(3000, 4000))
    assert request.image == "a" * 64
    assert request.height > request.width
    assert request.width % 32 == request.height % 32 == 0
    assert request.width * request.height <= 1280 * 704


@pytest.mark.parametrize("shape", [(1, 60_000), (60_000, 1), (5, 5), (8000, 500)])
def test_an_image_of_any_shape_gives_a_size_inside_the_limits(model, shape):
    request = resolve(Draft(stored_image="a" * 64), model, image_size=shape)
    for side in (request.width, request.height):
        assert 64 <= side <= 1920
        assert side % 32 == 0


def test_two_drafts_without_a_seed_get_different_ones(model):
    assert resolve(Draft(prompt="x"), model).seed != resolve(Draft(prompt="x"), model).seed


def test_seconds_become_the_nearest_4n_plus_1_frames(model):
    assert resolve(Draft(prompt="x", seconds=5), model).num_frames == 121
    assert resolve(Draft(prompt="x", seconds=0.05), model).num_frames == 1
    assert resolve(Draft(prompt="x", seconds=1.0, fps=16), model).num_frames == 17


REFUSED = [
    (Draft(), "prompt", "write a sentence"),
    (Draft(prompt=" \n\t\x00 "), "prompt", "write a sentence"),
    (Draft(prompt="x" * 10_001), "prompt", "10000"),
    (Draft(prompt="x", negative_prompt="x" * 10_001), "negative_prompt", "10000"),
    (Draft(prompt="x", width=1281), "size", "use 1280 or 1312"),
    (Draft(prompt="x", height=720), "size", "use 704 or 736"),
    (Draft(prompt="x", width=32), "size", "between 64 and 1920"),
    (Draft(prompt="x", width=1952), "size", "between 64 and 1920"),
    (Draft(prompt="x", width=-32), "size", "between 64 and 1920"),
    (Draft(prompt="x", width=0), "size", "between 64 and 1920"),
    (Draft(prompt="x", width=1920, height=1088), "size", "1300000"),
    (Draft(prompt="x", num_frames=120), "frames", "use 117 or 121"),
    (Draft(prompt="x", num_frames=240), "frames", "use 237 or 241"),
    (Draft(prompt="x", num_frames=0), "frames", "1 to 241"),
    (Draft(prompt="x", num_frames=242), "frames", "1 to 241"),
    (Draft(prompt="x", num_frames=245), "frames", "1 to 241"),
    (Draft(prompt="x", num_frames=25, seconds=1), "frames", "not both"),
    (Draft(prompt="x", seconds=0), "seconds", "0.01"),
    (Draft(prompt="x", seconds=11), "seconds", "10.0417"),
    (Draft(prompt="x", num_inference_steps=0), "steps", "1 to 200"),
    (Draft(prompt="x", num_inference_steps=201), "steps", "1 to 200"),
    (Draft(prompt="x", num_inference_steps=2.5), "steps", "whole number"),
    (Draft(prompt="x", guidance_scale=-0.1), "guidance", "0 to 30"),
    (Draft(prompt="x", guidance_scale=30.5), "guidance", "0 to 30"),
    (Draft(prompt="x", guidance_scale=math.nan), "guidance", "not a number"),
    (Draft(prompt="x", guidance_scale=math.inf), "guidance", "not a number"),
    (Draft(prompt="x", flow_shift=0.05), "shift", "0.1 to 20"),
    (Draft(prompt="x", flow_shift=21), "shift", "0.1 to 20"),
    (Draft(prompt="x", flow_shift="5"), "shift", "not a number"),
    (Draft(prompt="x", fps=0), "fps", "1 to 60"),
    (Draft(prompt="x", fps=61), "fps", "1 to 60"),
    (Draft(prompt="x", fps=True), "fps", "not a number"),
    (Draft(prompt="x", seed=-1), "seed", "0 to"),
    (Draft(prompt="x", seed=2**53), "seed", "0 to"),
    (Draft(prompt="x", sampler="ddim"), "sampler", "unipc"),
    (Draft(prompt="x", precision="int4"), "precision", "fp8"),
    (Draft(prompt="x", speed="warp"), "speed", "fast"),
    (Draft(prompt="x", preset="turbo"), "preset", "official, draft"),
]


@pytest.mark.parametrize(("draft", "field", "way_out"), REFUSED)
def test_bad_values_are_refused_with_the_field_and_the_way_out(model, draft, field, way_out):
    with pytest.raises(InvalidRequest) as refused:
        resolve(draft, model)
    assert refused.value.field == field
    assert way_out in refused.value.sentence
    assert "{" not in refused.value.sentence


def test_the_edges_of_every_range_are_allowed(model):
    low = Draft(
        prompt="x",
        width=64,
        height=64,
        num_frames=1,
        num_inference_steps=1,
        guidance_scale=0,
        flow_shift=0.1,
        fps=1,
    )
    high = Draft(
        prompt="x" * 10_000, width=1920, height=672, num_frames=241, num_inference_steps=200, guidance_scale=30,
        flow_shift=20, fps=60, seed=2**53 - 1,
    )  # fmt: skip
    assert resolve(low, model).num_frames == 1
    assert resolve(high, model).seed == 2**53 - 1


def test_control_characters_are_stripped_and_every_script_stays(model):
    typed = "a\x00 red\x1b[31m ball\u202e\r\nقطة 猫 кот 👩‍🚀\ufeff\t!"
    assert resolve(Draft(prompt=typed), model).prompt == "a red[31m ball\nقطة 猫 кот 👩‍🚀\t!"


def test_a_request_survives_json_and_makes_the_draft_that_makes_it_again(model):
    request = resolve(Draft(prompt="a cat", seed=7, guidance_scale=6.5), model)
    assert RenderRequest.from_json(request.to_json()) == request
    assert RenderRequest.from_json({**request.to_json(), "of_a_newer_version": 1}) == request
    assert resolve(Draft.from_request(request), model) == request


def test_an_error_survives_json_with_its_kind_and_words(model):
    with pytest.raises(InvalidRequest) as refused:
        resolve(Draft(prompt="x", height=720), model)
    back = WanError.from_json(refused.value.to_json())
    assert type(back) is InvalidRequest
    assert (back.sentence, back.field) == (refused.value.sentence, "size")
