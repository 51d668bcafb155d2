"""What travels upwards: from the render process to the runner, and from the host to its listeners."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from wan_desktop.domain.job import Clip, Job, Stage


@dataclass(frozen=True, slots=True)
class Frame:
    """One small RGB picture: `rgb` holds height * width * 3 bytes, row by row."""

    width: int
    height: int
    rgb: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Progress:
    """A job's stage, and how far it is: `done` of `total` (steps, frames, or 0 of 0 when unknown)."""

    job_id: str
    stage: Stage
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """The clip as it looks after `step`: one frame per latent frame, to be shown as a moving picture."""

    job_id: str
    step: int
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about a job that a person should know; no error. A Sentence is shown in the user's language."""

    job_id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What is done so far is safe on disk: `step` of `total` steps in a snapshot, or the finished `latents`."""

    job_id: str
    step: int
    total: int
    latents: bool = False


@dataclass(frozen=True, slots=True)
class Resumed:
    """The render goes on after `step` of `total` steps instead of starting again (`step` == `total`: decoding)."""

    job_id: str
    step: int
    total: int


@dataclass(frozen=True, slots=True)
class Planned:
    """The render begins with memory plan `number`, which is called `name`: not the job's, as that would not fit."""

    job_id: str
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """The render process has written the whole clip to the file it was given.

    `made_by` says what produced it: versions, device, dtype, seconds per stage.
    """

    job_id: str
    path: str
    num_frames: int
    made_by: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BackendState:
    """How the local render process is: "starting", "ready", "busy", "stopped" or "failed".

    `info` (when ready) holds device, device_name, dtype, vram_total, vram_free, torch, `cards` (name and label of
    each that can be chosen), and problems: sentences such as "This PyTorch has no CUDA although an NVIDIA driver is
    here".
    """

    state: str
    info: dict[str, Any] = field(default_factory=dict)
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job was added or changed; the change is stored."""

    job: Job


@dataclass(frozen=True, slots=True)
class JobRemoved:
    """A job left the queue's list; the removal is stored."""

    job_id: str


@dataclass(frozen=True, slots=True)
class ClipAdded:
    """A clip is in the library: published, or brought back from the bin."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class ClipRemoved:
    """A clip went to the library's bin."""

    clip_id: str


@dataclass(frozen=True, slots=True)
class Pausing:
    """A running job was told to pause: it stops after its present step. JobChanged follows when it has."""

    job_id: str


@dataclass(frozen=True, slots=True)
class QueueState:
    """Whether the whole queue rests. `after_current`: what renders is rendered to its end, nothing new begins."""

    paused: bool
    after_current: bool = False


@dataclass(frozen=True, slots=True)
class AwakeState:
    """Whether the computer is kept from going to sleep; `sentence` says why not when it could not be."""

    on: bool
    sentence: str = ""


RenderEvent: TypeAlias = Progress | Preview | Note | Kept | Resumed | Planned | Rendered
Event: TypeAlias = (
    RenderEvent
    | BackendState
    | JobChanged
    | JobRemoved
    | ClipAdded
    | ClipRemoved
    | Pausing
    | QueueState
    | AwakeState
)
