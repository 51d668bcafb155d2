"""Models are recognised by what is in them, and a damaged one is told before anything is queued."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import psutil
import pytest

from wan_desktop.config.paths import resources_dir
from wan_desktop.domain.errors import ModelDamaged, ModelMissing
from wan_desktop.domain.request import Draft
from wan_desktop.domain.settings import Settings
from wan_desktop.domain.sizes import FRAME_STEP, SIZE_STEP, best_output_size
from wan_desktop.domain.validate import resolve
from wan_desktop.media import fingerprint
from wan_desktop.models import wan22_ti2v_5b
from wan_desktop.models.catalog import ModelCatalog

DEMO = resources_dir() / "models" / "demo"


def write_safetensors(path: Path, tensors: dict[str, list[int]]) -> Path:
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in tensors.items():
        size = 2
        for side in shape:
            size *= side
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + os.urandom(offset))
    return path


def write_json(path: Path, data) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), encoding="utf-8")


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """A folder laid out as the 5 B's, the transformer in two shards, with small weights."""
    folder = tmp_path / "Wan2.2 TI2V 5B" / "diffusers"
    index = {
        "_class_name": "WanPipeline",
        "expand_timesteps": True,
        "boundary_ratio": None,
        "transformer_2": [None, None],
    }
    write_json(folder / "model_index.json", index)
    write_json(folder / "transformer" / "config.json", {"in_channels": 48})
    write_json(folder / "vae" / "config.json", {"z_dim": 48})
    write_json(folder / "text_encoder" / "config.json", {"d_model": 4096})
    write_json(folder / "scheduler" / "scheduler_config.json", {})
    write_json(folder / "tokenizer" / "tokenizer.json", {})
    names = [f"diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    write_safetensors(folder / "transformer" / names[0], {"a": [4, 3], "b": [5]})
    write_safetensors(folder / "transformer" / names[1], {"c": [700, 700]})
    weight_map = {"a": names[0], "b": names[0], "c": names[1]}
    write_json(
        folder / "transformer" / "diffusion_pytorch_model.safetensors.index.json", {"weight_map": weight_map}
    )
    write_safetensors(folder / "vae" / "diffusion_pytorch_model.safetensors", {"v": [2000, 700]})
    write_safetensors(folder / "text_encoder" / "model.safetensors", {"t": []})
    return folder


def catalog(**settings) -> ModelCatalog:
    return ModelCatalog(DEMO, lambda: Settings(**settings))


def change(path: Path, **values) -> None:
    data = json.loads(path.read_text(encoding="utf-8"))
    write_json(path, {**data, **values})


# ---- the demo


def test_the_demo_is_what_renders_when_nothing_else_is_there():
    model = catalog().get(None)
    declared = json.loads((DEMO / "model.json").read_text(encoding="utf-8"))
    assert (model.id, model.demo, model.path) == ("demo", True, str(DEMO))
    assert (model.width, model.height, model.num_frames) == (256, 160, 25)
    assert model.negative_prompt == declared["negative_prompt"]
    assert model.words["colours"] == tuple(declared["words"]["colours"])
    assert len(model.fingerprint) == 64
    assert [m.id for m in catalog().all()] == ["demo"]


def test_every_example_size_and_preset_of_the_demo_is_a_valid_request():
    model = catalog().get("demo")
    for prompt in model.examples:
        resolve(Draft(prompt=prompt), model)
    for size in model.sizes:
        resolve(Draft(prompt="x", width=size.width, height=size.height), model)
    for preset in model.presets:
        resolve(Draft(prompt="x", preset=preset.name), model)


def bytes_read():
    """How much this process has read from files so far."""
    if not hasattr(psutil.Process, "io_counters"):
        pytest.skip("this system does not count what a process reads")
    return psutil.Process().io_counters().read_chars


def test_the_demo_is_found_without_reading_its_weights():
    catalog().get(None)
    fingerprint._of_file.cache_clear()
    before = bytes_read()
    catalog().get(None)
    assert bytes_read() - before < sum(path.stat().st_size for path in DEMO.rglob("*.safetensors")) / 4


def test_a_damaged_demo_is_told(tmp_path):
    copy = tmp_path / "demo"
    shutil.copytree(DEMO, copy)
    change(copy / "model.json", presets=[])
    broken = ModelCatalog(copy, Settings)
    with pytest.raises(ModelDamaged, match=r"model\.json"):
        broken.get(None)
    assert broken.all() == []


def test_a_folder_that_declares_itself_is_used_as_it_says(tmp_path):
    copy = tmp_path / "mine"
    shutil.copytree(DEMO, copy)
    change(copy / "model.json", label="Mine", demo=False)
    model = catalog().get(str(copy))
    assert (model.id, model.label, model.demo) == (str(copy), "Mine", False)
    assert catalog().get(str(DEMO)).id == "demo"


def test_a_model_may_declare_the_words_it_knows_and_speak_chinese(tmp_path):
    copy = tmp_path / "mine"
    shutil.copytree(DEMO, copy)
    change(
        copy / "model.json",
        vocabulary={"en": ["red", "ball"], "zh": ["红色", "球"]},
        examples=["a red ball"],
        examples_zh=["红色的球"],
        words={"colours": ["red"]},
        words_zh={"colours": ["红色"]},
    )
    model = catalog().get(str(copy))
    assert model.vocabulary == {"en": ("red", "ball"), "zh": ("红色", "球")}
    assert (model.examples_in("en"), model.examples_in("zh_CN")) == (("a red ball",), ("红色的球",))
    assert (model.words_in("en"), model.words_in("zh_CN")) == ({"colours": ("red",)}, {"colours": ("红色",)})
    change(copy / "model.json", vocabulary=["red"])
    with pytest.raises(ModelDamaged, match=r"model\.json"):
        catalog().get(str(copy))


def test_a_model_that_speaks_no_chinese_offers_its_own_words_and_understands_everything(big):
    model = catalog(model_dirs=(str(big),)).get(None)
    assert model.vocabulary == {}
    assert model.examples_in("zh_CN") == model.examples_in("en") == model.examples != ()


# ---- the 5 B


def test_the_big_model_is_recognised_and_comes_first(big):
    model = catalog(model_dirs=(str(big),)).get(None)
    assert (model.id, model.demo) == (str(big), False)
    assert (model.width, model.height, model.num_frames, model.fps) == (1280, 704, 121, 24)
    assert model.negative_prompt.startswith("色调艳丽，过曝，静态")
    assert model.negative_prompt.endswith("倒着走")
    presets = {p.name: (p.num_inference_steps, p.guidance_scale, p.flow_shift) for p in model.presets}
    assert presets == {
        "official": (50, 5.0, 5.0),
        "comfyui": (20, 5.0, 8.0),
        "draft": (10, 5.0, 8.0),
        "strong-guidance": (20, 7.0, 8.0),
    }
    assert [m.id for m in catalog(model_dirs=(str(big), str(big))).all()] == [str(big), "demo"]


def test_the_sizes_of_the_big_model_keep_the_official_area():
    for size in wan22_ti2v_5b.SIZES:
        assert size.width % SIZE_STEP == size.height % SIZE_STEP == 0
        assert 800_000 <= size.width * size.height <= 704 * 1280
        across, down = (int(n) for n in size.label.split(":"))
        assert abs(size.width / size.height / (across / down) - 1) < 0.03
    assert best_output_size(4, 3, 704 * 1280) == (1088, 800)
    assert (121 - 1) % FRAME_STEP == 0


def test_the_chosen_model_goes_before_the_others(big):
    assert catalog(model="demo", model_dirs=(str(big),)).get(None).id == "demo"
    assert catalog(model=str(big)).get(None).id == str(big)
    assert catalog(model=str(big)).get("demo").id == "demo"
    with pytest.raises(ModelMissing):
        catalog(model=str(big / "nowhere")).get(None)


def test_damaged_folders_are_passed_over_until_asked_for(big):
    (big / "vae" / "config.json").unlink()
    both = catalog(model_dirs=(str(big),))
    assert both.get(None).id == "demo"
    assert [m.id for m in both.all()] == ["demo"]
    with pytest.raises(ModelMissing, match=r"config\.json"):
        both.get(str(big))


def test_relative_and_home_paths_are_understood(big, monkeypatch):
    monkeypatch.chdir(big.parent)
    monkeypatch.setenv("HOME", str(big.parent))
    monkeypatch.setenv("USERPROFILE", str(big.parent))
    assert catalog().get("diffusers").id == str(big)
    assert catalog().get("~/diffusers/").id == str(big)


# ---- what is refused


@pytest.mark.parametrize(
    ("file", "values", "told"),
    [
        ("model_index.json", {"_class_name": "StableDiffusionPipeline"}, "StableDiffusionPipeline"),
        ("model_index.json", {"_class_name": 7}, "cannot be used"),
        ("model_index.json", {"expand_timesteps": False}, r"Wan2\.1"),
        ("model_index.json", {"transformer_2": ["diffusers", "WanTransformer3DModel"]}, "A14B"),
        ("model_index.json", {"boundary_ratio": 0.875}, "A14B"),
        ("transformer/config.json", {"in_channels": 16}, "another kind"),
        ("vae/config.json", {"z_dim": 16}, "another kind"),
    ],
)
def test_other_models_are_refused_with_a_sentence(big, file, values, told):
    change(big / file, **values)
    with pytest.raises(ModelMissing, match=told) as refused:
        catalog().get(str(big))
    assert refused.value.field == "model"
    assert refused.value.action


@pytest.mark.parametrize("where", ["nowhere", "file", "empty"])
def test_a_place_without_a_model_is_refused(tmp_path, where):
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelMissing):
        catalog().get(str(tmp_path / where))


