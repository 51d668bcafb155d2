"""Jobs, clips and events as plain data ready for JSON, and back: what crosses the host's socket."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.events import (
    AwakeState,
    BackendState,
    ClipAdded,
    ClipRemoved,
    Event,
    Frame,
    JobChanged,
    JobRemoved,
    Kept,
    Note,
    Pausing,
    Planned,
    Preview,
    Progress,
    QueueState,
    Rendered,
    Resumed,
)
from wan_desktop.domain.job import Clip, Job, JobState, Stage
from wan_desktop.domain.request import RenderRequest

if TYPE_CHECKING:
    from collections.abc import Callable


def job_to_json(job: Job) -> dict[str, Any]:
    """Plain data: the fields of Job."""
    return asdict(job) | {"state": job.state.value, "notes": list(job.notes)}


def job_from_json(data: dict[str, Any]) -> Job:
    """The job that `job_to_json` described. Raises KeyError, TypeError or ValueError when it describes none."""
    told = {
        "request": RenderRequest.from_json(data["request"]),
        "state": JobState(data["state"]),
        "notes": tuple(data["notes"]),
    }
    return Job(**(data | told))


def clip_to_json(clip: Clip) -> dict[str, Any]:
    """Plain data: the fields of Clip."""
    return asdict(clip)


def clip_from_json(data: dict[str, Any]) -> Clip:
    """The clip that `clip_to_json` described. Raises TypeError when it describes none."""
    return Clip(**data)


def to_json(event: Event) -> dict[str, Any]:
    """Plain data: the event's fields, and its class's name as "type"."""
    match event:
        case JobChanged(job):
            values: dict[str, Any] = {"job": job_to_json(job)}
        case ClipAdded(clip):
            values = {"clip": clip_to_json(clip)}
        case Preview(job_id, step, frames):
            values = {"job_id": job_id, "step": step, "frames": [_frame_to_json(frame) for frame in frames]}
        case _:
            values = asdict(event)
    return {"type": type(event).__name__} | values


def from_json(data: dict[str, Any]) -> Event:
    """The event that `to_json` described. Raises KeyError, TypeError or ValueError when it describes none."""
    values = dict(data)
    return _MAKERS[values.pop("type")](values)


def _frame_to_json(frame: Frame) -> dict[str, Any]:
    return {"width": frame.width, "height": frame.height, "rgb": base64.b64encode(frame.rgb).decode("ascii")}


def _frame(data: dict[str, Any]) -> Frame:
    return Frame(data["width"], data["height"], base64.b64decode(data["rgb"]))


_MAKERS: dict[str, Callable[[dict[str, Any]], Event]] = {
    "Progress": lambda values: Progress(**(values | {"stage": Stage(values["stage"])})),
    "Preview": lambda values: Preview(
        values["job_id"], values["step"], tuple(_frame(frame) for frame in values["frames"])
    ),
    "Note": lambda values: Note(**values),
    "Kept": lambda values: Kept(**values),
    "Resumed": lambda values: Resumed(**values),
    "Planned": lambda values: Planned(**values),
    "Rendered": lambda values: Rendered(**values),
    "BackendState": lambda values: BackendState(**values),
    "JobChanged": lambda values: JobChanged(job_from_json(values["job"])),
    "JobRemoved": lambda values: JobRemoved(**values),
    "ClipAdded": lambda values: ClipAdded(clip_from_json(values["clip"])),
    "ClipRemoved": lambda values: ClipRemoved(**values),
    "Pausing": lambda values: Pausing(**values),
    "QueueState": lambda values: QueueState(**values),
    "AwakeState": lambda values: AwakeState(**values),
}
