"""Short jobs in one host, one after the other: neither of its processes grows."""

from __future__ import annotations

import pytest

from benchmarks import soak


@pytest.mark.timeout(400)
def test_a_row_of_jobs_leaves_both_processes_as_they_were(tmp_path):
    grown = soak.growth(soak.soak(tmp_path, 15, warm=5))
    assert soak.too_much(grown, {"rss": 1.1, "uss": 1.1, "handles": 1.05, "seconds": 4.0}) == []


def test_growth_is_noticed():
    flat = [100.0] * 20
    samples = {"host_uss": [100.0 + 2 * number for number in range(20)], "host_rss": flat, "seconds": flat}
    assert soak.too_much(soak.growth(samples)) == ["host_uss grew 1.311 times"]
