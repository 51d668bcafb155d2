"""The precision fp8: rounded to eight bits, one scale a row, and nothing else is touched."""

import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from support import formats
from support.engine_jobs import RESOURCES, a_job, a_model

from wan_desktop.domain.model import Part
from wan_desktop.engine import components, homes
from wan_desktop.engine.components import load_component
from wan_desktop.engine.fp8 import KIND, Fp8Linear, rounded_layer, rounded_rows
from wan_desktop.engine.packed import PackedLinear
from wan_desktop.engine.renderer import Renderer
from wan_desktop.engine.stopwatch import Stopwatch

BF16 = torch.bfloat16


@pytest.fixture(scope="module")
def made():
    return formats.networks()


def load(made, folder, dtype=BF16, **named):
    file = folder / "t.safetensors"
    state = formats.weights(made["transformer"])
    save_file({name: t.to(dtype).contiguous() for name, t in state.items()}, file)
    return load_component(Part("transformer", (str(file),)), BF16, **named)


def rows(module):
    return {name: layer for name, layer in module.named_modules() if isinstance(layer, Fp8Linear)}


def run(module):
    generator = torch.Generator().manual_seed(3)
    latents = torch.randn(1, 48, 2, 4, 4, generator=generator).to(BF16)
    context = torch.randn(1, 8, 64, generator=generator).to(BF16)
    with torch.no_grad():
        return module(latents, torch.tensor([500.0]), context, return_dict=False)[0].float()


def test_a_row_s_largest_number_becomes_the_largest_that_fits():
    x = torch.tensor([[1e-5, -3e-5], [0.0, 0.0], [700.0, -2.0]])
    rounded, scale = rounded_rows(x)
    assert rounded.float().abs().amax(1).tolist() == [448.0, 0.0, 448.0]
    assert torch.allclose(rounded.float() * scale, x, rtol=0.07, atol=0)


def test_the_layer_multiplies_what_was_rounded():
    """Written out by hand: each token and each row of the weight rounded, multiplied, and scaled back."""
    torch.manual_seed(0)
    linear = torch.nn.Linear(64, 48).requires_grad_(False)
    x = torch.randn(2, 5, 64) * torch.logspace(-3, 3, 5)[:, None]
    layer = rounded_layer(linear.weight, linear, torch.float32, lambda: None)

    def rounded(row):
        unit = row.abs().max() / 448
        return (row / unit).to(KIND).float() * unit

    weight = torch.stack([rounded(row) for row in linear.weight])
    tokens = torch.stack([rounded(row) for row in x.flatten(0, 1)]).unflatten(0, x.shape[:2])
    expected = tokens @ weight.T + linear.bias
    assert torch.allclose(layer(x), expected, rtol=1e-5, atol=1e-5 * float(expected.abs().max()))
    assert not torch.allclose(layer(x), linear(x), rtol=1e-3)


def test_the_blocks_are_rounded_and_nothing_else(made, tmp_path):
    module = load(made, tmp_path, precision="fp8")
    layers = rows(module)
    assert len(layers) == 2 * 10
    assert all(name.startswith("blocks.") for name in layers)
    assert all(
        layer.packed.dtype == KIND and layer.scale.numel() == layer.out_features for layer in layers.values()
    )
    assert not rows(load(made, tmp_path))
    exact, seen = run(load(made, tmp_path)), run(module)
    error = float((seen - exact).norm() / exact.norm())
    assert 1e-3 < error < 0.1


@pytest.mark.parametrize("large", [1, 2**20])
def test_half_precision_files_are_rounded_once(made, tmp_path, monkeypatch, large):
    """Whether their matrices would be cast when they are used, or at once: no number is rounded twice."""
    monkeypatch.setattr(components, "_LARGE_MATRIX", large)
    from_half = rows(load(made, tmp_path, torch.float16, precision="fp8"))
    from_whole = rows(load(made, tmp_path, torch.float32, precision="fp8"))
    assert from_half.keys() == from_whole.keys()
    assert all(torch.equal(a.packed.float(), from_whole[n].packed.float()) for n, a in from_half.items())


def test_quantised_files_stay_as_they_are(made, tmp_path):
    formats.write_gguf(tmp_path / "q.gguf", made["transformer"], "Q8_0")
    part = Part("transformer", (str(tmp_path / "q.gguf"),))
    module = load_component(part, BF16, precision="fp8")
    assert not rows(module)
    assert any(isinstance(layer, PackedLinear) for layer in module.modules())


def test_loading_can_be_stopped(made, tmp_path):
    ticks = []
    load(made, tmp_path, tick=lambda: ticks.append(1))
    plain = len(ticks)
    ticks.clear()
    load(made, tmp_path, precision="fp8", tick=lambda: ticks.append(1))
    assert len(ticks) >= plain + 20


def test_out_and_home_again(made, tmp_path):
    module = load(made, tmp_path, precision="fp8")
    before = run(module)
    homes.bring(module, "meta")
    assert {layer.packed.device.type for layer in rows(module).values()} == {"meta"}
    homes.leave(module)
    homes.bring(module, "cpu")
    assert torch.equal(run(module), before)


def test_a_request_chooses(cpu, tmp_path):
    renderer = Renderer(cpu, tmp_path, RESOURCES)

    def draw(precision):
        groups = []
        job = a_job(precision=precision)
        list(renderer.render(job, a_model(), None, groups.append, Stopwatch(cpu)))
        return np.concatenate(groups).astype(float)

    exact, fp8 = draw("exact"), draw("fp8")
    assert 0 < np.abs(fp8 - exact).mean() < 12
    assert np.array_equal(draw("exact"), exact)
    assert dataclasses.replace(a_job().request, precision="fp8") == a_job(precision="fp8").request
