"""Models are found where people have them, put together from any files, checked, and never moved."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from support import formats

from wan_desktop.config.paths import resources_dir
from wan_desktop.domain.errors import ModelDamaged, ModelMissing
from wan_desktop.domain.settings import Settings
from wan_desktop.domain.weight_names import COMPONENTS
from wan_desktop.models import few_step
from wan_desktop.models.catalog import ModelCatalog
from wan_desktop.models.manager import ModelManager
from wan_desktop.models.places import standard_places
from wan_desktop.models.registry import Entry, Registry

DEMO = resources_dir() / "models" / "demo"


@pytest.fixture(scope="module")
def made():
    return formats.networks()


@pytest.fixture(scope="module")
def spiece():
    return formats.spiece()


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def manager(home):
    registry = Registry(home / "data" / "models.json")
    catalog = ModelCatalog(DEMO, Settings, registry)
    return ModelManager(catalog, registry, home / "data" / "models", {"HOME": str(home)})


def only(manager):
    models = [model for model in manager.overview()["models"] if not model["demo"]]
    assert len(models) == 1
    return models[0]


def cached(hub: Path, repo: str, source: Path) -> Path:
    """`source` as the Hugging Face cache keeps it: blobs named by their hash, links with the files' names."""
    root = hub / f"models--{repo.replace('/', '--')}"
    snapshot = root / "snapshots" / "abc123"
    (root / "blobs").mkdir(parents=True)
    for file in sorted(p for p in source.rglob("*") if p.is_file()):
        data = file.read_bytes()
        large = file.suffix in (".safetensors", ".pth", ".gguf")
        sha = hashlib.sha256(data) if large else hashlib.sha1(b"blob %d\0" % len(data) + data)
        blob = root / "blobs" / sha.hexdigest()
        blob.write_bytes(data)
        link = snapshot / file.relative_to(source)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    return snapshot


# ---- nothing there


def test_without_a_model_the_files_to_get_are_listed(manager, home):
    page = manager.overview()
    assert [model["id"] for model in page["models"]] == ["demo"]
    assert [item["name"] for item in page["to_get"]] == [
        "wan2.2_ti2v_5B_fp16.safetensors",
        "umt5_xxl_fp8_e4m3fn_scaled.safetensors",
        "wan2.2_vae.safetensors",
    ]
    assert all(item["size"] > 10**9 and item["source"] and item["folder"] for item in page["to_get"])
    assert page["folder"] == str(home / "data" / "models")
    assert Path(page["folder"]).is_dir()
    assert page["problems"] == []


def test_their_arrival_is_noticed(manager, home, made, spiece):
    watch = manager.arrivals()
    assert not watch.changed()
    assert manager.overview()["to_get"]
    formats.write_comfy(home / "data" / "models", made, spiece)
    assert watch.changed()
    assert not watch.changed()
    assert manager.scan()
    assert only(manager)["label"] == "Wan2.2 TI2V-5B (bf16)"
    assert manager.overview()["to_get"] == []
    assert manager.scan() == [], "found once"


# ---- where people have them


def test_comfyuis_folders(manager, home, made, spiece):
    models = formats.write_comfy(home / "ComfyUI" / "models", made, spiece)
    before = sorted((p, p.stat().st_mtime_ns) for p in models.rglob("*"))
    assert len(manager.scan()) == 3
    model = only(manager)
    assert [Path(f).parent.name for f in model["files"]] == [
        "diffusion_models",
        "vae",
        "text_encoders",
        "text_encoders",  # the tokenizer lies inside
    ]
    assert sorted((p, p.stat().st_mtime_ns) for p in models.rglob("*")) == before, "nothing is moved"


