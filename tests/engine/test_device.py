"""Which device is chosen on which machine, and what is said about it."""

import pytest

from wan_desktop.engine.device import Card, Machine, _has_kernels, choose, probe, tune

SMALL = Card(0, "RTX 2060", 6, 5, bf16=False)
BIG = Card(1, "RTX 4090", 24, 20, bf16=True)
BUSY = Card(2, "RTX 5090", 32, 2, bf16=True)
OLD = Card(3, "GTX 760", 64, 64, bf16=False, usable=False)
CUDA = Machine("2.13.0+cu130", "cuda", "580.1", (SMALL, BIG, BUSY, OLD))


@pytest.mark.parametrize(
    ("wanted", "name", "dtype"),
    [
        ("auto", "cuda:1", "bfloat16"),
        ("cuda", "cuda:1", "bfloat16"),
        ("cuda:2", "cuda:2", "bfloat16"),
        ("cuda:0", "cuda:0", "float16"),
        ("cpu", "cpu", "float32"),
    ],
)
def test_choice(wanted, name, dtype):
    device = choose(wanted, CUDA)
    assert (device.name, device.dtype, device.problems) == (name, dtype, ())


@pytest.mark.parametrize(
    ("machine", "wanted", "words"),
    [
        (Machine("2.13.0+cpu", "cpu", "580.1"), "auto", ("no CUDA", "580.1", "install")),
        (Machine("2.13.0", "rocm"), "auto", ("AMD", "processor")),
        (Machine("2.13.0", "cpu", mps=True), "auto", ("Apple", "processor")),
        (
            Machine("2.13.0", "cuda", "470.1", complaint="driver is too old"),
            "auto",
            ("470.1", "update", "too old"),
        ),
        (Machine("2.13.0", "cuda", "580.1", (OLD,)), "auto", ("GTX 760", "processor")),
        (CUDA, "cuda:7", ("cuda:7", "processor")),
        (CUDA, "cuda:3", ("cuda:3", "processor")),
        (Machine("2.13.0+cpu", "cpu"), "cuda", ("“cuda”", "processor")),
    ],
)
def test_no_card_means_the_cpu_and_a_sentence(machine, wanted, words):
    device = choose(wanted, machine)
    assert (device.name, device.dtype) == ("cpu", "float32")
    (sentence,) = device.problems
    assert all(word in sentence for word in words)


def test_a_plain_computer_has_no_problem():
    assert choose("auto", Machine("2.13.0+cpu", "cpu")).problems == ()


@pytest.mark.parametrize(
    ("card", "built_for", "runs"),
    [
        ((8, 6), ["sm_80", "sm_90"], True),
        ((7, 0), ["sm_75", "sm_80"], False),
        ((12, 0), ["sm_90", "compute_90"], True),
        ((12, 0), ["sm_90"], False),
        ((9, 0), ["sm_90a"], True),
    ],
)
def test_kernels(card, built_for, runs):
    assert _has_kernels(*card, built_for) is runs


def test_this_machine():
    machine = probe()
    info = choose("auto", machine).info()
    assert set(info) == {"device", "device_name", "dtype", "vram_total", "vram_free", "torch", "problems"}
    assert info["device_name"]
    assert info["torch"] == machine.torch


def test_tuning_uses_the_cores_there_are():
    import psutil
    import torch

    tune(choose("cpu", Machine("2.13.0", "cpu")))
    assert 1 <= torch.get_num_threads() <= psutil.cpu_count()
