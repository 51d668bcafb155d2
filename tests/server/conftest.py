"""API servers that end with their test."""

from __future__ import annotations

import pytest
from support.served import serving


@pytest.fixture
def start(tmp_path):
    """Makes servers; all end with the test."""
    with serving() as make:
        yield lambda folder=tmp_path, **what: make(folder, **what)


@pytest.fixture
def served(start):
    """One server."""
    return start()