def test_comfyuis_extra_model_paths(manager, home, made, spiece, tmp_path):
    elsewhere = formats.write_comfy(tmp_path / "disk d", made, spiece)
    (elsewhere / "unet").mkdir()
    shutil.move(next((elsewhere / "diffusion_models").iterdir()), elsewhere / "unet" / "x.safetensors")
    (home / "ComfyUI").mkdir()
    (home / "ComfyUI" / "extra_model_paths.yaml").write_text(
        f"comfyui:\n  base_path: {elsewhere}\n  is_default: true\n  vae: vae/\n"
        "  diffusion_models: |\n    diffusion_models\n    unet\n  text_encoders: text_encoders/\n"
        "broken: 3\nempty:\n"
    )
    manager.scan()
    assert only(manager)["path"].endswith("x.safetensors")


@pytest.mark.parametrize("text", ["", ": [", "- a\n- b\n", "a: {base_path: 7, vae: 8}"])
def test_a_broken_extra_model_paths_does_no_harm(manager, home, text):
    (home / "ComfyUI").mkdir()
    (home / "ComfyUI" / "extra_model_paths.yaml").write_text(text)
    assert manager.scan() == []


def test_the_hugging_face_cache(manager, home, made, spiece, tmp_path):
    source = formats.write_diffusers(tmp_path / "source", made, spiece)
    snapshot = cached(home / ".cache" / "huggingface" / "hub", "Wan-AI/Wan2.2-TI2V-5B-Diffusers", source)
    assert [entry.kind for entry in manager.scan()] == ["folder"]
    assert only(manager)["path"] == str(snapshot)
    states = {Path(r["file"]).name: r["state"] for r in manager.verify()}
    assert set(states.values()) == {"whole"}, "the cache's own names say what is in them"


def test_other_places_of_the_hugging_face_cache(home, tmp_path):
    for environ in (
        {"HF_HUB_CACHE": str(tmp_path / "a")},
        {"HF_HOME": str(tmp_path / "b")},
        {"XDG_CACHE_HOME": str(tmp_path / "c")},
    ):
        (name,) = environ
        hub = {"HF_HUB_CACHE": "a", "HF_HOME": "b/hub", "XDG_CACHE_HOME": "c/huggingface/hub"}[name]
        snapshot = tmp_path / hub / "models--a--b" / "snapshots" / "1"
        snapshot.mkdir(parents=True)
        assert snapshot in standard_places(home / "own", {"HOME": str(home), **environ})


@pytest.mark.parametrize("layout", ["models/Wan-AI/Wan2___2-TI2V-5B", "Wan-AI/Wan2.2-TI2V-5B"])
def test_the_modelscope_cache(manager, home, made, spiece, tmp_path, layout):
    source = formats.write_original(tmp_path / "source", made, spiece)
    target = home / ".cache" / "modelscope" / "hub" / layout
    shutil.copytree(source, target)
    manager.scan()
    model = only(manager)
    assert {Path(f).name for f in model["files"]} == {
        "diffusion_pytorch_model-00001-of-00002.safetensors",
        "diffusion_pytorch_model-00002-of-00002.safetensors",
        "Wan2.2_VAE.pth",
        "models_t5_umt5-xxl-enc-bf16.pth",
        "spiece.model",
    }


def test_linked_folders_are_followed_once(manager, home, made, spiece, tmp_path):
    models = formats.write_comfy(tmp_path / "disk", made, spiece)
    (home / "ComfyUI" / "models").mkdir(parents=True)
    for kind in ("diffusion_models", "text_encoders", "vae"):
        (home / "ComfyUI" / "models" / kind).symlink_to(models / kind)
    (models / "vae" / "loop").symlink_to(models)
    manager.scan()
    assert only(manager)


# ---- mixed sets


