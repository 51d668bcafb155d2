"""One running job told as ComfyUI tells it: node after node, in the messages that its WebSocket clients wait for.

What the engine does in stages is spread over the nodes of the client's own graph. Source of the sequence: the
recordings `ws_*.json` in `tests/server/recordings/`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.job import JobState, Stage
from wan_desktop.server.history import error_message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wan_desktop.domain.events import Progress
    from wan_desktop.domain.job import Job
    from wan_desktop.server.records import Record


@dataclass(frozen=True, slots=True)
class Message:
    """A message, and whether everybody hears it or only the client whose job it is about."""

    type: str
    data: dict[str, Any]
    everybody: bool = False


class Narrator:
    """Tells one job. A job of nobody in particular tells its progress to everybody and the rest to nobody."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._nodes: dict[str, dict[str, Any]] = {}
        self._at = -1

    @property
    def node(self) -> str | None:
        """The node that runs now."""
        return self.record.order[self._at] if 0 <= self._at < len(self.record.order) else None

    def begin(self) -> Iterator[Message]:
        """The job starts."""
        yield self._own("execution_start", timestamp=_now())
        yield self._own("execution_cached", nodes=[], timestamp=_now())

    def progress(self, event: Progress) -> Iterator[Message]:
        """The job is further."""
        order, sampler = self.record.order, self.record.order.index(self.record.sampler)
        match event.stage:
            case Stage.LOADING:
                yield from self._reach(0)
            case Stage.ENCODING:
                kinds = [self.record.graph[node]["class_type"] for node in order]
                yield from self._reach(kinds.index("CLIPTextEncode") if "CLIPTextEncode" in kinds else 0)
            case Stage.DENOISING:
                yield from self._reach(sampler)
                if event.total:
                    yield from self._step(event.done, event.total)
            case Stage.DECODING:
                yield from self._reach(min(sampler + 1, len(order) - 1))
            case Stage.SAVING:
                yield from self._reach(len(order) - 1)

    def end(self, job: Job, files: dict[str, Any]) -> Iterator[Message]:
        """The job has ended; `files` are its outputs. The caller tells the new queue, then `finally_`."""
        if job.state is JobState.DONE:
            yield from self._reach(len(self.record.order) - 1)
            for node, output in files.items():
                yield self._own("executed", node=node, display_node=node, output=output)
            yield from self._finish()
            yield self._own("execution_success", timestamp=_now())
        elif job.state is JobState.FAILED:
            told = error_message(job, self.record)
            yield Message("execution_error", told | self._where())
        else:
            yield Message(
                "execution_interrupted",
                {"prompt_id": self.record.prompt_id, **self._where(), "executed": [], "timestamp": _now()},
                everybody=True,
            )

    def finally_(self) -> Message:
        """The last word about the job."""
        return self._own("executing", node=None)

    def preview_metadata(self) -> dict[str, Any]:
        """What goes with a preview picture."""
        node = self.record.sampler
        return {
            "node_id": node,
            "prompt_id": self.record.prompt_id,
            "display_node_id": node,
            "parent_node_id": None,
            "real_node_id": node,
            "image_type": "image/jpeg",
        }

    def _where(self) -> dict[str, Any]:
        node = self.node or self.record.sampler
        return {"node_id": node, "node_type": self.record.graph[node]["class_type"]}

    def _reach(self, index: int) -> Iterator[Message]:
        while self._at < index:
            yield from self._finish()
            self._at += 1
            node = self.record.order[self._at]
            self._nodes[node] = self._state(node, 0.0, 1.0, "running")
            yield self._progress_state()
            yield self._own("executing", node=node, display_node=node)

    def _finish(self) -> Iterator[Message]:
        node = self.node
        if node is not None:
            most = self._nodes[node]["max"]
            self._nodes[node] = self._state(node, most, most, "finished")
            yield self._progress_state()

    def _step(self, done: int, total: int) -> Iterator[Message]:
        node = self.record.sampler
        if self.node != node:
            return
        self._nodes[node] = self._state(node, done, total, "running")
        yield self._progress_state()
        data = {"value": done, "max": total, "prompt_id": self.record.prompt_id, "node": node}
        yield Message("progress", data, everybody=self.record.client_id is None)

    def _state(self, node: str, value: float, most: float, state: str) -> dict[str, Any]:
        return {
            "value": value,
            "max": most,
            "state": state,
            "node_id": node,
            "prompt_id": self.record.prompt_id,
            "display_node_id": node,
            "parent_node_id": None,
            "real_node_id": node,
        }

    def _progress_state(self) -> Message:
        data = {"prompt_id": self.record.prompt_id, "nodes": dict(self._nodes)}
        return Message("progress_state", data, everybody=self.record.client_id is None)

    def _own(self, kind: str, **data: Any) -> Message:
        return Message(kind, {**data, "prompt_id": self.record.prompt_id})


def _now() -> int:
    return round(time.time() * 1000)
