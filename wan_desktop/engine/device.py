"""Which device renders, in which precision, and what a person should know about it."""

from __future__ import annotations

import logging
import os
import re
import sys
import warnings
from dataclasses import dataclass
from typing import Any

from wan_desktop.domain.sentence import QT_TRANSLATE_NOOP, Sentence

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Card:
    """A CUDA card as PyTorch numbers them; memory in bytes. `usable`: this PyTorch has kernels for it."""

    index: int
    name: str
    total: int
    free: int
    bf16: bool
    usable: bool = True


@dataclass(frozen=True, slots=True)
class Machine:
    """What this computer and this PyTorch have. `driver`: NVIDIA's driver version, "" when there is none.

    `build` is "cuda", "rocm" or "cpu"; `complaint` is what PyTorch said when CUDA did not start.
    """

    torch: str
    build: str
    driver: str = ""
    cards: tuple[Card, ...] = ()
    complaint: str = ""
    mps: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """Where to render: `name` is "cpu" or "cuda:N", `dtype` a torch dtype's name; memory in bytes (0 on the CPU)."""

    name: str
    label: str
    dtype: str
    torch: str
    vram_total: int = 0
    vram_free: int = 0
    problems: tuple[Sentence, ...] = ()

    @property
    def is_cuda(self) -> bool:
        """True on a CUDA card."""
        return self.name.startswith("cuda")

    def info(self) -> dict[str, Any]:
        """Plain data for BackendState.info."""
        return {
            "device": self.name,
            "device_name": self.label,
            "dtype": self.dtype,
            "vram_total": self.vram_total,
            "vram_free": self.vram_free,
            "torch": self.torch,
            "problems": list(self.problems),
        }


def choose(wanted: str, machine: Machine) -> Device:
    """The device for `wanted`: "auto", "cpu", "cuda" (the largest free card) or "cuda:N".

    A card that was asked for and cannot be used becomes the CPU, with the reason in `problems`.
    """
    if wanted == "cpu":
        return _cpu(machine, ())
    usable = [card for card in machine.cards if card.usable]
    number = re.fullmatch(r"cuda:(\d+)", wanted)
    if number:
        usable = [card for card in usable if card.index == int(number[1])]
        if not usable and machine.cards:
            return _cpu(machine, (_no_such(wanted),))
    if not usable:
        return _cpu(machine, _problems(machine, wanted))
    card = max(usable, key=lambda c: (c.free, -c.index))
    dtype = "bfloat16" if card.bf16 else "float16"
    return Device(f"cuda:{card.index}", card.name, dtype, machine.torch, card.total, card.free)


def probe() -> Machine:
    """Look at this computer; never raises for a missing driver or card."""
    import torch

    version = str(torch.__version__)  # a TorchVersion would make the window import torch to unpickle it
    driver = _nvidia_driver()
    mps = bool(torch.backends.mps.is_available())
    if torch.version.hip:
        return Machine(version, "rocm", driver, mps=mps)
    if not torch.version.cuda:
        return Machine(version, "cpu", driver, mps=mps)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        available = torch.cuda.is_available()
    complaint = " ".join(str(w.message).split(" (Triggered", 1)[0] for w in said)
    cards = tuple(_card(i) for i in range(torch.cuda.device_count())) if available else ()
    return Machine(version, "cuda", driver, cards, complaint)


def tune(device: Device) -> None:
    """Set this process up for rendering on `device`: one thread per physical core, and memory that stays."""
    import torch

    torch.set_num_threads(_physical_cores())
    if device.is_cuda and sys.platform == "linux":
        _grow_in_place(device)
    if not device.is_cuda and (libc := _glibc()):
        libc.mallopt(_M_MMAP_THRESHOLD, 2**30)
        libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def _grow_in_place(device: Device) -> None:
    """Have PyTorch's memory on the card grow in place, where the driver can: no gaps between pieces of many sizes."""
    import torch

    found = (getattr(torch._C, name, None) for name in _SETTERS)
    setting: Any = next((each for each in found if each is not None), None)
    if setting is None or any(name in os.environ for name in _ALLOCATOR):
        return
    try:
        setting("expandable_segments:True")
        torch.empty(2**24, dtype=torch.uint8, device=device.name)
    except RuntimeError as error:
        log.info("memory on the card does not grow in place: %s", error)
        setting("expandable_segments:False")


_SETTERS = ("_accelerator_setAllocatorSettings", "_cuda_cudaCachingAllocator_set_allocator_settings")
"""What newer and older PyTorch call it."""
_ALLOCATOR = ("PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF")
"""Who sets one of these knows better."""


def give_back_memory() -> None:
    """Hand memory that `tune` made the process keep back to the system; for the time between renders."""
    if libc := _glibc():
        libc.malloc_trim(0)


def free_memory(device: Device) -> int:
    """Bytes that a render on `device` may take now: of the card, or of the computer's memory.

    What PyTorch holds and does not use counts as free, and what it was told to keep off does not.
    """
    import torch

    if not device.is_cuda:
        return host_memory()
    free, total = torch.cuda.mem_get_info(device.name)
    held, used = torch.cuda.memory_reserved(device.name), torch.cuda.memory_allocated(device.name)
    allowed = int(total * torch.cuda.get_per_process_memory_fraction(device.name))
    return min(free + held - used, allowed - used)