def test_any_transformer_with_any_vae_and_text_encoder(manager, made, spiece, tmp_path, home):
    folder = formats.write_diffusers(tmp_path / "diffusers", made, spiece)
    original = formats.write_original(tmp_path / "original", made, spiece)
    comfy = formats.write_comfy(tmp_path / "comfy", made, spiece)
    formats.write_gguf(tmp_path / "alone.gguf", made["transformer"], "Q8_0")
    (vae,) = (comfy / "vae").iterdir()
    for path in (tmp_path / "alone.gguf", original / "models_t5_umt5-xxl-enc-bf16.pth", vae):
        manager.add(path)
    page = manager.overview()
    assert "a tokenizer" in page["problems"][0]
    manager.add(original / "google" / "umt5-xxl" / "spiece.model")
    model = only(manager)
    assert model["label"] == "Wan2.2 TI2V-5B (Q8_0)"
    assert [Path(f).name for f in model["files"]] == [
        "alone.gguf",
        "wan2.2_vae.safetensors",
        "models_t5_umt5-xxl-enc-bf16.pth",
        "spiece.model",
    ]
    manager.remove(vae)
    assert "the VAE" in manager.overview()["problems"][0]
    manager.add(folder)
    models = {m["label"]: m for m in manager.overview()["models"]}
    assert models["Wan2.2 TI2V-5B (Q8_0)"]["files"][1].startswith(str(folder))
    assert "Wan2.2 TI2V-5B" in models


def test_a_mixed_set_renders(manager, made, spiece, tmp_path):
    """GGUF transformer, the original VAE, ComfyUI's text encoder: loaded by the engine as they are."""
    from support.engine_jobs import REQUEST

    from wan_desktop.engine import device, loading

    comfy = formats.write_comfy(tmp_path / "comfy", made, spiece, newer=True)
    original = formats.write_original(tmp_path / "original", made, spiece)
    shutil.rmtree(comfy / "vae")
    file = comfy / "diffusion_models" / "q.gguf"
    formats.write_gguf(file, made["transformer"], "Q8_0")
    manager.add(original / "Wan2.2_VAE.pth")
    spec = manager._catalog.get(str(file))
    assert [Path(p.files[0]).suffix for p in spec.parts] == [".gguf", ".pth", ".safetensors", ".safetensors"]
    cpu = device.choose("cpu", device.probe())
    pipeline = loading.bare_pipeline(spec)
    for component in COMPONENTS:
        loading.load_part(pipeline, spec, cpu, component)
    frames = pipeline(
        REQUEST.prompt, height=64, width=64, num_frames=5, num_inference_steps=2, sampler="uni_pc",
        generator=torch.Generator("cpu").manual_seed(0),
    )  # fmt: skip
    assert frames.shape == (5, 64, 64, 3)


def test_a_text_encoder_of_another_width_is_not_taken(manager, made, spiece, tmp_path):
    comfy = formats.write_comfy(tmp_path / "comfy", made, spiece)
    (encoder,) = (comfy / "text_encoders").iterdir()
    tensors = {k: v for k, v in load_file(encoder).items() if "scale_weight" not in k and k != "scaled_fp8"}
    wide = {
        k: torch.zeros(*v.shape[:-1], 32) if v.ndim == 2 and v.shape[-1] == 64 else v
        for k, v in tensors.items()
    }
    save_file(wide, encoder)
    with pytest.raises(ModelMissing, match="text encoder"):
        manager._catalog.get(str(next((comfy / "diffusion_models").iterdir())))


def test_a_folder_or_file_can_be_named_without_the_list(manager, made, spiece, tmp_path):
    original = formats.write_original(tmp_path / "original", made, spiece)
    by_folder = manager._catalog.get(str(original))
    shard = original / "diffusion_pytorch_model-00002-of-00002.safetensors"
    by_file = manager._catalog.get(str(shard))
    assert by_folder.id == by_file.id
    assert by_folder.fingerprint == by_file.fingerprint
    assert by_folder.part("transformer").config == str(original / "config.json")


# ---- what is refused, in a sentence


