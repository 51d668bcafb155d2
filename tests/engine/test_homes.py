"""Weights go out to compute and come home again: mapped, as their file has them, and never twice in memory."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from support import formats
from support.slow_disk import PAGE, SlowDisk

from benchmarks import loading_memory
from wan_desktop.domain.errors import Cancelled
from wan_desktop.domain.model import Part
from wan_desktop.engine import components, homes
from wan_desktop.engine.components import load_component
from wan_desktop.engine.packed import PackedLinear

BF16 = torch.bfloat16


@pytest.fixture(scope="module")
def made():
    return formats.networks()


@pytest.fixture
def half(made, tmp_path, monkeypatch):
    """Loads a component from a file in half precision; matrices of 4,096 numbers and more count as large."""
    monkeypatch.setattr(components, "_LARGE_MATRIX", 4096)

    def load(component, dtype, **named):
        file = tmp_path / f"{component}.safetensors"
        if not file.exists():
            state = formats.weights(made[component])
            save_file({name: t.to(torch.float16).contiguous() for name, t in state.items()}, file)
        return load_component(Part(component, (str(file),)), dtype, **named)

    return load


def kinds(module):
    """How many weights there are of each type, packed ones included."""
    tensors = [*module.parameters(), *(b for n, b in module.named_buffers() if n.endswith("packed"))]
    return {str(t.dtype).removeprefix("torch.") for t in tensors}


def run(module):
    generator = torch.Generator().manual_seed(3)
    latents = torch.randn(1, 48, 2, 4, 4, generator=generator)
    with torch.no_grad():
        if hasattr(module, "decode"):
            return module.decode(latents[..., :2, :2].to(module.dtype), return_dict=False)[0]
        if hasattr(module, "shared"):
            return module(torch.tensor([[5, 9, 44, 1]]), torch.ones(1, 4)).last_hidden_state
        context = torch.randn(1, 8, 64, generator=generator).to(module.dtype)
        return module(latents.to(module.dtype), torch.tensor([500.0]), context, return_dict=False)[0]


@pytest.mark.parametrize("component", ["transformer", "vae", "text_encoder"])
def test_half_precision_computes_as_if_it_had_been_cast_as_a_whole(made, half, component):
    dtype = torch.float32 if component == "vae" else BF16
    loaded = half(component, dtype)
    whole = made[component].to(torch.float32) if component == "vae" else made[component]
    expected = run(whole)
    made[component].to(BF16)
    atol = 2e-2 if component == "transformer" else 0.0  # diffusers keeps some of it in float32
    assert torch.allclose(run(loaded).float(), expected.float(), atol=atol, rtol=0)


@pytest.mark.parametrize("component", ["transformer", "text_encoder"])
def test_large_matrices_are_cast_when_they_are_used(half, component):
    layers = [m for m in half(component, BF16).modules() if isinstance(m, PackedLinear)]
    assert len(layers) >= 10
    assert {layer.packed.dtype for layer in layers} == {torch.float16}


def test_out_and_home_again(half):
    vae = half("vae", torch.float32, at_home=True)
    mapped = {name: p.data_ptr() for name, p in vae.named_parameters()}
    assert kinds(vae) == {"float16"}
    homes.bring(vae, "cpu")
    assert kinds(vae) == {"float32"}
    first = run(vae)
    homes.leave(vae)
    assert kinds(vae) == {"float16"}
    assert {name: p.data_ptr() for name, p in vae.named_parameters()} == mapped
    homes.bring(vae, "cpu")
    homes.bring(vae, "cpu")
    assert torch.equal(run(vae), first)


@pytest.mark.parametrize("component", ["transformer", "text_encoder"])
def test_on_a_card_every_layer_is_a_plain_one(half, component):
    """On a card memory is there, so nothing is cast at each use. The device without memory stands for a card."""
    module = half(component, BF16)
    before = run(module)
    homes.bring(module, "meta")
    assert not [m for m in module.modules() if isinstance(m, PackedLinear)]
    assert {p.device.type for p in module.parameters()} == {"meta"}
    kept = {"float32"} if component == "transformer" else set()
    assert kinds(module) == {"bfloat16"} | kept
    homes.leave(module)
    homes.bring(module, "cpu")
    assert torch.equal(run(module), before)


@pytest.mark.parametrize("where", ["cpu", "meta"])
def test_who_is_stopped_on_the_way_is_at_home(half, where):
    transformer = half("transformer", BF16, at_home=True)
    before = kinds(transformer)
    ticks = []

    def tick():
        ticks.append(1)
        if len(ticks) == 30:
            raise Cancelled

    with pytest.raises(Cancelled):
        homes.bring(transformer, where, tick)
    assert kinds(transformer) == before
    assert {p.device.type for p in transformer.parameters()} == {"cpu"}
    homes.bring(transformer, "cpu")
    assert torch.isfinite(run(transformer).float()).all()


# ---- memory


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells private memory")
def test_a_set_in_half_precision_takes_no_second_copy(tmp_path):
    """Only the VAE is cast as a whole on the processor; of the others a matrix at a time, when it is used."""
    sizes = loading_memory.write(tmp_path, "comfyui-fp16", loading_memory.SMALL)
    seen = loading_memory.measured(tmp_path, "comfyui-fp16", sizes, 0, "cpu")
    private = seen["private_gib"] * loading_memory.GIB
    assert 2 * sizes["vae"] < private < 2 * sizes["vae"] + 24e6
    assert private < sizes["transformer"] / 2


# ---- a slow disk


RATE = 2**20
"""Bytes a second, and what is read at most between two looks for a cancel."""


class Stopper:
    """A tick that is told to stop at a moment of the disk's clock, and notes how long it was not asked."""

    def __init__(self, disk, stop_at=float("inf")):
        self.disk, self.stop_at = disk, stop_at
        self.last = self.longest = 0.0

    def __call__(self):
        self.longest = max(self.longest, self.disk.now - self.last)
        self.last = self.disk.now
        if self.disk.now >= self.stop_at:
            raise Cancelled


