"""A session on a real host."""

from __future__ import annotations

import pytest
from support.bench import Bench


@pytest.fixture
def bench(tmp_path, qapp):
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def session(bench):
    return bench.session
