"""What the runs on a card found, as the tables of docs/performance.md.

    python -m benchmarks.card_tables [DIR]

With DIR, where `benchmarks.on_card` left its files, those are taken into `benchmarks/results/` first. The tables
stand between marks; what is written around them stays.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS, DOCUMENT = ROOT / "benchmarks" / "results", ROOT / "docs" / "performance.md"
FILES = ("full_size", "six_gib", "bench", "growth")
WANTED = {24: 1.02, 12: 1.10, 8: 1.20, 6: 1.40}
"""Cards in GiB, and how many times as long as without a cap a clip may take there."""


def main() -> None:
    """Take in what a run left, then write the tables."""
    for name in FILES if len(sys.argv) > 1 else ():
        found = Path(sys.argv[1]) / f"{name}.json"
        if found.exists() and found.stat().st_size:
            shutil.copyfile(found, RESULTS / found.name)
    text = DOCUMENT.read_text("utf-8")
    for name, table in (
        ("speed", speed),
        ("levers", levers),
        ("cards", cards),
        ("growth", growth),
        ("bench", bench),
    ):
        marked = rf"(?<=<!-- {name} -->\n).*?(?=<!-- end -->)"
        text = re.sub(marked, lambda _, table=table: f"\n{table()}\n\n", text, count=1, flags=re.DOTALL)
    DOCUMENT.write_text(text, "utf-8")


def _read(name: str) -> dict[str, Any]:
    file = RESULTS / f"{name}.json"
    found: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return found


def _table(*rows: tuple[Any, ...]) -> str:
    head, *rest = [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join([head, "|---" * len(rows[0]) + "|", *rest])


def _machine(machine: dict[str, Any]) -> str:
    return f"Taken on one {machine['card']}, Python {machine['python']}, torch {machine['torch']}."


# ---- speed


def speed() -> str:
    """Stock and ours, beside what is wanted."""
    found = _read("full_size")
    forward, decode = found["forward"], found["decode"]
    rows: list[tuple[Any, ...]] = [("", "stock", "ours", "wanted")]
    for kind, told, most in (("text", "text", 0.87), ("image", "picture", 0.90)):
        ours = forward[f"ours {kind}"]
        stock = forward[f"stock {kind}"]
        rows.append((f"forward, {told}", f"{stock:.3f} s", f"{ours:.3f} s", _at_most(ours, most)))
    stock = f"{decode['stock float32']:.2f} s (bfloat16: {decode['stock bfloat16']:.2f} s)"
    rows.append(("decode", stock, f"{decode['ours']:.2f} s", _at_most(decode["ours"], 4.5)))
    for name, clip in found.items():
        way = re.fullmatch(r"whole clip, (text|image), (.+)", name)
        if way:
            kind = {"text": "from text", "image": "from a picture"}[way[1]]
            least = 1.42 if way[2] == "exact" else 3.0
            other = clip["ratio_to_stock_with_bfloat16_vae"]
            rows.append(
                (
                    f"whole clip {kind}, {way[2]} ({clip['forwards']} forwards)",
                    f"{clip['stock']:.1f} s",
                    f"{clip['ours']:.1f} s",
                    f"{_at_least(clip['ratio'], least)}; {other:.2f}× stock with a bfloat16 VAE",
                )
            )
    rows += [
        (f"{name}, {clip['steps']} steps", "", f"{clip['draw']:.1f} + {clip['decode']:.1f} s", "")
        for name, clip in found.items()
        if name.startswith("real clip") and "decode" in clip
    ]
    return "\n\n".join([_table(*rows), _machine(found["machine"])])


def _at_most(seen: float, most: float) -> str:
    return f"≤ {most} s" if seen <= most else f"≤ {most} s: {seen / most - 1:.1%} short"


def _at_least(seen: float, least: float) -> str:
    return (
        f"{seen:.2f}× (≥ {least})"
        if seen >= least
        else f"{seen:.2f}× (≥ {least}: {1 - seen / least:.1%} short)"
    )


def levers() -> str:
    """Every choice that was left out or exchanged, and what was found beside the times."""
    found = _read("full_size")
    forward, decode = found["forward"], found["decode"]
    rows: list[tuple[Any, ...]] = [("", "seconds")]
    rows += [(name, f"{value:.3f}") for name, value in forward.items() if "difference" not in name]
    rows += [
        (f"decode, {name}", f"{value:.2f}") for name, value in decode.items() if name.startswith("ours, ")
    ]
    for part in [part for part in found if part.endswith("latent frames")]:
        rows += [(f"{part}, {name}", f"{value:.3f}") for name, value in found[part].items()]
    told = [f"{name}: {value:g}" for name, value in forward.items() if "difference" in name]
    told.append(f"frames {decode['ours to stock float32, dB']:.1f} dB from stock's in float32")
    on = [name for name, is_on in found["levers"].items() if is_on]
    off = [name for name, is_on in found["levers"].items() if not is_on]
    failed = [f"{name} failed: {why}" for name, why in found.get("failed", {}).items()]
    lines = [f"On: {', '.join(on)}; off: {', '.join(off) or 'none'}.", f"{'; '.join(told)}.", *failed]
    return "\n\n".join([_table(*rows), *lines])


# ---- memory


def cards() -> str:
    """Every card with the plan it got, beside the uncapped clip of its own run."""
    rows: list[tuple[Any, ...]] = [
        (
            "card",
            "plan",
            "forward",
            "decode",
            "whole clip",
            "wanted",
            *(f"peak, {s} (foretold)" for s in STAGES),
        )
    ]
    real = []
    for name in ("six_gib", "memory_plans", "memory_plans_8gib"):
        found = _read(name)
        plain = found.get("uncapped", [])[:1]
        known = {row[0] for row in rows}
        seen = [row for row in found.get("cards", []) if "ratios" in row]
        seen = [row for row in seen if f"{row['card_gib']} GiB" not in known]
        if name == "six_gib" and plain:
            one = plain[0]
            times = (f"{one['forward_s']:.3f} s", f"{one['decode_s']:.2f} s", f"{one['clip_s']:.1f} s")
            rows.insert(1, ("no cap", one["plan"], *times, "", *_peaks(one)))
        for row in seen:
            ratios = (f"{row['ratios'][part]:.2f}×" for part in ("forward_s", "decode_s", "clip_s"))
            card = row["card_gib"]
            rows.append((f"{card} GiB", row["plan"], *ratios, f"≤ {WANTED[card]}×", *_peaks(row)))
            if "real" in row:
                whole = row["real"]
                real.append(
                    f"A real clip of {whole['steps']} steps at {card} GiB took {whole['clip_s']:.1f} s."
                )
    return "\n\n".join([_table(rows[0], *sorted(rows[1:], key=_size, reverse=True)), *real])


STAGES = ("encoding", "denoising", "decoding")


def _size(row: tuple[Any, ...]) -> int:
    return 99 if row[0] == "no cap" else int(row[0].split()[0])


def _peaks(row: dict[str, Any]) -> list[str]:
    return [f"{row['peak_gib'][s]:.2f} ({row['foretold_gib'][s]:.2f}) GiB" for s in STAGES]


def growth() -> str:
    """Seconds and peaks by size and length."""
    found = _read("growth")
    rows: list[tuple[Any, ...]] = [
        ("size", "frames", "tokens", "forward", "decode", "whole clip", "peak, drawing", "peak, decoding")
    ]
    for row in found.get("rows", []):
        width, height, frames = row["size"]
        peaks, foretold = row.get("peak_gib", {}), row.get("foretold_gib", {})
        rows.append(
            (
                f"{width}×{height}",
                frames,
                row.get("tokens", ""),
                *(f"{row[key]:{how}} s" if key in row else "" for key, how in TIMES),
                *(f"{peaks.get(s, 0):.2f} ({foretold.get(s, 0):.2f}) GiB" for s in STAGES[1:]),
            )
        )
    if len(rows) == 1:
        return "Not measured yet."
    where = f"{found['device']['device_name']}, Python {found['python']}, torch {found['torch']}"
    return "\n\n".join(
        [_table(*rows), f"Taken on one {where}; a new prompt takes {found['text_s']} s of each clip."]
    )


TIMES = (("forward_s", ".3f"), ("decode_s", ".2f"), ("clip_s", ".0f"))


def bench() -> str:
    """What `wan-desktop bench` foretold, beside the real clip."""
    found, real = _read("bench"), _read("full_size").get("real clip, exact", {})
    if "clip_seconds" not in found:
        return "Not run on a card yet."
    told = f"`wan-desktop bench` foretold {found['clip_seconds']:.1f} s on one {found['device_name']}"
    if "total" not in real:
        return f"{told}."
    return f"{told}; a real clip of 50 steps took {real['total']:.1f} s there, a new prompt left out."


if __name__ == "__main__":
    main()
