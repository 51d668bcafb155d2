"""Whatever format the weights come in, the networks are the same."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from support import formats

from wan_desktop.domain.errors import Cancelled, ModelDamaged
from wan_desktop.domain.model import Part
from wan_desktop.domain.weight_names import COMPONENTS, canonical
from wan_desktop.domain.weight_shapes import config_of, expected_names
from wan_desktop.engine.components import load_component
from wan_desktop.engine.loading import load_tokenizer
from wan_desktop.engine.packed import Ggml, PackedLinear
from wan_desktop.engine.weight_files import open_weights
from wan_desktop.models.recognise import recognise

BF16 = torch.bfloat16
WRITERS = {
    "transformer": formats.original_transformer,
    "vae": formats.original_vae,
    "text_encoder": formats.original_text_encoder,
}


@pytest.fixture(scope="module")
def spiece():
    return formats.spiece()


@pytest.fixture(scope="module")
def made():
    networks = formats.networks()
    formats.fp8_grid(networks["text_encoder"])
    return networks


def part(component, *files, config=""):
    return Part(component, tuple(map(str, files)), str(config) if config else "")


def same(loaded, module):
    """Every weight of `loaded` is that of `module`, the packed ones unpacked."""
    expected = formats.weights(module)
    found = {k: v for k, v in loaded.state_dict().items() if k != "encoder.embed_tokens.weight"}
    for name, layer in loaded.named_modules():
        if isinstance(layer, PackedLinear):
            found[f"{name}.weight"] = layer.packing.unpack(layer.packed, BF16)
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name].float(), expected[name].float()) for name in expected)


def run(component, module):
    """What the network makes of a fixed input."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        if component == "transformer":
            latents = torch.randn(1, 48, 2, 4, 4, generator=generator).to(BF16)
            context = torch.randn(1, 8, 64, generator=generator).to(BF16)
            return module(latents, torch.tensor([500.0]), context, return_dict=False)[0]
        if component == "text_encoder":
            return module(torch.tensor([[5, 9, 44, 1]]), torch.ones(1, 4)).last_hidden_state
        latents = torch.randn(1, 48, 2, 2, 2, generator=generator)
        return module.decode(latents.to(module.dtype), return_dict=False)[0]


def check(component, made, loaded):
    same(loaded, made[component])
    from_folder = made[component]
    if component == "transformer":
        assert torch.allclose(run(component, loaded).float(), run(component, from_folder).float(), atol=2e-2)
    else:
        assert torch.equal(run(component, loaded), run(component, from_folder))


# ---- names


@pytest.mark.parametrize("component", COMPONENTS)
def test_names_go_there_and_back(made, component):
    state = formats.weights(made[component])
    original = WRITERS[component](state)
    assert {canonical(component, name) for name in original} == set(state)
    assert all(canonical(component, new) == old for new, old in zip(original, state, strict=True))
    assert all(canonical(component, name) == name for name in state)
    assert len(set(original) & set(state)) < len(state) / 3, "the original release has names of its own"


@pytest.mark.parametrize("component", COMPONENTS)
def test_what_a_network_needs_is_known_from_its_shapes(made, component):
    shapes = {name: tuple(t.shape) for name, t in formats.weights(made[component]).items()}
    config = config_of(component, shapes)
    assert expected_names(component, config) == set(shapes)
    told = {"transformer": formats.TRANSFORMER, "vae": formats.VAE, "text_encoder": formats.TEXT_ENCODER}
    for key, value in told[component].items():
        assert config[key] == (list(value) if isinstance(value, tuple) else value), key


