"""Contact sheets of judged clips, so that a person sees why a figure is what it is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from training.detect import Seen
    from training.evaluate_rows import Outcome

SHOWN = 8  # wrong ones, and as many at random
_LINE = 15
_FONTS = ("NotoSansCJK-Regular.ttc", "wqy-zenhei.ttc", "DejaVuSans.ttf")


def save_sheets(folder: Path, groups: Mapping[str, tuple[Sequence[str], Sequence[Outcome]]]) -> None:
    """Write `<group>.png` for every group of (fields, outcomes): wrong ones first, then others at random."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, (fields, outcomes) in groups.items():
        wrong = [outcome for outcome in outcomes if not all(outcome.right(field) for field in fields)]
        rng = random.Random(0)
        chosen = rng.sample(wrong, min(SHOWN, len(wrong))) + rng.sample(outcomes, min(SHOWN, len(outcomes)))
        _sheet([_row(outcome, fields) for outcome in chosen]).save(folder / f"{key.replace(' ', '-')}.png")


def _row(outcome: Outcome, fields: Sequence[str]) -> Image.Image:
    """A clip's frames under two lines: what was asked for, and what is seen."""
    strip = np.concatenate(list(outcome.stills), axis=1)
    width = max(strip.shape[1], 640)
    row = Image.new("RGB", (width, strip.shape[0] + 2 * _LINE), "white")
    row.paste(Image.fromarray(strip), (0, 2 * _LINE))
    draw, wrong = ImageDraw.Draw(row), [field for field in fields if not outcome.right(field)]
    draw.text((2, 1), outcome.case.ask.prompt, "black", _font())
    verdict = f"WRONG {', '.join(wrong)}" if wrong else "right"
    draw.text((2, _LINE), f"{verdict}: {_said(outcome.seen)}", "darkred" if wrong else "darkgreen", _font())
    return row


def _said(seen: Seen) -> str:
    """What is seen, in a line."""
    things = [f"{t.size} {t.colour} {t.kind} {t.motion}" for t in (seen.thing, seen.second) if t is not None]
    rest = [seen.background, seen.weather, f"camera {seen.camera}" if seen.camera else ""]
    return ", ".join(filter(None, [*things, *rest]))


def _sheet(rows: Sequence[Image.Image]) -> Image.Image:
    width, height = max(row.width for row in rows), sum(row.height + 4 for row in rows)
    sheet, top = Image.new("RGB", (width, height), "gray"), 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height + 4
    return sheet


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font of the machine that has Chinese signs, else one that has at least Latin ones."""
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, 11)
        except OSError:
            continue
    return ImageFont.load_default(11)
