"""A model folder is loaded whole, or refused with a sentence that names the file."""

import json
import shutil
import socket

import pytest
import torch
from safetensors.torch import load_file, save_file
from support.engine_jobs import DEMO, RESOURCES, a_model

from wan_desktop.domain.errors import ModelDamaged, ModelMissing
from wan_desktop.engine import loading, plans
from wan_desktop.engine.device import Device
from wan_desktop.engine.loaded import Loaded
from wan_desktop.engine.prompt_cache import PromptCache

FILES = [
    "transformer/config.json",
    "transformer/diffusion_pytorch_model.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "tokenizer/tokenizer.json",
]


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(DEMO, tmp_path / "a model")


def load(folder, device):
    pipeline = loading.bare_pipeline(folder)
    for component in ("transformer", "vae", "text_encoder"):
        loading.load_part(pipeline, folder, device, component)
    return pipeline


def test_no_folder(tmp_path, cpu):
    with pytest.raises(ModelMissing, match="nowhere"):
        load(tmp_path / "nowhere", cpu)


@pytest.mark.parametrize("file", FILES)
def test_missing_file(folder, cpu, file):
    (folder / file).unlink()
    with pytest.raises(ModelMissing) as raised:
        load(folder, cpu)
    assert file in raised.value.sentence.replace("\\", "/")
    assert raised.value.action


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["empty", "cut", "other"])
def test_damaged_file(folder, cpu, file, damage):
    data = (folder / file).read_bytes()
    (folder / file).write_bytes({"empty": b"", "cut": data[: len(data) // 2], "other": b"GIF89a" * 9}[damage])
    with pytest.raises(ModelDamaged) as raised:
        load(folder, cpu)
    assert file.split("/")[0] in raised.value.sentence


@pytest.mark.parametrize("part", ["transformer", "vae", "text_encoder"])
def test_missing_tensor(folder, cpu, part):
    (file,) = (folder / part).glob("*.safetensors")
    tensors = load_file(file)
    tensors.pop(sorted(tensors)[-1])
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(ModelDamaged, match=part):
        load(folder, cpu)


def test_wrong_shapes(folder, cpu):
    file = folder / "transformer" / "config.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps(config | {"ffn_dim": config["ffn_dim"] * 2}))
    with pytest.raises(ModelDamaged, match="transformer"):
        load(folder, cpu)


def test_pickles_are_not_opened(folder, cpu):
    """A folder with a pickle only counts as incomplete; the pickle is never read."""
    file = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(file), file.with_suffix(".bin"))
    file.unlink()
    with pytest.raises(ModelMissing, match="safetensors"):
        load(folder, cpu)


def test_shards(folder, cpu, pipeline):
    place = folder / "transformer"
    whole = place / "diffusion_pytorch_model.safetensors"
    tensors = load_file(whole)
    names = sorted(tensors)
    halves = {"one.safetensors": names[::2], "two.safetensors": names[1::2]}
    for name, keys in halves.items():
        save_file({k: tensors[k] for k in keys}, place / name, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {k: name for name, keys in halves.items() for k in keys}}
    (place / "diffusion_pytorch_model.safetensors.index.json").write_text(json.dumps(index))
    whole.unlink()
    loaded = load(folder, cpu).transformer.state_dict()
    assert all(torch.equal(loaded[k], v) for k, v in pipeline.transformer.state_dict().items())
    (place / "two.safetensors").unlink()
    with pytest.raises(ModelMissing, match="two"):
        load(folder, cpu)


def test_precision(pipeline, cpu):
    import dataclasses

    assert {p.dtype for p in pipeline.transformer.parameters()} == {torch.float32}
    half = load(DEMO, dataclasses.replace(cpu, dtype="bfloat16"))
    kept = ("time_embedder", "scale_shift_table", "norm1", "norm2", "norm3")
    for name, parameter in half.transformer.named_parameters():
        fp32 = any(part in kept for part in name.split("."))
        assert parameter.dtype == (torch.float32 if fp32 else torch.bfloat16), name
    assert {p.dtype for p in half.vae.parameters()} == {torch.bfloat16}
    older = load(DEMO, dataclasses.replace(cpu, dtype="float16"))
    assert {p.dtype for p in older.vae.parameters()} == {torch.float32}


def test_frames_are_developed_in_float32_on_the_processor_of_a_card(tmp_path):
    """Whatever the card computes in: a processor is slow in half precision."""
    card = Device("cuda:0", "a card", "bfloat16", "2.13.0")
    loaded = Loaded(a_model(), plans.CARD[-1], card, PromptCache(tmp_path, "x"))
    with loaded.using("vae", loading.nothing):
        assert {(p.device.type, p.dtype) for p in loaded.pipeline.vae.parameters()} == {
            ("cpu", torch.float32)
        }
    assert loaded.pipeline.work_devices == {"vae": torch.device("cpu")}


def test_no_network(folder, cpu, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load(folder, cpu)


def test_preview_colours(folder):
    own = loading.load_latent_rgb(folder, RESOURCES, 48)
    assert own["factors"] == json.loads((DEMO / "latent_rgb.json").read_text())["factors"]
    (folder / "latent_rgb.json").unlink()
    published = loading.load_latent_rgb(folder, RESOURCES, 48)
    assert published["factors"][0] == [0.0119, 0.0103, 0.0046]
    assert loading.load_latent_rgb(folder, RESOURCES, 16) is None
    (folder / "latent_rgb.json").write_text("{}")
    with pytest.raises(ModelDamaged, match="latent_rgb"):
        loading.load_latent_rgb(folder, RESOURCES, 48)
