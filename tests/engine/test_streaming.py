"""Networks whose blocks come and go compute what they compute when they stay, however late a block arrives."""

import copy
import threading

import pytest
import torch
from torch import nn

from wan_desktop.engine.lanes import Lane, Pinned
from wan_desktop.engine.streaming import (
    HostEmbedding,
    StreamedBlocks,
    bring_rest,
    install,
    is_streamed,
    release,
)

CPU = torch.device("cpu")
ALL = 2**40


class LateLane(Lane):
    """Copies only when somebody waits, as late as a card may: who does not wait computes with something else."""

    beside = True

    def __init__(self):
        self._queue, self._done, self._lock = [], 0, threading.Lock()

    def send(self, target, source):
        with self._lock:
            self._queue.append((target, source))

    def mark(self):
        with self._lock:
            return self._done + len(self._queue)

    def wait(self, mark):
        with self._lock:
            while self._done < mark:
                target, source = self._queue.pop(0)
                target.copy_(source)
                self._done += 1

    finish = wait


def blocks(count=5):
    """Linear layers of several kinds, so that rooms and shelves are not all alike."""
    made = []
    for i in range(count):
        torch.manual_seed(i)
        block = nn.Sequential(nn.Linear(8, 8 + i), nn.GELU(), nn.Linear(8 + i, 8, dtype=torch.float32))
        block.register_buffer("scale", torch.tensor(1.0 + i))
        made.append(block.requires_grad_(False))
    return made


def run(modules, x):
    for block in modules:
        x = x + block(x) * block.scale
    return x


@pytest.mark.parametrize("lane", [Lane, LateLane])
@pytest.mark.parametrize("rooms", [1, 2, 3, 9])
@pytest.mark.parametrize("pin", [0, 1200, ALL])
def test_streamed_blocks_compute_the_same_again_and_again(lane, rooms, pin):
    x = torch.randn(3, 8)
    streamed = StreamedBlocks(blocks(), CPU, pin=pin, rooms=rooms, lane=lane())
    for _ in range(3):
        assert torch.equal(run(streamed, x), run(blocks(), x))
    assert streamed.card_bytes == min(rooms, 5) * max(streamed._sizes)
    streamed.release()
    assert streamed.card_bytes == 0
    assert torch.equal(run(streamed, x), run(blocks(), x))


@pytest.mark.parametrize("pin", [0, 1200, ALL])
def test_a_pass_that_was_broken_off_does_no_harm(pin):
    x = torch.randn(3, 8)
    streamed = StreamedBlocks(blocks(), CPU, pin=pin, rooms=2, lane=LateLane())
    left = iter(streamed)
    for _ in range(3):
        next(left)
    assert torch.equal(run(streamed, x), run(blocks(), x))
    left.close()
    assert torch.equal(run(streamed, x), run(blocks(), x))


def test_between_passes_the_weights_are_at_home():
    mine = blocks()
    before = [[p.data_ptr() for p in block.parameters()] for block in mine]
    streamed = StreamedBlocks(mine, CPU)
    for block in streamed:
        rooms = {room.untyped_storage().data_ptr() for room in streamed._rooms}
        assert {p.untyped_storage().data_ptr() for p in block.parameters()} <= rooms
        assert block.scale.untyped_storage().data_ptr() in rooms
    assert [[p.data_ptr() for p in block.parameters()] for block in mine] == before


def test_filling_pinned_memory_can_be_stopped():
    def stop():
        raise TimeoutError

    with pytest.raises(TimeoutError):
        StreamedBlocks(blocks(), CPU, pin=ALL, tick=stop)


def test_query_key_and_value_lie_side_by_side(pipeline):
    """So that one product can take all three without moving them."""
    block = copy.deepcopy(pipeline.transformer.blocks[0])
    for streamed in StreamedBlocks([block], CPU):
        attn = streamed.attn1
        start = attn.to_q.weight.data_ptr()
        size = attn.to_q.weight.nbytes
        assert [attn.to_k.weight.data_ptr(), attn.to_v.weight.data_ptr()] == [start + size, start + 2 * size]


@torch.no_grad()
@pytest.mark.parametrize("pin", [0, ALL])
def test_the_transformer(pipeline, pin):
    x, t, text = torch.randn(1, 48, 2, 4, 6), torch.tensor([500.0]), torch.randn(1, 512, 192)
    plain = pipeline.transformer(x, t, text, return_dict=False)[0]
    streamed = copy.deepcopy(pipeline.transformer)
    install(streamed, "transformer", CPU, pin)
    bring_rest(streamed, CPU)
    assert is_streamed(streamed)
    assert not is_streamed(pipeline.transformer)
    for _ in range(2):
        assert torch.equal(streamed(x, t, text, return_dict=False)[0], plain)
    release(streamed)
    assert torch.equal(streamed(x, t, text, return_dict=False)[0], plain)


@torch.no_grad()
def test_the_text_encoder_keeps_its_table_where_it_is(pipeline):
    ids, mask = torch.tensor([[5, 9, 1, 0]]), torch.tensor([[1, 1, 1, 0]])
    plain = pipeline.text_encoder(ids, mask).last_hidden_state
    streamed = copy.deepcopy(pipeline.text_encoder)
    install(streamed, "text_encoder", CPU)
    bring_rest(streamed, CPU)
    assert isinstance(streamed.encoder.embed_tokens, HostEmbedding)
    for _ in range(2):
        assert torch.equal(streamed(ids, mask).last_hidden_state, plain)


def test_without_a_card_nothing_is_pinned():
    shelf = Pinned(100, CPU)
    assert shelf.bytes.shape == (100,)
    assert not shelf.is_pinned