def zeros(**shapes):
    return {
        name.replace("__", "."): torch.zeros(shape, dtype=torch.bfloat16) for name, shape in shapes.items()
    }


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        (zeros(patch_embedding__weight=(5120, 16, 1, 2, 2)), "a Wan model of 14 B"),
        (zeros(patch_embedding__weight=(5120, 36, 1, 2, 2)), "a Wan model of 14 B"),
        (zeros(patch_embedding__weight=(1536, 16, 1, 2, 2)), r"Wan2\.1 1\.3B"),
        (zeros(patch_embedding__weight=(3072, 100, 1, 2, 2)), "another Wan model"),
        (zeros(patch_embedding__weight=(3072, 48, 1, 2, 2), vace_blocks__0__x=(1,)), "VACE"),
        (
            zeros(decoder__conv1__weight=(384, 16, 3, 3, 3), conv2__weight=(16, 16, 1, 1, 1)),
            r"the VAE of Wan2\.1",
        ),
        (zeros(decoder__conv_in__weight=(512, 4, 3, 3)), "the VAE of another model"),
        (zeros(shared__weight=(32128, 64)), "not umT5"),
        (zeros(model__embed_tokens__weight=(8, 8)), "no part of it"),
    ],
)
def test_other_models_are_told_apart(manager, tmp_path, tensors, told):
    save_file(tensors, tmp_path / "wan2.2_ti2v_5B_fp16.safetensors")
    with pytest.raises(ModelMissing, match=told) as refused:
        manager.add(tmp_path / "wan2.2_ti2v_5B_fp16.safetensors")
    assert "Wan2.2-TI2V-5B" in refused.value.sentence
    assert refused.value.action


@pytest.mark.parametrize(
    "tensors",
    [
        zeros(patch_embedding__weight=()),
        zeros(decoder__conv_in__weight=(3,)),
        zeros(
            patch_embedding__weight=(1, 48, 1, 1, 1),
            proj_out__weight=(1,),
            condition_embedder__text_embedder__linear_1__weight=(1, 1),
            condition_embedder__time_embedder__linear_1__weight=(1, 1),
            blocks__0__ffn__net__0__proj__weight=(1,),
            blocks__99999999__x=(1,),
        ),
    ],
    ids=["a number", "a flat convolution", "a hundred million layers"],
)
def test_odd_weights_are_told_and_hide_nothing_else(manager, home, made, tensors):
    odd = home / "ComfyUI" / "models" / "vae" / "odd.safetensors"
    odd.parent.mkdir(parents=True)
    save_file(tensors, odd)
    with pytest.raises(ModelDamaged, match="shapes that no network has"):
        manager.add(odd)
    whole = {k: v.contiguous() for k, v in formats.weights(made["vae"]).items()}
    save_file(whole, odd.with_name("vae.safetensors"))
    assert [Path(entry.paths[0]).name for entry in manager.scan()] == ["vae.safetensors"]


def test_a_gguf_header_that_nests_without_end_is_told(manager, tmp_path):
    nested = struct.pack("<IQ", 9, 1) * 3000
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"a" + struct.pack("<I", 9)
    (tmp_path / "nested.gguf").write_bytes(head + nested)
    with pytest.raises(ModelDamaged, match="cut short"):
        manager.add(tmp_path / "nested.gguf")


def test_the_vae_of_wan21_as_a_pickle(manager, tmp_path):
    torch.save(zeros(decoder__conv1__weight=(384, 16, 3, 3, 3)), tmp_path / "Wan2.1_VAE.pth")
    with pytest.raises(ModelMissing, match=r"Wan2\.1"):
        manager.add(tmp_path / "Wan2.1_VAE.pth")