def test_the_real_size_is_recognised():
    """The 5 B's own shapes; its counts of weights are those of the published files: 825, 196, 242."""
    transformer = {
        "patch_embedding.weight": (3072, 48, 1, 2, 2),
        "proj_out.weight": (192, 3072),
        "condition_embedder.text_embedder.linear_1.weight": (3072, 4096),
        "condition_embedder.time_embedder.linear_1.weight": (3072, 256),
        "blocks.0.ffn.net.0.proj.weight": (14336, 3072),
        "blocks.0.norm2.weight": (3072,),
        "blocks.29.attn1.to_q.weight": (3072, 3072),
    }
    config = config_of("transformer", transformer)
    assert (config["num_layers"], config["num_attention_heads"], config["attention_head_dim"]) == (
        30,
        24,
        128,
    )
    assert (config["in_channels"], config["out_channels"]) == (48, 48)
    assert len(expected_names("transformer", config)) == 825
    vae = {**formats.VAE, "base_dim": 160, "decoder_base_dim": 256, "num_res_blocks": 2}
    assert len(expected_names("vae", vae)) == 196
    assert len(expected_names("text_encoder", {"num_layers": 24})) == 242


# ---- formats


@pytest.mark.parametrize("component", COMPONENTS)
def test_original_release(made, spiece, tmp_path, component):
    folder = formats.write_original(tmp_path / "Wan2.2-TI2V-5B", made, spiece)
    files = {
        "transformer": sorted(folder.glob("diffusion*-of-*.safetensors")),
        "vae": [folder / "Wan2.2_VAE.pth"],
        "text_encoder": [folder / "models_t5_umt5-xxl-enc-bf16.pth"],
    }[component]
    config = folder / "config.json" if component == "transformer" else ""
    check(component, made, load_component(part(component, *files, config=config), BF16))


@pytest.mark.parametrize("component", COMPONENTS)
@pytest.mark.parametrize("newer", [False, True], ids=["older", "newer"])
def test_comfyui_files(made, spiece, tmp_path, component, newer):
    prefix = "model.diffusion_model." if newer else ""
    models = formats.write_comfy(tmp_path, made, spiece, newer=newer, prefix=prefix)
    folder = {"transformer": "diffusion_models", "vae": "vae", "text_encoder": "text_encoders"}[component]
    (file,) = (models / folder).iterdir()
    check(component, made, load_component(part(component, file), BF16))


def test_scaled_fp8_stays_as_small_as_the_file(made, spiece, tmp_path):
    tensors = formats.comfy_text_encoder(made["text_encoder"], spiece, newer=False)
    save_file(tensors, tmp_path / "te.safetensors")
    loaded = load_component(part("text_encoder", tmp_path / "te.safetensors"), BF16)
    layer = loaded.encoder.block[0].layer[0].SelfAttention.q
    assert layer.packed.dtype == torch.float8_e4m3fn
    assert not [n for n, p in loaded.named_parameters() if "SelfAttention.q" in n and p.numel()]


def test_a_scale_a_row(made, spiece, tmp_path):
    tensors = formats.comfy_text_encoder(made["text_encoder"], spiece, newer=True)
    name = "encoder.block.0.layer.0.SelfAttention.q"
    rows = torch.arange(1.0, 65.0)
    tensors[f"{name}.weight_scale"] = rows
    save_file(tensors, tmp_path / "te.safetensors")
    layer = load_component(part("text_encoder", tmp_path / "te.safetensors"), BF16).get_submodule(name)
    expected = tensors[f"{name}.weight"].float() * rows[:, None]
    assert torch.equal(layer.packing.unpack(layer.packed, torch.float32), expected)


@pytest.mark.parametrize(
    "kind", ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K", "BF16", "F16"]
)
def test_gguf_equals_the_reference(made, tmp_path, kind):
    """Each weight is what the gguf package's own code makes of the file."""
    file = tmp_path / "wan.gguf"
    held = formats.write_gguf(file, made["transformer"], kind)
    loaded = load_component(part("transformer", file), torch.float32)
    packed = 0
    for name, expected in held.items():
        name = canonical("transformer", name)
        owner = loaded.get_submodule(name.rpartition(".")[0])
        if isinstance(owner, PackedLinear) and name.endswith(".weight"):
            found = owner.packing.unpack(owner.packed, torch.float32)
            packed += 1
        else:
            found = loaded.get_parameter(name)
        assert torch.allclose(found, torch.from_numpy(expected), rtol=1e-5, atol=1e-7), name
    assert packed == {"BF16": 0, "F16": 0}.get(kind, 24 if kind.endswith("_K") else 26)


