"""The rows of the measurement: judged clips become figures, figures meet their bars, and all of it a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.detect import Seen, agrees
from training.evaluate_cases import FOUR, LENGTHS, SHAPES, THREE, Case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_DB = 99.0  # what equal pictures count as


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case with what its clip shows. `stills` are a few small frames of it, uint8 [n, h, w, 3]; `db` is the PSNR of
    its first frame against the start image, if there is one; `pixels` a small copy of the whole clip."""

    case: Case
    seen: Seen
    stills: np.ndarray
    db: float | None = None
    pixels: np.ndarray | None = None

    def right(self, field: str) -> bool:
        """Does the clip agree with its scene in `field`?"""
        if field == "avoided":
            return self.seen.thing is None or self.seen.thing.colour != self.case.avoided
        return agrees(self.seen, self.case.scene, field)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: over `n` clips, `value` in `unit` ("share", "dB", "levels" or "MB"), and the bar it should reach
    (`most` turns that round); None where there is no bar."""

    what: str
    n: int
    value: float
    unit: str = "share"
    bar: float | None = None
    most: bool = False

    @property
    def passed(self) -> bool | None:
        """Is the bar met? None without one."""
        if self.bar is None:
            return None
        return self.value <= self.bar if self.most else self.value >= self.bar

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {**asdict(self), "passed": self.passed}


BARS = {
    "core": {"colour": 0.98, "background": 0.98, "shape": 0.94, "motion": 0.95, "all four": 0.85},
    "mix": {"colour": 0.98, "background": 0.98, "shape": 0.94, "motion": 0.95, "all four": 0.85},
    "unseen": {"all four": 0.75},
    "camera": {"camera": 0.85},
    "second": {"second": 0.80},
    "weather": {"weather": 0.90},
    "size": {"size": 0.85},
    "picture": {"motion": 0.90},
    "photo": {"camera": 0.90},
}
LANGUAGE_GAP = 0.03  # Chinese prompts may be as much worse than the same ones in English
TITLES = {
    "core": "one thing over a coloured background",
    "mix": "everything it offers",
    "chinese": "the first prompts in Chinese",
    "unseen": "colour, shape and motion never trained together",
    "camera": "camera",
    "second": "not offered, a second thing (colour and shape)",
    "weather": "not offered, rain and snow",
    "size": "size of the thing",
    "picture": "drawn picture to video",
    "photo": "unseen photograph to video",
}
SIZE_BAR, LENGTH_BAR = 0.80, 0.75


def share(outcomes: Sequence[Outcome], fields: Sequence[str]) -> float:
    """The share of `outcomes` that are right in all of `fields`."""
    return float(np.mean([all(outcome.right(field) for field in fields) for outcome in outcomes]))


def adherence_rows(key: str, groups: Mapping[str, Sequence[Outcome]], fields: Sequence[str]) -> list[Row]:
    """One row for each field of group `key`, and one for all of them together."""
    title, bars, outcomes = TITLES[key], bars_of(key, groups), groups[key]
    rows = [
        Row(f"{title}: {field}", len(outcomes), share(outcomes, [field]), bar=bars.get(field))
        for field in fields
    ]
    if tuple(fields) == FOUR:
        rows.append(Row(f"{title}: all four", len(outcomes), share(outcomes, FOUR), bar=bars.get("all four")))
    return rows


def bars_of(key: str, outcomes: Mapping[str, Sequence[Outcome]]) -> Mapping[str, float]:
    """What each field of a group should reach; Chinese prompts are measured by the English ones."""
    if key == "chinese":
        return {"all four": share(outcomes["core"], FOUR) - LANGUAGE_GAP}
    return BARS.get(key, {})


def picture_rows(key: str, outcomes: Sequence[Outcome]) -> list[Row]:
    """How well the first frame is kept, in dB."""
    values = [outcome.db for outcome in outcomes if outcome.db is not None]
    bar = 32.0 if key == "picture" else 25.0
    title = f"{TITLES[key]}: first frame kept"
    return [
        Row(f"{title}, mean", len(values), float(np.mean(values)), "dB", bar),
        Row(f"{title}, least", len(values), float(np.min(values)), "dB"),
    ]


def size_rows(groups: Mapping[str, Sequence[Outcome]]) -> list[Row]:
    """Other shapes and lengths, each by colour, background and shape together."""
    rows = []
    for key in [f"size {w}x{h}" for h, w in SHAPES] + [f"frames {n}" for n in LENGTHS]:
        bar = SIZE_BAR if key.startswith("size") else LENGTH_BAR
        what = f"{key.replace('size ', '').replace('frames ', 'frames: ')}: colour, background and shape"
        rows.append(Row(what, len(groups[key]), share(groups[key], THREE), bar=bar))
    return rows


def control_rows(groups: Mapping[str, Sequence[Outcome]]) -> list[Row]:
    """What guidance, the negative prompt and the seed do."""
    free, avoiding, unguided = groups["free"], groups["avoiding"], groups["unguided"]
    guided = groups["core"][: len(unguided)]
    plain = share(unguided, FOUR)
    pairs = list(zip(groups["seed"], groups["seed other"], groups["seed again"], strict=True))
    differ = [np.abs(a.pixels.astype(int) - b.pixels).mean() for a, b, _ in pairs]
    same = [np.array_equal(a.pixels, again.pixels) for a, _, again in pairs]
    return [
        Row("guidance 1: all four", len(unguided), plain),
        Row("guidance 5, same prompts: all four", len(guided), share(guided, FOUR), bar=plain),
        Row("thing of a colour that nothing names", len(free), 1 - share(free, ["avoided"])),
        Row(
            "… that the negative prompt names",
            len(avoiding),
            1 - share(avoiding, ["avoided"]),
            "share",
            0.02,
            True,
        ),
        Row("two seeds differ by", len(pairs), float(np.mean(differ)), "levels", 4.0),
        Row("one seed repeats exactly", len(pairs), float(np.mean(same)), bar=1.0),
    ]


def decibels(ours: np.ndarray, theirs: np.ndarray) -> float:
    """PSNR of two uint8 pictures or clips of one shape, at most MOST_DB."""
    error = np.square(ours.astype(np.float32) - theirs).mean()
    return MOST_DB if error == 0 else min(MOST_DB, float(10 * np.log10(255**2 / error)))


def table(result: Mapping[str, object]) -> str:
    """The result of an evaluation as a Markdown table."""
    lines = ["| what | clips | value | bar | |", "|---|---|---|---|---|"]
    for row in result["rows"]:
        bar = "" if row["bar"] is None else ("≤ " if row["most"] else "≥ ") + shown(row["bar"], row["unit"])
        verdict = {None: "", True: "pass", False: "short"}[row["passed"]]
        value = shown(row["value"], row["unit"])
        lines.append(f"| {row['what']} | {row['n']} | {value} | {bar} | {verdict} |")
    return "\n".join([*lines, "", *(f"- {note}" for note in result["notes"])])


def shown(value: float, unit: str) -> str:
    """A figure with its unit."""
    return f"{100 * value:.0f} %" if unit == "share" else f"{value:.1f} {unit}"
