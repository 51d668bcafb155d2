"""What is offered for a clip that came out wrong: the likeliest first, and only what would change something."""

from dataclasses import replace

import pytest
from support.samples import a_job

from wan_desktop.domain.errors import BadOutput, OutOfMemory
from wan_desktop.domain.events import BackendState
from wan_desktop.domain.job import JobState
from wan_desktop.domain.mending import BLACK, FROZEN, PLAIN, WAYS, mends
from wan_desktop.domain.sentence import Sentence

CARD = BackendState("ready", {"device": "cuda:0", "plans": 5})
PROCESSOR = BackendState("ready", {"device": "cpu", "plans": 2})


def job(state=JobState.DONE, *, error=None, notes=(), kept_latents=False, plan=0, **request):
    made = a_job(state=state, error=error, notes=notes, kept_latents=kept_latents, plan=plan)
    values = {"guidance_scale": 5.0, "num_inference_steps": 10} | request
    return replace(made, request=replace(made.request, **values))


def ways(job, backend=PROCESSOR):
    return [mend.way for mend in mends(job, backend)]


def failed(**request):
    return job(JobState.FAILED, error=BadOutput("x").to_json(), **request)


@pytest.mark.parametrize(
    ("broken", "wanted"),
    [
        (failed(), ["guidance", "seed"]),
        (failed(guidance_scale=1.0), ["seed"]),
        (failed(precision="fp8"), ["precision", "guidance", "seed"]),
        (failed(precision="fp8", speed="fast"), ["precision", "speed", "guidance", "seed"]),
        (job(notes=(BLACK,)), ["guidance", "seed"]),
        (job(notes=(Sentence(PLAIN),)), ["steps", "guidance", "seed"]),
        (job(notes=(PLAIN,), num_inference_steps=20), ["guidance", "seed"]),
        (job(notes=(PLAIN,), sampler="turbo", num_inference_steps=4), ["guidance", "seed"]),
        (job(notes=("else", FROZEN), speed="fast"), ["speed", "seed"]),
    ],
)
def test_the_likeliest_comes_first(broken, wanted):
    assert ways(broken) == wanted


def test_black_frames_of_a_card_are_first_made_again_on_the_processor():
    black = job(notes=(BLACK,), kept_latents=True)
    assert mends(black, CARD)[0].plan == 4
    assert ways(black, CARD) == ["decode", "guidance", "seed"]
    assert ways(black, PROCESSOR) == ["guidance", "seed"], "it would compute the same"
    assert ways(job(notes=(BLACK,)), CARD) == ["guidance", "seed"], "nothing is kept"
    assert ways(job(notes=(BLACK,), kept_latents=True, plan=4), CARD)[0] != "decode", "that is what it was"
    assert ways(black, None) == ["guidance", "seed"]


@pytest.mark.parametrize(
    "fine",
    [
        job(),
        job(notes=("The last 40 words were cut",)),
        job(JobState.FAILED, error=OutOfMemory("x").to_json()),
        job(JobState.RUNNING, notes=(BLACK,)),
        job(JobState.CANCELLED, error=BadOutput("x").to_json()),
    ],
)
def test_nothing_is_offered_for_what_is_in_order(fine):
    assert mends(fine, CARD) == ()


def test_a_mended_draft_differs_in_one_value_alone():
    broken = failed(precision="fp8", speed="fast", guidance_scale=6.0, seed=7)
    drafts = {mend.way: mend.draft(broken.request) for mend in mends(broken, CARD)}
    assert drafts["precision"].precision == "exact"
    assert drafts["precision"].speed == "fast"
    assert drafts["speed"].speed == "exact"
    assert drafts["guidance"].guidance_scale == 3.5
    assert drafts["seed"].seed is None, "which means any"
    assert all(draft.prompt == broken.request.prompt for draft in drafts.values())


def test_every_way_has_words():
    broken = job(notes=(PLAIN,), precision="fp8", speed="fast", kept_latents=True)
    words = {mend.way: mend.words for mend in mends(broken, CARD)}
    assert set(words) == set(WAYS)
    assert words["guidance"] == "Draw again with guidance 3"
    assert words["steps"] == "Draw again with 20 steps"