@pytest.mark.parametrize("kind", ["safetensors", "gguf", "pth"])
def test_a_truncated_file_is_told(manager, made, tmp_path, kind):
    file = tmp_path / f"cut.{kind}"
    if kind == "gguf":
        formats.write_gguf(file, made["transformer"], "Q5_K")
    elif kind == "pth":
        torch.save(formats.original_vae(formats.weights(made["vae"])), file)
    else:
        save_file({k: v.contiguous() for k, v in formats.weights(made["vae"]).items()}, file)
    data = file.read_bytes()
    for keep in (len(data) - 1, len(data) // 2, 40, 10):
        file.write_bytes(data[:keep])
        with pytest.raises(ModelDamaged, match="cut"):
            manager.add(file)


def test_missing_weights_are_told(manager, made, tmp_path):
    tensors = formats.original_transformer(formats.weights(made["transformer"]))
    tensors.pop("blocks.1.self_attn.k.weight")
    save_file({k: v.contiguous() for k, v in tensors.items()}, tmp_path / "x.safetensors")
    with pytest.raises(ModelDamaged, match=r"1 weights are missing, such as blocks\.1\.attn1\.to_k\.weight"):
        manager.add(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"weight_scale": torch.ones(64, 2)}, "with a scale for every few numbers"),
        ({"weight": torch.ones(64, 32, dtype=torch.uint8)}, "as U8"),
    ],
    ids=["mxfp8", "packed"],
)
def test_a_way_of_storing_that_cannot_be_read_is_told_when_the_file_is_added(
    manager, made, tmp_path, changed, told
):
    tensors = formats.comfy_text_encoder(made["text_encoder"], b"x", newer=True)
    tensors |= {f"encoder.block.0.layer.0.SelfAttention.q.{name}": tensor for name, tensor in changed.items()}
    save_file(tensors, tmp_path / "te.safetensors")
    with pytest.raises(ModelDamaged, match=told) as refused:
        manager.add(tmp_path / "te.safetensors")
    assert "fp8" in refused.value.sentence  # what to get in its place
    assert manager.scan() == []


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("pwned"),))


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("bare", [True, False])
def test_an_unsafe_pickle_is_told_and_not_run(manager, tmp_path, monkeypatch, protocol, bare):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "Wan2.2_VAE.pth"
    if bare:
        file.write_bytes(pickle.dumps({"decoder.conv1.weight": Evil()}, protocol))
    else:
        torch.save({"decoder.conv1.weight": Evil()}, file, pickle_protocol=protocol)
    with pytest.raises(ModelDamaged, match="can run programs"):
        manager.add(file)
    assert not (tmp_path / "pwned").exists()


def test_what_is_wrong_on_the_list_stands_in_the_overview(manager, made, spiece, tmp_path):
    comfy = formats.write_comfy(tmp_path / "comfy", made, spiece)
    manager.add(comfy)
    (vae,) = (comfy / "vae").iterdir()
    data = vae.read_bytes()
    vae.write_bytes(data[:-5])
    page = manager.overview()
    assert any("wan2.2_vae.safetensors" in sentence for sentence in page["problems"])
    assert [model["id"] for model in page["models"]] == ["demo"]
    vae.write_bytes(data)
    assert only(manager)


def test_a_way_of_storing_that_cannot_be_read_is_told_at_once(manager, made, tmp_path):
    file = tmp_path / "x.gguf"
    formats.write_gguf(file, made["transformer"], "Q8_0")
    data = file.read_bytes()
    name = b"blocks.0.ffn.0.weight"
    at = data.index(name) + len(name) + 4 + 16  # behind the dimensions: the number of the type
    assert data[at : at + 4] == (8).to_bytes(4, "little")
    file.write_bytes(data[:at] + (40).to_bytes(4, "little") + data[at + 4 :])
    with pytest.raises(ModelDamaged, match="NVFP4"):
        manager.add(file)


def test_a_transformer_as_a_torch_file(manager, made, spiece, tmp_path):
    """Turbo's release: a torch file whose names begin with "model."."""
    from wan_desktop.engine.components import load_component

    comfy = formats.write_comfy(tmp_path / "comfy", made, spiece)
    next((comfy / "diffusion_models").iterdir()).unlink()
    state = formats.original_transformer(formats.weights(made["transformer"]))
    file = comfy / "diffusion_models" / "generator.pt"
    for wrapped in (False, True):
        tensors = {f"model.{name}": tensor for name, tensor in state.items()}
        torch.save({"generator": tensors} if wrapped else tensors, file)
        spec = manager._catalog.get(str(file))
        loaded = load_component(spec.part("transformer"), torch.bfloat16)
        assert torch.equal(loaded.proj_out.weight, made["transformer"].proj_out.weight)
    del tensors["model.blocks.1.ffn.0.weight"]
    torch.save(tensors, file)
    with pytest.raises(ModelDamaged, match="missing"):
        manager._catalog.get(str(file))


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_diffusers_folder_that_lacks_weights_is_told(manager, made, spiece, tmp_path, component):
    folder = formats.write_diffusers(tmp_path / "x", made, spiece)
    (file,) = (folder / component).glob("*.safetensors")
    tensors = load_file(file)
    tensors.pop(min(tensors))
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(ModelDamaged, match="missing"):
        manager.add(folder)


