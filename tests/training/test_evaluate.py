"""Measuring: a batch is what the product draws one by one, and rendered clips get full marks."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from training.evaluate import main, parse, vae_rows
from training.evaluate_rows import Row, decibels, table
from training.evaluate_sampling import Ask, decode, generate, load, sample

DEMO = Path(__file__).parents[2] / "resources" / "models" / "demo"
STEPS = 3


@pytest.fixture(scope="module")
def pipeline():
    return load(DEMO, torch.device("cpu"))


def asks(with_images: bool):
    """Two small clips of different prompts, seeds and start images."""
    y, x = np.mgrid[0:64, 0:96]
    image = np.stack([x * 2, y * 3, 255 - x - y], axis=-1).astype(np.uint8)
    small = Ask("a red ball over blue", 3, "a star", image if with_images else None, 5.0, 9, 64, 96)
    other = replace(small, prompt="a green star moving left over a white background", seed=4)
    return [small, replace(other, image=image[::-1].copy()) if with_images else other]


def one_by_one(pipeline, ask, output_type):
    """What the product makes of `ask`."""
    image = ask.image
    return pipeline(
        ask.prompt,
        ask.negative,
        None if image is None else torch.from_numpy(image).permute(2, 0, 1)[None] / 127.5 - 1,
        height=ask.height,
        width=ask.width,
        num_frames=ask.frames,
        num_inference_steps=STEPS,
        generator=torch.Generator("cpu").manual_seed(ask.seed),
        output_type=output_type,
    )


@pytest.mark.parametrize("with_images", [False, True])
def test_a_batch_equals_the_product_clip_by_clip(pipeline, with_images) -> None:
    pair = asks(with_images)
    latents = sample(pipeline, pair, STEPS)
    frames = decode(pipeline, latents)
    for ask, ours, clip in zip(pair, latents, frames, strict=True):
        theirs = one_by_one(pipeline, ask, "latent")[0]
        torch.testing.assert_close(ours, theirs, rtol=0, atol=float(theirs.abs().max()) * 1e-4)
        assert np.abs(clip.astype(int) - one_by_one(pipeline, ask, "np")).max() <= 1
    assert (latents[0] - latents[1]).abs().max() > 0.1


def test_clips_come_back_in_their_places(pipeline) -> None:
    first, second = asks(with_images=False)
    wide = replace(first, width=64)
    got = dict(generate(pipeline, [first, wide, second], STEPS, batch=8))
    assert got[1].shape == (9, 64, 64, 3)
    alone = dict(generate(pipeline, [second], STEPS, batch=8))[0]
    assert np.abs(got[2].astype(int) - alone).max() <= 1
    assert np.abs(got[0].astype(int) - alone).max() > 5


def test_rendered_clips_get_full_marks(tmp_path, capsys) -> None:
    file, sheets = tmp_path / "result.json", tmp_path / "sheets"
    main(
        [
            str(DEMO),
            *"--device cpu --dry --quick 3 --workers 2".split(),
            "--json",
            str(file),
            "--sheet",
            str(sheets),
        ]
    )
    result = json.loads(file.read_text(encoding="utf-8"))
    rows = {row["what"]: row for row in result["rows"]}
    assert [row["what"] for row in rows.values() if row["passed"] is False] == []
    assert rows["camera: camera"]["value"] == rows["one seed repeats exactly"]["value"] == 1.0
    assert rows["drawn picture to video: first frame kept, least"]["value"] == 99.0
    assert "| not offered, rain and snow: weather | 3 | 100 % | ≥ 90 % | pass |" in capsys.readouterr().out
    assert {"core.png", "chinese.png", "frames-49.png"} <= {path.name for path in sheets.iterdir()}


def test_what_the_vae_keeps_is_measured_and_read(pipeline) -> None:
    with ThreadPoolExecutor(1) as pool:
        rows = vae_rows(pipeline, [], parse([str(DEMO), "--quick", "1", "--device", "cpu"]), pool)
    assert rows[0].what == "VAE: rendered clips"
    assert rows[0].value > 25
    assert [row.what.rpartition(" ")[2] for row in rows[1:]] == ["colour", "background", "shape", "motion"]
    assert all(row.value in (0.0, 1.0) for row in rows[1:])


def test_bars_are_held_against_values() -> None:
    low, most = Row("low", 8, 0.5, bar=0.9), Row("most", 8, 0.02, bar=0.03, most=True)
    assert (low.passed, most.passed, replace(most, value=0.2).passed, Row("free", 1, 0.1).passed) == (
        False,
        True,
        False,
        None,
    )
    text = table({"rows": [low.as_dict(), most.as_dict()], "notes": ["said so"]})
    assert "| low | 8 | 50 % | ≥ 90 % | short |" in text
    assert "| most | 8 | 2 % | ≤ 3 % | pass |" in text
    assert text.endswith("- said so")


def test_decibels() -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    assert decibels(black, black) == 99.0
    assert decibels(black + 255, black) == pytest.approx(0.0)
    assert decibels(black + 1, black) == pytest.approx(48.13, abs=0.01)
