"""Torch's errors in our words, and which of them leave the process unusable."""

from __future__ import annotations

import errno
import os

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, OutOfMemory, RenderProcessDied, WanError

_NO_ROOM = ("out of memory", "ALLOC_FAILED", "ALLOCATION_FAILED")
"""What the driver, cuBLAS and cuDNN say when they get no memory of the card beside PyTorch's own."""
_SMALLER = QT_TRANSLATE_NOOP("errors", "Use a smaller size or fewer frames")


def translate(error: BaseException) -> WanError | None:
    """The expected error that a torch or Python error stands for, or None when it is a surprise."""
    import torch

    if isinstance(error, WanError):
        return error
    if isinstance(error, torch.OutOfMemoryError) or _no_room_on_card(error):
        return OutOfMemory(
            QT_TRANSLATE_NOOP(
                "errors",
                "The graphics card has too little free memory for this clip: use a smaller size or fewer frames.",
            ),
            action=_SMALLER,
        )
    if isinstance(error, MemoryError) or _cpu_out_of_memory(error):
        return OutOfMemory(
            QT_TRANSLATE_NOOP(
                "errors",
                "The computer has too little free memory for this clip: use a smaller size or fewer frames.",
            ),
            action=_SMALLER,
        )
    return None


def surprise(error: BaseException) -> WanError:
    """What to tell a person about an error that nobody expected; the log has the rest."""
    return WanError(
        QT_TRANSLATE_NOOP("errors", "The render stopped because of an unexpected error ({kind}: {detail})."),
        action=QT_TRANSLATE_NOOP("errors", "Try again"),
        kind=type(error).__name__,
        detail=_first_line(error),
    )


def poisons(error: BaseException) -> bool:
    """True for a CUDA error after which this process can render nothing more: all but out of memory."""
    import torch

    if isinstance(error, torch.OutOfMemoryError) or _no_room_on_card(error):
        return False
    accelerator = getattr(torch, "AcceleratorError", ())
    if isinstance(error, accelerator):
        return True
    return isinstance(error, RuntimeError) and any(
        sign in str(error)
        for sign in ("CUDA error", "cuDNN error", "CUBLAS_STATUS", "cuDNN_STATUS", "CUDNN_STATUS")
    )


def poisoned(error: BaseException) -> RenderProcessDied:
    """What to tell of an error that `poisons`: the job goes on in a fresh process, as after any other death."""
    return RenderProcessDied(
        QT_TRANSLATE_NOOP(
            "errors",
            "The graphics card stopped working on this render ({detail}); a fresh render process is being started.",
        ),
        action=QT_TRANSLATE_NOOP("errors", "Try again"),
        detail=_first_line(error),
    )


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else "no details"


def _no_room_on_card(error: BaseException) -> bool:
    """Refused memory leaves the card as it was, unlike every other error that its libraries tell of."""
    said = str(error).splitlines()[0] if str(error) else ""
    told = any(name in said for name in ("CUDA", "cuDNN", "CUBLAS"))
    return isinstance(error, RuntimeError) and told and any(sign in said for sign in _NO_ROOM)


def _cpu_out_of_memory(error: BaseException) -> bool:
    """Torch's own words when it allocates, and the system's when a file of weights is mapped or opened."""
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    said = str(error)
    refused = "DefaultCPUAllocator" in said or os.strerror(errno.ENOMEM) in said
    return isinstance(error, RuntimeError | ValueError) and refused
