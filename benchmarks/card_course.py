"""What `card_faults` does to a card, part after part, and what must be true after each."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmarks.card_host import another_process
from wan_desktop.domain.events import Planned, Progress, Resumed
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.memory import AUTO, CARD_PLANS
from wan_desktop.domain.request import Draft

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from benchmarks.card_host import CardHost, Vram
    from wan_desktop.domain.job import Job

LEAST_DB = 45.0
NOTHING = 8 * 2**20
"""A cap, in bytes, with which nothing can be computed."""
STEPS = 8
SAMPLING: dict[str, Any] = {
    "num_inference_steps": STEPS,
    "guidance_scale": 5.0,
    "flow_shift": 5.0,
    "sampler": "unipc",
}


class Course:
    """The parts, one after the other in one host. `random` is the id of the model with random weights."""

    def __init__(self, host: CardHost, vram: Vram, random: str, *, tiny: bool) -> None:
        self._host, self._vram, self._tiny = host, vram, tiny
        size = {"width": 64, "height": 64} if tiny else {"width": 1280, "height": 704}
        self._large = Draft(
            prompt="a red ball on a lawn",
            model=random,
            num_frames=9 if tiny else 25,
            plan="whole",
            seed=1,
            **size,
            **SAMPLING,
        )
        size = {"width": 96, "height": 96} if tiny else {"width": 640, "height": 384}
        self._small = Draft(
            prompt="a red ball moving right over a blue background",
            model="demo",
            num_frames=9 if tiny else 25,
            plan="whole",
            seed=2,
            **size,
            **SAMPLING,
        )
        self._plans = ("whole", "by stage") if tiny else CARD_PLANS
        self._peaks: dict[str, dict[str, dict[str, int]]] = {}
        self._wanted: dict[str, Job] = {}
        self.problems: list[str] = []

    def must(self, true: bool, problem: str) -> None:
        """Note the problem unless `true`."""
        if not true:
            self.problems.append(problem)

    def parts(self) -> list[tuple[str, Callable[[], dict[str, Any]]]]:
        """What there is to see, in order."""
        return [
            ("undisturbed_random", lambda: self._undisturbed("random", self._large, last=False)),
            ("undisturbed_built_in", lambda: self._undisturbed("built-in", self._small, last=True)),
            ("drawing", self._drawing),
            ("developing", self._developing),
            ("no_plan_is_left", self._no_plan),
            ("paused", self._paused),
            *([] if self._tiny else [("taken_by_another", self._taken)]),
        ]

    # ---- undisturbed

    def _undisturbed(self, name: str, draft: Draft, *, last: bool) -> dict[str, Any]:
        """Every plan on the whole card: its peaks by stage, and how near its frames are to the first plan's."""
        peaks, told = self._peaks.setdefault(name, {}), {}
        for number, plan in enumerate(self._plans if last else self._plans[:4]):
            job, rows = self._job(
                lambda number=number: self._host.render(replace(draft, plan=CARD_PLANS[number]))
            )
            if not self._done(job, f"undisturbed {plan}"):
                continue
            frames = self._host.frames(job)
            first = self._wanted.setdefault(name, job)
            peaks[plan] = {row["stage"]: row["peak"] for row in rows if "peak" in row}
            mib = {stage: peak // 2**20 for stage, peak in peaks[plan].items() if stage}
            told[plan] = {"psnr_db": _psnr(frames, self._host.frames(first)), "peak_mib": mib}
            told[plan]["deviation_of_pixels"] = round(float(frames.std()), 1)
        return told

    # ---- running out

    def _drawing(self) -> dict[str, Any]:
        """The card shrinks again and again while one clip is drawn."""
        self._host.let(None, self._rules("random", Stage.DENOISING, (2, 4, 6)))
        job, rows = self._job(lambda: self._host.render(self._large))
        return self._went_on("drawing", job, rows, self._wanted["random"])

    def _developing(self) -> dict[str, Any]:
        """The card shrinks again and again while one clip is developed."""
        self._host.let(None, self._rules("built-in", Stage.DECODING, (5, 5, 5, 5)))
        job, rows = self._job(lambda: self._host.render(self._small))
        told = self._went_on("developing", job, rows, self._wanted["built-in"])
        self.must(
            all(step == STEPS for step in told["resumed_after"]), "developing: something was drawn twice"
        )
        return told

    def _no_plan(self) -> dict[str, Any]:
        """No plan fits any more: the job fails and keeps its step; with the card back it goes on from there."""
        self._host.let(None, [(plan, Stage.DENOISING, 3, NOTHING) for plan in self._plans])
        job, rows = self._job(lambda: self._host.render(replace(self._small, plan=AUTO)))
        error = (job.error or {}).get("code")
        told = {"state": str(job.state), "error": error, "kept_step": job.kept_step, "plan": job.plan}
        self.must(job.state is JobState.FAILED and error == "out_of_memory", f"no plan: {told}")
        self.must(job.kept_step == 3, f"no plan: step {job.kept_step} is kept, not 3")
        told |= self._given_back("no plan", rows)
        self._host.let()
        job, rows = self._job(lambda: self._host.ended(self._host.host.resume(job.id).result()))
        return told | {
            "continued": self._went_on("no plan", job, rows, self._wanted["built-in"], ran_out=False)
        }

    def _taken(self) -> dict[str, Any]:
        """Another process takes so much of the card that the driver refuses the plan that was asked for."""
        peaks = self._peaks["random"]
        room = (peaks["whole"][Stage.DENOISING] + peaks["streamed"][Stage.DENOISING]) // 2
        self._host.let()
        with another_process(room):
            job, rows = self._job(lambda: self._host.render(replace(self._large, plan="whole")))
        return {"left_mib": room // 2**20} | self._went_on("taken", job, rows, self._wanted["random"])

    def _went_on(
        self, what: str, job: Job, rows: list[dict[str, Any]], wanted: Job, *, ran_out: bool = True
    ) -> dict[str, Any]:
        """Which plans took over and after which step, what the recipe says, and how near the frames are."""
        told = self._told(job)
        if not self._done(job, what):
            return told
        made = self._host.made_by(job)
        told |= {"recipe": {key: made.get(key) for key in ("plan", "resumed_step")}}
        told["psnr_db"] = _psnr(self._host.frames(job), self._host.frames(wanted))
        told["latents_db"] = _psnr(self._host.latents(job), self._host.latents(wanted), most=4.0)
        self.must(told["psnr_db"] >= LEAST_DB, f"{what}: {told['psnr_db']} dB from an undisturbed run")
        self.must(told["resumed_after"] == told["last_steps_before"], f"{what}: {told}")
        self.must(what == "taken" or min(told["resumed_after"], default=0) > 0, f"{what}: it began anew")
        self.must(made.get("resumed_step", 0) == (told["resumed_after"] or [0])[-1], f"{what}: recipe {made}")
        if ran_out:
            noted = sum("Memory ran out" in note for note in job.notes)
            self.must(noted > 0 and made["plan"] != "whole", f"{what}: memory did not run out")
            told["notes"] = [str(note) for note in job.notes]
        told["tries"] = [row["begins"] for row in rows if "begins" in row]
        told["caps_mib"] = [row["cap"] // 2**20 for row in rows if row.get("cap")]
        return told | self._given_back(what, rows)

    def _told(self, job: Job) -> dict[str, Any]:
        """The steps after which tries went on, and the last step before each."""
        done, resumed, good, planned = 0, [], [], []
        for event in self._host.events:
            if getattr(event, "job_id", None) != job.id:
                continue
            match event:
                case Progress(_, Stage.DENOISING, step, _):
                    done = step
                case Resumed(_, step, _):
                    resumed.append(step)
                    good.append(done)
                case Planned(_, _, name):
                    planned.append(name)
        return {"resumed_after": resumed, "last_steps_before": good, "planned": planned}

    def _given_back(self, what: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """What PyTorch held between two tries, and the whole card's used memory now."""
        left = [row["allocated"] // 2**20 for row in rows if "rests" in row]
        self.must(bool(left) and max(left) <= 160, f"{what}: {left} MiB stay on the card")
        return {"left_on_card_mib": left, "used_mib": self._vram.used()}

    # ---- pausing

    def _paused(self) -> dict[str, Any]:
        """Pause ends the render process: the card is as it was before there was one."""
        self._host.let()
        job = self._host.host.submit(self._large).result()
        self._host.wait(lambda: self._step(job) >= 3, "step 3")
        pid = self._host.backend.pid
        told = {"drawing_mib": self._vram.of(pid), "card_mib": self._vram.used()}
        self._host.host.pause(job.id).result()
        paused = self._host.paused(job)
        told |= self.gone(pid) | {"kept_step": paused.kept_step}
        self.must(self._tiny or (told["drawing_mib"] or 0) > 1000, "paused: nothing was on the card")
        job, rows = self._job(lambda: self._host.ended(self._host.host.resume(job.id).result()))
        return told | {"continued": self._went_on("paused", job, rows, self._wanted["random"], ran_out=False)}

    def gone(self, pid: int | None = None) -> dict[str, Any]:
        """The render process is gone, and what it had of the card; how long that took."""
        seconds = self._vram.settles(pid)
        self.must(self._host.backend.pid is None, "the render process lives")
        told = {
            "given_back_s": seconds,
            "card_before_mib": self._vram.before,
            "card_now_mib": self._vram.used(),
        }
        self.must(seconds is not None, f"the card is not given back: {told}")
        return told

    def _step(self, job: Job) -> int:
        events = (e for e in self._host.events if isinstance(e, Progress) and e.job_id == job.id)
        return max((e.done for e in events if e.stage is Stage.DENOISING), default=0)

    # ---- helpers

    def _job(self, work: Callable[[], Job]) -> tuple[Job, list[dict[str, Any]]]:
        """The job, and what its render process noted meanwhile."""
        before = len(self._host.seen())
        job = work()
        return job, self._host.seen()[before:]

    def _done(self, job: Job, what: str) -> bool:
        self.must(job.state is JobState.DONE, f"{what}: the job is {job.state}, {job.error}")
        return job.state is JobState.DONE

    def _rules(self, name: str, stage: Stage, after: tuple[int, ...]) -> list[tuple[str, Stage, int, int]]:
        """For each plan that a later one is leaner than: the cap with which it runs out, and not all those do."""
        if self._tiny:
            return [("whole", stage, after[0], NOTHING)]
        peaks = {plan: found[stage] for plan, found in self._peaks[name].items()}
        rules = []
        for moment, plan in zip(after, peaks, strict=False):
            later = list(peaks)[list(peaks).index(plan) + 1 :]
            leaner = [peaks[other] for other in later if peaks[other] < 0.95 * peaks[plan]]
            if leaner:
                rules.append((plan, stage, moment, int(leaner[0] + 0.6 * (peaks[plan] - leaner[0]))))
        return rules


def _psnr(one: np.ndarray, two: np.ndarray, most: float = 255.0) -> float:
    """Decibels between two clips whose numbers reach up to `most`; 99 when they are equal."""
    import numpy as np

    if one.shape != two.shape:
        return 0.0
    error = float(np.mean((one.astype(np.float32) - two) ** 2))
    return 99.0 if error == 0 else round(10 * math.log10(most**2 / error), 1)
