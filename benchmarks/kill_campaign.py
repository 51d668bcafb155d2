"""SIGKILL at random moments of real renders, again and again; afterwards nothing may be lost, doubled or different.

    python -m benchmarks.kill_campaign [--kills 200] [--seed 1] [--minutes 0] [--folder DIR]

The host is `wan-desktop serve`, the engine draws small clips with the built-in model and a snapshot after every step.
A kill hits the host or the render process, in a stage that a shuffled deck deals; or after the render process was
refused memory, while the job goes to the next memory plan or draws with it. Writes
`benchmarks/results/kill_campaign.json`, prints a row for README.md, and fails when anything is wrong.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import kill_checks
from benchmarks.fresh import save
from benchmarks.pinched import PINCH
from benchmarks.real_host import RealHost
from wan_desktop.domain.errors import HostProblem, OutOfMemory, RenderProcessDied
from wan_desktop.domain.events import JobChanged, Progress, Rendered, Resumed
from wan_desktop.domain.job import Job, JobState, Stage
from wan_desktop.domain.request import Draft
from wan_desktop.jobs.job_verbs import MOST_TRIES

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from wan_desktop.domain.events import Event

PUBLISHING, SUBMITTING, CHANGING = "publishing", "submitting", "changing the memory plan"
DECK = (
    *[("render", Stage.DENOISING)] * 5,
    *[("render", Stage.DECODING)] * 2,
    *[("render", CHANGING)] * 3,
    ("render", Stage.LOADING),
    ("render", Stage.ENCODING),
    ("render", Stage.SAVING),
    *[("host", Stage.DENOISING)] * 2,
    ("host", CHANGING),
    ("host", PUBLISHING),
    ("host", Stage.LOADING),
    ("host", Stage.DECODING),
    ("host", SUBMITTING),
)
"""Who is killed, and in which stage; the render process more often, since a start of it costs less."""
WITHIN = {
    Stage.LOADING: 5.0,
    Stage.DENOISING: 0.1,
    Stage.DECODING: 0.3,
    SUBMITTING: 0.05,
    PUBLISHING: 0.1,
    CHANGING: 1.5,  # from the refusal over the new plan's loading into its drawing
}
"""A kill comes at most so many seconds after the stage, or the step, began; elsewhere 0.02."""
STEPS = 8
BALL, STAR = (
    "a red ball moving right over a blue background",
    "a green star moving up over a yellow background",
)
DRAFTS = (
    Draft(prompt=BALL, width=96, height=96, sampler="unipc", seed=1),
    Draft(prompt=STAR, width=128, height=96, sampler="dpm++", seed=2),
    Draft(prompt=BALL, width=96, height=96, sampler="euler", seed=3, image="picture"),
    Draft(prompt=STAR, width=96, height=96, sampler="uni_pc", seed=4, guidance_scale=1.0),
)
"""What is drawn: every sampler that fits the built-in model, from text and from a picture."""


@dataclass
class Kill:
    """One kill: the stage aimed at, where the running job was when it came, and from which step it went on.

    `resumed` is None when no job had to be tried again: none ran, or it was just done. `plan` is the memory plan that
    it had when the kill came.
    """

    victim: str
    aim: str
    number: int
    job_id: str = ""
    stage: str = ""
    step: int = 0
    resumed: int | None = None
    plan: int = 0


class Campaign:
    """Kills on one folder. `problems` are sentences on what is wrong; there must be none."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.host = RealHost(folder, module="benchmarks.pinched", snapshot_every_s=0)
        self.kills: list[Kill] = []
        self.problems: list[str] = []
        self.rescues = self.unanswered = self._after_a_change = 0
        self._random = random.Random(seed)
        self._deck: list[tuple[str, str]] = []
        self._alike: list[float] = []
        self._drafts: dict[int, Draft] = {}
        self._wanted: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    # ---- what is drawn

    def begin(self) -> None:
        """Start the host and render each draft once, undisturbed: what every later clip is compared with."""
        from PIL import Image

        picture = self.host.folder / "picture.png"
        Image.radial_gradient("L").convert("RGB").resize((96, 96)).save(picture)
        self.host.start()
        for draft in DRAFTS:
            small = replace(draft, num_frames=5, num_inference_steps=STEPS)
            small = replace(small, image=str(picture)) if draft.image else small
            job = self.host.client.submit(small).result()
            self._drafts[job.request.seed] = small
            done = self._wait_done(job.id)
            frames = kill_checks.frames(self.host.clips[done.clip_id or ""])
            self._wanted[job.request.seed] = frames, kill_checks.latents(self.host.folder, job.id)

    def _wait_done(self, job_id: str) -> Job:
        def ended() -> Job | None:
            job = self.host.jobs.get(job_id)
            return job if job is not None and job.state.ended else None

        job: Job = self.host.wait(ended, f"job {job_id}")
        assert job.state is JobState.DONE, job
        return job

    def _refill(self) -> None:
        """Have two jobs that wait; now and then one that only decodes, with the other memory plan."""
        waiting = [job for job in list(self.host.jobs.values()) if job.state is JobState.QUEUED]
        for _ in range(2 - len([job for job in waiting if job.latents_of is None])):
            self._submit(self._random.choice(list(self._drafts.values())))
        if self._random.random() < 0.2:
            done = [job for job in self.host.jobs.values() if job.kept_latents and job.state is JobState.DONE]
            job = self.host.client.decode_again(self._random.choice(done).id, 1).result()
            self.host.jobs.setdefault(job.id, job)

    def _submit(self, draft: Draft) -> None:
        job = self.host.client.submit(draft).result()
        self.host.jobs.setdefault(job.id, job)

    def _rescue(self) -> None:
        """Continue, as a person would, what was lost too often to go on by itself."""
        for job in list(self.host.jobs.values()):
            code = (job.error or {}).get("code")
            failed = job.state is JobState.FAILED and code in (RenderProcessDied.code, OutOfMemory.code)
            lost = job.state is JobState.INTERRUPTED and job.attempts >= MOST_TRIES
            if failed or lost:
                self.rescues += 1
                self.host.jobs[job.id] = self.host.client.resume(job.id).result()

    # ---- killing

    def kill(self) -> Kill:
        """One kill, as the deck deals it; the host is started again when it was hit, and then checked."""
        if not self._deck:
            self._deck = self._random.sample(DECK, len(DECK))
        victim, aim = self._deck.pop()
        self._rescue()
        self._refill()
        answer = self._aim(aim)
        time.sleep(self._random.random() * WITHIN.get(aim, 0.02))
        at, told = self.host.at, len(self.host.events)
        kill = Kill(victim, str(aim), told)
        if at is not None and self.host.jobs[at.job_id].state is JobState.RUNNING:
            kill.job_id, kill.stage, kill.step = at.job_id, str(at.stage), at.done
            kill.plan = self.host.jobs[at.job_id].plan
        if victim == "host":
            self.host.kill()
            if answer is not None:
                self._answered(answer)
            self._start_again()
        elif not self.host.kill_child():
            kill.stage = "none"
        self.kills.append(kill)
        return kill

    def _aim(self, aim: str) -> Any:
        """Wait for the moment; the future of a submission that nobody waited for, if that is the moment."""
        if aim == SUBMITTING:
            return self.host.client.submit(self._random.choice(list(self._drafts.values())))
        if aim == CHANGING:
            self._pinch()
            return None
        step = self._random.randrange(STEPS)

        def now(event: Event) -> bool:
            if aim == PUBLISHING:
                return isinstance(event, Rendered)
            here = isinstance(event, Progress) and event.stage == aim
            return here and (aim != Stage.DENOISING or event.done == step)  # type: ignore[union-attr]

        self._hear_of(now, aim)
        return None

    def _pinch(self) -> None:
        """Refuse memory, once, to a job that draws or develops under the first plan; returns when it has happened."""
        stage = self._random.choice((Stage.DENOISING, Stage.DENOISING, Stage.DECODING))
        step = self._random.randrange(STEPS) if stage is Stage.DENOISING else 0

        def now(event: Event) -> bool:
            here = isinstance(event, Progress) and (event.stage, event.done) == (stage, step)
            return here and self.host.jobs[event.job_id].plan == 0  # type: ignore[union-attr]

        self._hear_of(now, CHANGING)
        said = self.host.folder / "cache" / PINCH
        said.touch()
        self._until(lambda: self.host.wait(lambda: not said.exists(), CHANGING, seconds=15.0), CHANGING)

    def _hear_of(self, now: Any, aim: str) -> None:
        self._until(lambda: self.host.heard(now, aim, seconds=15.0), aim)

    def _until(self, wait: Callable[[], object], aim: str) -> None:
        """The queue must not run dry meanwhile: a job may be lost too often to go on by itself."""
        for _ in range(20):
            try:
                wait()
                return
            except AssertionError:
                self._rescue()
                self._refill()
        raise AssertionError(f"{aim} never came: {self.host.events[-5:]}")

    def _answered(self, answer: Any) -> None:
        """A submission is acknowledged when its answer came; else the job may be there or not."""
        try:
            job = answer.result(10)
            self.host.jobs.setdefault(job.id, job)
        except HostProblem:
            self.unanswered += 1

    def _start_again(self) -> None:
        told_jobs, told_clips = set(self.host.jobs), set(self.host.clips)
        self.host.start()
        jobs, clips = self.host.client.jobs().result(), self.host.client.clips().result()
        self._check(kill_checks.nothing_lost(told_jobs, [job.id for job in jobs], "job"))
        self._check(kill_checks.nothing_lost(told_clips, [clip.id for clip in clips], "clip"))
        for job in jobs:
            if job.state is JobState.DONE or job.attempts >= MOST_TRIES:  # nothing more may be told of it
                self.host.jobs[job.id] = job
            self.host.jobs.setdefault(job.id, job)
        for clip in clips:
            self.host.clips.setdefault(clip.id, clip)

    # ---- the end

    def finish(self) -> None:
        """Let everything become its clip, end the host, and look at all there is."""
        deadline = time.monotonic() + 600
        while any(job.state is not JobState.DONE for job in self.host.jobs.values()):
            assert time.monotonic() < deadline, self.host.jobs
            self._rescue()
            with suppress(AssertionError):
                self.host.heard(lambda event: isinstance(event, JobChanged), "an end", seconds=2.0)
        jobs, clips = self.host.client.jobs().result(), self.host.client.clips().result()
        code = self.host.stop()
        self._check([] if code == 0 else [f"the host ended with {code}"])
        self._check(kill_checks.nothing_lost(self.host.jobs, [job.id for job in jobs], "job"))
        self._check(kill_checks.nothing_lost(self.host.clips, [clip.id for clip in clips], "clip"))
        self._check(kill_checks.each_job_has_its_clip(jobs, clips))
        self._check(kill_checks.sound_database(self.host.folder / "data" / "wan-desktop.sqlite", jobs))
        self._check(kill_checks.no_orphans(self.host.folder, jobs, clips))
        self._compare(jobs, clips)
        for kill in self.kills:
            kill.resumed = self._went_on(kill)

    def _compare(self, jobs: list[Job], clips: list[Any]) -> None:
        """What was drawn is the same bit for bit; so is the clip, but for what the encoder makes of it."""
        plans = {job.id: job.plan for job in jobs}
        for clip in clips:
            wanted, drawn = self._wanted[clip.request["seed"]]
            if not (kill_checks.latents(self.host.folder, clip.job_id) == drawn).all():
                self._check([f"what was drawn for {clip.path} differs"])
            alike = kill_checks.psnr(kill_checks.frames(clip), wanted)
            self._alike.append(alike)
            changed = bool(plans.get(clip.job_id))
            self._after_a_change += changed
            least = kill_checks.OTHER_PLAN_DB if changed else kill_checks.SAME_PLAN_DB
            self._check([] if alike >= least else [f"{clip.path} differs: {alike:.1f} dB"])

    def _went_on(self, kill: Kill) -> int | None:
        """The step after which the killed job went on, found in what was told after the kill."""
        tried = False
        for event in self.host.events[kill.number :]:
            if getattr(event, "job_id", "") != kill.job_id or not kill.job_id:
                continue
            match event:
                case Progress(_, Stage.LOADING):
                    tried = True
                case Resumed(_, step, _) if tried:
                    return step
                case Progress(_, Stage.ENCODING) if tried:
                    return 0
        return None

    def _check(self, found: Any) -> None:
        self.problems += [sentence for sentence in found if sentence not in self.problems]

    def report(self) -> dict[str, Any]:
        """The figures; `ok` when nothing is wrong and at least half of the kills while drawing cost no start."""
        drawing = [k for k in self.kills if k.stage == Stage.DENOISING and k.resumed is not None]
        resumed = sum(1 for k in drawing if k.resumed)
        changing = [k for k in self.kills if k.aim == CHANGING and k.resumed is not None]
        if drawing and resumed * 2 < len(drawing):
            self.problems.append(f"only {resumed} of {len(drawing)} kills while drawing went on from a step")
        return {
            "kills": len(self.kills),
            "by_victim": dict(Counter(k.victim for k in self.kills)),
            "by_aim": dict(Counter(f"{k.victim}: {k.aim}" for k in self.kills)),
            "by_stage_hit": dict(Counter(k.stage or "between jobs" for k in self.kills)),
            "hit_changing_the_plan": len(changing),
            "changing_resumed_from_a_step": sum(1 for k in changing if k.resumed),
            "hit_with_another_plan": sum(1 for k in self.kills if k.plan),
            "hit_denoising": len(drawing),
            "resumed_from_a_step": resumed,
            "jobs": len(self.host.jobs),
            "clips": len(self.host.clips),
            "clips_identical": sum(1 for db in self._alike if db == math.inf),
            "clips_with_another_plan": self._after_a_change,
            "least_alike_db": round(min(self._alike), 1)
            if self._alike and min(self._alike) < math.inf
            else None,
            "continued_by_hand": self.rescues,
            "submissions_without_answer": self.unanswered,
            "problems": self.problems,
        }


