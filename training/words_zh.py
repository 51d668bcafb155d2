"""Telling a scene in Chinese. Sentences are units with spaces between; `joined` takes the spaces out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.phrases import forms

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

COLOUR_WORDS: dict[str, tuple[str, ...]] = {  # the last one is short: it stands right before a noun
    "red": forms("红色 | 鲜红色 | 红"),
    "orange": forms("橙色 | 橘色 | 橘黄色 | 橙"),
    "yellow": forms("黄色 | 金黄色 | 黄"),
    "green": forms("绿色 | 绿"),
    "cyan": forms("青色 | 青绿色 | 青"),
    "blue": forms("蓝色 | 蓝"),
    "purple": forms("紫色 | 紫"),
    "pink": forms("粉色 | 粉红色 | 玫红色 | 粉"),
    "white": forms("白色 | 白"),
    "black": forms("黑色 | 黑"),
}
KIND_WORDS: dict[str, tuple[str, ...]] = {
    "ball": forms("球 | 圆球 | 圆形 | 球体"),
    "square": forms("方块 | 正方形 | 方形"),
    "triangle": forms("三角形 | 三角"),
    "star": forms("星星 | 五角星 | 星"),
    "ring": forms("圆环 | 环 | 圆圈 | 甜甜圈"),
    "heart": forms("心形 | 爱心 | 心"),
    "cross": forms("十字 | 十字形 | 加号"),
    "moon": forms("月亮 | 弯月 | 月牙 | 半月"),
}
_NO_KIND = forms("形状 | 图形 | 东西")
_COUNTS: dict[str, tuple[str, ...]] = {
    "": forms("一个"),
    "ball": forms("一个 | 一颗"),
    "star": forms("一颗 | 一个"),
    "heart": forms("一颗 | 一个"),
    "moon": forms("一个 | 一轮 | 一弯"),
}
_SIZES = {"small": "小", "large": "大"}
_SIZE_WORDS = {"small": forms("小小 的 | 很小 的 | 小"), "large": forms("很大 的 | 巨大 的 | 大")}
_WAYS: dict[str, tuple[str, ...]] = {
    "left": forms("向左 | 往左 | 朝左 | 从右向左 | 从右往左 | 向左边"),
    "right": forms("向右 | 往右 | 朝右 | 从左向右 | 从左往右 | 向右边"),
    "up": forms("向上 | 往上 | 朝上 | 从下往上"),
    "down": forms("向下 | 往下 | 朝下 | 从上往下"),
    "up left": forms("向左上方 | 往左上方 | 向左上 | 斜着 向左上方 | 朝左上方 | 往左上"),
    "up right": forms("向右上方 | 往右上方 | 向右上 | 斜着 向右上方 | 朝右上方 | 往右上"),
    "down left": forms("向左下方 | 往左下方 | 向左下 | 斜着 向左下方 | 朝左下方 | 往左下"),
    "down right": forms("向右下方 | 往右下方 | 向右下 | 斜着 向右下方 | 朝右下方 | 往右下"),
}
_VERBS = forms("移动 | 滑动 | 飘动 | 飞 | 移 | 漂移 | 滚动 | 前进 | 运动 | 飘")
_FIXED: dict[str, tuple[str, ...]] = {
    "up": forms("上升 | 升起 | 升高"),
    "down": forms("落下 | 下落 | 下降 | 掉下来"),
    "bouncing": forms("上下 弹跳 | 弹跳 | 上下 跳动 | 跳动 | 蹦跳 | 蹦蹦跳跳 | 跳来跳去 | 跳跃 | 跳"),
    "spinning": forms("旋转 | 转动 | 原地 旋转 | 原地 转动 | 打转 | 自转 | 转"),
    "growing": forms("变大 | 逐渐 变大 | 越来越大 | 长大 | 膨胀"),
    "shrinking": forms("变小 | 逐渐 变小 | 越来越小 | 缩小 | 收缩"),
    "circling": forms("绕圈 移动 | 绕圈 | 转圈 | 绕圈 飞 | 沿 圆周 运动 | 盘旋 | 兜圈子"),
    "still": forms("静止不动 | 静止 | 不动 | 一动不动 | 停 在 那里 | 保持 不动 | 停着 不动"),
}
_HOW = {
    "slow": forms("慢慢 | 缓慢 | 缓缓 | 慢慢地 | 缓慢地"),
    "fast": forms("快速 | 迅速 | 飞快地 | 快速地 | 迅速地"),
}
_HOW_AFTER = {"slow": forms("得 很慢 | 得 非常 慢"), "fast": forms("得 很快 | 得 非常 快")}
_COLOURED: dict[str, tuple[str, ...]] = {  # where, in front of a motion or of the whole; then as its own part
    "": forms(
        "在 {c} 背景 上 | 在 {c} 的 背景 上 | 在 {c} 背景 前 | 在 一片 {c} 中 | 在 {c} 底 上 | "
        "在 {c} 的 墙 前"
    ),
    "gradient": forms(
        "在 {c} 渐变 背景 上 | 在 {c} 的 渐变 背景 上 | 在 渐变 的 {c} 背景 上 | 在 由浅到深 的 {c} 背景 上"
    ),
    "plain": forms("在 纯 {c} 背景 上 | 在 单色 的 {c} 背景 上 | 在 纯 {c} 的 背景 上"),
}
_COLOURED_APART: dict[str, tuple[str, ...]] = {
    "": forms("{c} 背景 | 背景 是 {c} | 背景 是 {c} 的 | {c} 的 背景"),
    "gradient": forms("{c} 渐变 背景 | 背景 是 {c} 渐变"),
    "plain": forms("纯 {c} 背景 | 背景 是 纯 {c}"),
}
_SETTINGS: dict[str, tuple[str, ...]] = {
    "clouds": forms(
        "在 多云 的 天空 中 | 在 白云 间 | 在 蓝天 白云 下 | 在 云 中 | 在 天空 中 | 在 飘着 白云 的 天空 中"
    ),
    "night": forms(
        "在 夜空 中 | 在 夜空 下 | 在 星空 下 | 在 夜里 | 在 星空 中 | 在 晚上 | 在 夜晚 的 天空 中"
    ),
    "sea": forms("在 海面 上 | 在 大海 上 | 在 海浪 上 | 在 海边 | 在 水面 上 | 在 大海 前"),
    "hills": forms(
        "在 绿色 的 山丘 上 | 在 青山 前 | 在 山丘 前 | 在 山坡 上 | 在 群山 前 | 在 山上 | 在 山野 间"
    ),
    "sunset": forms("在 夕阳 下 | 在 日落 时 | 在 晚霞 中 | 在 黄昏 时 | 在 傍晚 | 在 落日 前"),
}
_WEATHERS: dict[str, tuple[str, ...]] = {
    "rain": forms("雨中 | 下着雨 | 下雨 | 正在 下雨 | 下雨天 | 雨天 | 天上 下着雨"),
    "snow": forms("雪中 | 下着雪 | 下雪 | 正在 下雪 | 下雪天 | 雪天 | 天上 下着雪"),
}
_WEATHERS_OF = {"rain": "下雨 的", "snow": "下雪 的"}
_CAMERAS: dict[str, tuple[str, ...]] = {
    "left": forms(
        "镜头 向左 移动 | 镜头 左移 | 镜头 向左 平移 | 镜头 往左 移动 | 镜头 向左 摇 | "
        "摄像机 向左 移动 | 镜头 慢慢 向左 移动"
    ),
    "right": forms(
        "镜头 向右 移动 | 镜头 右移 | 镜头 向右 平移 | 镜头 往右 移动 | 镜头 向右 摇 | "
        "摄像机 向右 移动 | 镜头 慢慢 向右 移动"
    ),
    "in": forms(
        "镜头 推近 | 镜头 拉近 | 镜头 向前 推进 | 镜头 慢慢 推近 | 镜头 靠近 | 摄像机 推近 | 画面 放大"
    ),
    "out": forms(
        "镜头 拉远 | 镜头 后退 | 镜头 向后 移动 | 镜头 慢慢 拉远 | 镜头 远离 | 摄像机 拉远 | 画面 缩小"
    ),
}
_STILL_PICTURES = forms("画面 静止不动 | 画面 静止 | 画面 不动 | 镜头 不动 | 静止 的 画面 | 镜头 静止不动")
_BESIDE = forms(
    "，旁边 有 {s} | ，旁边 是 {s} | ，还有 {s} | 和 {s} | ，{s} 在 旁边 | ，附近 有 {s} | ，{s} 停 在 旁边"
)
_OPENINGS = forms("一段 视频 ， | 视频 ： | 动画 ： | 画面 中 ， | 有")

TABLES = (
    COLOUR_WORDS,
    KIND_WORDS,
    _NO_KIND,
    _COUNTS,
    _SIZES,
    _SIZE_WORDS,
    _WAYS,
    _VERBS,
    _FIXED,
    _HOW,
    _HOW_AFTER,
    _COLOURED,
    _COLOURED_APART,
    _SETTINGS,
    _WEATHERS,
    _WEATHERS_OF,
    _CAMERAS,
    _STILL_PICTURES,
    _BESIDE,
    _OPENINGS,
    "的 正在",
)
"""All that sentences are made from, for collecting their words."""


def joined(units: str) -> str:
    """The sentence without the spaces between its units."""
    return units.replace(" ", "")


def _pick(rng: random.Random, options: Sequence[str], first: float = 0.4) -> str:
    """The first option, the usual one, more often than the others."""
    return options[0] if rng.random() < first else options[int(rng.random() * len(options))]


def _noun(rng: random.Random, colour: str, kind: str, size: str) -> str:
    noun = _pick(rng, KIND_WORDS[kind] if kind else _NO_KIND, 0.6)
    count = "" if rng.random() < 0.2 else _pick(rng, _COUNTS.get(kind, _COUNTS[""]), 0.6)
    words = COLOUR_WORDS[colour] if colour else ()
    if words and rng.random() < 0.22:  # a small white star
        tint = words[-1]
        roll = rng.random()
        return " ".join((count, _SIZES[size] if size else "", tint, noun))
    tint = _pick(rng, words[:-1], 0.7) + (" 的" if rng.random() < 0.75 else "") if words else ""
    roll = rng.random()
    if not size or roll < 0.6:
        return " ".join((count, tint, _SIZES[size] if size else "", noun))
    return " ".join((count, _pick(rng, _SIZE_WORDS[size][:2]), tint, noun))


def _moves(rng: random.Random, motion: str, speed: str) -> str:
    if not motion:
        return ""
    fixed = _FIXED.get(motion, ())
    if fixed and (motion not in _WAYS or rng.random() < 0.3):
        way, verb = "", _pick(rng, fixed)
    else:
        way, verb = _pick(rng, _WAYS[motion]), _pick(rng, _VERBS, 0.5)
    now = "正在" if motion != "still" and rng.random() < 0.1 else ""
    if speed and rng.random() < 0.25 and verb not in ("掉下来", "蹦蹦跳跳", "跳来跳去", "绕圈", "绕圈 飞"):
        return f"{way} {verb} {_pick(rng, _HOW_AFTER[speed])}"
    return f"{now} {_pick(rng, _HOW[speed]) if speed else ''} {way} {verb}"


def _behind(rng: random.Random, setting: str, ground: str, apart: bool) -> str:
    if not ground:
        return _pick(rng, _SETTINGS[setting], 0.3) if setting in _SETTINGS else ""
    words = COLOUR_WORDS[ground]
    forms = (_COLOURED_APART if apart else _COLOURED)[setting if setting in ("gradient", "plain") else ""]
    return _pick(rng, forms, 0.3).format(c=_pick(rng, words[:-1], 0.7))


def sentence(said: dict[str, str], rng: random.Random) -> str:
    """A sentence that tells `said` (names as in words.TOLD) and nothing else, its units parted by spaces."""
    told = [name for name, value in said.items() if value]
    if told == ["camera"]:
        text = _pick(rng, _CAMERAS[said["camera"]], 0.3)
    elif told == ["motion"] and said["motion"] == "still":
        text = rng.choice(_STILL_PICTURES)
    elif told == ["colour"] and rng.random() < 0.5:
        text = rng.choice(COLOUR_WORDS[said["colour"]])
    else:
        text = _full(said, rng)
    return " ".join(text.split()) + (" 。" if rng.random() < 0.2 else "")


def _full(said: dict[str, str], rng: random.Random) -> str:
    subject = _noun(rng, said["colour"], said["kind"], said["size"])
    moves = _moves(rng, said["motion"], said["speed"])
    roll, weather = rng.random(), said["weather"]
    behind = _behind(rng, said["setting"], said["ground"], roll >= 0.8)
    if weather and behind.startswith("在 ") and said["setting"] in _SETTINGS and rng.random() < 0.25:
        behind, weather = f"在 {_WEATHERS_OF[weather]} {behind[2:]}", ""
    if not behind or not moves:
        text = f"{behind} {'' if not behind else '，' if rng.random() < 0.5 else '有'} {subject} {moves}"
    elif roll < 0.5:
        text = f"{subject} {behind} {moves}"
    elif roll < 0.8:
        text = (
            f"{behind[2:]} ， {subject} {moves}" if rng.random() < 0.6 else f"{behind} ， {subject} {moves}"
        )
    elif roll < 0.93 or not said["ground"]:
        text = f"{subject} {moves} ， {behind}"
    else:
        text = f"{behind} ， {subject} {moves}"
    if text.startswith("一") and rng.random() < 0.08:
        text = f"{_pick(rng, _OPENINGS, 0.2)} {text}"
    return _extras(text, said, weather, rng)


def _extras(text: str, said: dict[str, str], weather: str, rng: random.Random) -> str:
    if said["colour2"] or said["kind2"]:
        second = _noun(rng, said["colour2"], said["kind2"], said["size2"])
        text = f"{text} {_pick(rng, _BESIDE[:3] if said['motion'] else _BESIDE, 0.4).format(s=second)}"
    if weather:
        fall = _pick(rng, _WEATHERS[weather])
        text = f"{fall} ， {text}" if rng.random() < 0.5 else f"{text} ， {fall}"
    if said["camera"]:
        camera = _pick(rng, _CAMERAS[said["camera"]], 0.3)
        text = f"{camera} ， {text}" if rng.random() < 0.2 else f"{text} ， {camera}"
    return text


def plain(said: dict[str, str]) -> str:
    """The most ordinary sentence that tells `said`, its units parted by spaces."""
    if not (said["colour"] or said["kind"]):
        return _CAMERAS[said["camera"]][0] if said["camera"] else _STILL_PICTURES[0]
    text = f"{_plain_noun(said, '')} {_plain_behind(said)} {_plain_moves(said['motion'], said['speed'])}"
    if said["colour2"]:
        text += f" ，旁边 有 {_plain_noun(said, '2')}"
    if said["weather"]:
        text += f" ， {_WEATHERS[said['weather']][1]}"
    if said["camera"]:
        text += f" ， {_CAMERAS[said['camera']][0]}"
    return " ".join(text.split())


def _plain_noun(said: dict[str, str], number: str) -> str:
    colour, kind, size = (said[name + number] for name in ("colour", "kind", "size"))
    count = _COUNTS.get(kind, _COUNTS[""])[0]
    return f"{count} {COLOUR_WORDS[colour][0]} 的 {_SIZES.get(size, '')} {KIND_WORDS[kind][0]}"


def _plain_moves(motion: str, speed: str) -> str:
    how = _HOW[speed][0] if speed else ""
    return f"{how} {_WAYS[motion][0]} {_VERBS[0]}" if motion in _WAYS else f"{how} {_FIXED[motion][0]}"


def _plain_behind(said: dict[str, str]) -> str:
    if not said["ground"]:
        return _SETTINGS[said["setting"]][0] if said["setting"] in _SETTINGS else ""
    form = _COLOURED["gradient" if said["setting"] == "gradient" else ""][0]
    return form.format(c=COLOUR_WORDS[said["ground"]][0])
