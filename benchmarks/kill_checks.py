"""What must be true of the folders and of the queue, however often the program was killed."""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from wan_desktop.domain.job import JobState
from wan_desktop.library.kept import LATENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np

    from wan_desktop.domain.job import Clip, Job

SAME_PLAN_DB, OTHER_PLAN_DB = math.inf, 45.0
"""At least so alike are two clips of one request: identical under one memory plan, 45 dB under two."""


def nothing_lost(told: Iterable[str], there: Sequence[str], what: str) -> Iterator[str]:
    """Everything that was told is there, and once."""
    for ident in sorted(set(told) - set(there)):
        yield f"{what} {ident} was told and is lost"
    for ident, times in Counter(there).items():
        if times > 1:
            yield f"{what} {ident} is there {times} times"


def each_job_has_its_clip(jobs: Sequence[Job], clips: Sequence[Clip]) -> Iterator[str]:
    """Every job is done, with one clip of its own whose file is there."""
    by_job = Counter(clip.job_id for clip in clips)
    known = {clip.id for clip in clips}
    for job in jobs:
        if job.state is not JobState.DONE:
            yield f"job {job.id} is {job.state}: {job.error}"
        elif job.clip_id not in known:
            yield f"job {job.id} names the clip {job.clip_id}, which is not in the library"
        if by_job[job.id] > 1:
            yield f"job {job.id} has {by_job[job.id]} clips"
    for stranger in sorted(by_job.keys() - {job.id for job in jobs}):
        yield f"a clip is of the job {stranger}, which is not in the queue"


def sound_database(file: Path, jobs: Sequence[Job]) -> Iterator[str]:
    """SQLite finds no fault in the file, and no start had to set one aside. The host must have ended."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        for (said,) in database.execute("PRAGMA integrity_check"):
            if said != "ok":
                yield f"the database: {said}"
        (count,) = database.execute("SELECT count(*) FROM jobs").fetchone()
    if count != len(jobs):
        yield f"the database holds {count} jobs, the host told of {len(jobs)}"
    for aside in file.parent.glob("*damaged*"):
        yield f"a start took the database for damaged: {aside.name}"


def no_orphans(folder: Path, jobs: Sequence[Job], clips: Sequence[Clip]) -> Iterator[str]:
    """The library holds each clip and its thumbnail, what is kept belongs to jobs, and nothing else lies there."""
    library, renders = folder / "library", folder / "data" / "renders"
    wanted = {clip.path for clip in clips} | {clip.thumbnail for clip in clips}
    there = {str(file) for file in library.rglob("*") if file.is_file()}
    yield from (f"orphan {file}" for file in sorted(there - wanted))
    yield from (f"missing {file}" for file in sorted(wanted - there))
    known = {job.id for job in jobs}
    for file in sorted(renders.rglob("*")):
        if file.is_file() and (file.parent.name not in known or file.name != LATENTS):
            yield f"orphan {file}"
    yield from (f"orphan {file}" for file in sorted((folder / "data").rglob("*.part")))


def frames(clip: Clip) -> np.ndarray:
    """The clip's frames, uint8 [n, height, width, 3]."""
    import av
    import numpy as np

    with av.open(clip.path) as video:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)])


def latents(folder: Path, job_id: str) -> np.ndarray:
    """What the job has drawn, as it is kept."""
    from safetensors.numpy import load_file

    return load_file(folder / "data" / "renders" / job_id / LATENTS)["latents"]


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    """How alike two clips are, in dB: 10 log10(255² / mean square error); infinite when identical, -inf by shape."""
    import numpy as np

    if first.shape != second.shape:
        return -math.inf
    error = float(np.mean((first.astype(np.float64) - second) ** 2))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)
