"""What the demo model says about itself: model.json for the app, README.md for people."""

from __future__ import annotations

from training import configs
from training.offers import NOT_DRAWN, WORDS, WORDS_ZH, examples
from training.words import vocabulary

DESCRIPTION = (
    "A tiny demo model that comes with the app: it draws simple things in ten colours, moving over coloured "
    "backgrounds, skies, the sea or hills. It follows colours, sizes, settings, directions and the camera, and nine "
    "shapes of ten come out right. Ask it for one thing at a time: a second thing, rain and snow mostly fail."
)


def _preset(name: str, label: str, steps: int) -> dict[str, object]:
    return {
        "name": name,
        "label": label,
        "num_inference_steps": steps,
        "guidance_scale": configs.GUIDANCE,
        "flow_shift": configs.FLOW_SHIFT,
        "sampler": "unipc",
    }


def model_description() -> dict[str, object]:
    """The content of model.json."""
    recipe = {
        key: value for key, value in _preset("", "", configs.STEPS).items() if key not in ("name", "label")
    }
    clip = {
        "width": configs.WIDTH,
        "height": configs.HEIGHT,
        "num_frames": configs.FRAMES,
        "fps": configs.FPS,
    }
    return {
        "name": "demo",
        "label": "Built-in demo",
        "family": "wan2.2-ti2v",
        "demo": True,
        "description": DESCRIPTION,
        "words": WORDS,
        "words_zh": WORDS_ZH,
        "examples": examples("en"),
        "examples_zh": examples("zh"),
        "vocabulary": vocabulary(without=NOT_DRAWN),
        "defaults": clip | recipe,
        "limits": configs.LIMITS,
        "presets": [
            _preset("demo", "Demo", configs.STEPS),
            _preset("demo-draft", "Draft", configs.STEPS // 2),
        ],
        "negative_prompt": configs.NEGATIVE_PROMPT,
        "sizes": configs.SIZES,
    }


_CARD = """---
license: apache-2.0
---
# Wan Desktop's built-in demo model

{description}
It has the architecture of Wan2.2-TI2V-5B in miniature (an AutoencoderKLWan of 5.0 M parameters with 48 latent
channels, a WanTransformer3DModel of 6.3 M and an umT5 encoder of 0.9 M), so that everything in the app can be tried
at once, without a download and without a graphics card. It is no match for the real model and draws nothing else.

## What it understands
{words}

In English and in Chinese. Sentences may be free and incomplete: "{example}", "red ball on blue", "{chinese}".
A start image is kept as the first frame. Its own settings are 256x160, 25 frames, 20 steps, guidance 5, flow shift 5.

## How it was made
Trained from nothing, with the scripts in `training/`: on clips drawn by a program and on clips that move over 153
freely licensed photographs; `PHOTOS.md` names them with their authors and licences.
`python -m training.train --photos build/photos.zip --out resources/models/demo` makes one anew on one GPU, in as many
minutes as these weights had; `--start resources/models/demo --phases polish diffusion export` trains it on. On one
H200: VAE 8 minutes and 13 more of polishing; reading lessons 1 minute, after which 99.8 % or more of unseen captions
are read right in every field; transformer 52 minutes, 108,000 steps: 23,000 on everything, of which a second thing,
rain and snow were learnt badly and the one thing not well enough; 47,000 without those three, in a world whose things
are a little larger and slower and, later, oftener what had gone wrong most (crosses, stars, rings, small things,
spins and circles); and 38,000 on everything again, 29,000 of them with the polished VAE. What spins or circles still
loses its shape now and then, and sometimes a thing is there twice.
It predicts the clean latents and not the velocity, as `scheduler/scheduler_config.json` says.
Licence: Apache-2.0.

## Measured
{measured}
"""


def model_card(measured: str) -> str:
    """README.md of the model; `measured` is the table that evaluate.py printed."""
    return _CARD.format(
        description=DESCRIPTION,
        words="\n".join(f"- {kind}: {', '.join(words)}" for kind, words in WORDS.items()),
        example=examples("en")[0],
        chinese=examples("zh")[0],
        measured=measured or "Not measured yet.",
    )
