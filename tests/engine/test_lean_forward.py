"""The lean forward says what diffusers' own says, whatever hangs on the network's layers."""

import contextlib

import pytest
import torch
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel

from wan_desktop.engine import lean
from wan_desktop.engine.lean_pieces import EAGER, Pieces
from wan_desktop.engine.levers import Levers
from wan_desktop.engine.packed import Fp8, PackedLinear

CONFIG = {
    "patch_size": (1, 2, 2),
    "num_attention_heads": 2,
    "attention_head_dim": 16,
    "in_channels": 8,
    "out_channels": 8,
    "text_dim": 24,
    "freq_dim": 32,
    "ffn_dim": 48,
    "num_layers": 3,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "rope_max_seq_len": 64,
}
FRAMES, TOKENS_A_FRAME = 3, 6


def make(dtype=torch.float32, **changes):
    torch.manual_seed(0)
    model = WanTransformer3DModel(**CONFIG | changes).eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter.data.normal_(0, 0.2)
    return model.to(dtype)


@pytest.fixture
def model():
    return make()


@pytest.fixture
def latents():
    return torch.randn(2, 8, FRAMES, 4, 6, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def states():
    """The states of two texts of 5 tokens, filled up with zeros."""
    states = torch.randn(2, 20, 24, generator=torch.Generator().manual_seed(2))
    states[:, 5:] = 0
    return states


def stock(model, latents, states, *, held=False, t=700.0):
    """diffusers' own forward, one timestep per token as its pipelines pass them."""
    each = torch.full((len(latents), FRAMES * TOKENS_A_FRAME), t)
    if held:
        each[:, :TOKENS_A_FRAME] = 0
    with torch.no_grad():
        return model(latents, each, states, return_dict=False)[0]


def ours(model, latents, states, *, held=False, t=700.0, clip=None):
    each = torch.full((FRAMES,), t)
    if held:
        each[0] = 0
    with torch.no_grad():
        return model(latents, each, lean.Text(clip or lean.Clip(), states))[0]


def relative(a, b):
    return float((a.float() - b.float()).abs().max() / b.float().abs().max())


@pytest.mark.parametrize("held", [False, True])
def test_it_equals_stock(model, latents, states, held):
    expected = stock(model, latents, states, held=held)
    assert lean.adopt(model)
    assert relative(ours(model, latents, states, held=held), expected) <= 1e-5
    assert relative(ours(model, latents, states, held=not held), expected) > 1e-3


def test_an_adopted_network_still_computes_as_diffusers_does(model, latents, states):
    expected = stock(model, latents, states)
    names = list(model.state_dict())
    assert lean.adopt(model)
    assert lean.adopt(model)
    assert torch.equal(stock(model, latents, states), expected)
    assert list(model.state_dict()) == names


def test_half_precision_is_no_further_from_the_truth_than_stock(latents, states):
    exact = stock(make(), latents, states)
    half = make(torch.bfloat16)
    theirs = relative(stock(half, latents.bfloat16(), states.bfloat16()), exact)
    assert lean.adopt(half)
    assert relative(ours(half, latents.bfloat16(), states.bfloat16()), exact) <= 1.5 * theirs


@pytest.mark.parametrize(
    "changes", [{"cross_attn_norm": False}, {"patch_size": (2, 2, 2)}, {"added_kv_proj_dim": 24}]
)
def test_another_make_stays_as_it_is(changes):
    other = make(**changes)
    assert not lean.adopt(other)
    assert type(other) is WanTransformer3DModel


@pytest.mark.parametrize(
    "spending",
    [{"keep_text": False}, {"fuse": False}, {"feed_forward_parts": 4}, {"feed_forward_parts": 100}],
)
def test_how_memory_is_spent_changes_nothing(model, latents, states, spending):
    lean.adopt(model)
    expected = ours(model, latents, states)
    assert relative(ours(model, latents, states, clip=lean.Clip(**spending)), expected) <= 1e-6


def test_the_text_is_read_once_a_clip(model, latents, states):
    lean.adopt(model)
    asked = []
    model.blocks[1].attn2.to_k.register_forward_hook(lambda *_: asked.append(1))
    for keep, times in ((True, 1), (False, 3)):
        asked.clear()
        text = lean.Text(lean.Clip(keep_text=keep), states)
        with torch.no_grad():
            for _ in range(3):
                model(latents, torch.full((FRAMES,), 5.0), text)
        assert len(asked) == times


def test_what_hangs_on_layers_is_heard(model, latents, states):
    """As LoRAs do: on any linear layer of a block."""
    lean.adopt(model)
    plain = ours(model, latents, states)
    for name, layer in model.blocks[0].named_modules():
        if isinstance(layer, torch.nn.Linear):
            with _added_to(layer):
                expected = stock(model, latents, states)
                changed = ours(model, latents, states)
            assert relative(changed, expected) <= 1e-5, name
            assert relative(changed, plain) > 1e-4, name


@contextlib.contextmanager
def _added_to(layer):
    more = torch.linspace(-1, 1, layer.out_features)
    handle = layer.register_forward_hook(lambda _, inputs, output: output + more)
    try:
        yield
    finally:
        handle.remove()


def test_packed_weights_are_unpacked(model, latents, states):
    for block in model.blocks:
        for owner, name in ((block.attn1, "to_q"), (block.attn2, "to_v"), (block.ffn.net[0], "proj")):
            layer = getattr(owner, name)
            packed = (layer.weight * 4).to(torch.float8_e4m3fn)
            setattr(owner, name, PackedLinear(packed, Fp8(torch.tensor(0.25)), layer, torch.float32))
    expected = stock(model, latents, states)
    lean.adopt(model)
    assert relative(ours(model, latents, states), expected) <= 1e-5


def test_every_piece_compiles_without_a_break(model, latents, states):
    """Traced as on a card, without the compiler's slow half: the functions are what is compiled there."""
    lean.adopt(model)
    expected = ours(model, latents, states)
    compiled = Pieces(*(torch.compile(piece, backend="aot_eager", fullgraph=True) for piece in EAGER))
    clip = lean.Clip(pieces=compiled)
    assert relative(ours(model, latents, states, clip=clip), expected) <= 1e-5


def test_joined_weights_are_views_and_compute_the_same(model):
    attn = model.blocks[0].attn1
    x = torch.randn(1, 7, 32, generator=torch.Generator().manual_seed(3))
    expected = [layer(x) for layer in (attn.to_q, attn.to_k, attn.to_v)]
    layers = [attn.to_q, attn.to_k, attn.to_v]
    joined = lean._joined([layer.weight for layer in layers])
    assert lean._joined([layer.weight for layer in layers]).data_ptr() == joined.data_ptr()
    assert attn.to_k.weight.data_ptr() == joined[32:].data_ptr()
    for layer, before in zip(layers, expected, strict=True):
        assert torch.equal(layer(x), before)
    attn.to_k.weight.data = attn.to_k.weight.data.clone()
    again = lean._joined([layer.weight for layer in layers])
    assert torch.equal(again, joined)
    assert attn.to_k.weight.data_ptr() == again[32:].data_ptr()


def test_the_plain_way_is_taken_without_levers():
    from wan_desktop.engine import levers

    assert levers.of("cpu", "float32") == Levers()
    x, weight, bias = torch.randn(2, 3, 8), torch.randn(5, 8), torch.randn(5)
    theirs = levers.linear_gelu(x, weight, bias, in_product=False)
    assert levers.linear_gelu(x, weight, bias, in_product=True).shape == theirs.shape
