"""A host whose backend follows a script."""

from __future__ import annotations

import pytest
from support.hosts import make_host
from support.models import OneModel
from support.scripted_backend import ScriptedBackend


@pytest.fixture
def backend():
    return ScriptedBackend()


@pytest.fixture
def host(tmp_path, backend):
    host = make_host(tmp_path, backend, OneModel())
    yield host
    host.close()