# ---- the list


def test_verify_compares_with_what_was_noted(manager, made, spiece, tmp_path):
    comfy = formats.write_comfy(tmp_path / "comfy", made, spiece)
    read = []
    manager.add(comfy, tick=read.append)
    assert sum(read) == sum(f.stat().st_size for f in comfy.rglob("*.safetensors"))
    assert {r["state"] for r in manager.verify()} == {"whole"}
    (vae,) = (comfy / "vae").iterdir()
    data = bytearray(vae.read_bytes())
    data[-3] ^= 1  # a bit that no header shows
    vae.write_bytes(data)
    (encoder,) = (comfy / "text_encoders").iterdir()
    encoder.unlink()
    states = {Path(r["file"]).name: r["state"] for r in manager.verify()}
    assert states[vae.name] == "changed"
    assert states[encoder.name] == "missing"
    assert states["wan2.2_ti2v_5B_bf16.safetensors"] == "whole"


def test_what_a_scan_found_is_noted_at_the_first_verify(manager, home, made, spiece):
    formats.write_comfy(home / "ComfyUI" / "models", made, spiece)
    manager.scan()
    assert {r["state"] for r in manager.verify()} == {"noted"}
    assert {r["state"] for r in manager.verify()} == {"whole"}


def test_a_damaged_blob_of_the_cache_is_told(manager, home, made, spiece, tmp_path):
    source = formats.write_diffusers(tmp_path / "source", made, spiece)
    snapshot = cached(home / ".cache" / "huggingface" / "hub", "a/b", source)
    manager.scan()
    blob = (snapshot / "vae" / "diffusion_pytorch_model.safetensors").resolve()
    data = bytearray(blob.read_bytes())
    data[-1] ^= 255
    blob.write_bytes(data)
    bad = [r["file"] for r in manager.verify() if r["state"] == "changed"]
    assert [Path(f).parent.name for f in bad] == ["vae"]


def test_remove_takes_off_the_list_and_leaves_the_files(manager, made, spiece, tmp_path):
    comfy = formats.write_comfy(tmp_path / "comfy", made, spiece)
    manager.add(comfy)
    assert len(manager.remove(comfy)) == 3
    assert [m["id"] for m in manager.overview()["models"]] == ["demo"]
    assert len(list(comfy.rglob("*.safetensors"))) == 3
    with pytest.raises(ModelMissing, match="not on the list"):
        manager.remove(comfy)


def test_adding_nothing_is_told(manager, tmp_path):
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(ModelMissing, match="no part of"):
            manager.add(path)


def test_a_damaged_list_is_an_empty_one(home, made, spiece, tmp_path):
    file = home / "models.json"
    for text in ("", "{", '{"entries": 3}', '{"entries": [{"x": 1}]}'):
        file.write_text(text)
        assert Registry(file).entries() == []
        assert ModelCatalog(DEMO, Settings, Registry(file)).get(None).id == "demo"


def test_a_list_that_is_not_understood_is_kept_beside_the_new_one(tmp_path):
    file = tmp_path / "models.json"
    file.write_text('{"entries": [{"kind": "part", "paths": ["/a"], "newer": 1}]}')
    Registry(file).add([Entry("part", ("/b",))])
    assert [entry.paths for entry in Registry(file).entries()] == [("/b",)]
    assert "newer" in (tmp_path / "models.json.damaged").read_text()
    Registry(file).add([Entry("part", ("/c",))])
    assert "newer" in (tmp_path / "models.json.damaged").read_text()


# ---- few-step models