def load_all(folder, where, tick):
    """Each network from its file to `where` it computes; they stay, as in a render."""
    kept = []
    for component in loading_memory.FULL:
        part = Part(component, (str(folder / f"{component}.safetensors"),))
        module = load_component(part, torch.float32 if component == "vae" else BF16, tick, at_home=True)
        homes.bring(module, where, tick)
        kept.append(module)


@pytest.fixture(scope="module", params=list(loading_memory.SETS))
def stored(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    sizes = loading_memory.write(folder, request.param, loading_memory.SMALL)
    return folder, sum(sizes.values())


def test_a_cancel_is_heard_within_a_second_of_reading(stored, monkeypatch):
    """On the way to a card everything is read; the disk reads as much a second as lies between two looks."""
    folder, size = stored
    monkeypatch.setattr(homes, "_PIECE", RATE - 2 * PAGE)
    disk = SlowDisk(RATE)
    whole = Stopper(disk)
    with disk:
        load_all(folder, "meta", whole)
    assert disk.now > size / RATE, "all of it was read"
    assert max(whole.longest, disk.now - whole.last) <= 1.0
    for moment in (0.5, 7.0, disk.now / 2, disk.now - 2.0):
        again = SlowDisk(RATE)
        with pytest.raises(Cancelled), again:
            load_all(folder, "meta", Stopper(again, moment))
        assert moment <= again.now <= moment + 1.0


def test_casting_for_the_processor_is_stopped_as_soon(stored, monkeypatch):
    folder, _ = stored
    monkeypatch.setattr(homes, "_PIECE", RATE - 2 * PAGE)
    disk = SlowDisk(RATE)
    whole = Stopper(disk)
    with disk:
        load_all(folder, "cpu", whole)
    assert max(whole.longest, disk.now - whole.last) <= 1.0
