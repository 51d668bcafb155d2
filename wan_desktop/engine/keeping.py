"""What a render keeps on disk to go on from: a snapshot of the sampler, and the finished latents.

A file is safetensors: the tensors, and two words of metadata. "wan" is JSON that says what made it; "sha256" is over
every byte of the file with the digest's own place filled with zeros, so that one flipped bit is noticed.
"""

from __future__ import annotations

import hashlib
import json
import threading
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, SnapshotUnfit
from wan_desktop.engine.sampler_state import SamplerState
from wan_desktop.media.files import disk_errors, write_atomically
from wan_desktop.media.fingerprint import file_fingerprint

if TYPE_CHECKING:
    from wan_desktop.domain.job import Job
    from wan_desktop.domain.model import ModelSpec

FORMAT = 2
"""Version of what the files hold and of what a step computes (`fast.TABLE` too): a change makes older files unfit."""
AGAIN = QT_TRANSLATE_NOOP("errors", "Start again with the same seed")
_NO_MATTER = ("fps", "output", "plan", "preset")
"""Values of a request that no latent depends on."""
_NO_DIGEST = "0" * 64
_ONE_AT_A_TIME = threading.Lock()
"""A render that failed may still be writing when the next try begins to read."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The render after `step` of `total` steps: the next starts from `latents` [1, z, f, h, w] (float32, CPU)."""

    step: int
    total: int
    latents: torch.Tensor
    sampler: SamplerState


def origin(job: Job, model: ModelSpec, plan: str) -> dict[str, Any]:
    """What a kept file says of itself: request, weights (those of LoRAs as they are now), versions, memory plan."""
    request = {k: v for k, v in job.request.to_json().items() if k not in _NO_MATTER}
    return {
        "format": FORMAT,
        "request": request,
        "model": model.fingerprint,
        "loras": [_lora_fingerprint(Path(lora.path)) for lora in job.request.loras],
        "torch": _minor(str(torch.__version__)),
        "diffusers": _minor(version("diffusers")),
        "plan": plan,
    }


def save_snapshot(file: Path, snapshot: Snapshot, made: dict[str, Any]) -> None:
    """Write the snapshot of a render whose origin is `made`, whole or not at all. Raises DiskProblem."""
    told = made | {"kind": "snapshot", "step": snapshot.step, "total": snapshot.total}
    tensors = {f"sampler.{name}": tensor for name, tensor in snapshot.sampler.tensors.items()}
    _write(file, tensors | {"latents": snapshot.latents}, told | {"sampler": snapshot.sampler.tree})


def load_snapshot(file: Path, wanted: dict[str, Any]) -> Snapshot | None:
    """The snapshot in `file` of a render whose origin is `wanted`; None when there is no file.

    Raises SnapshotUnfit when it is damaged or of another origin (the memory plan may differ), and DiskProblem.
    """
    found = _read(file)
    if found is None:
        return None
    made, tensors = found
    _fit(made, wanted | {"kind": "snapshot"}, ("kind", "format", "model", "request", "torch", "diffusers"))
    _loras_fit(made, wanted)
    sampler = {k.removeprefix("sampler."): v for k, v in tensors.items() if k != "latents"}
    return Snapshot(made["step"], made["total"], tensors["latents"], SamplerState(made["sampler"], sampler))


def save_latents(file: Path, latents: torch.Tensor, made: dict[str, Any]) -> None:
    """Write the finished latents [1, z, f, h, w], whole or not at all. Raises DiskProblem."""
    _write(file, {"latents": latents.detach().cpu().contiguous()}, made | {"kind": "latents"})


def load_latents(file: Path, wanted: dict[str, Any]) -> torch.Tensor | None:
    """The finished latents in `file`; None when there is no file. Decoding is no matter of versions.

    Raises SnapshotUnfit when they are damaged or of another origin, and DiskProblem.
    """
    found = _read(file)
    if found is None:
        return None
    made, tensors = found
    _fit(made, wanted | {"kind": "latents"}, ("kind", "format", "model", "request"))
    return tensors["latents"]


def _minor(number: str) -> str:
    """ "2.13.0+cpu" → "2.13"."""
    return ".".join(number.split(".")[:2])


def _write(file: Path, tensors: dict[str, torch.Tensor], told: dict[str, Any]) -> None:
    from safetensors.torch import save

    metadata = {"wan": json.dumps(told), "sha256": _NO_DIGEST}
    data = bytearray(save(tensors, metadata))
    place = _digest_place(data)
    data[place : place + 64] = hashlib.sha256(data).hexdigest().encode()
    with _ONE_AT_A_TIME, disk_errors(file.parent):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(file, data)


def _read(file: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]] | None:
    with _ONE_AT_A_TIME, disk_errors(file):
        try:
            data = bytearray(file.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
    place = _digest_place(data)
    digest = bytes(data[place : place + 64])
    data[place : place + 64] = _NO_DIGEST.encode()
    if place < 0 or digest != hashlib.sha256(data).hexdigest().encode():
        raise SnapshotUnfit(
            QT_TRANSLATE_NOOP(
                "errors", "What was kept of this render is damaged, so it cannot go on from there."
            ),
            action=AGAIN,
        )
    return _parse(data)


def _parse(data: bytearray) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """A file whose bytes are those that were written."""
    from safetensors.torch import load

    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    return json.loads(header["__metadata__"]["wan"]), load(bytes(data))


def _digest_place(data: bytearray) -> int:
    """Where the digest begins, or -1. Inside "wan" quotes are escaped, so only the key itself looks like this."""
    key = b'"sha256":"'
    found = data.find(key)
    return found + len(key) if found >= 0 else -1


def _fit(made: dict[str, Any], wanted: dict[str, Any], what: tuple[str, ...]) -> None:
    for key in what:
        if made.get(key) != wanted[key]:
            template, values = _UNFIT.get(key, _UNFIT["format"]), {}
            if key in ("torch", "diffusers"):
                values = {"library": key, "then": made.get(key), "now": wanted[key]}
            raise SnapshotUnfit(template, action=AGAIN, **values)


def _lora_fingerprint(file: Path) -> str:
    """ "" for a file that is not there: who draws with it says so."""
    try:
        return file_fingerprint(file)
    except OSError:
        return ""


def _loras_fit(made: dict[str, Any], wanted: dict[str, Any]) -> None:
    """The request names LoRAs by their files, which may have been written anew since."""
    now = wanted["loras"]
    then = made.get("loras") or [None] * len(now)
    for lora, before, after in zip(wanted["request"]["loras"], then, now, strict=True):
        if after and after != before:
            raise SnapshotUnfit(_OTHER_LORA, action=AGAIN, file=lora["path"])


_OTHER_LORA = QT_TRANSLATE_NOOP(
    "errors", "The LoRA {file} has changed since this render was kept: it would not be the same clip."
)
_VERSIONS = QT_TRANSLATE_NOOP(
    "errors",
    "This render was kept with {library} {then} and this program has {now}: it would not be the same clip.",
)
_UNFIT = {
    "model": QT_TRANSLATE_NOOP(
        "errors", "The model has changed since this render was kept: it would not be the same clip."
    ),
    "request": QT_TRANSLATE_NOOP("errors", "What was kept belongs to another render."),
    "format": QT_TRANSLATE_NOOP(
        "errors", "What was kept of this render comes from another version of this program."
    ),
    "torch": _VERSIONS,
    "diffusers": _VERSIONS,
}
