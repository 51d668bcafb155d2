"""Compiled pieces: never for a first clip, ready for the next, and only where they save more than they take."""

import dataclasses
import json

import pytest
import torch
from torch._dynamo.utils import counters

from benchmarks import stock_full_size as stock
from wan_desktop.engine import compiling
from wan_desktop.engine.compiling import Compiler, Shape
from wan_desktop.engine.device import Device
from wan_desktop.engine.lean import Clip, Text, adopt
from wan_desktop.engine.lean_pieces import EAGER

SHAPE = Shape(width=32, heads=2, blocks=3, eps=1e-6, frames=2, tokens=12, dtype="float32")
CPU = Device("cpu", "A processor", "float32", str(torch.__version__))
LONG = compiling.WORTH_S + 1


@pytest.fixture
def compiler(tmp_path):
    """Traces, but leaves out the slow half of compiling."""
    return Compiler(tmp_path / "compiled", CPU, backend="eager", on=True)


def again(compiler):
    """The same in another process: what it knows is on the disk."""
    return Compiler(compiler._folder, CPU, backend="eager", on=True)


def noted(compiler, **values):
    (file,) = compiler._folder.glob("pieces-*.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_nothing_is_compiled_where_nothing_can_be(tmp_path):
    compiler = Compiler(tmp_path / "compiled", CPU)
    assert not compiler.on
    assert compiler.for_clip(SHAPE, 100) is EAGER
    compiler.drawn(LONG)
    compiler.work_ahead()
    assert not (tmp_path / "compiled").exists()


def test_the_first_clip_is_plain_and_the_next_compiled(compiler):
    assert compiler.for_clip(SHAPE, 100) is EAGER
    compiler.drawn(LONG)
    compiler.work_ahead()
    assert compiler.for_clip(SHAPE, 100) is compiling.pieces("eager")
    other = dataclasses.replace(SHAPE, tokens=24)
    assert compiler.for_clip(other, 100) is EAGER


def test_a_short_clip_or_one_that_was_broken_off_is_not_compiled_for(compiler):
    compiler.for_clip(SHAPE, 100)
    compiler.drawn(compiling.WORTH_S / 2)
    compiler.work_ahead()
    compiler.for_clip(SHAPE, 100)
    compiler.work_ahead()
    assert compiler.for_clip(SHAPE, 100) is EAGER
    assert not list(compiler._folder.glob("*"))


@pytest.mark.parametrize(
    ("saves", "forwards", "used"), [(0.1, 100, True), (0.1, 10, False), (-0.1, 100, False)]
)
def test_in_another_process_it_is_loaded_only_if_that_pays(compiler, saves, forwards, used):
    compiler.for_clip(SHAPE, 100)
    compiler.drawn(LONG)
    compiler.work_ahead()
    noted(compiler, saves_s=saves, load_s=5.0)
    later = again(compiler)
    assert (later.for_clip(SHAPE, forwards) is compiling.pieces("eager")) is used
    later.drawn(LONG)
    later.work_ahead()
    assert len(list(compiler._folder.glob("*"))) == 1


def test_a_note_that_cannot_be_read_is_made_again(compiler):
    compiler.for_clip(SHAPE, 100)
    compiler.drawn(LONG)
    compiler.work_ahead()
    (file,) = compiler._folder.glob("*")
    for text in ("", "[1]", '{"saves_s": "x"}', "{"):
        file.write_text(text)
        later = again(compiler)
        assert later.for_clip(SHAPE, 100) is EAGER
        later.drawn(LONG)
        later.work_ahead()
        assert json.loads(file.read_text())["compile_s"] > 0


def test_a_compiler_that_fails_is_not_asked_again(tmp_path):
    compiler = Compiler(tmp_path / "compiled", CPU, backend="there is no such", on=True)
    compiler.for_clip(SHAPE, 100)
    compiler.drawn(LONG)
    compiler.work_ahead()
    assert not compiler.on
    assert compiler.for_clip(SHAPE, 100) is EAGER
    assert not list(tmp_path.glob("compiled/pieces-*"))


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path):
    (tmp_path / "compiled").write_text("a file in its place")
    compiler = Compiler(tmp_path / "compiled", CPU, backend="eager", on=True)
    compiler.for_clip(SHAPE, 100)
    compiler.drawn(LONG)
    compiler.work_ahead()
    assert compiler.for_clip(SHAPE, 100) is compiling.pieces("eager")


def test_the_shape_is_that_of_the_network_and_the_clip(pipeline):
    shape = Shape.of(pipeline.transformer, (1, 48, 3, 10, 16))
    config = pipeline.transformer.config
    assert (shape.frames, shape.tokens, shape.blocks) == (3, 120, config.num_layers)
    assert shape.width == config.num_attention_heads * config.attention_head_dim
    assert shape.dtype == "float32"
    assert Shape.of(pipeline.transformer, (1, 48, 3, 16, 10)) == shape


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_trial_compiles_all_that_a_clip_needs(dtype):
    """Nothing is compiled within a clip: what its forwards meet, the trial's block has met."""
    network = stock.random_transformer(stock.TINY_TRANSFORMER, getattr(torch, dtype), "cpu")
    assert adopt(network)
    latents = torch.randn(1, 48, 3, 4, 6).to(network.dtype)
    pieces = compiling.pieces("eager")
    compiling.trial(Shape.of(network, latents.shape), torch.device("cpu"), pieces)
    before = counters["stats"]["unique_graphs"]
    for t in ([0.0, 500.0, 500.0], [400.0] * 3):
        text = Text(Clip(pieces=pieces), torch.zeros(1, 512, network.config.text_dim, dtype=network.dtype))
        with torch.no_grad():
            network(latents, torch.tensor(t), text)
    assert counters["stats"]["unique_graphs"] == before > 0
