"""The real render process on a card that gets smaller while it works; the spawn target of `card_faults`.

A cap is the limit that PyTorch's allocator keeps on the card, so that it is PyTorch itself that refuses. Without a
card the refusal is thrown in, within the next block of the network, to try the script.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.events import Planned, Progress
from wan_desktop.engine.control import Control
from wan_desktop.engine.renderer import Renderer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    import numpy as np

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.domain.job import Job
    from wan_desktop.engine.device import Device


def main(conn: Connection, settings: dict[str, Any]) -> None:
    """Be the render process. `settings` has a "caps" more: a file with {"start": bytes or None, "rules": [...]}.

    A rule is [plan, stage, done, bytes]: the cap that holds from that moment of a render under that plan on. What was
    seen goes as JSON, a line each, into the file beside it, with the ending ".seen".
    """
    from wan_desktop import child
    from wan_desktop.encode import mp4
    from wan_desktop.engine import renderer

    CappedRenderer.caps = Path(settings["caps"])
    renderer.Renderer = CappedRenderer  # type: ignore[misc]
    mp4.Mp4Writer = RawWriter  # type: ignore[assignment, misc]
    child.main(conn, settings)


class RawWriter:
    """Writes frames as they are, in numpy's format: what an encoder adds is no matter here."""

    def __init__(self, path: Path, width: int, height: int, fps: int) -> None:
        self._path = path
        self._groups: list[np.ndarray] = []
        self.num_frames = 0

    def write(self, frames: np.ndarray) -> None:
        """Add frames."""
        self._groups.append(frames)
        self.num_frames += len(frames)

    def close(self) -> None:
        """Write the file."""
        import numpy as np

        with self._path.open("wb") as file:
            np.save(file, np.concatenate(self._groups))

    def __enter__(self) -> RawWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._groups = []


class CappedRenderer(Renderer):
    """The engine's renderer; its caller, between two events, is the hand that shrinks the card."""

    caps = Path()

    def __init__(self, device: Device, *folders: Path) -> None:
        super().__init__(device, *folders)
        self._card = Card(device)
        self._told = ""

    def render(self, job: Job, *args: Any, **named: Any) -> Iterator[RenderEvent]:
        """The engine's own events, unchanged."""
        from wan_desktop.engine import plans

        text = self.caps.read_text("utf-8")
        caps = json.loads(text)
        if text != self._told:  # the second try of a job goes on under the cap that the first ran into
            self._told = text
            self._card.cap(caps["start"])
        number = self._planner.number(job, args[0])
        plan, stage = plans.choose(number, self._device).name, ""
        args = tuple(self._card.control(arg) if isinstance(arg, Control) else arg for arg in args)
        self._see(job=job.id, begins=plan)
        try:
            for event in super().render(job, *args, **named):
                if isinstance(event, Planned):
                    plan = event.name
                if isinstance(event, Progress):
                    if event.stage != stage:
                        self._see(job=job.id, plan=plan, stage=stage, **self._card.peak())
                        stage = str(event.stage)
                    self._shrink(caps["rules"], job.id, [plan, stage, event.done])
                yield event
        finally:
            self._see(job=job.id, plan=plan, stage=stage, **self._card.peak())

    def rest(self) -> None:
        """Note what is left on the card between two jobs."""
        super().rest()
        self._see(rests=True, **self._card.held())

    def _shrink(self, rules: list[list[Any]], job_id: str, now: list[Any]) -> None:
        for *when, allowed in rules:
            if when == now:
                self._card.cap(allowed)
                self._see(job=job_id, plan=now[0], stage=now[1], done=now[2], cap=allowed)

    def _see(self, **what: Any) -> None:
        with self.caps.with_suffix(".seen").open("a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")


class Card:
    """The card's memory as this process may use it."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._armed = False

    def cap(self, allowed: int | None) -> None:
        """Let PyTorch have so many bytes from now on; None: all."""
        if not self._device.is_cuda:
            self._armed = allowed is not None
            return
        import torch

        total = torch.cuda.mem_get_info(self._device.name)[1]
        torch.cuda.synchronize(self._device.name)
        torch.cuda.empty_cache()  # what it holds and does not use would be used before it asks
        fraction = 1.0 if allowed is None else min(1.0, allowed / total)
        torch.cuda.set_per_process_memory_fraction(fraction, self._device.name)

    def peak(self) -> dict[str, int]:
        """The most bytes since the last time."""
        if not self._device.is_cuda:
            return {"peak": 0}
        import torch

        peak = int(torch.cuda.max_memory_allocated(self._device.name))
        torch.cuda.reset_peak_memory_stats(self._device.name)
        return {"peak": peak}

    def held(self) -> dict[str, int]:
        """Bytes of tensors, and bytes that PyTorch holds."""
        if not self._device.is_cuda:
            return {"allocated": 0, "reserved": 0}
        import torch

        name = self._device.name
        return {
            "allocated": int(torch.cuda.memory_allocated(name)),
            "reserved": int(torch.cuda.memory_reserved(name)),
        }

    def control(self, control: Control) -> Control:
        """`control`, which without a card raises once what a card would."""
        return control if self._device.is_cuda else _Refusing(control, self)

    def refuse(self) -> None:
        """Raise once what a card that is too small raises."""
        if self._armed:
            import torch

            self._armed = False
            raise torch.OutOfMemoryError("CUDA out of memory (thrown in: there is no card)")


class _Refusing(Control):
    """Asked before each block of a network."""

    def __init__(self, control: Control, card: Card) -> None:
        super().__init__(control._token, control._beat)
        self._card, self._blocks = card, 0

    def check(self) -> None:
        """As Control's; the second block after a cap is refused, in the middle of a step."""
        super().check()
        if self._card._armed:
            self._blocks += 1
            if self._blocks > 1:
                self._blocks = 0
                self._card.refuse()
