"""How things are called in English: for each value its wordings, the usual one first.

In braces: {a} a colour with its article, {c} a colour, {d} a direction, {s} a thing, {p} or {v} how it moves
(participle or verb), {g} what is behind it.
"""

from __future__ import annotations

from training.phrases import forms, pairs

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
NO_KIND = forms("shape | thing | object")
SIZE_WORDS: dict[str, tuple[str, ...]] = {
    "small": forms("small | little | tiny"),
    "large": forms("large | big | huge"),
}
VERBS = pairs(
    "moving / moves | drifting / drifts | sliding / slides | going / goes | running / runs | floating / floats | "
    "flying / flies | rolling / rolls | travelling / travels | gliding / glides | heading / heads"
)
QUICK = {
    "fast": pairs("racing / races | rushing / rushes | dashing / dashes | speeding / speeds"),
    "slow": pairs("creeping / creeps | crawling / crawls"),
}
DIRECTIONS: dict[str, tuple[str, ...]] = {
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
FIXED: dict[str, tuple[tuple[str, str], ...]] = {  # (participle, finite verb)
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
BEFORE = {"slow": forms("slowly | gently"), "fast": forms("quickly | rapidly | swiftly")}
AFTER = {
    "slow": forms("slowly | slow | very slowly | at a slow pace | gently | at low speed"),
    "fast": forms("quickly | fast | very fast | rapidly | at high speed | swiftly"),
}
COLOURED: dict[str, tuple[str, ...]] = {
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
SETTINGS: dict[str, tuple[str, ...]] = {
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
PREPOSITIONS = frozenset({"over", "on", "against", "in", "across", "with"})
WEATHERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # adverbials, clauses
    "rain": (
        forms("in the rain | on a rainy day | with rain | while it rains"),
        forms("it is raining | rain is falling | it rains | rain | rainy weather | raining | rainfall"),
    ),
    "snow": (
        forms("in the snow | on a snowy day | with snow | while it snows | in falling snow"),
        forms("it is snowing | snow is falling | it snows | snow | snowy weather | snowing | snowfall"),
    ),
}
CAMERAS: dict[str, tuple[str, ...]] = {
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
PANS = forms(
    "the camera pans {d} | the camera moves {d} | camera panning {d} | pan {d} | camera pan {d} | "
    "panning {d} | the camera slides {d} | camera moving {d} | the view pans {d} | slow pan {d}"
)
PAN_WAYS = {
    "left": forms("left | to the left | towards the left"),
    "right": forms("right | to the right | towards the right"),
}
STILL_PICTURES = forms(
    "the picture stands still | nothing moves | a still picture | the camera stands still | "
    "static camera | the camera does not move | still image"
)
BESIDE = forms(
    "next to {s} | beside {s} | with {s} | near {s} | and {s} | , next to it {s} | , {s} beside it | "
    ", {s} stands next to it | , {s} standing still nearby | by {s}"
)
BESIDE_FIRST = forms("next to {s},  | beside {s}, ")
OPENINGS = forms("a video of | an animation of | a clip of | we see | there is | a video showing | a film of")
CORES = forms(
    "{s} {p} {g} | {s} {v} {g} | {g}, {s} {v} | {s} {g} {p} | {s}, {p}, {g}, | {g}, {s} {p} | "
    "{s} that {v} {g} | {g}: {s} {p}"
)
PARTICLES = "a an the one some in that is of"
"""Used by the sentences themselves."""
