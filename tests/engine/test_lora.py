"""LoRAs in every layout, on every precision; without them everything is bit for bit as before."""

import dataclasses
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from support import formats

from wan_desktop.domain.errors import InvalidRequest
from wan_desktop.domain.lora_names import split
from wan_desktop.domain.model import Part
from wan_desktop.domain.request import Draft, Lora, RenderRequest
from wan_desktop.domain.settings import Settings
from wan_desktop.engine import lora as loras
from wan_desktop.engine.components import load_component
from wan_desktop.models.catalog import ModelCatalog

RANK = 4
LAYERS = {
    "blocks.0.attn1.to_q": (256, 256),
    "blocks.1.attn2.to_out.0": (256, 256),
    "blocks.0.ffn.net.0.proj": (512, 256),
    "blocks.1.ffn.net.2": (256, 512),
    "condition_embedder.time_proj": (1536, 256),
    "condition_embedder.text_embedder.linear_1": (256, 64),
    "proj_out": (192, 256),
}
ORIGINAL = {
    "blocks.0.attn1.to_q": "blocks.0.self_attn.q",
    "blocks.1.attn2.to_out.0": "blocks.1.cross_attn.o",
    "blocks.0.ffn.net.0.proj": "blocks.0.ffn.0",
    "blocks.1.ffn.net.2": "blocks.1.ffn.2",
    "condition_embedder.time_proj": "time_projection.1",
    "condition_embedder.text_embedder.linear_1": "text_embedding.0",
    "proj_out": "head.head",
}


