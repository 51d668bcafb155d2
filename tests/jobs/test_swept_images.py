"""Start images that nothing names any more go, a month after they were stored or last found to be named."""

from __future__ import annotations

import os
import time

import pytest
from PIL import Image
from support.waiting import Waiter

from wan_desktop.domain.errors import BadImage
from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft
from wan_desktop.library.images import GRACE_DAYS
from wan_desktop.server import records

DAY = 86_400.0


@pytest.fixture
def picture(tmp_path):
    """Make a picture of one colour; its path."""

    def make(colour):
        file = tmp_path / f"{colour}.png"
        Image.new("RGB", (64, 64), colour).save(file)
        return str(file)

    return make


def age(host, sha256, days):
    """Let the stored picture be as if it had been stored so long ago."""
    then = time.time() - days * DAY
    os.utime(host.images.path(sha256), (then, then))


def there(host, sha256):
    try:
        host.images.path(sha256)
    except BadImage:
        return False
    return True


def sweep(host):
    host.sweep(10**9).result()


def test_a_picture_goes_with_the_last_job_that_names_it_and_not_before(host, picture):
    job = host.submit(Draft(prompt="a red ball", image=picture("red"), num_frames=5)).result()
    sha256 = job.request.image
    age(host, sha256, GRACE_DAYS + 1)
    sweep(host)
    assert there(host, sha256)
    host.remove(job.id).result()
    sweep(host)
    assert there(host, sha256), "it was named at the last look: a month begins there"
    age(host, sha256, GRACE_DAYS + 1)
    sweep(host)
    assert not there(host, sha256)
    with pytest.raises(BadImage):
        host.submit(Draft(prompt="a red ball", stored_image=sha256)).result()


def test_a_picture_that_came_lately_stays_although_nothing_names_it(host, picture):
    sha256, _ = host.images.add(picture("red"))
    age(host, sha256, GRACE_DAYS - 1)
    sweep(host)
    assert there(host, sha256)
    age(host, sha256, GRACE_DAYS + 1)
    host.images.add(picture("red"))  # the same again: it is new
    sweep(host)
    assert there(host, sha256)


def test_clips_drafts_and_what_other_programs_sent_keep_their_pictures(host, backend, picture):
    from wan_desktop.jobs.runner import Runner

    waiter = Waiter(host)
    job = host.submit(Draft(prompt="a red ball", image=picture("red"), num_frames=5)).result()
    runner = Runner(host)
    runner.release()
    runner.finish()
    runner.run()
    waiter.state(job.id, JobState.DONE)
    (clip,) = host.clips().result()
    host.remove(job.id).result()
    host.delete_clip(clip).result()  # it may come back from the bin
    typed, _ = host.images.add(picture("green"))
    host.remember("draft", Draft(prompt="x", stored_image=typed).to_json()).result()
    sent, _ = host.images.add(picture("blue"))
    graph = {"1": {"class_type": "LoadImage", "inputs": {"image": f"{sent}.png"}}}
    host.remember(f"{records._RECORD}abc", {"graph": graph}).result()
    nobody, _ = host.images.add(picture("black"))
    everything = [job.request.image, typed, sent, nobody]
    for sha256 in everything:
        age(host, sha256, GRACE_DAYS + 1)
    sweep(host)
    assert [there(host, sha256) for sha256 in everything] == [True, True, True, False]


def test_what_is_no_picture_of_ours_is_left_alone(host, picture):
    sha256, _ = host.images.add(picture("red"))
    stranger = host.images.path(sha256).parent / "holiday.jpg"
    stranger.write_bytes(b"x")
    os.utime(stranger, (1, 1))
    sweep(host)
    assert stranger.exists()


def test_a_picture_that_cannot_be_removed_keeps_no_other(host, picture, monkeypatch):
    from pathlib import Path

    names = [host.images.add(picture(colour))[0] for colour in ("red", "green")]
    for name in names:
        age(host, name, GRACE_DAYS + 1)
    unlink, refused = Path.unlink, sorted(names)[0]

    def refuse(self, missing_ok=False):
        if self.name == refused:
            raise PermissionError(13, "denied")
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    sweep(host)
    assert [there(host, name) for name in sorted(names)] == [True, False]