def run(folder: Path, kills: int, seed: int, seconds: float = math.inf) -> dict[str, Any]:
    """A whole campaign in `folder`, of at most so many kills and about so many seconds; its report."""
    campaign, began = Campaign(folder, seed), time.monotonic()
    try:
        campaign.begin()
        while len(campaign.kills) < kills and time.monotonic() - began < seconds:
            campaign.kill()
        campaign.finish()
    finally:
        campaign.host.kill_all()
    return {"seed": seed, "seconds": round(time.monotonic() - began), **campaign.report()}


def row(report: dict[str, Any]) -> str:
    """The report as a row for README.md."""
    return (
        f"| {report['kills']} | {report['by_victim']} | {report['hit_denoising']} | "
        f"{report['resumed_from_a_step']} | {report['hit_changing_the_plan']} | "
        f"{report['changing_resumed_from_a_step']} | {report['jobs']} | {len(report['problems'])} | "
        f"{report['seconds']} s |"
    )


def main() -> int:
    """Run, store, print; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop killing after so many")
    parser.add_argument("--folder", type=Path, help="an empty folder, which is kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wan-desktop-kills-") as scratch:
        folder = arguments.folder or Path(scratch)
        report = run(folder, arguments.kills, arguments.seed, arguments.minutes * 60)
    save("kill_campaign", {}, **report)
    print(
        "| kills | by victim | hit drawing | went on | hit a change of plan | went on | jobs | wrong | took |"
    )
    print(row(report))
    print("\n".join(report["problems"]))
    return 1 if report["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
