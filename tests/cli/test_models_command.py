"""`wan-desktop models …` as people call it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import formats

from wan_desktop.cli import main, render
from wan_desktop.cli.output import BAD_INPUT


@pytest.fixture(scope="module")
def made():
    return formats.networks(), formats.spiece()


@pytest.fixture
def models(tmp_path, monkeypatch, own_folders):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for name in ("HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME", "MODELSCOPE_CACHE", "COMFYUI_PATH"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        return main.run(["models", *map(str, arguments)])

    return run


def test_from_nothing_to_a_model(models, made, tmp_path, capsys, own_folders):
    assert models("list") == 0
    told = capsys.readouterr().out
    assert "wan2.2_vae.safetensors  1.4 GB" in told
    folder = own_folders / "data" / "models"
    assert str(folder) in told
    formats.write_comfy(folder, *made)
    assert models("scan") == 0
    assert capsys.readouterr().out.count("found: ") == 3
    assert models("list") == 0
    told = capsys.readouterr().out
    assert "Wan2.2 TI2V-5B (bf16)" in told
    assert "Get these files" not in told
    assert models("verify") == 0
    assert capsys.readouterr().out.count("noted") == 3
    (vae,) = (folder / "vae").iterdir()
    data = vae.read_bytes()
    vae.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert models("verify") == 1
    assert f"changed  {vae}" in capsys.readouterr().out
    assert models("remove", folder) == 0
    assert capsys.readouterr().out.count("taken off the list: ") == 3


def test_as_data(models, made, tmp_path, capsys):
    comfy = formats.write_comfy(tmp_path / "elsewhere", *made)
    assert models("add", comfy, "--as", "turbo", "--json") == 0
    assert {entry["kind"] for entry in json.loads(capsys.readouterr().out)} == {"part"}
    assert models("list", "--json") == 0
    page = json.loads(capsys.readouterr().out)
    assert [model["variant"] for model in page["models"]] == ["turbo", ""]
    assert models("verify", "--json") == 0
    assert {entry["state"] for entry in json.loads(capsys.readouterr().out)} == {"whole"}


def test_bad_input_has_its_exit_code(models, tmp_path, capsys):
    (tmp_path / "text.safetensors").write_text("no weights")
    for arguments in (
        ("add", tmp_path / "nowhere"),
        ("add", tmp_path / "text.safetensors"),
        ("remove", tmp_path),
    ):
        assert models(*arguments) == BAD_INPUT
        assert capsys.readouterr().err.startswith("wan-desktop: ")


def test_the_command_loads_nothing_slow(tmp_path):
    code = "import sys; from wan_desktop.cli import main; main.run(['models', 'list']); print('torch' in sys.modules)"
    environ = {**os.environ, "WAN_DESKTOP_DATA": str(tmp_path), "WAN_DESKTOP_CONFIG": str(tmp_path)}
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environ, cwd=root)
    assert done.stdout.splitlines()[-1] == "False", done.stderr


@pytest.mark.parametrize(
    ("text", "path", "strength"),
    [
        ("a.safetensors:0.8", "a.safetensors", 0.8),
        ("b.safetensors", "b.safetensors", 1.0),
        ("c:x", "c:x", 1.0),
    ],
)
def test_loras_on_the_command_line(text, path, strength):
    args = main._parser().parse_args(["render", "x", "--lora", text, "--lora", "z.safetensors:-1"])
    draft = render._draft(args)
    assert [(lora.path, lora.strength) for lora in draft.loras] == [
        (os.path.abspath(path), strength),
        (os.path.abspath("z.safetensors"), -1.0),
    ]


def test_a_missing_lora_is_told_before_anything_renders(tmp_path):
    from wan_desktop.config.paths import resources_dir
    from wan_desktop.domain.errors import InvalidRequest
    from wan_desktop.domain.request import Draft, Lora
    from wan_desktop.domain.settings import Settings
    from wan_desktop.jobs.intake import Intake
    from wan_desktop.models.catalog import ModelCatalog

    intake = Intake(None, None, ModelCatalog(resources_dir() / "models" / "demo", Settings))
    with pytest.raises(InvalidRequest, match="no such file") as refused:
        intake.request(Draft(prompt="x", loras=(Lora(str(tmp_path / "none.safetensors")),)))
    assert refused.value.field == "lora"
