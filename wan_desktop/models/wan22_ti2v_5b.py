"""What Wan2.2-TI2V-5B likes: the official configuration, and presets with their origin."""

from __future__ import annotations

from wan_desktop.domain.model import Limits, ModelSpec, Part, Preset, Size

NEGATIVE_PROMPT = (
    "色调艳丽，过曝，静态，细节模糊不清，字幕，风格，作品，画作，画面，静止，整体发灰，最差质量，低质量，"
    "JPEG压缩残留，丑陋的，残缺的，多余的手指，画得不好的手部，画得不好的脸部，畸形的，毁容的，形态畸形的肢体，"
    "手指融合，静止不动的画面，杂乱的背景，三条腿，背景人很多，倒着走"
)
"""sample_neg_prompt of the official wan/configs/shared_config.py."""

PRESETS = (
    Preset("official", "Official", 50, 5.0, 5.0, "unipc", "wan/configs/wan_ti2v_5B.py of the official code"),
    Preset(
        "comfyui", "ComfyUI", 20, 5.0, 8.0, "uni_pc", "ComfyUI's 5B workflow: uni_pc on the schedule simple"
    ),
    Preset("draft", "Draft", 10, 5.0, 8.0, "uni_pc", "the ComfyUI preset with half its steps"),
    Preset(
        "strong-guidance", "Strong guidance", 20, 7.0, 8.0, "uni_pc", "the parameter table of the model card"
    ),
)

SIZES = (
    Size("16:9", 1280, 704),
    Size("9:16", 704, 1280),
    Size("1:1", 928, 928),
    Size("4:3", 1088, 800),
    Size("3:4", 800, 1088),
    Size("21:9", 1440, 608),
)
"""16:9 and 9:16 are the official ones; the others have at most their area (704 * 1280), as the official code
asks for start images, in multiples of 32."""

EXAMPLES = (
    "A fluffy orange cat walks along a garden wall at sunset, the camera follows it from the side, warm light.",
    "Waves break on black rocks, slow motion, drone shot from above, overcast light, cinematic.",
    "A barista pours milk into a cup of coffee, close-up, steam rises, shallow depth of field.",
    "A red vintage car drives through a rainy city at night, neon reflections on the wet street, tracking shot.",
    "一只白鹤从晨雾中的湖面起飞，镜头缓慢跟随，水墨画风格。",
)


FEW_STEP = {
    "fastwan": Preset(
        "fastwan", "FastWan", 3, 1.0, 8.0, "fastwan", "FastVideo's configuration of this model"
    ),
    "turbo": Preset("turbo", "Turbo", 4, 1.0, 8.0, "turbo", "the configuration that comes with this model"),
}
"""The preset of each few-step model; guidance is distilled into them."""
_LABELS = {"fastwan": "FastWan2.2 TI2V-5B", "turbo": "Wan2.2 TI2V-5B Turbo"}


def make_spec(
    path: str,
    fingerprint: str,
    *,
    variant: str = "",
    ask: str = "",
    stored: str = "",
    parts: tuple[Part, ...] = (),
) -> ModelSpec:
    """The 5 B whose folder, or transformer's file, is `path`; `stored` is its precision, for the label."""
    label = _LABELS.get(variant, "Wan2.2 TI2V-5B")
    return ModelSpec(
        id=path,
        label=f"{label} ({stored})" if stored else label,
        path=path,
        fingerprint=fingerprint,
        demo=False,
        description="Text or a picture to 5 seconds of video at 1280×704, 24 frames a second.",
        width=1280,
        height=704,
        num_frames=121,
        fps=24,
        negative_prompt=NEGATIVE_PROMPT,
        limits=Limits(min_side=64, max_side=1920, max_pixels=1_300_000, max_frames=241),
        sizes=SIZES,
        presets=(FEW_STEP[variant],) if variant else PRESETS,
        examples=EXAMPLES,
        good_pixels=800_000,
        max_prompt_tokens=512,
        parts=parts,
        variant=variant,
        ask=ask,
    )
