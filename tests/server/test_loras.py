"""LoRAs through the API, from the node to the frames of the built-in model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from support.serving import frames, serving
from support.workflows import node, template

import wan_desktop

TRANSFORMER = (
    Path(wan_desktop.__file__).parents[1]
    / "resources/models/demo/transformer/diffusion_pytorch_model.safetensors"
)
STYLE = "sub/style.safetensors"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with one LoRA for the built-in model, under names of its own and of ComfyUI's layout."""
    found = tmp_path_factory.mktemp("loras")
    (found / "sub").mkdir()
    rows, columns = load_file(TRANSFORMER)["blocks.0.attn1.to_q.weight"].shape
    generator = torch.Generator().manual_seed(0)
    stem = "diffusion_model.blocks.0.self_attn.q"
    tensors = {
        f"{stem}.lora_down.weight": torch.randn(4, columns, generator=generator),
        f"{stem}.lora_up.weight": torch.randn(rows, 4, generator=generator),
        f"{stem}.alpha": torch.tensor(4.0),
    }
    save_file(tensors, found / STYLE)
    (found / "broken.safetensors").write_bytes(b"no LoRA")
    return found


@pytest.fixture(scope="module")
def client(folder):
    with serving("--loras", str(folder)) as (client, _):
        yield client


def with_loras(*strengths, name=STYLE):
    """The template with a LoRA for each strength, in a chain; each second one by LoraLoader."""
    graph = template("a red ball", n55={"width": 128, "height": 96, "length": 5}, n3={"steps": 4})
    model, clip = ["37", 0], ["38", 0]
    for n, strength in enumerate(strengths):
        ident = f"7{n}"
        lora = {"lora_name": name, "strength_model": strength, "model": model}
        if n % 2:
            graph[ident] = node("LoraLoader", clip=clip, strength_clip=strength, **lora)
            clip = [ident, 1]
        else:
            graph[ident] = node("LoraLoaderModelOnly", **lora)
        model = [ident, 0]
    graph["48"]["inputs"]["model"] = model
    graph["6"]["inputs"]["clip"] = clip
    return graph


def drawn(client, *strengths):
    entry = client.history(client.prompt(with_loras(*strengths)), seconds=120)
    assert entry["status"]["completed"], entry["status"]
    video = entry["outputs"]["58"]["videos"][0]["filename"]
    return np.stack(frames(client.get(f"/view?filename={video}").body)).astype(int)


def test_a_lora_changes_the_clip_as_its_strengths_say(client) -> None:
    plain, full = drawn(client), drawn(client, 1.0)
    assert len(plain) == 5
    changed = np.abs(full - plain).mean()
    assert changed > 1
    assert np.array_equal(drawn(client, 0.0), plain)
    halves = drawn(client, 0.5, 0.5)
    assert np.abs(halves - full).mean() < changed / 10
    taken_back = drawn(client, 1.0, -1.0)
    assert np.abs(taken_back - plain).mean() < changed / 10


def test_the_folder_is_listed(client) -> None:
    listed = sorted(client.get("/models/loras").json())
    assert listed == ["broken.safetensors", STYLE]
    for kind in ("LoraLoader", "LoraLoaderModelOnly"):
        shown = client.get(f"/object_info/{kind}").json()[kind]["input"]["required"]["lora_name"][0]
        assert sorted(shown) == listed


@pytest.mark.parametrize("strength", [1.0, 0.0])
def test_a_lora_that_is_not_there_is_no_choice(client, strength) -> None:
    reply = client.post("/prompt", {"prompt": with_loras(strength, name="gone.safetensors")})
    assert reply.status == 400
    told = reply.json()
    assert told["error"]["type"] == "prompt_outputs_failed_validation"
    options = client.get("/models/loras").json()
    assert told["node_errors"] == {
        "70": {
            "errors": [
                {
                    "type": "value_not_in_list",
                    "message": "Value not in list",
                    "details": f"lora_name: 'gone.safetensors' not in {options}",
                    "extra_info": {
                        "input_name": "lora_name",
                        "input_config": [options, {}],
                        "received_value": "gone.safetensors",
                    },
                }
            ],
            "dependent_outputs": ["58"],
            "class_type": "LoraLoaderModelOnly",
        }
    }


def test_which_of_several_is_broken_is_told_at_its_node(client, folder) -> None:
    graph = with_loras(1.0, 1.0, 1.0)
    graph["71"]["inputs"]["lora_name"] = "broken.safetensors"
    reply = client.post("/prompt", {"prompt": graph})
    assert list(reply.json()["node_errors"]) == ["71"]
    (error,) = reply.json()["node_errors"]["71"]["errors"]
    assert (error["type"], error["extra_info"]["input_name"]) == ("custom_validation_failed", "lora_name")
    assert str(folder) not in reply.body.decode()


def test_the_strength_has_comfyuis_range(client) -> None:
    reply = client.post("/prompt", {"prompt": with_loras(101.0)})
    assert reply.json()["node_errors"]["70"]["errors"][0]["type"] == "value_bigger_than_max"
