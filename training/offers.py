"""What the built-in model offers in the window: examples, and words to insert by kind, in English and Chinese."""

from __future__ import annotations

from training.scene import COLOURS, KINDS, Scene, Thing
from training.words import plain_caption

EXAMPLES = (
    Scene(Thing("red", "ball", motion="right"), colour="blue"),
    Scene(Thing("yellow", "star", motion="spinning"), "night"),
    Scene(Thing("green", "triangle", "small", "left"), colour="white"),
    Scene(Thing("pink", "heart", motion="growing"), "gradient", "black"),
    Scene(Thing("white", "moon", motion="up right"), "hills"),
    Scene(Thing("orange", "ring", "large"), "sea", camera="in"),
    Scene(Thing("blue", "cross", motion="bouncing", speed="fast"), colour="yellow"),
    Scene(Thing("purple", "square", motion="circling"), colour="cyan"),
)
"""The first three stand on the empty stage, the very first in the empty prompt and in README.

That one is a combination that training never shows; the others are all of combinations that it does.
"""

NOT_DRAWN = frozenset({"WEATHERS", "WEATHERS_OF", "BESIDE", "BESIDE_FIRST"})
"""Tables of words for a second thing and the weather: shown in training, drawn too seldom to be offered."""

WORDS = {
    "colours": COLOURS,
    "sizes": ("small", "large"),
    "things": KINDS,
    "motions": (
        "moving left",
        "moving right",
        "moving up",
        "moving down",
        "moving up and right",
        "bouncing up and down",
        "spinning",
        "growing",
        "shrinking",
        "moving in a circle",
        "standing still",
    ),
    "backgrounds": (
        "over a blue background",
        "over a red gradient",
        "in a cloudy sky",
        "in the night sky",
        "over the sea",
        "over green hills",
        "at sunset",
    ),
    "cameras": (
        "the camera pans left",
        "the camera pans right",
        "the camera zooms in",
        "the camera zooms out",
    ),
}

WORDS_ZH = {
    "colours": ("红色", "橙色", "黄色", "绿色", "青色", "蓝色", "紫色", "粉色", "白色", "黑色"),
    "sizes": ("小", "大"),
    "things": ("球", "方块", "三角形", "星星", "圆环", "心形", "十字", "月亮"),
    "motions": (
        "向左移动",
        "向右移动",
        "向上移动",
        "向下移动",
        "向右上方移动",
        "上下弹跳",
        "旋转",
        "变大",
        "变小",
        "绕圈移动",
        "静止不动",
    ),
    "backgrounds": (
        "在蓝色背景上",
        "在红色渐变背景上",
        "在多云的天空中",
        "在夜空中",
        "在海面上",
        "在绿色的山丘上",
        "在夕阳下",
    ),
    "cameras": ("镜头向左移动", "镜头向右移动", "镜头推近", "镜头拉远"),
}


def examples(language: str) -> list[str]:
    """The plainest sentence for each of EXAMPLES. `language`: "en" or "zh"."""
    return [plain_caption(scene, language) for scene in EXAMPLES]
