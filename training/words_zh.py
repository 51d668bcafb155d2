"""Telling a scene in Chinese. Sentences are units with spaces between; `joined` takes the spaces out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training import phrases_zh as say
from training.phrases import pick

if TYPE_CHECKING:
    import random


def joined(units: str) -> str:
    """The sentence without the spaces between its units."""
    return units.replace(" ", "")


def _noun(rng: random.Random, colour: str, kind: str, size: str) -> str:
    noun = pick(rng, say.KIND_WORDS[kind] if kind else say.NO_KIND, 0.6)
    count = "" if rng.random() < 0.2 else pick(rng, say.COUNTS.get(kind, say.COUNTS[""]), 0.6)
    words = say.COLOUR_WORDS[colour] if colour else ()
    if words and rng.random() < 0.22:  # a small white star
        tint = words[-1]
        roll = rng.random()
        return " ".join((count, say.SIZES[size] if size else "", tint, noun))
    tint = pick(rng, words[:-1], 0.7) + (" 的" if rng.random() < 0.75 else "") if words else ""
    roll = rng.random()
    if not size or roll < 0.6:
        return " ".join((count, tint, say.SIZES[size] if size else "", noun))
    return " ".join((count, pick(rng, say.SIZE_WORDS[size][:2]), tint, noun))


def _moves(rng: random.Random, motion: str, speed: str) -> str:
    if not motion:
        return ""
    fixed = say.FIXED.get(motion, ())
    if fixed and (motion not in say.WAYS or rng.random() < 0.3):
        way, verb = "", pick(rng, fixed)
    else:
        way, verb = pick(rng, say.WAYS[motion]), pick(rng, say.VERBS, 0.5)
    now = "正在" if motion != "still" and rng.random() < 0.1 else ""
    if speed and rng.random() < 0.25 and verb not in ("掉下来", "蹦蹦跳跳", "跳来跳去", "绕圈", "绕圈 飞"):
        return f"{way} {verb} {pick(rng, say.HOW_AFTER[speed])}"
    return f"{now} {pick(rng, say.HOW[speed]) if speed else ''} {way} {verb}"


def _behind(rng: random.Random, setting: str, ground: str, apart: bool) -> str:
    if not ground:
        return pick(rng, say.SETTINGS[setting], 0.3) if setting in say.SETTINGS else ""
    words = say.COLOUR_WORDS[ground]
    forms = (say.COLOURED_APART if apart else say.COLOURED)[
        setting if setting in ("gradient", "plain") else ""
    ]
    return pick(rng, forms, 0.3).format(c=pick(rng, words[:-1], 0.7))


def sentence(said: dict[str, str], rng: random.Random) -> str:
    """A sentence that tells `said` (names as in words.TOLD) and nothing else, its units parted by spaces."""
    told = [name for name, value in said.items() if value]
    if told == ["camera"]:
        text = pick(rng, say.CAMERAS[said["camera"]], 0.3)
    elif told == ["motion"] and said["motion"] == "still":
        text = rng.choice(say.STILL_PICTURES)
    elif told == ["colour"] and rng.random() < 0.5:
        text = rng.choice(say.COLOUR_WORDS[said["colour"]])
    else:
        text = _full(said, rng)
    return " ".join(text.split()) + (" 。" if rng.random() < 0.2 else "")


def _full(said: dict[str, str], rng: random.Random) -> str:
    subject = _noun(rng, said["colour"], said["kind"], said["size"])
    moves = _moves(rng, said["motion"], said["speed"])
    roll, weather = rng.random(), said["weather"]
    behind = _behind(rng, said["setting"], said["ground"], roll >= 0.8)
    if weather and behind.startswith("在 ") and said["setting"] in say.SETTINGS and rng.random() < 0.25:
        behind, weather = f"在 {say.WEATHERS_OF[weather]} {behind[2:]}", ""
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
        text = f"{pick(rng, say.OPENINGS, 0.2)} {text}"
    return _extras(text, said, weather, rng)


def _extras(text: str, said: dict[str, str], weather: str, rng: random.Random) -> str:
    if said["colour2"] or said["kind2"]:
        second = _noun(rng, said["colour2"], said["kind2"], said["size2"])
        text = f"{text} {pick(rng, say.BESIDE[:3] if said['motion'] else say.BESIDE, 0.4).format(s=second)}"
    if weather:
        fall = pick(rng, say.WEATHERS[weather])
        text = f"{fall} ， {text}" if rng.random() < 0.5 else f"{text} ， {fall}"
    if said["camera"]:
        camera = pick(rng, say.CAMERAS[said["camera"]], 0.3)
        text = f"{camera} ， {text}" if rng.random() < 0.2 else f"{text} ， {camera}"
    return text


def plain(said: dict[str, str]) -> str:
    """The most ordinary sentence that tells `said`, its units parted by spaces."""
    if not (said["colour"] or said["kind"]):
        return say.CAMERAS[said["camera"]][0] if said["camera"] else say.STILL_PICTURES[0]
    text = f"{_plain_noun(said, '')} {_plain_behind(said)} {_plain_moves(said['motion'], said['speed'])}"
    if said["colour2"]:
        text += f" ，旁边 有 {_plain_noun(said, '2')}"
    if said["weather"]:
        text += f" ， {say.WEATHERS[said['weather']][1]}"
    if said["camera"]:
        text += f" ， {say.CAMERAS[said['camera']][0]}"
    return " ".join(text.split())


def _plain_noun(said: dict[str, str], number: str) -> str:
    colour, kind, size = (said[name + number] for name in ("colour", "kind", "size"))
    count = say.COUNTS.get(kind, say.COUNTS[""])[0]
    return f"{count} {say.COLOUR_WORDS[colour][0]} 的 {say.SIZES.get(size, '')} {say.KIND_WORDS[kind][0]}"


def _plain_moves(motion: str, speed: str) -> str:
    how = say.HOW[speed][0] if speed else ""
    return (
        f"{how} {say.WAYS[motion][0]} {say.VERBS[0]}"
        if motion in say.WAYS
        else f"{how} {say.FIXED[motion][0]}"
    )


def _plain_behind(said: dict[str, str]) -> str:
    if not said["ground"]:
        return say.SETTINGS[said["setting"]][0] if said["setting"] in say.SETTINGS else ""
    form = say.COLOURED["gradient" if said["setting"] == "gradient" else ""][0]
    return form.format(c=say.COLOUR_WORDS[said["ground"]][0])
