"""The writing tips under the prompt: what a good prompt covers, how to see that it does, words to offer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    from wan_desktop.domain.model import ModelSpec


LOOKED_AT = 2000
"""Characters of a prompt that are looked through at each key."""


@dataclass(frozen=True, slots=True)
class Tip:
    """One thing a prompt should say. `label` is marked in the context "tips"; `offers` are words to insert.

    `signs` are beginnings of words that show that the text covers it, in English and Chinese.
    """

    label: str
    offers: tuple[str, ...]
    signs: tuple[str, ...]

    def covered(self, text: str) -> bool:
        """Whether the text says something of this kind."""
        low = text[:LOOKED_AT].lower()
        return any(_found(sign, low) for sign in self.signs)


def _found(sign: str, text: str) -> bool:
    if not sign.isascii():
        return sign in text
    return re.search(rf"(?<![a-z]){re.escape(sign)}", text) is not None


TIPS = (
    Tip(
        QT_TRANSLATE_NOOP("tips", "Subject"),
        (
            "a young woman in a red coat",
            "an old fisherman",
            "a white cat",
            "a paper boat",
            "a city street at night",
        ),
        (
            *(
                "a ",
                "an ",
                "the ",
                "two ",
                "three ",
                "man",
                "woman",
                "girl",
                "boy",
                "child",
                "people",
                "cat",
                "dog",
            ),
            *("一", "两", "人", "女", "男", "孩", "猫", "狗", "山", "海", "城", "车", "船", "花"),
        ),
    ),
    Tip(
        QT_TRANSLATE_NOOP("tips", "Motion"),
        (
            "walks slowly towards us",
            "turns her head and smiles",
            "waves break on the shore",
            "leaves drift down",
        ),
        (
            *(
                "walk",
                "run",
                "turn",
                "fly",
                "flies",
                "fall",
                "drift",
                "break",
                "danc",
                "smil",
                "wav",
                "ris",
                "sweep",
            ),
            *(
                "mov",
                "swim",
                "jump",
                "ride",
                "drive",
                "flow",
                "spin",
                "open",
                "blow",
                "pour",
                "sway",
                "glid",
                "grow",
            ),
            *("走", "跑", "飞", "动", "转", "跳", "落", "流", "飘", "摇", "笑", "升", "游"),
        ),
    ),
    Tip(
        QT_TRANSLATE_NOOP("tips", "Camera"),
        (
            "static shot",
            "slow push in",
            "the camera pans left",
            "tracking shot",
            "drone view from above",
            "close-up",
        ),
        (
            *(
                "camera",
                "shot",
                "close-up",
                "closeup",
                "pan",
                "dolly",
                "zoom",
                "push in",
                "pull back",
                "tracking",
            ),
            *("drone", "aerial", "wide angle", "tilt", "handheld", "macro", "view from"),
            *("镜头", "特写", "全景", "远景", "近景", "中景", "俯拍", "航拍", "推近", "拉远", "平移", "跟拍"),
        ),
    ),
    Tip(
        QT_TRANSLATE_NOOP("tips", "Light"),
        (
            "warm light of a low sun",
            "soft daylight",
            "neon reflections",
            "light fog",
            "candle light",
            "rim light",
        ),
        (
            *(
                "light",
                "sun",
                "dusk",
                "dawn",
                "night",
                "morning",
                "evening",
                "neon",
                "shadow",
                "glow",
                "bright",
                "dark",
            ),
            *("fog", "mist", "backlit", "lamp", "candle", "moon", "overcast"),
            *("光", "阳", "黄昏", "清晨", "夜", "月", "阴影", "雾", "霓虹", "明亮", "昏暗"),
        ),
    ),
    Tip(
        QT_TRANSLATE_NOOP("tips", "Style"),
        (
            "cinematic, film grain",
            "documentary style",
            "watercolour animation",
            "stop motion",
            "black and white film",
        ),
        (
            *(
                "cinematic",
                "film",
                "style",
                "photoreal",
                "realistic",
                "animation",
                "anime",
                "watercolo",
                "cartoon",
            ),
            *("documentary", "stop motion", "3d", "vintage", "black and white", "painting", "grain"),
            *("电影", "风格", "写实", "动画", "动漫", "水彩", "纪录片", "复古", "黑白", "油画", "质感"),
        ),
    ),
)
"""The order of the model's own prompt guide: subject and scene, motion, camera, light, style."""

_KINDS = {
    "colours": (QT_TRANSLATE_NOOP("tips", "Colour"), ()),
    "sizes": (QT_TRANSLATE_NOOP("tips", "Size"), ()),
    "things": (QT_TRANSLATE_NOOP("tips", "Thing"), ()),
    "motions": (
        QT_TRANSLATE_NOOP("tips", "Motion"),
        (
            *(
                "mov",
                "left",
                "right",
                "up",
                "down",
                "bounc",
                "spin",
                "turn",
                "circl",
                "grow",
                "shrink",
                "still",
            ),
            *("动", "左", "右", "上", "下", "弹", "转", "圈", "变", "静"),
        ),
    ),
    "backgrounds": (
        QT_TRANSLATE_NOOP("tips", "Background"),
        (
            *("background", "gradient", "cloud", "sky", "night", "sea", "hill", "sunset"),
            *("背景", "渐变", "云", "夜", "海", "山", "日落", "夕阳", "天空"),
        ),
    ),
    "weather": (QT_TRANSLATE_NOOP("tips", "Weather"), ("rain", "snow", "雨", "雪")),
    "cameras": (QT_TRANSLATE_NOOP("tips", "Camera"), ("camera", "zoom", "pan", "镜头")),
}
"""The kinds of words that a demo model declares: label, and signs where they are not the words themselves."""


def tips_for(model: ModelSpec, language: str = "en") -> tuple[Tip, ...]:
    """The tips for a model: a demo's own words by kind, in a language ("en", "zh_CN"), else the general ones."""
    if not model.words:
        return TIPS
    return tuple(_demo_tip(kind, words) for kind, words in model.words_in(language).items())


def kind_label(kind: str) -> str:
    """The label of a kind of a demo's words, marked in the context "tips"."""
    return _KINDS[kind][0] if kind in _KINDS else kind.capitalize()


def _demo_tip(kind: str, words: tuple[str, ...]) -> Tip:
    signs = _KINDS[kind][1] if kind in _KINDS else ()
    return Tip(kind_label(kind), words, signs or tuple(word.lower() for word in words))
