"""Telling a scene in English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training import phrases_en as say
from training.phrases import pick

if TYPE_CHECKING:
    import random

_CORE_WEIGHTS = (0, 36, 64, 72, 79, 85, 90, 96)
"""Where in a hundred each of say.CORES begins."""


def _with_article(phrase: str) -> str:
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _noun(rng: random.Random, colour: str, kind: str, size: str) -> str:
    colour = colour and pick(rng, say.COLOUR_WORDS[colour], 0.6)
    size = size and pick(rng, say.SIZE_WORDS[size])
    noun = pick(rng, say.KIND_WORDS[kind] if kind else say.NO_KIND, 0.55)
    roll = rng.random()
    if colour and roll < 0.03:
        phrase = f"{size} {noun} that is {colour}"
    elif colour and roll < 0.05:
        phrase = f"{size} {noun} in {colour}"
    elif roll < 0.12:
        phrase = f"{colour} {size} {noun}"
    else:
        phrase = f"{size} {colour} {noun}"
    phrase = " ".join(phrase.split())
    roll = rng.random()
    if roll < 0.22:
        return phrase
    return f"the {phrase}" if roll < 0.32 else f"one {phrase}" if roll < 0.35 else _with_article(phrase)


def _moves(rng: random.Random, motion: str, speed: str) -> tuple[str, str]:
    """One way to say `motion`: (participle, finite verb), e.g. ("drifting left", "drifts left")."""
    if not motion:
        return "", ""
    fixed = say.FIXED.get(motion, ())
    if fixed and (motion not in say.DIRECTIONS or rng.random() < 0.3):
        pair, way = fixed[0 if rng.random() < 0.4 else int(rng.random() * len(fixed))], ""
    else:
        way = " " + pick(rng, say.DIRECTIONS[motion])
        if speed and rng.random() < 0.15:
            pair = rng.choice(say.QUICK[speed])
            return pair[0] + way, pair[1] + way
        pair = say.VERBS[0 if rng.random() < 0.45 else int(rng.random() * len(say.VERBS))]
    if not speed:
        return pair[0] + way, pair[1] + way
    roll = rng.random()
    if roll < 0.45:
        adverb = pick(rng, say.BEFORE[speed])
        return f"{adverb} {pair[0]}{way}", f"{adverb} {pair[1]}{way}"
    adverb = pick(rng, say.AFTER[speed])
    if roll < 0.7 and way:
        return f"{pair[0]} {adverb}{way}", f"{pair[1]} {adverb}{way}"
    return f"{pair[0]}{way} {adverb}", f"{pair[1]}{way} {adverb}"


def _behind(rng: random.Random, setting: str, ground: str) -> str:
    if ground:
        colour = pick(rng, say.COLOUR_WORDS[ground], 0.6)
        forms = say.COLOURED[setting if setting == "gradient" or setting == "plain" else ""]
        behind = pick(rng, forms, 0.25).format(a=_with_article(colour), c=colour)
        return behind if behind.split()[0] in say.PREPOSITIONS else f", {behind}"
    return pick(rng, say.SETTINGS[setting], 0.3) if setting in say.SETTINGS else ""


def _camera(rng: random.Random, camera: str) -> str:
    if camera in say.CAMERAS:
        return pick(rng, say.CAMERAS[camera], 0.3)
    return pick(rng, say.PANS, 0.3).format(d=pick(rng, say.PAN_WAYS[camera], 0.5))


def sentence(said: dict[str, str], rng: random.Random) -> str:
    """A sentence that tells `said` (names as in words.TOLD) and nothing else."""
    told = [name for name, value in said.items() if value]
    if told == ["camera"]:
        text = _camera(rng, said["camera"])
    elif told == ["motion"] and said["motion"] == "still":
        text = rng.choice(say.STILL_PICTURES)
    elif told == ["colour"] and rng.random() < 0.5:
        text = rng.choice(say.COLOUR_WORDS[said["colour"]])
    else:
        text = _full(said, rng)
    return text + ("." if rng.random() < 0.15 else "")


def _full(said: dict[str, str], rng: random.Random) -> str:
    subject = _noun(rng, said["colour"], said["kind"], said["size"])
    participle, verb = _moves(rng, said["motion"], said["speed"])
    behind = _behind(rng, said["setting"], said["ground"])
    roll = rng.random() * 100
    core = say.CORES[sum(roll >= weight for weight in _CORE_WEIGHTS) - 1]
    if not behind or (not verb and "that" in core):
        core = say.CORES[0 if "p" in core else 1]
    text = core.format(s=subject, p=participle, v=verb, g=behind)
    if core[1] == "s" and rng.random() < 0.08:
        text = f"{pick(rng, say.OPENINGS, 0.2)} {text}"
    if said["colour2"] or said["kind2"]:
        second = _noun(rng, said["colour2"], said["kind2"], said["size2"])
        if rng.random() < 0.1:
            text = rng.choice(say.BESIDE_FIRST).format(s=second) + text
        else:
            text = f"{text} {pick(rng, say.BESIDE, 0.3).format(s=second)}"
    if said["weather"]:
        text = _with_weather(text, said["weather"], rng)
    if said["camera"]:
        camera = _camera(rng, said["camera"])
        text = f"{camera}, {text}" if rng.random() < 0.2 else f"{text}, {camera}"
    return _tidy(text)


def _with_weather(text: str, weather: str, rng: random.Random) -> str:
    adverbials, clauses = say.WEATHERS[weather]
    roll = rng.random()
    if roll < 0.5:
        return f"{text} {pick(rng, adverbials)}"
    if roll < 0.62:
        return f"{pick(rng, adverbials)}, {text}"
    return f"{text}, {pick(rng, clauses)}" if roll < 0.92 else f"{pick(rng, clauses)}, {text}"


def _tidy(text: str) -> str:
    """One space between words, none before a comma, no comma without something on both sides."""
    parts = [" ".join(part.split()) for part in text.replace(" ,", ",").split(",")]
    return ", ".join(part for part in parts if part).strip(": ")


def plain(said: dict[str, str]) -> str:
    """The most ordinary sentence that tells `said`."""
    if not (said["colour"] or said["kind"]):
        return _plain_camera(said["camera"]) if said["camera"] else say.STILL_PICTURES[0]
    parts = [_plain_noun(said, ""), _plain_moves(said["motion"], said["speed"]), _plain_behind(said)]
    if said["weather"]:
        parts.append(say.WEATHERS[said["weather"]][0][0])
    text = " ".join(filter(None, parts))
    if said["colour2"]:
        text += f", next to {_plain_noun(said, '2')}"
    return text + (f", {_plain_camera(said['camera'])}" if said["camera"] else "")


def _plain_noun(said: dict[str, str], number: str) -> str:
    return _with_article(" ".join(filter(None, (said[name + number] for name in ("size", "colour", "kind")))))


def _plain_moves(motion: str, speed: str) -> str:
    adverb = {"slow": "slowly ", "fast": "quickly "}.get(speed, "")
    if motion in say.DIRECTIONS:
        return f"{adverb}moving {say.DIRECTIONS[motion][0]}"
    return f"{adverb}{say.FIXED[motion][0][0]}" if motion else ""


def _plain_behind(said: dict[str, str]) -> str:
    if not said["ground"]:
        return say.SETTINGS[said["setting"]][0] if said["setting"] in say.SETTINGS else ""
    form = say.COLOURED["gradient" if said["setting"] == "gradient" else ""][0]
    return form.format(a=_with_article(said["ground"]), c=said["ground"])


def _plain_camera(camera: str) -> str:
    return say.CAMERAS[camera][0] if camera in say.CAMERAS else say.PANS[0].format(d=camera)