def deltas(seed=0):
    """A random LoRA: (down, up, alpha) by canonical layer."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: (
            torch.randn(RANK, shape[1], generator=generator) * 0.1,
            torch.randn(shape[0], RANK, generator=generator) * 0.1,
            8.0,
        )
        for name, shape in LAYERS.items()
    }


def write(file, layout, made):
    """The LoRA in one of the layouts people have."""
    tensors = {}
    for name, (down, up, alpha) in made.items():
        original = ORIGINAL[name]
        if layout == "comfyui":
            stem = f"diffusion_model.{original}"
            tensors |= {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up}
            tensors[f"{stem}.alpha"] = torch.tensor(alpha)
        elif layout == "kohya":
            stem = f"lora_unet_{original.replace('.', '_')}"
            tensors |= {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up}
            tensors[f"{stem}.alpha"] = torch.tensor(alpha)
        else:  # diffusers and PEFT fold alpha into the weights
            prefix = {"diffusers": "transformer.", "peft": "base_model.model.", "bare": "diffusion_model."}[
                layout
            ]
            stem = prefix + (original if layout == "bare" else name)
            tensors |= {f"{stem}.lora_A.weight": down * (alpha / RANK), f"{stem}.lora_B.weight": up}
    save_file({k: v.contiguous() for k, v in tensors.items()}, file)
    return file


@pytest.fixture(scope="module")
def made():
    return formats.networks()


@pytest.fixture(scope="module")
def transformer(made, tmp_path_factory):
    file = tmp_path_factory.mktemp("t") / "t.safetensors"
    save_file({k: v.contiguous() for k, v in formats.weights(made["transformer"]).items()}, file)
    return load_component(Part("transformer", (str(file),)), torch.float32)


def draw(transformer):
    generator = torch.Generator().manual_seed(3)
    dtype = transformer.patch_embedding.weight.dtype
    latents = torch.randn(1, 48, 2, 4, 4, generator=generator).to(dtype)
    context = torch.randn(1, 8, 64, generator=generator).to(dtype)
    with torch.no_grad():
        return transformer(latents, torch.tensor([500.0]), context, return_dict=False)[0]


def merged(transformer, tmp_path, *added):
    """The transformer with the LoRAs added to its weights: what a LoRA means by definition."""
    state = {k: v.clone() for k, v in transformer.state_dict().items()}
    for made, strength in added:
        for name, (down, up, alpha) in made.items():
            state[f"{name}.weight"] += strength * alpha / RANK * (up @ down)
    save_file(state, tmp_path / "merged.safetensors")
    return load_component(Part("transformer", (str(tmp_path / "merged.safetensors"),)), torch.float32)


def close(one, other):
    return float((one - other).abs().max() / other.abs().max()) < 1e-4


@pytest.mark.parametrize("layout", ["comfyui", "kohya", "diffusers", "peft", "bare"])
def test_every_layout_does_what_its_weights_say(transformer, tmp_path, layout):
    file = write(tmp_path / "l.safetensors", layout, deltas())
    expected = draw(merged(transformer, tmp_path, (deltas(), 0.7)))
    with loras.applied(transformer, [Lora(str(file), 0.7)]):
        found = draw(transformer)
    assert close(found, expected)
    assert not close(draw(transformer), expected)


def test_several_at_once_each_with_its_strength(transformer, tmp_path):
    one = write(tmp_path / "one.safetensors", "comfyui", deltas(1))
    two = write(tmp_path / "two.safetensors", "diffusers", deltas(2))
    with loras.applied(transformer, [Lora(str(one), 1.0), Lora(str(two), -0.5)]):
        found = draw(transformer)
    assert close(found, draw(merged(transformer, tmp_path, (deltas(1), 1.0), (deltas(2), -0.5))))


def test_without_it_everything_is_as_before(transformer, tmp_path):
    file = write(tmp_path / "l.safetensors", "kohya", deltas())
    before, weights = draw(transformer), {k: v.clone() for k, v in transformer.state_dict().items()}
    with loras.applied(transformer, [Lora(str(file))]):
        assert not torch.equal(draw(transformer), before)
    assert torch.equal(draw(transformer), before)
    assert all(torch.equal(weights[k], v) for k, v in transformer.state_dict().items())
    with pytest.raises(ZeroDivisionError), loras.applied(transformer, [Lora(str(file))]):
        _ = 1 / 0
    assert torch.equal(draw(transformer), before)


def test_differences_of_weights_and_biases(transformer, tmp_path):
    diff, bias = torch.randn(256, 256) * 0.05, torch.randn(256)
    tensors = {
        "diffusion_model.blocks.0.self_attn.k.diff": diff,
        "diffusion_model.blocks.0.self_attn.k.diff_b": bias,
        "diffusion_model.blocks.0.norm3.diff": torch.zeros(256),
    }
    save_file(tensors, tmp_path / "d.safetensors")
    state = {k: v.clone() for k, v in transformer.state_dict().items()}
    state["blocks.0.attn1.to_k.weight"] += 0.5 * diff
    state["blocks.0.attn1.to_k.bias"] += 0.5 * bias
    save_file(state, tmp_path / "m.safetensors")
    expected = draw(load_component(Part("transformer", (str(tmp_path / "m.safetensors"),)), torch.float32))
    with loras.applied(transformer, [Lora(str(tmp_path / "d.safetensors"), 0.5)]):
        assert close(draw(transformer), expected)


@pytest.mark.parametrize("precision", ["bf16", "fp8", "Q8_0", "Q4_K"])
def test_every_precision(made, tmp_path, precision):
    file = tmp_path / f"t.{precision}"
    if precision.startswith("Q"):
        formats.write_gguf(file, made["transformer"], precision)
    else:
        state = formats.weights(made["transformer"])
        fp8 = precision == "fp8"
        kind = {k: torch.float8_e4m3fn if fp8 and v.ndim == 2 else torch.bfloat16 for k, v in state.items()}
        save_file({k: v.to(kind[k]).contiguous() for k, v in state.items()}, file)
    transformer = load_component(Part("transformer", (str(file),)), torch.bfloat16)
    before = draw(transformer)
    path = write(tmp_path / "l.safetensors", "comfyui", deltas())
    with loras.applied(transformer, [Lora(str(path))]):
        with_it = draw(transformer)
    assert float((with_it - before).float().abs().max()) > 0.01
    assert torch.equal(draw(transformer), before)


# ---- what is refused


Q = "diffusion_model.blocks.0.self_attn.q"


def wide(name, shape):
    down, up = torch.zeros(RANK, shape[1]), torch.zeros(shape[0], RANK)
    stem = f"diffusion_model.{name}"
    return {f"{stem}.lora_down.weight": down, f"{stem}.lora_up.weight": up}


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        (wide("blocks.0.self_attn.q", (5120, 5120)), "another model"),
        (wide("blocks.0.cross_attn.k_img", (256, 256)), "another model"),
        (wide("blocks.39.self_attn.q", (256, 256)), "another model"),
        (wide("double_blocks.0.img_attn_qkv", (256, 256)), "another model"),
        ({"blocks.0.self_attn.q.lora_down.weight": torch.zeros(4, 256)}, "no LoRA"),
        ({"a": torch.zeros(2)}, "no LoRA"),
        (wide("blocks.0.self_attn.q", (256, 256)) | {f"{Q}.alpha": torch.zeros(2)}, "no LoRA"),
        ({f"{Q}.lora_down.weight": torch.zeros(8), f"{Q}.lora_up.weight": torch.zeros(8)}, "another model"),
        ({f"{Q}.lora_down.weight": torch.tensor(1.0), f"{Q}.lora_up.weight": torch.tensor(1.0)}, "another"),
        (
            {f"{Q}.lora_down.weight": torch.zeros(0, 256), f"{Q}.lora_up.weight": torch.zeros(256, 0)},
            "another model",
        ),
        ({"lora_unet_blocks_0_self_attn_q.lokr_w1": torch.zeros(2)}, "LoKr"),
    ],
)
def test_a_lora_for_another_model_is_refused(transformer, tmp_path, tensors, told):
    save_file(tensors, tmp_path / "x.safetensors")
    with (
        pytest.raises(InvalidRequest, match=told) as refused,
        loras.applied(transformer, [Lora(str(tmp_path / "x.safetensors"))]),
    ):
        pass
    assert refused.value.field == "lora"
    assert not transformer.blocks[0].attn1.to_q._forward_hooks


def test_before_it_is_queued(tmp_path):
    catalog = ModelCatalog(tmp_path, Settings)
    good = write(tmp_path / "good.safetensors", "comfyui", deltas())
    (checked,) = catalog.check_loras([Lora(str(good), 0.3)])
    assert (checked.path, checked.strength, len(checked.fingerprint)) == (str(good), 0.3, 64)
    save_file(wide("blocks.0.self_attn.q", (5120, 5120)), tmp_path / "big.safetensors")
    (tmp_path / "text.safetensors").write_text("hello, no weights here")
    shutil.copy(good, tmp_path / "cut.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(good.read_bytes()[:-9])
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    numbers = {f"{Q}.lora_{part}.weight": torch.tensor(1.0) for part in ("down", "up")}
    save_file(numbers, tmp_path / "numbers.safetensors")
    catalog.check_loras(
        [Lora(str(tmp_path / "numbers.safetensors"))]
    )  # its layers are looked at by the engine
    told = {"big": "14 B", "text": "damaged", "cut": "damaged", "other": "no LoRA", "nowhere": "no such file"}
    for name, words in told.items():
        with pytest.raises(InvalidRequest, match=words) as refused:
            catalog.check_loras([Lora(str(tmp_path / f"{name}.safetensors"))])
        assert refused.value.field == "lora"


def test_names_of_all_layouts():
    assert split("lora_unet_blocks_12_cross_attn_o.lora_up.weight") == ("blocks.12.attn2.to_out.0", "up")
    assert split("transformer.blocks.3.attn1.to_out.0.lora_A.weight") == ("blocks.3.attn1.to_out.0", "down")
    assert split("diffusion_model.blocks.3.ffn.2.alpha") == ("blocks.3.ffn.net.2", "alpha")
    assert split("lora_unet_blocks_3_ffn_net_0_proj.alpha") == ("blocks.3.ffn.net.0.proj", "alpha")
    assert split("base_model.model.head.head.lora_B.default.weight") == ("proj_out", "up")
    assert split("lora_unet_text_embedding_2.alpha")[0] == "condition_embedder.text_embedder.linear_2"
    assert split("blocks.0.weight") is None


# ---- through the request


def test_a_request_carries_them(tmp_path):
    from support.engine_jobs import REQUEST

    request = dataclasses.replace(REQUEST, loras=(Lora("/a.safetensors", 0.8, "f" * 64),))
    assert RenderRequest.from_json(request.to_json()) == request
    draft = Draft.from_request(request)
    assert draft.loras == request.loras
    assert Draft.from_json(draft.to_json()) == draft


def test_a_render_with_one_and_then_without(cpu, tmp_path):
    """The built-in model, through the renderer: the LoRA changes the clip, and leaves nothing behind."""
    import numpy as np
    from support.engine_jobs import DEMO, RESOURCES, a_job, a_model

    from wan_desktop.engine.renderer import Renderer
    from wan_desktop.engine.stopwatch import Stopwatch

    state = load_file(DEMO / "transformer" / "diffusion_pytorch_model.safetensors")
    out, into = state["blocks.0.attn1.to_q.weight"].shape
    tensors = wide("blocks.0.self_attn.q", (out, into))
    generator = torch.Generator().manual_seed(0)
    tensors = {k: torch.randn(v.shape, generator=generator) for k, v in tensors.items()}
    save_file(tensors, tmp_path / "l.safetensors")
    renderer = Renderer(cpu, tmp_path, RESOURCES)

    def frames(*used):
        got = []
        for _ in renderer.render(a_job(loras=used), a_model(), None, got.append, Stopwatch(cpu)):
            pass
        return np.concatenate(got)

    before = frames()
    assert not np.array_equal(frames(Lora(str(tmp_path / "l.safetensors"), 1.0)), before)
    assert np.array_equal(frames(), before)