@pytest.mark.parametrize(
    "name",
    [
        "transformer/config.json",
        "transformer/diffusion_pytorch_model-00002-of-00002.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "vae/config.json",
        "text_encoder/model.safetensors",
        "text_encoder/config.json",
        "tokenizer/tokenizer.json",
        "scheduler/scheduler_config.json",
    ],
)
def test_a_missing_file_is_named(big, name):
    (big / name).unlink()
    with pytest.raises(ModelMissing) as told:
        catalog().get(str(big))
    assert Path(name).name in told.value.sentence


@pytest.mark.parametrize(
    "name", ["vae/diffusion_pytorch_model.safetensors", "vae/config.json", "model_index.json"]
)
@pytest.mark.parametrize("keep", [0, 1, 7, -1])
def test_a_truncated_file_is_named(big, name, keep):
    path = big / name
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelDamaged) as told:
        catalog().get(str(big))
    assert path.name in told.value.sentence


@pytest.mark.parametrize(
    "content",
    [
        b"\xff" * 100,
        (2).to_bytes(8, "little") + b"[]",
        (10**12).to_bytes(8, "little") + b"{}",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
        (20).to_bytes(8, "little") + b'{"a": {"dtype": 1}} ',
        (71).to_bytes(8, "little")
        + b'{"a":{"dtype":"BF16","shape":[9],"data_offsets":[0,2]}}'
        + b" " * 16
        + b"xx",
        (71).to_bytes(8, "little") + b'{"a":{"dtype":"BF16","shape":[1],"data_offsets":[2,0]}}' + b" " * 16,
        (71).to_bytes(8, "little") + b'{"a":{"dtype":"BF16","shape":"x","data_offsets":[0,2]}}' + b" " * 16,
    ],
)
def test_a_file_that_is_no_safetensors_is_refused(big, content):
    (big / "vae" / "diffusion_pytorch_model.safetensors").write_bytes(content)
    with pytest.raises(ModelDamaged, match="damaged"):
        catalog().get(str(big))