def test_fastwan_is_told_by_its_index(manager, made, spiece, tmp_path):
    folder = formats.write_diffusers(tmp_path / "x", made, spiece)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "WanDMDPipeline"}))
    spec = manager._catalog.get(str(folder))
    assert (spec.variant, spec.ask) == ("fastwan", "")
    preset = spec.default_preset
    assert (preset.num_inference_steps, preset.guidance_scale, preset.sampler) == (3, 1.0, "fastwan")


def test_a_few_step_model_is_told_by_its_metadata(manager, made, spiece, tmp_path):
    comfy = formats.write_comfy(tmp_path / "comfy", made, spiece)
    (file,) = (comfy / "diffusion_models").iterdir()
    save_file(load_file(file), file, metadata={"modelspec.title": "Wan2.2-TI2V-5B-Turbo"})
    spec = manager._catalog.get(str(file))
    assert (spec.variant, spec.ask, spec.default_preset.sampler) == ("turbo", "", "turbo")
    assert spec.default_preset.num_inference_steps == 4


def published(monkeypatch, file, variant):
    """Let the content of `file` be one of the published few-step models."""
    monkeypatch.setitem(few_step.KNOWN, hashlib.sha256(file.read_bytes()).hexdigest(), variant)


def test_the_published_hashes_are_hashes():
    assert set(few_step.KNOWN.values()) == {"fastwan", "turbo"}
    assert all(len(bytes.fromhex(sha256)) == 32 and sha256 == sha256.lower() for sha256 in few_step.KNOWN)


def test_a_few_step_model_is_told_by_its_hash(manager, made, spiece, tmp_path, monkeypatch):
    """Added by the user, so its hash was noted: whatever its name says, nothing has to be asked."""
    comfy = formats.write_comfy(tmp_path / "comfy", made, spiece)
    (file,) = (comfy / "diffusion_models").iterdir()
    named = file.rename(file.with_name("FastWan or so.safetensors"))
    published(monkeypatch, named, "turbo")
    manager.add(comfy)
    assert (only(manager)["variant"], manager.overview()["ask"]) == ("turbo", [])
    manager.add(named, variant="plain")
    assert only(manager)["variant"] == "", "the user's word goes first"


def test_a_hash_that_verify_notes_answers_the_question(manager, home, made, spiece, tmp_path, monkeypatch):
    comfy = formats.write_comfy(home / "ComfyUI" / "models", made, spiece)
    (file,) = (comfy / "diffusion_models").iterdir()
    named = file.rename(file.with_name("turbo.safetensors"))
    manager.scan()
    published(monkeypatch, named, "turbo")
    assert manager.overview()["ask"] == [{"model": str(named), "variant": "turbo"}]
    manager.verify()
    assert (only(manager)["variant"], manager.overview()["ask"]) == ("turbo", [])


def test_the_cache_s_own_name_is_a_hash(manager, made, spiece, tmp_path, monkeypatch):
    folder = formats.write_diffusers(tmp_path / "x", made, spiece)
    snapshot = cached(tmp_path / "hub", "somebody/5b-in-four-steps", folder)
    weights = next((snapshot / "transformer").glob("*.safetensors"))
    assert manager._catalog.get(str(snapshot)).variant == ""
    published(monkeypatch, weights, "turbo")
    assert manager._catalog.get(str(snapshot)).variant == "turbo"


@pytest.mark.parametrize(("answer", "variant"), [("fastwan", "fastwan"), ("plain", "")])
def test_a_name_only_asks_and_the_answer_is_kept(manager, made, spiece, tmp_path, answer, variant):
    comfy = formats.write_comfy(tmp_path / "comfy", made, spiece)
    (file,) = (comfy / "diffusion_models").iterdir()
    named = file.rename(file.with_name("FastWan2.2-TI2V-5B-bf16.safetensors"))
    manager.add(comfy)
    assert only(manager)["variant"] == ""
    assert manager.overview()["ask"] == [{"model": str(named), "variant": "fastwan"}]
    manager.add(named, variant=answer)
    page = manager.overview()
    assert page["ask"] == []
    assert only(manager)["variant"] == variant
