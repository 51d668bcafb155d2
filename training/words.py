"""The words of the demo world and how captions are put together from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

COLOURS = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "white", "black")
THINGS = ("ball", "square", "triangle", "star", "heart", "ring")
MOTIONS = (
    "right",
    "left",
    "up",
    "down",
    "still",
    "growing",
    "shrinking",
    "up right",
    "up left",
    "down right",
    "down left",
)
SIZES = ("small", "", "big")  # the middle size is never named

COLOUR_WORDS: dict[str, tuple[str, ...]] = {
    "red": ("red", "red", "red", "crimson", "scarlet"),
    "orange": ("orange",),
    "yellow": ("yellow",),
    "green": ("green", "green", "green", "lime"),
    "cyan": ("cyan", "cyan", "turquoise", "teal"),
    "blue": ("blue",),
    "purple": ("purple", "purple", "violet"),
    "pink": ("pink", "pink", "magenta"),
    "white": ("white",),
    "black": ("black",),
}
THING_WORDS: dict[str, tuple[str, ...]] = {
    "ball": ("ball", "ball", "circle", "sphere", "disc", "dot"),
    "square": ("square", "square", "box", "block"),
    "triangle": ("triangle", "triangle", "pyramid"),
    "star": ("star",),
    "heart": ("heart",),
    "ring": ("ring", "ring", "hoop", "donut"),
}
SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": ("small", "tiny", "little"),
    "big": ("big", "large", "huge"),
}
_VERBS = (
    ("moving", "moves"),
    ("drifting", "drifts"),
    ("sliding", "slides"),
    ("going", "goes"),
    ("floating", "floats"),
    ("flying", "flies"),
    ("rolling", "rolls"),
    ("travelling", "travels"),
    ("gliding", "glides"),
)
_DIRECTIONS: dict[str, tuple[str, ...]] = {
    "right": ("right", "right", "to the right", "rightwards", "from left to right", "towards the right"),
    "left": ("left", "left", "to the left", "leftwards", "from right to left", "towards the left"),
    "up": ("up", "up", "upwards", "to the top"),
    "down": ("down", "down", "downwards", "to the bottom"),
    "up right": ("up and right", "diagonally up to the right", "up and to the right"),
    "up left": ("up and left", "diagonally up to the left", "up and to the left"),
    "down right": ("down and right", "diagonally down to the right", "down and to the right"),
    "down left": ("down and left", "diagonally down to the left", "down and to the left"),
}
_FIXED: dict[str, tuple[tuple[str, str], ...]] = {  # (participle, finite verb)
    "up": (("rising", "rises"), ("climbing", "climbs")),
    "down": (("falling", "falls"), ("sinking", "sinks")),
    "still": (
        ("standing still", "stands still"),
        ("staying still", "stays still"),
        ("not moving", "does not move"),
        ("at rest", "rests"),
        ("that is still", "is still"),
    ),
    "growing": (("growing", "grows"), ("getting bigger", "gets bigger"), ("expanding", "expands")),
    "shrinking": (("shrinking", "shrinks"), ("getting smaller", "gets smaller")),
}
_OVER = ("over", "over", "on", "on", "across", "against", "in front of", "with")
_OPENINGS = ("a video of", "an animation of", "a clip of", "we see")


@dataclass(frozen=True, slots=True)
class Scene:
    """What one clip shows, in the world's own names."""

    colour: str
    thing: str
    motion: str
    background: str
    size: str = ""


def motion_phrase(motion: str, rng: random.Random) -> tuple[str, str]:
    """One way to say `motion`: (participle, finite verb), e.g. ("drifting left", "drifts left")."""
    fixed = _FIXED.get(motion, ())
    if fixed and (motion not in _DIRECTIONS or rng.random() < 0.35):
        return rng.choice(fixed)
    participle, verb = rng.choice(_VERBS[:1] * 6 + _VERBS)
    direction = rng.choice(_DIRECTIONS[motion])
    return f"{participle} {direction}", f"{verb} {direction}"


def plain_caption(scene: Scene) -> str:
    """The most ordinary sentence for `scene`, as the examples use it."""
    still = {"still": "standing still", "growing": "growing", "shrinking": "shrinking"}
    motion = still.get(scene.motion) or "moving " + " and ".join(scene.motion.split())
    article = "an" if (scene.size or scene.colour)[0] in "aeiou" else "a"
    subject = " ".join(filter(None, (article, scene.size, scene.colour, scene.thing)))
    ground = "an" if scene.background[0] in "aeiou" else "a"
    return f"{subject} {motion} over {ground} {scene.background} background"


def _article(phrase: str, rng: random.Random) -> str:
    if rng.random() < 0.25:
        return phrase
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def caption(scene: Scene, rng: random.Random) -> str:
    """A sentence for `scene`: wording, order and completeness vary."""
    words = [rng.choice(SIZE_WORDS[scene.size])] if scene.size and rng.random() < 0.6 else []
    if rng.random() < 0.96:
        words.append(rng.choice(COLOUR_WORDS[scene.colour]))
    words.append(rng.choice(THING_WORDS[scene.thing]) if rng.random() < 0.97 else "shape")
    subject = _article(" ".join(words), rng)
    participle, verb = motion_phrase(scene.motion, rng)
    moves = "" if rng.random() < 0.07 else rng.choice((participle, participle, verb))
    ground = _background(scene.background, rng)
    roll = rng.random()
    if roll < 0.70:
        text = f"{subject} {moves} {ground}"
    elif roll < 0.80:
        text = f"{subject} {ground} {moves}"
    elif roll < 0.90:
        text = f"{ground}, {subject} {moves}" if ground else f"{subject} {moves}"
    else:
        text = ", ".join(filter(None, (subject, moves, ground)))
    if rng.random() < 0.08:
        text = f"{rng.choice(_OPENINGS)} {text}"
    return " ".join(text.split()) + ("." if rng.random() < 0.15 else "")


def _background(background: str, rng: random.Random) -> str:
    colour = rng.choice(COLOUR_WORDS[background])
    roll = rng.random()
    if roll < 0.06:
        return ""
    if roll < 0.70:
        return f"{rng.choice(_OVER)} {_article(f'{colour} background', rng)}"
    if roll < 0.85:
        return f"on {colour}"
    return rng.choice((f"{colour} background", f"the background is {colour}", f"in a {colour} world"))


def all_words() -> list[str]:
    """Every word a caption may hold, sorted: the tokenizer gives each a piece of its own."""
    phrases: list[str] = ["a an the shape background is in world with of and does not that we see"]
    phrases += [*_OVER, *_OPENINGS]
    for table in (COLOUR_WORDS, THING_WORDS, SIZE_WORDS, _DIRECTIONS):
        for group in table.values():
            phrases.extend(group)
    for pair in [*_VERBS, *(pair for group in _FIXED.values() for pair in group)]:
        phrases.extend(pair)
    return sorted({word for phrase in phrases for word in phrase.split()})