@pytest.mark.parametrize("kind", ["Q8_0", "Q4_K"])
def test_gguf_draws_what_its_unpacked_weights_draw(made, tmp_path, kind):
    held = formats.write_gguf(tmp_path / "wan.gguf", made["transformer"], kind)
    packed = load_component(part("transformer", tmp_path / "wan.gguf"), BF16)
    save_file({k: torch.from_numpy(v).contiguous() for k, v in held.items()}, tmp_path / "x.safetensors")
    unpacked = load_component(part("transformer", tmp_path / "x.safetensors"), BF16)
    assert packed.dtype == unpacked.dtype == BF16
    assert torch.equal(run("transformer", packed), run("transformer", unpacked))


@pytest.mark.parametrize("kind", ["Q6_K", "Q8_0"])
def test_a_bare_gguf_is_read_as_any_other(made, tmp_path, kind):
    held = formats.write_bare_gguf(tmp_path / "fastwan.gguf", made["transformer"], kind)
    found = recognise((tmp_path / "fastwan.gguf",))
    assert (found.component, found.config["num_layers"], found.precision) == ("transformer", 2, kind)
    bare = load_component(part("transformer", tmp_path / "fastwan.gguf"), BF16)
    save_file({k: torch.from_numpy(v).contiguous() for k, v in held.items()}, tmp_path / "x.safetensors")
    unpacked = load_component(part("transformer", tmp_path / "x.safetensors"), BF16)
    assert torch.equal(run("transformer", bare), run("transformer", unpacked))


def test_an_unknown_gguf_kind_is_told():
    with pytest.raises(ValueError, match="IQ1_S"):
        Ggml(19, (1, 256)).unpack(torch.zeros(1, 50, dtype=torch.uint8), torch.float32)


def test_half_precision_becomes_the_wanted_one(made, tmp_path):
    tensors = formats.original_transformer(formats.weights(made["transformer"]))
    save_file({k: v.to(torch.float16).contiguous() for k, v in tensors.items()}, tmp_path / "x.safetensors")
    loaded = load_component(part("transformer", tmp_path / "x.safetensors"), BF16)
    for name, parameter in loaded.named_parameters():
        kept = {"time_embedder", "scale_shift_table", "norm1", "norm2", "norm3"} & set(name.split("."))
        assert parameter.dtype == (torch.float32 if kept else BF16), name


# ---- what is refused


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("pwned"),))


def test_a_pickle_with_code_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"decoder.conv1.weight": Evil()}, tmp_path / "Wan2.2_VAE.pth")
    with pytest.raises(ModelDamaged, match="could run programs"):
        load_component(part("vae", tmp_path / "Wan2.2_VAE.pth"), BF16)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("kind", ["safetensors", "pth", "gguf"])
@pytest.mark.parametrize("keep", [0, 3, 0.3, 0.95])
def test_a_truncated_file_is_told(made, tmp_path, kind, keep):
    file = tmp_path / f"cut.{kind}"
    tensors = {k: v.contiguous() for k, v in formats.weights(made["transformer"]).items()}
    if kind == "safetensors":
        save_file(tensors, file)
    elif kind == "pth":
        torch.save(tensors, file)
    else:
        formats.write_gguf(file, made["transformer"], "Q8_0")
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * keep) if keep < 1 else keep])
    with pytest.raises(ModelDamaged, match="cut"):
        load_component(part("transformer", file), BF16)


def test_a_scale_a_block_is_told_and_not_misread(made, spiece, tmp_path):
    """Newer files may have a scale for every 32 numbers: multiplied as if it were one a row, it would be noise."""
    tensors = formats.comfy_text_encoder(made["text_encoder"], spiece, newer=True)
    tensors["encoder.block.0.layer.0.SelfAttention.q.weight_scale"] = torch.ones(64, 2)
    save_file(tensors, tmp_path / "te.safetensors")
    with pytest.raises(ModelDamaged, match="cannot be read"):
        load_component(part("text_encoder", tmp_path / "te.safetensors"), BF16)