def host_memory() -> int:
    """Bytes of the computer's memory that may be taken now."""
    import psutil

    return int(psutil.virtual_memory().available)


def pinnable() -> int:
    """Bytes of the computer's memory that may be pinned for a card: what is free, but for what others need."""
    import psutil

    memory = psutil.virtual_memory()
    return max(0, min(int(memory.available) - _FOR_OTHERS, int(memory.total) // 2))


_FOR_OTHERS = 3 * 2**30
"""Bytes that stay free for the rest of a render, as frames that wait for others, and for everybody else."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""mallopt(3): large blocks are reused instead of unmapped; page faults took a third of a decode on the CPU."""


def _glibc() -> Any:
    """The C library if it is glibc, else None."""
    import ctypes

    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None


def _physical_cores() -> int:
    """Physical cores that this process may run on."""
    import psutil

    affinity = getattr(os, "sched_getaffinity", None)
    allowed = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(psutil.cpu_count(logical=False) or allowed, allowed))


def _cpu(machine: Machine, problems: tuple[Sentence, ...]) -> Device:
    return Device("cpu", _cpu_name(), "float32", machine.torch, problems=problems)


_AMD = QT_TRANSLATE_NOOP(
    "notes", "AMD graphics cards are not supported yet, so clips render on the processor."
)
_APPLE = QT_TRANSLATE_NOOP(
    "notes", "Apple's graphics processor is not supported yet, so clips render on the processor."
)
_NO_CUDA = QT_TRANSLATE_NOOP(
    "notes",
    "This PyTorch ({torch}) has no CUDA although an NVIDIA driver ({driver}) is here: install PyTorch's CUDA build "
    "to render on the graphics card.",
)
_NO_CODE = QT_TRANSLATE_NOOP(
    "notes", "This PyTorch ({torch}) has no code for {cards}, so clips render on the processor."
)
_OLD_DRIVER = QT_TRANSLATE_NOOP(
    "notes",
    "The NVIDIA driver ({driver}) does not work with this PyTorch ({torch}): update the driver. PyTorch says: {why}",
)


def _problems(machine: Machine, wanted: str) -> tuple[Sentence, ...]:
    if machine.build == "rocm":
        return (Sentence(_AMD),)
    if machine.mps:
        return (Sentence(_APPLE),)
    if machine.build == "cpu" and machine.driver:
        return (Sentence(_NO_CUDA, torch=machine.torch, driver=machine.driver),)
    if machine.cards:
        names = ", ".join(card.name for card in machine.cards)
        return (Sentence(_NO_CODE, torch=machine.torch, cards=names),)
    if machine.complaint:
        driver = machine.driver or QT_TRANSLATE_NOOP("notes", "unknown version")
        return (Sentence(_OLD_DRIVER, driver=driver, torch=machine.torch, why=machine.complaint),)
    return (_no_such(wanted),) if wanted.startswith("cuda") else ()


def _no_such(wanted: str) -> Sentence:
    template = QT_TRANSLATE_NOOP(
        "notes", "There is no usable GPU “{name}”, so clips render on the processor."
    )
    return Sentence(template, name=wanted)


def _card(index: int) -> Card:
    import torch

    properties = torch.cuda.get_device_properties(index)
    major, minor = properties.major, properties.minor
    usable = _has_kernels(major, minor, torch.cuda.get_arch_list())
    free = _nvml_free(f"GPU-{properties.uuid}") if hasattr(properties, "uuid") else None
    if free is None:
        free = torch.cuda.mem_get_info(index)[0] if usable else 0
    return Card(index, properties.name, properties.total_memory, free, major >= 8, usable)


def _has_kernels(major: int, minor: int, built_for: list[str]) -> bool:
    """True when code built for `built_for` ("sm_80": binary, "compute_90": for newer cards) runs on the card."""
    for arch in built_for:
        kind, _, digits = arch.partition("_")
        number = int(re.sub(r"\D", "", digits))
        built = number // 10, number % 10
        if kind == "sm" and built[0] == major and built[1] <= minor:
            return True
        if kind == "compute" and built <= (major, minor):
            return True
    return not built_for


def _nvidia_driver() -> str:
    import pynvml

    try:
        pynvml.nvmlInit()
        version = pynvml.nvmlSystemGetDriverVersion()
        return version.decode() if isinstance(version, bytes) else version
    except pynvml.NVMLError:
        return ""


def _nvml_free(uuid: str) -> int | None:
    """Free bytes of the card; asking CUDA itself would occupy memory on every card."""
    import pynvml

    try:
        return int(pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByUUID(uuid)).free)
    except pynvml.NVMLError:
        return None


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            found = next(
                (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), ""
            )
    except OSError:
        found = ""
    if not found:
        import platform

        found = platform.processor() or platform.machine()
    return found or "CPU"
