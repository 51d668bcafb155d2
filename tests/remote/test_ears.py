"""Waiting for a server's word, and being told to stop at the same moment."""

from __future__ import annotations

import asyncio

import pytest

from wan_desktop.remote.ears import Ears


@pytest.mark.parametrize("turns", range(5))
def test_a_cancel_that_comes_with_a_change_is_not_lost(turns):
    async def both_at_once() -> bool:
        ears = Ears(None, print, 1.0)
        pause = asyncio.create_task(ears.pause(60.0))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        ears.changed.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        heard_in_time = pause.cancel()  # False: the pause was over before
        await asyncio.wait({pause})
        return pause.cancelled() or not heard_in_time

    assert asyncio.run(both_at_once())