def test_another_component_is_told(made, tmp_path):
    save_file(
        {k: v.contiguous() for k, v in formats.weights(made["vae"]).items()}, tmp_path / "v.safetensors"
    )
    with pytest.raises(ModelDamaged, match="vae"):
        load_component(part("transformer", tmp_path / "v.safetensors"), BF16)
    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    with pytest.raises(ModelDamaged, match="no weights of this model"):
        load_component(part("transformer", tmp_path / "a.safetensors"), BF16)


@pytest.mark.parametrize("component", COMPONENTS)
def test_missing_weights_are_named(made, tmp_path, component):
    tensors = {k: v.contiguous() for k, v in formats.weights(made[component]).items()}
    lost = max(name for name in tensors if "1" in name and "bias" not in name)
    del tensors[lost]
    save_file(tensors, tmp_path / "x.safetensors")
    with pytest.raises(ModelDamaged, match=r"missing|KeyError"):
        load_component(part(component, tmp_path / "x.safetensors"), BF16)


# ---- loading


def test_loading_can_be_stopped_between_any_two_weights(made, tmp_path):
    save_file(
        {k: v.contiguous() for k, v in formats.weights(made["vae"]).items()}, tmp_path / "v.safetensors"
    )
    seen = []

    def tick():
        seen.append(1)
        if len(seen) == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        load_component(part("vae", tmp_path / "v.safetensors"), BF16, tick)
    seen.clear()
    load_component(part("vae", tmp_path / "v.safetensors"), BF16, lambda: seen.append(1))
    assert len(seen) >= len(formats.weights(made["vae"]))


def sparse_transformer(file, dtype):
    """A transformer's file of 205 MB (all zeros, no disk taken)."""
    from diffusers.models.transformers.transformer_wan import WanTransformer3DModel

    with torch.device("meta"):
        state = WanTransformer3DModel(**formats.TRANSFORMER | {"ffn_dim": 100_000}).state_dict()
    header, offset = {}, 0
    for name, tensor in state.items():
        header[name] = {
            "dtype": dtype,
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + 2 * tensor.numel()],
        }
        offset += 2 * tensor.numel()
    text = json.dumps(header).encode()
    with file.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        stream.truncate(8 + len(text) + offset)
    return offset


MEASURE = """
import re, sys
import torch
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel
from wan_desktop.domain.model import Part
from wan_desktop.engine.components import load_component

def private():
    return 1024 * int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1])

for file in sys.argv[1:]:
    before, peak = private(), [0]
    kept = load_component(Part("transformer", (file,)), torch.bfloat16, lambda: peak.append(private()))
    print(max(*peak, private()) - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells private memory")
def test_weights_stay_mapped(tmp_path):
    """Neither of the right type nor of another one do they take private memory."""
    sizes = {kind: sparse_transformer(tmp_path / f"{kind}.safetensors", kind) for kind in ("BF16", "F16")}
    files = [str(tmp_path / f"{kind}.safetensors") for kind in sizes]
    root = Path(__file__).parents[2]
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MEASURE, *files],
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert max(map(int, told.stdout.split())) < 40e6 < min(sizes.values()) / 5


def test_a_large_embedding_is_cast_row_by_row(spiece):
    from wan_desktop.engine.packed import CastEmbedding

    rows = torch.randn(50, 8).to(torch.float16)
    layer = CastEmbedding(rows, BF16)
    found = layer(torch.tensor([[3, 49]]))
    assert found.dtype == BF16
    assert torch.equal(found[0], rows[[3, 49]].to(BF16))
    assert layer.weight.dtype == torch.float16


def test_an_encoder_of_umt5s_size_keeps_its_embedding_as_it_is(made, tmp_path, monkeypatch):
    from wan_desktop.engine import components
    from wan_desktop.engine.packed import CastEmbedding

    state = {k: v.to(torch.float16) for k, v in formats.weights(made["text_encoder"]).items()}
    save_file(state, tmp_path / "te.safetensors")
    monkeypatch.setattr(components, "_LARGE", 100)
    loaded = load_component(part("text_encoder", tmp_path / "te.safetensors"), BF16)
    assert isinstance(loaded.shared, CastEmbedding)
    assert loaded.encoder.embed_tokens is loaded.shared
    assert torch.equal(run("text_encoder", loaded), run("text_encoder", made["text_encoder"]))


def test_packed_weights_go_to_the_card_block_by_block(made, tmp_path):
    """diffusers' group offloading takes packed layers along, leaf by leaf and block by block."""
    from diffusers.hooks.group_offloading import apply_group_offloading

    formats.write_gguf(tmp_path / "x.gguf", made["transformer"], "Q8_0")
    expected = run("transformer", load_component(part("transformer", tmp_path / "x.gguf"), BF16))
    for kind in ({"offload_type": "leaf_level"}, {"offload_type": "block_level", "num_blocks_per_group": 1}):
        loaded = load_component(part("transformer", tmp_path / "x.gguf"), BF16)
        cpu = torch.device("cpu")
        apply_group_offloading(loaded, onload_device=cpu, offload_device=cpu, **kind)
        assert torch.equal(run("transformer", loaded), expected)


