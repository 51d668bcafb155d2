"""Embeddings come back as they were; the folder stays small; damage only costs time."""

import os

import pytest
import torch

from wan_desktop.engine.prompt_cache import PromptCache, fingerprint


@pytest.fixture
def embeds():
    return torch.randn(1, 5, 8).to(torch.bfloat16)


def test_round_trip(tmp_path, embeds):
    cache = PromptCache(tmp_path / "prompts", "encoder")
    assert cache.get("a cat") is None
    cache.put("a cat", embeds)
    assert torch.equal(cache.get("a cat"), embeds)
    assert cache.get("a dog") is None
    assert PromptCache(tmp_path / "prompts", "another encoder").get("a cat") is None


def test_least_recently_used_go_first(tmp_path, embeds):
    cache = PromptCache(tmp_path, "encoder", max_bytes=1000)
    for i in range(12):
        cache.put(f"{i}", embeds)
        for file in tmp_path.iterdir():
            stat = file.stat()
            os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns - 10**9))
    assert sum(f.stat().st_size for f in tmp_path.iterdir()) <= 1000
    assert cache.get("11") is not None
    assert cache.get("0") is None


def test_damaged_file_is_no_hit(tmp_path, embeds):
    cache = PromptCache(tmp_path, "encoder")
    cache.put("a cat", embeds)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-3])
    assert cache.get("a cat") is None
    cache.put("a cat", embeds)
    assert torch.equal(cache.get("a cat"), embeds)


def test_no_folder_is_no_error(tmp_path, embeds):
    (tmp_path / "file").write_text("in the way")
    cache = PromptCache(tmp_path / "file", "encoder")
    cache.put("a cat", embeds)
    assert cache.get("a cat") is None


def test_fingerprint_sees_a_change_of_content(tmp_path):
    file = tmp_path / "weights"
    file.write_bytes(bytes(100_000))
    before = fingerprint([file])
    assert fingerprint([file]) == before
    data = bytearray(100_000)
    data[-1] = 1
    file.write_bytes(data)
    assert fingerprint([file]) != before
