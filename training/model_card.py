"""What the demo model says about itself: model.json for the app, README.md for people."""

from __future__ import annotations

from training import configs
from training.words import COLOURS, MOTIONS, THINGS, Scene, plain_caption

DESCRIPTION = (
    "A tiny demo model that comes with the app: it draws one thing in ten colours, moving over a coloured "
    "background. It follows colours and backgrounds; the direction is right about half the time, and shapes come "
    "out as soft blobs."
)
_EXAMPLES = (
    Scene("red", "ball", "right", "blue"),
    Scene("yellow", "star", "up", "purple"),
    Scene("green", "square", "left", "white"),
    Scene("pink", "heart", "growing", "black"),
    Scene("white", "ring", "down", "green"),
    Scene("orange", "triangle", "still", "cyan"),
    Scene("blue", "ball", "shrinking", "yellow", "big"),
    Scene("purple", "star", "up right", "orange"),
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
        "words": {
            "colours": list(COLOURS),
            "things": list(THINGS),
            "motions": list(MOTIONS),
            "backgrounds": list(COLOURS),
        },
        "examples": [plain_caption(scene) for scene in _EXAMPLES],
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
It has the architecture of Wan2.2-TI2V-5B in miniature (an AutoencoderKLWan of 6.3 M parameters with 48 latent
channels, a WanTransformer3DModel of 6.3 M and an umT5 encoder of 0.9 M), so that everything in the app can be tried
at once, without a download and without a graphics card. It is no match for the real model and draws nothing else.

## What it understands
- colours, of the shape and of the background: {colours}
- things: {things}
- motions: {motions}
- sizes: small, big

Sentences may be free and incomplete: "{example}", "red ball on blue". A start image is kept as the first frame.
Its own settings are 256x160, 25 frames, 20 steps, guidance 5, flow shift 5.

## How it was made
Trained from nothing on clips drawn by a program, with the scripts in `training/`: no picture or film of anyone was
used. `python -m training.train --out resources/models/demo` makes it anew in about twenty minutes on one H100.
The weights here: VAE 6.6 minutes; transformer 8.4 minutes beside a text encoder that had not learned to read word
order, then 3.8 more (`--phases diffusion --resume`) with one that had, from the `text` phase.
Licence: Apache-2.0.

## Measured
{measured}
"""


def model_card(measured: str) -> str:
    """README.md of the model; `measured` is the table that evaluate.py printed."""
    return _CARD.format(
        description=DESCRIPTION,
        colours=", ".join(COLOURS),
        things=", ".join(THINGS),
        motions=", ".join(MOTIONS),
        example=plain_caption(_EXAMPLES[0]),
        measured=measured or "Not measured yet.",
    )
