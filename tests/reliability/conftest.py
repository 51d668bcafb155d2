"""The clips of a run in which nothing goes wrong, to compare with."""

from __future__ import annotations

import pytest
from support.restarts import a_picture, undisturbed

from wan_desktop.library import opening


@pytest.fixture(scope="session")
def picture(tmp_path_factory):
    """A picture that a job starts from."""
    return a_picture(tmp_path_factory.mktemp("picture"))


@pytest.fixture(scope="session")
def pictures(tmp_path_factory, picture):
    """The frames by seed, as they should be."""
    return undisturbed(tmp_path_factory.mktemp("undisturbed"), picture)


@pytest.fixture
def quick_database(monkeypatch):
    """SQLite does not wait for the disk: nothing here asks whether it would."""
    quick = [pragma.replace("synchronous = FULL", "synchronous = OFF") for pragma in opening._PRAGMAS]
    assert quick != list(opening._PRAGMAS)
    monkeypatch.setattr(opening, "_PRAGMAS", quick)