def test_nothing_asks_the_network(made, spiece, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked")

    models = formats.write_comfy(tmp_path, made, spiece)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load_component(part("text_encoder", *(models / "text_encoders").iterdir()), BF16)
    load_tokenizer(part("tokenizer", *(models / "text_encoders").iterdir()))


# ---- tokenizers


def reference(spiece):
    """The same sentencepiece model as the official fast tokenizer holds it: pieces and scores in `tokenizers`."""
    import sentencepiece
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    processor = sentencepiece.SentencePieceProcessor(model_proto=spiece)
    pieces = [(processor.id_to_piece(i), processor.get_score(i)) for i in range(processor.vocab_size())]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=2))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def test_sentencepiece_gives_the_official_ids(spiece, tmp_path):
    (tmp_path / "spiece.model").write_bytes(spiece)
    tokenizer = load_tokenizer(part("tokenizer", tmp_path / "spiece.model"))
    official = reference(spiece)
    for text in (
        *formats.TEXTS,
        "",
        "x",
        "  two   spaces ",
        "ｆｕｌｌ　ｗｉｄｔｈ",
        "unseen Ω words, 123!",
        "a\nb",
    ):
        cleaned = " ".join(text.split()) if text.isascii() else text
        assert tokenizer(cleaned).ids == tuple(official.encode(" ".join(tokenizer_text(cleaned).split())).ids)
        assert tokenizer(cleaned).ids[-1] == 1


def tokenizer_text(text):
    from wan_desktop.engine.prompts import normalise

    return normalise(text)


def test_a_long_prompt_is_cut_and_the_rest_told(spiece, tmp_path):
    (tmp_path / "spiece.model").write_bytes(spiece)
    tokenizer = load_tokenizer(part("tokenizer", tmp_path / "spiece.model"))
    whole = tokenizer("a red ball moves right, the cat turns its head")
    short = tokenizer("a red ball moves right, the cat turns its head", max_length=8)
    assert short.ids == (*whole.ids[:7], 1)
    assert short.cut
    assert "a red ball moves right, the cat turns its head".endswith(short.cut)
    assert whole.cut == ""


def test_the_tokenizer_inside_the_weights(made, spiece, tmp_path):
    models = formats.write_comfy(tmp_path, made, spiece)
    (file,) = (models / "text_encoders").iterdir()
    assert open_weights([file]).spiece == spiece
    assert load_tokenizer(part("tokenizer", file))("the cat").ids[-1] == 1
    save_file(formats.weights(made["text_encoder"]), tmp_path / "without.safetensors")
    with pytest.raises(ModelDamaged, match="without"):
        load_tokenizer(part("tokenizer", tmp_path / "without.safetensors"))
