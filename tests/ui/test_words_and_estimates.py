"""Words for values and errors, and what a render will take."""

from __future__ import annotations

import pytest
from support.models import SPEC

from wan_desktop.domain.errors import InvalidRequest
from wan_desktop.domain.job import Clip, JobState, Stage
from wan_desktop.domain.request import Draft
from wan_desktop.domain.validate import resolve
from wan_desktop.ui import texts
from wan_desktop.ui.panels.create import estimate


def test_every_state_and_stage_has_a_name():
    assert len({texts.state_name(s) for s in JobState}) == len(JobState)
    assert len({texts.stage_name(s) for s in Stage}) == len(Stage)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (59.4, "59 s"), (220, "3 min 40 s"), (3900, "1 h 5 min")]
)
def test_durations(seconds, text):
    assert texts.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(38_200, "38 KB"), (412_000, "0.4 MB"), (12_000_000, "12 MB"), (5_000_000, "5 MB")]
)
def test_file_sizes(count, text):
    assert texts.megabytes(count) == text


def test_numbers_have_no_idle_zeros():
    assert [texts.number(v, 2) for v in (5.0, 5.5, 5.25, 5.256)] == ["5", "5.5", "5.25", "5.26"]


def test_sentences_are_filled():
    error = InvalidRequest("{value} is outside {field_name}.", field="steps", value=300, field_name="steps")
    assert texts.sentence(error) == "300 is outside steps."


def clip(
    request,
    *,
    denoising: float,
    encoding: float = 0.5,
    decoding: float = 1.0,
    device: str = "CPU",
    at: float = 0,
) -> Clip:
    made_by = {
        "device_name": device,
        "seconds": {"encoding": encoding, "denoising": denoising, "decoding": decoding},
    }
    recipe = {"request": request.to_json(), "made_by": made_by}
    return Clip(f"c{at}", "j", "", "", at, 40_000, recipe)


def test_estimates_scale_with_pixels_frames_and_steps():
    request = resolve(Draft(prompt="x"), SPEC)
    rates = estimate.learn([clip(request, denoising=10.0, at=n) for n in range(3)], SPEC.fingerprint, "CPU")
    assert estimate.predict(rates, request).seconds == pytest.approx(11.5)
    assert estimate.predict(rates, request).bytes == pytest.approx(40_000)
    half = resolve(Draft(prompt="x", preset="demo-draft"), SPEC)
    assert estimate.predict(rates, half).seconds == pytest.approx(6.5)
    unguided = resolve(Draft(prompt="x", guidance_scale=1.0), SPEC)
    assert estimate.predict(rates, unguided).seconds == pytest.approx(6.5)


def test_only_clips_of_the_same_model_and_device_count():
    request = resolve(Draft(prompt="x"), SPEC)
    clips = [clip(request, denoising=10.0, device="another")]
    assert estimate.learn(clips, SPEC.fingerprint, "CPU") is None
    assert estimate.learn(clips, "other model", "another") is None
    assert estimate.learn([], SPEC.fingerprint, "CPU") is None


def test_clips_of_renders_that_went_on_do_not_count():
    """Their seconds are those of the last steps alone."""
    request = resolve(Draft(prompt="x"), SPEC)
    whole, went_on = clip(request, denoising=10.0), clip(request, denoising=1.0, at=5)
    went_on.recipe["made_by"]["resumed_step"] = 18
    assert estimate.learn([went_on], SPEC.fingerprint, "CPU") is None
    rates = estimate.learn([whole, went_on], SPEC.fingerprint, "CPU")
    assert rates == estimate.learn([whole], SPEC.fingerprint, "CPU")


def test_the_newest_clips_count_and_odd_ones_do_not():
    request = resolve(Draft(prompt="x"), SPEC)
    old = [clip(request, denoising=99.0, at=n) for n in range(5)]
    new = [clip(request, denoising=10.0, at=100 + n) for n in range(estimate.RECENT)]
    odd = Clip("odd", "j", "", "", 1000, 5, {"request": request.to_json()})
    rates = estimate.learn([*old, *new, odd], SPEC.fingerprint, "CPU")
    assert estimate.predict(rates, request).seconds == pytest.approx(11.5)


def test_the_foot_is_honest(qtbot):
    from wan_desktop.ui.panels.create.foot import Foot

    foot = Foot()
    qtbot.addWidget(foot)
    foot.show_estimate(None, "cpu", known=False)
    assert "No estimate yet" in foot.note.text()
    foot.show_estimate(estimate.Estimate(220, 12e6), "gpu", known=True)
    assert foot.note.text() == "about 3 min 40 s on this GPU · 12 MB"
