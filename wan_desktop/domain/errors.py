"""Every expected error, with a sentence for a person.

WanError
├── InvalidRequest        bad input, refused before it is queued; names the field
├── BadImage              the start image cannot be used
├── ModelMissing          no such model, or a file of it is missing
├── ModelDamaged          a model file is truncated or not what it claims
├── OutOfMemory           the GPU or the computer has no memory left
├── DiskProblem           a folder is full, read-only or gone
├── RenderProcessDied     the render process crashed or was killed
├── EncodeFailed          frames could not be written as a video
├── LibraryProblem        the database is damaged or newer than this program
├── HostProblem           another running copy cannot be reached
├── SnapshotUnfit         a snapshot was made by other weights or versions, or is damaged
├── BadOutput             the render gave numbers that are no picture
├── Paused                the user said pause; no failure
└── Cancelled             the user said stop; no failure

An error is made of a template and its values, so that the window can show it in the user's language:
`InvalidRequest(T("Steps must be between {low} and {high}."), field="num_inference_steps", low=1, high=200)`.
"""

from __future__ import annotations

from typing import Any

from wan_desktop.domain.sentence import QT_TRANSLATE_NOOP as QT_TRANSLATE_NOOP
from wan_desktop.domain.sentence import Sentence, values_from_json, values_to_json


class WanError(Exception):
    """An expected error.

    `template` is an English sentence with `{name}` places, `values` fill them, `action` is a short English
    imperative that mends it ("Use a smaller size") or "". `sentence` is the filled template.
    """

    code = "error"

    def __init__(self, template: str, *, field: str = "", action: str = "", **values: Any) -> None:
        self.template = template
        self.field = field
        self.action = action
        self.values = values
        super().__init__(self.sentence)

    @property
    def sentence(self) -> Sentence:
        """The English sentence, filled in."""
        return Sentence(self.template, **self.values)

    def to_json(self) -> dict[str, Any]:
        """Plain data: code, template, field, action, values."""
        return {
            "code": self.code,
            "template": self.template,
            "field": self.field,
            "action": self.action,
            "values": values_to_json(self.values),
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> WanError:
        """The error that `to_json` described; an unknown code becomes a plain WanError."""
        kind = _BY_CODE.get(data.get("code", ""), WanError)
        return kind(
            data.get("template", ""),
            field=data.get("field", ""),
            action=data.get("action", ""),
            **values_from_json(data.get("values", {})),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross the pipe from the render process, so they pickle as plain data."""
        return (WanError.from_json, (self.to_json(),))


class InvalidRequest(WanError):
    """A value of a request is outside its range; `field` names it as RenderRequest does."""

    code = "invalid_request"


class BadImage(InvalidRequest):
    """The start image is missing, damaged, too large, or no picture; `field` is "image"."""

    code = "bad_image"


class ModelMissing(WanError):
    """No such model, or one of its files is missing."""

    code = "model_missing"


class ModelDamaged(WanError):
    """A model file is truncated, or is not what it claims to be."""

    code = "model_damaged"


class OutOfMemory(WanError):
    """The GPU or the computer ran out of memory."""

    code = "out_of_memory"


class DiskProblem(WanError):
    """A folder is full, read-only or gone."""

    code = "disk"


class RenderProcessDied(WanError):
    """The render process crashed, was killed, or stopped answering."""

    code = "render_process_died"


class EncodeFailed(WanError):
    """Frames could not be written as a video."""

    code = "encode_failed"


class LibraryProblem(WanError):
    """The database is damaged, or newer than this program."""

    code = "library"


class HostProblem(WanError):
    """Another running copy holds the library and cannot be reached."""

    code = "host"


class SnapshotUnfit(WanError):
    """What was kept of a half-done render does not fit: other weights, other versions, or a damaged file."""

    code = "snapshot_unfit"


class BadOutput(WanError):
    """The latents hold NaN or infinite numbers: no picture can be made of them. They are kept."""

    code = "bad_output"


class Paused(WanError):
    """The user said pause: what is done so far is kept, the job goes on when told."""

    code = "paused"

    def __init__(self, template: str = QT_TRANSLATE_NOOP("errors", "Paused."), **rest: Any) -> None:
        super().__init__(template, **rest)


class Cancelled(WanError):
    """The user said stop."""

    code = "cancelled"

    def __init__(self, template: str = QT_TRANSLATE_NOOP("errors", "Cancelled."), **rest: Any) -> None:
        super().__init__(template, **rest)


_BY_CODE: dict[str, type[WanError]] = {
    kind.code: kind
    for kind in (
        InvalidRequest,
        BadImage,
        ModelMissing,
        ModelDamaged,
        OutOfMemory,
        DiskProblem,
        RenderProcessDied,
        EncodeFailed,
        LibraryProblem,
        HostProblem,
        SnapshotUnfit,
        BadOutput,
        Paused,
        Cancelled,
    )
}
