"""What a ComfyUI server says over its WebSocket, turned into our events."""

from __future__ import annotations

import io
import json
import struct
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.events import Frame, Preview, Progress
from wan_desktop.domain.job import Stage
from wan_desktop.graph.writing import SAMPLER

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.graph.checking import Graph

FLAGS = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}
"""The first message: previews with their prompt's id are understood."""
_PREVIEW, _PREVIEW_WITH_METADATA = 1, 4
_MOST_PREVIEW, _WIDEST = 8_000_000, 640
_MOST_PIXELS = 4_000_000
_ENDS = frozenset({"execution_success", "execution_error", "execution_interrupted"})
_STAGES = {
    "CLIPTextEncode": Stage.ENCODING,
    "KSampler": Stage.DENOISING,
    "VAEDecode": Stage.DECODING,
    "CreateVideo": Stage.SAVING,
    "SaveVideo": Stage.SAVING,
}
_ORDER = list(Stage)


class Hearing:
    """Listens for one prompt; `over` becomes True when the server says that it has ended.

    Stages only go forward, as ComfyUI visits nodes in an order of its own.
    """

    def __init__(self, job_id: str, prompt_id: Callable[[], str | None], graph: Graph) -> None:
        """`prompt_id` is asked each time: some servers give a prompt an id of their own."""
        self._job_id, self._known_id, self._graph = job_id, prompt_id, graph
        self._stage: Stage | None = None
        self._ours = False
        self._step = 0
        self.over = False

    @property
    def _prompt_id(self) -> str | None:
        return self._known_id()

    def text(self, message: str) -> list[RenderEvent]:
        """The events that a text message makes; none for what is about other prompts, or is not understood."""
        try:
            told = json.loads(message)
            kind, data = told["type"], told["data"]
        except (ValueError, LookupError, TypeError, RecursionError):
            return []
        if not isinstance(data, dict):
            return []
        if data.get("prompt_id", self._unsaid(kind)) != self._prompt_id:
            if kind in ("execution_start", "executing"):
                self._ours = False
            return []
        return self._about_us(str(kind), data)

    def _unsaid(self, kind: str) -> str | None:
        """The prompt that a message without an id means: after a reconnect ComfyUI says so where ours is."""
        return self._prompt_id if self._ours or kind == "executing" else None

    def _about_us(self, kind: str, data: dict[str, Any]) -> list[RenderEvent]:
        if kind in _ENDS or (kind == "executing" and data.get("node") is None):
            self.over, self._ours = True, False
        elif kind == "execution_start":
            self._ours = True
            return self._reach(Stage.LOADING)
        elif kind == "executing":
            self._ours = True
            node = self._graph.get(str(data.get("node")), {})
            return self._reach(_STAGES.get(node.get("class_type", ""), Stage.LOADING))
        elif kind == "progress" and str(data.get("node", SAMPLER)) == SAMPLER:
            return self._sampled(data.get("value"), data.get("max"))
        return []

    def _reach(self, stage: Stage) -> list[RenderEvent]:
        if self._stage is not None and _ORDER.index(stage) <= _ORDER.index(self._stage):
            return []
        self._stage = stage
        return [Progress(self._job_id, stage)]

    def _sampled(self, done: Any, total: Any) -> list[RenderEvent]:
        if not (
            isinstance(done, int | float) and isinstance(total, int | float) and 0 <= done <= total < 10**6
        ):
            return []
        self._ours, self._stage, self._step = True, Stage.DENOISING, int(done)
        return [Progress(self._job_id, Stage.DENOISING, int(done), int(total))]

    def binary(self, message: bytes) -> list[RenderEvent]:
        """The preview in a binary message, if it is one of our prompt's."""
        if not 8 < len(message) <= _MOST_PREVIEW:
            return []
        kind, number = struct.unpack(">II", message[:8])
        if kind == _PREVIEW_WITH_METADATA and number < len(message) - 8:
            picture = message[8 + number :]
            if self._prompt_in(message[8 : 8 + number]) != self._prompt_id:
                return []
        elif kind == _PREVIEW and self._ours:
            picture = message[8:]
        else:
            return []
        frame = _decoded(picture)
        return [] if frame is None else [Preview(self._job_id, self._step, (frame,))]

    def _prompt_in(self, metadata: bytes) -> str:
        try:
            return str(json.loads(metadata)["prompt_id"])
        except (ValueError, LookupError, TypeError, RecursionError):
            return ""


def _decoded(picture: bytes) -> Frame | None:
    """The picture as a small frame; None when it is none that can be shown."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(picture), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > _MOST_PIXELS:
                return None
            small = image.convert("RGB")
            small.thumbnail((_WIDEST, _WIDEST))
            return Frame(small.width, small.height, small.tobytes())
    except (OSError, ValueError, SyntaxError, ArithmeticError, Image.DecompressionBombError):
        return None
