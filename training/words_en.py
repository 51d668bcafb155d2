"""Telling a scene in English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.phrases import forms, pairs

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "red": forms("red | crimson | scarlet"),
    "orange": forms("orange"),
    "yellow": forms("yellow | golden"),
    "green": forms("green | lime"),
    "cyan": forms("cyan | turquoise | teal | aqua"),
    "blue": forms("blue"),
    "purple": forms("purple | violet | lilac"),
    "pink": forms("pink | magenta"),
    "white": forms("white"),
    "black": forms("black"),
}
KIND_WORDS: dict[str, tuple[str, ...]] = {
    "ball": forms("ball | circle | sphere | disc | dot"),
    "square": forms("square | box | block | cube"),
    "triangle": forms("triangle | pyramid"),
    "star": forms("star | star shape"),
    "ring": forms("ring | hoop | donut"),
    "heart": forms("heart | heart shape"),
    "cross": forms("cross | plus | plus sign"),
    "moon": forms("moon | crescent | half moon | crescent moon"),
}
_NO_KIND = forms("shape | thing | object")
SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": forms("small | little | tiny"),
    "large": forms("large | big | huge"),
}
_VERBS = pairs(
    "moving / moves | drifting / drifts | sliding / slides | going / goes | running / runs | floating / floats | "
    "flying / flies | rolling / rolls | travelling / travels | gliding / glides | heading / heads"
)
_QUICK = {
    "fast": pairs("racing / races | rushing / rushes | dashing / dashes | speeding / speeds"),
    "slow": pairs("creeping / creeps | crawling / crawls"),
}
_DIRECTIONS: dict[str, tuple[str, ...]] = {
    "right": forms("right | to the right | rightwards | from left to right | towards the right"),
    "left": forms("left | to the left | leftwards | from right to left | towards the left"),
    "up": forms("up | upwards | upward | to the top | towards the top"),
    "down": forms("down | downwards | downward | to the bottom | towards the bottom"),
    "up right": forms(
        "up and right | diagonally up to the right | up and to the right | up right | to the upper right"
    ),
    "up left": forms(
        "up and left | diagonally up to the left | up and to the left | up left | to the upper left"
    ),
    "down right": forms(
        "down and right | diagonally down to the right | down and to the right | down right | "
        "to the lower right"
    ),
    "down left": forms(
        "down and left | diagonally down to the left | down and to the left | down left | to the lower left"
    ),
}
_FIXED: dict[str, tuple[tuple[str, str], ...]] = {  # (participle, finite verb)
    "up": pairs("rising / rises | climbing / climbs | ascending / ascends"),
    "down": pairs("falling / falls | sinking / sinks | dropping / drops | falling down / falls down"),
    "bouncing": pairs(
        "bouncing up and down / bounces up and down | bouncing / bounces | hopping / hops | "
        "jumping up and down / jumps up and down | jumping / jumps | bobbing up and down / bobs up and down | "
        "hopping up and down / hops up and down | leaping / leaps"
    ),
    "spinning": pairs(
        "spinning / spins | rotating / rotates | turning / turns | spinning around / spins around | "
        "rotating in place / rotates in place | twirling / twirls | whirling / whirls"
    ),
    "growing": pairs(
        "growing / grows | getting bigger / gets bigger | getting larger / gets larger | "
        "growing larger / grows larger | expanding / expands | swelling / swells | becoming bigger / becomes bigger"
    ),
    "shrinking": pairs(
        "shrinking / shrinks | getting smaller / gets smaller | becoming smaller / becomes smaller | "
        "contracting / contracts"
    ),
    "circling": pairs(
        "moving in a circle / moves in a circle | circling / circles | orbiting / orbits | "
        "circling around / circles around | going round in circles / goes round in circles | "
        "flying in circles / flies in circles"
    ),
    "still": pairs(
        "standing still / stands still | staying still / stays still | not moving / does not move | "
        "at rest / rests | motionless / is motionless | staying in place / stays in place | "
        "that is still / is still | hanging still / hangs still"
    ),
}
_BEFORE = {"slow": forms("slowly | gently"), "fast": forms("quickly | rapidly | swiftly")}
_AFTER = {
    "slow": forms("slowly | slow | very slowly | at a slow pace | gently | at low speed"),
    "fast": forms("quickly | fast | very fast | rapidly | at high speed | swiftly"),
}
_COLOURED: dict[str, tuple[str, ...]] = {
    "": forms(
        "over {a} background | on {a} background | against {a} background | "
        "in front of {a} background | across {a} background | with {a} background | on {c} | "
        "{c} background | the background is {c} | in {a} world | against {a} backdrop | "
        "in front of {a} wall"
    ),
    "gradient": forms(
        "over {a} gradient | on {a} gradient background | against {a} gradient | "
        "over a shaded {c} background | {c} gradient | on a background fading from light to dark {c}"
    ),
    "plain": forms(
        "over a plain {c} background | on a plain {c} background | plain {c} background | on solid {c}"
    ),
}
_SETTINGS: dict[str, tuple[str, ...]] = {
    "clouds": forms(
        "in a cloudy sky | among the clouds | against a blue sky with white clouds | in the sky | "
        "in front of clouds | under a cloudy sky | over a sky with clouds | in the clouds"
    ),
    "night": forms(
        "in the night sky | at night | under the stars | against a starry sky | under a night sky | "
        "in front of a starry night sky | in the dark night | against a dark sky with stars"
    ),
    "sea": forms(
        "over the sea | above the ocean | at sea | in front of the sea | by the sea | "
        "over the waves | above the water | over the ocean | on the water | on the sea"
    ),
    "hills": forms(
        "over green hills | in front of hills | above the hills | in a hilly landscape | "
        "over the hills | in front of green hills | over meadows | in the countryside | "
        "in front of mountains | in the mountains"
    ),
    "sunset": forms(
        "at sunset | in front of a sunset | against the evening sky | at dusk | in the evening | "
        "against a sunset | with the sun going down | under a sunset sky"
    ),
}
_PREPOSITIONS = frozenset({"over", "on", "against", "in", "across", "with"})
_WEATHERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # adverbials, clauses
    "rain": (
        forms("in the rain | on a rainy day | with rain | while it rains"),
        forms("it is raining | rain is falling | it rains | rain | rainy weather | raining | rainfall"),
    ),
    "snow": (
        forms("in the snow | on a snowy day | with snow | while it snows | in falling snow"),
        forms("it is snowing | snow is falling | it snows | snow | snowy weather | snowing | snowfall"),
    ),
}
_CAMERAS: dict[str, tuple[str, ...]] = {
    "in": forms(
        "the camera zooms in | zoom in | zooming in | camera zooming in | camera zoom in | "
        "the camera moves closer | slow zoom in | the camera moves forward | "
        "the camera comes closer | the view zooms in"
    ),
    "out": forms(
        "the camera zooms out | zoom out | zooming out | camera zooming out | camera zoom out | "
        "the camera moves back | slow zoom out | the camera pulls back | the camera moves away | "
        "the view zooms out"
    ),
}
_PANS = forms(
    "the camera pans {d} | the camera moves {d} | camera panning {d} | pan {d} | camera pan {d} | "
    "panning {d} | the camera slides {d} | camera moving {d} | the view pans {d} | slow pan {d}"
)
_PAN_WAYS = {
    "left": forms("left | to the left | towards the left"),
    "right": forms("right | to the right | towards the right"),
}
_STILL_PICTURES = forms(
    "the picture stands still | nothing moves | a still picture | the camera stands still | "
    "static camera | the camera does not move | still image"
)
_BESIDE = forms(
    "next to {s} | beside {s} | with {s} | near {s} | and {s} | , next to it {s} | , {s} beside it | "
    ", {s} stands next to it | , {s} standing still nearby | by {s}"
)
_BESIDE_FIRST = forms("next to {s},  | beside {s}, ")
_OPENINGS = forms(
    "a video of | an animation of | a clip of | we see | there is | a video showing | a film of"
)
_CORES = forms(
    "{s} {p} {g} | {s} {v} {g} | {g}, {s} {v} | {s} {g} {p} | {s}, {p}, {g}, | {g}, {s} {p} | "
    "{s} that {v} {g} | {g}: {s} {p}"
)
_CORE_WEIGHTS = (0, 36, 64, 72, 79, 85, 90, 96)
_ARTICLES = ("a an the one some", "in that is of")

TABLES = (
    COLOUR_WORDS,
    KIND_WORDS,
    _NO_KIND,
    SIZE_WORDS,
    _VERBS,
    _QUICK,
    _DIRECTIONS,
    _FIXED,
    _BEFORE,
    _AFTER,
    _COLOURED,
    _SETTINGS,
    _WEATHERS,
    _CAMERAS,
    _PANS,
    _PAN_WAYS,
    _STILL_PICTURES,
    _BESIDE,
    _BESIDE_FIRST,
    _OPENINGS,
    _CORES,
    _ARTICLES,
)
"""All that sentences are made from, for collecting their words."""


def _pick(rng: random.Random, options: Sequence[str], first: float = 0.4) -> str:
    """The first option, the usual one, more often than the others."""
    return options[0] if rng.random() < first else options[int(rng.random() * len(options))]


def _with_article(phrase: str) -> str:
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _noun(rng: random.Random, colour: str, kind: str, size: str) -> str:
    colour = colour and _pick(rng, COLOUR_WORDS[colour], 0.6)
    size = size and _pick(rng, SIZE_WORDS[size])
    noun = _pick(rng, KIND_WORDS[kind] if kind else _NO_KIND, 0.55)
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
    fixed = _FIXED.get(motion, ())
    if fixed and (motion not in _DIRECTIONS or rng.random() < 0.3):
        pair, way = fixed[0 if rng.random() < 0.4 else int(rng.random() * len(fixed))], ""
    else:
        way = " " + _pick(rng, _DIRECTIONS[motion])
        if speed and rng.random() < 0.15:
            pair = rng.choice(_QUICK[speed])
            return pair[0] + way, pair[1] + way
        pair = _VERBS[0 if rng.random() < 0.45 else int(rng.random() * len(_VERBS))]
    if not speed:
        return pair[0] + way, pair[1] + way
    roll = rng.random()
    if roll < 0.45:
        adverb = _pick(rng, _BEFORE[speed])
        return f"{adverb} {pair[0]}{way}", f"{adverb} {pair[1]}{way}"
    adverb = _pick(rng, _AFTER[speed])
    if roll < 0.7 and way:
        return f"{pair[0]} {adverb}{way}", f"{pair[1]} {adverb}{way}"
    return f"{pair[0]}{way} {adverb}", f"{pair[1]}{way} {adverb}"


def _behind(rng: random.Random, setting: str, ground: str) -> str:
    if ground:
        colour = _pick(rng, COLOUR_WORDS[ground], 0.6)
        forms = _COLOURED[setting if setting == "gradient" or setting == "plain" else ""]
        behind = _pick(rng, forms, 0.25).format(a=_with_article(colour), c=colour)
        return behind if behind.split()[0] in _PREPOSITIONS else f", {behind}"
    return _pick(rng, _SETTINGS[setting], 0.3) if setting in _SETTINGS else ""


def _camera(rng: random.Random, camera: str) -> str:
    if camera in _CAMERAS:
        return _pick(rng, _CAMERAS[camera], 0.3)
    return _pick(rng, _PANS, 0.3).format(d=_pick(rng, _PAN_WAYS[camera], 0.5))


def sentence(said: dict[str, str], rng: random.Random) -> str:
    """A sentence that tells `said` (names as in words.TOLD) and nothing else."""
    told = [name for name, value in said.items() if value]
    if told == ["camera"]:
        text = _camera(rng, said["camera"])
    elif told == ["motion"] and said["motion"] == "still":
        text = rng.choice(_STILL_PICTURES)
    elif told == ["colour"] and rng.random() < 0.5:
        text = rng.choice(COLOUR_WORDS[said["colour"]])
    else:
        text = _full(said, rng)
    return text + ("." if rng.random() < 0.15 else "")


def _full(said: dict[str, str], rng: random.Random) -> str:
    subject = _noun(rng, said["colour"], said["kind"], said["size"])
    participle, verb = _moves(rng, said["motion"], said["speed"])
    behind = _behind(rng, said["setting"], said["ground"])
    roll = rng.random() * 100
    core = _CORES[sum(roll >= weight for weight in _CORE_WEIGHTS) - 1]
    if not behind or (not verb and "that" in core):
        core = _CORES[0 if "p" in core else 1]
    text = core.format(s=subject, p=participle, v=verb, g=behind)
    if core[1] == "s" and rng.random() < 0.08:
        text = f"{_pick(rng, _OPENINGS, 0.2)} {text}"
    if said["colour2"] or said["kind2"]:
        second = _noun(rng, said["colour2"], said["kind2"], said["size2"])
        if rng.random() < 0.1:
            text = rng.choice(_BESIDE_FIRST).format(s=second) + text
        else:
            text = f"{text} {_pick(rng, _BESIDE, 0.3).format(s=second)}"
    if said["weather"]:
        text = _with_weather(text, said["weather"], rng)
    if said["camera"]:
        camera = _camera(rng, said["camera"])
        text = f"{camera}, {text}" if rng.random() < 0.2 else f"{text}, {camera}"
    return _tidy(text)


def _with_weather(text: str, weather: str, rng: random.Random) -> str:
    adverbials, clauses = _WEATHERS[weather]
    roll = rng.random()
    if roll < 0.5:
        return f"{text} {_pick(rng, adverbials)}"
    if roll < 0.62:
        return f"{_pick(rng, adverbials)}, {text}"
    return f"{text}, {_pick(rng, clauses)}" if roll < 0.92 else f"{_pick(rng, clauses)}, {text}"


def _tidy(text: str) -> str:
    """One space between words, none before a comma, no comma without something on both sides."""
    parts = [" ".join(part.split()) for part in text.replace(" ,", ",").split(",")]
    return ", ".join(part for part in parts if part).strip(": ")


def plain(said: dict[str, str]) -> str:
    """The most ordinary sentence that tells `said`."""
    if not (said["colour"] or said["kind"]):
        return _plain_camera(said["camera"]) if said["camera"] else _STILL_PICTURES[0]
    parts = [_plain_noun(said, ""), _plain_moves(said["motion"], said["speed"]), _plain_behind(said)]
    if said["weather"]:
        parts.append(_WEATHERS[said["weather"]][0][0])
    text = " ".join(filter(None, parts))
    if said["colour2"]:
        text += f", next to {_plain_noun(said, '2')}"
    return text + (f", {_plain_camera(said['camera'])}" if said["camera"] else "")


def _plain_noun(said: dict[str, str], number: str) -> str:
    return _with_article(" ".join(filter(None, (said[name + number] for name in ("size", "colour", "kind")))))


def _plain_moves(motion: str, speed: str) -> str:
    adverb = {"slow": "slowly ", "fast": "quickly "}.get(speed, "")
    if motion in _DIRECTIONS:
        return f"{adverb}moving {_DIRECTIONS[motion][0]}"
    return f"{adverb}{_FIXED[motion][0][0]}" if motion else ""


def _plain_behind(said: dict[str, str]) -> str:
    if not said["ground"]:
        return _SETTINGS[said["setting"]][0] if said["setting"] in _SETTINGS else ""
    form = _COLOURED["gradient" if said["setting"] == "gradient" else ""][0]
    return form.format(a=_with_article(said["ground"]), c=said["ground"])


def _plain_camera(camera: str) -> str:
    return _CAMERAS[camera][0] if camera in _CAMERAS else _PANS[0].format(d=camera)