def test_extra_bytes_behind_the_weights_are_refused(big):
    with (big / "vae" / "diffusion_pytorch_model.safetensors").open("ab") as file:
        file.write(b"!")
    with pytest.raises(ModelDamaged):
        catalog().get(str(big))


@pytest.mark.parametrize("name", ["model.bin", "pytorch_model.bin", "weights.pth"])
def test_pickles_are_refused(big, name):
    (big / "text_encoder" / "model.safetensors").rename(big / "text_encoder" / name)
    with pytest.raises(ModelDamaged, match="pickle"):
        catalog().get(str(big))


@pytest.mark.parametrize(
    "weight_map",
    [None, {}, [], {"a": "../../secret.safetensors"}, {"a": "/etc/x.safetensors"}, {"a": "x.bin"}, {"a": 5}],
)
def test_an_index_that_points_elsewhere_is_refused(big, weight_map):
    index = big / "transformer" / "diffusion_pytorch_model.safetensors.index.json"
    write_json(index, {"weight_map": weight_map})
    with pytest.raises(ModelDamaged, match="index"):
        catalog().get(str(big))


def test_an_index_that_names_weights_that_are_not_there_is_refused(big):
    index = big / "transformer" / "diffusion_pytorch_model.safetensors.index.json"
    data = json.loads(index.read_text())
    data["weight_map"]["z"] = data["weight_map"]["a"]
    write_json(index, data)
    with pytest.raises(ModelDamaged, match="not in it"):
        catalog().get(str(big))


# ---- fingerprints


def test_a_fingerprint_tells_models_apart_and_does_not_depend_on_the_place(big, tmp_path):
    before = catalog().get(str(big)).fingerprint
    moved = tmp_path / "elsewhere"
    shutil.copytree(big, moved)
    assert catalog().get(str(moved)).fingerprint == before
    write_json(big / "transformer" / "config.json", {"in_channels": 48, "num_layers": 29})
    assert catalog().get(str(big)).fingerprint != before


@pytest.mark.parametrize("place", [0, 100, 1_000_000, 5_999_999])
def test_a_changed_block_changes_the_fingerprint(tmp_path, place):
    path = tmp_path / "x"
    data = bytearray(6_000_000)
    path.write_bytes(data)
    before = fingerprint.file_fingerprint(path)
    data[max(0, place - 90_000) : place + 90_000] = b"\1" * len(data[max(0, place - 90_000) : place + 90_000])
    path.write_bytes(data)
    os.utime(path, ns=(1, 1))
    assert fingerprint.file_fingerprint(path) != before


def test_a_fingerprint_reads_little_of_a_big_file(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(10_000_000_000)
    before = bytes_read()
    first = fingerprint.file_fingerprint(path)
    assert bytes_read() - before < 100_000_000
    os.truncate(path, 10_000_000_001)
    assert fingerprint.file_fingerprint(path) != first
