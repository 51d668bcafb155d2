"""A window over 10,000 clips and 500 ended jobs beside one over none: its start, its stalls, and a search."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from benchmarks.fresh import PROMPT, own_folders, program, save, seconds_of
from benchmarks.startup import window_in
from wan_desktop.app.parts import DATABASE
from wan_desktop.library.database import Database

CLIPS, JOBS, PAIRS = 10_000, 500, 3
SEARCH = "red ball"


def fill(environ: dict[str, str]) -> None:
    """Render one clip and put it into the library CLIPS times, under other names, and its job JOBS times."""
    seconds_of(program("render", PROMPT, "--frames", "9", "--steps", "4"), environ)
    store = Database(Path(environ["WAN_DESKTOP_DATA"]) / DATABASE)
    try:
        store.run(lambda: _copies(store)).result()
    finally:
        store.close()


def _copies(store: Database) -> None:
    [clip], [job] = store.clips(), store.jobs()
    for number in range(1, CLIPS):
        ident = f"{number:012d}"
        names = [Path(path).with_stem(ident) for path in (clip.path, clip.thumbnail)]
        os.link(clip.path, names[0])
        os.link(clip.thumbnail, names[1])
        created_at = clip.created_at - 60 * number
        copy = replace(clip, id=ident, path=str(names[0]), thumbnail=str(names[1]), created_at=created_at)
        store.put_clip(copy)
        if number < JOBS:
            store.put_job(replace(job, id=ident, clip_id=ident, order=-float(number)))


def measure() -> dict[str, list[float]]:
    """Samples of PAIRS windows over each, by turns; one unmeasured pair first fills the page cache."""
    samples: dict[str, list[float]] = {}
    with own_folders() as empty, own_folders() as full:
        fill(full)
        for pair in range(PAIRS + 1):
            for name, environ in (("empty", empty), ("full", full)):
                seen = window_in(environ, search=SEARCH)
                if pair:
                    for key in ("visible_s", "ready_s", "longest_stall_s"):
                        samples.setdefault(f"{name}_{key}", []).append(seen[key])
                    samples.setdefault(f"{name}_letter_s", []).append(max(seen["letter_s"]))
                    print(json.dumps({name: seen}), flush=True)
    return samples


if __name__ == "__main__":
    print(save("big_library", measure(), clips=CLIPS, jobs=JOBS))
