"""Torch's errors become sentences; those that leave the process unusable are known."""

import pytest
import torch

from wan_desktop.domain.errors import Cancelled, OutOfMemory, RenderProcessDied
from wan_desktop.engine import failures


def real_cpu_out_of_memory():
    try:
        torch.empty(2**60, dtype=torch.uint8)
    except RuntimeError as error:
        return error
    raise AssertionError("this computer has an exabyte")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "graphics card"),
        (real_cpu_out_of_memory(), "computer"),
        (MemoryError(), "computer"),
    ],
)
def test_out_of_memory(error, words):
    known = failures.translate(error)
    assert isinstance(known, OutOfMemory)
    assert words in known.sentence
    assert known.action == "Use a smaller size or fewer frames"
    assert not failures.poisons(error)


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
        "CUDA driver error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        "cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
    ],
)
@pytest.mark.parametrize("kind", [RuntimeError, getattr(torch, "AcceleratorError", RuntimeError)])
def test_a_card_whose_libraries_get_no_memory_is_no_broken_card(said, kind):
    """What takes memory beside PyTorch's own allocator has other words for it; the process renders on."""
    assert isinstance(failures.translate(kind(said)), OutOfMemory)
    assert not failures.poisons(kind(said))


def test_our_own_errors_stay_and_surprises_are_told_in_one_line():
    error = Cancelled()
    assert failures.translate(error) is error
    assert failures.translate(KeyError("x")) is None
    told = failures.surprise(RuntimeError("first line {with braces}\nsecond line"))
    assert told.sentence.count("\n") == 0
    assert "RuntimeError: first line {with braces}" in told.sentence
    assert "no details" in failures.surprise(ValueError()).sentence


@pytest.mark.parametrize(
    ("error", "poisoned"),
    [
        (RuntimeError("CUDA error: an illegal memory access was encountered"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling cublasGemmEx"), True),
        (RuntimeError("shapes do not match"), False),
        (ValueError("CUDA error"), False),
    ],
)
def test_poison(error, poisoned):
    assert failures.poisons(error) is poisoned


def test_poison_is_told_as_a_lost_process_in_one_line():
    told = failures.poisoned(RuntimeError("CUDA error: an illegal memory access\nCompile with {more}"))
    assert isinstance(told, RenderProcessDied)
    assert "CUDA error: an illegal memory access" in told.sentence
    assert "\n" not in told.sentence
    assert "{" not in told.sentence


@pytest.mark.skipif(not hasattr(torch, "AcceleratorError"), reason="older torch")
def test_every_accelerator_error_is_poison():
    assert failures.poisons(torch.AcceleratorError("device-side assert triggered"))
