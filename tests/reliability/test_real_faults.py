"""Real faults under the whole program: full and read-only disks, damaged files, a render process short of memory."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import kill_checks
from benchmarks.real_host import RealHost
from wan_desktop.domain.errors import DiskProblem
from wan_desktop.domain.events import Kept, Progress
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.request import Draft

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts and limits of Linux"),
    pytest.mark.timeout(400),
]

DRAFT = Draft(
    prompt="a red ball moving right over a blue background",
    width=96,
    height=96,
    num_frames=5,
    num_inference_steps=8,
    seed=5,
)
LONG = replace(DRAFT, num_inference_steps=60)
"""Long enough that a fault comes while it is drawn."""


@pytest.fixture
def host(tmp_path):
    made = RealHost(tmp_path, snapshot_every_s=0)
    yield made
    made.kill_all()


@pytest.fixture
def small_disk(request, tmp_path):
    """A disk of 300 MB in place of the folder that the test's parameter names; it is really mounted."""
    place = tmp_path / request.param
    place.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("a small disk cannot be mounted here: there is no mount")
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def remount(place, how):
    subprocess.run(["mount", "-o", f"remount,{how}", str(place)], check=True)


def fill(place):
    """Take every byte that is left; the file that holds them."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(b"\0" * size):
                    pass
            except OSError:
                continue
    return filler


def drawing(host, draft=LONG):
    """A job of `draft` that is being drawn and has kept a step."""
    job = host.client.submit(draft).result()
    host.heard(lambda event: isinstance(event, Kept), "a step that is kept")
    return job


def in_state(host, job, *states):
    """The job, once it has one of these states."""

    def look():
        now = host.jobs.get(job.id)
        return now if now is not None and now.state in states else None

    return host.wait(look, f"{job.id} {states}")


def clip_of(host, job):
    """The frames of the done job's clip, and what was drawn."""
    done = in_state(host, job, JobState.DONE, JobState.FAILED)
    assert done.state is JobState.DONE, done.error
    return kill_checks.frames(host.clips[done.clip_id]), kill_checks.latents(host.folder, job.id)


def same(one, other):
    """Are two clips the same, but for what the encoder makes of them?"""
    assert np.array_equal(one[1], other[1])
    return kill_checks.psnr(one[0], other[0]) >= kill_checks.SAME_PLAN_DB


def nothing_half_written(host):
    jobs, clips = host.client.jobs().result(), host.client.clips().result()
    assert host.stop() == 0
    assert list(kill_checks.no_orphans(host.folder, jobs, clips)) == []
    database = host.folder / "data" / "wan-desktop.sqlite"
    assert list(kill_checks.sound_database(database, jobs)) == []


# ---- disks


@pytest.mark.parametrize("small_disk", ["library"], indirect=True)
def test_a_library_disk_that_fills_up_or_turns_read_only_pauses_the_job(host, small_disk):
    host.start()
    whole = clip_of(host, host.client.submit(DRAFT).result())
    job = drawing(host)
    filler = fill(small_disk)
    paused = in_state(host, job, JobState.PAUSED)
    assert "is full" in paused.error["template"] or "Not enough disk space" in paused.error["template"]
    assert [file.name for file in small_disk.iterdir() if ".part" in file.name] == []
    assert paused.kept_step or paused.kept_latents
    filler.unlink()
    clip_of(host, job)  # it goes on by itself

    remount(small_disk, "ro")
    with pytest.raises(DiskProblem, match="cannot be written to"):
        host.client.submit(DRAFT).result()
    remount(small_disk, "rw")
    again = host.client.submit(DRAFT).result()
    assert same(clip_of(host, again), whole)
    nothing_half_written(host)


@pytest.mark.parametrize("small_disk", ["data"], indirect=True)
def test_a_data_disk_that_fills_up_delays_and_loses_nothing(host, small_disk):
    host.start()
    job = drawing(host)
    filler = fill(small_disk)
    host.heard(lambda event: isinstance(event, Progress) and event.stage is Stage.SAVING, "its clip")
    filler.unlink()
    clip = in_state(host, job, JobState.DONE, JobState.PAUSED, JobState.FAILED)
    if clip.state is not JobState.DONE:
        assert clip.state is JobState.PAUSED, clip.error
        host.client.resume(job.id).result()
    done = in_state(host, job, JobState.DONE)
    assert done.clip_id in host.clips
    nothing_half_written(host)


def test_a_quota_for_files_pauses_the_job_and_no_process_sits_on_the_unfinished_clip(host):
    """A file that is removed while somebody holds it still takes its room on the disk."""
    import resource

    host.start()
    whole = clip_of(host, host.client.submit(LONG).result())
    job = drawing(host)
    child = host.child
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
    paused = in_state(host, job, JobState.PAUSED)
    assert "is full" in paused.error["template"]
    assert paused.kept_step
    assert not child.is_running()
    assert [file for file in (host.folder / "library").iterdir() if file.suffix == ".part"] == []
    host.client.resume(job.id).result()
    assert same(clip_of(host, job), whole)


@pytest.mark.parametrize("small_disk", ["temporary"], indirect=True)
def test_a_full_disk_under_the_frames_of_tiles_pauses_the_job_which_keeps_its_latents(
    tmp_path, small_disk, monkeypatch
):
    """They lie in a mapped file: to write where the disk has no room would kill the render process."""
    monkeypatch.setenv("TMPDIR", str(small_disk))
    filler = fill(small_disk)
    os.truncate(filler, filler.stat().st_size - 65536)  # less than half of what the frames take
    host = RealHost(tmp_path, module="tests.support.tiled_program")
    try:
        host.start()
        job = host.client.submit(DRAFT).result()
        paused = in_state(host, job, JobState.PAUSED, JobState.FAILED, JobState.DONE)
        assert paused.state is JobState.PAUSED, paused.error
        assert "is full" in paused.error["template"]
        assert paused.error["values"]["place"] == str(small_disk)
        assert paused.kept_latents
        assert paused.attempts == 0
        filler.unlink()
        frames, _ = clip_of(host, job)  # it goes on by itself
        assert len(frames) == DRAFT.num_frames
        nothing_half_written(host)
    finally:
        host.kill_all()


# ---- damaged files


def flip(file, share=0.7):
    """Turn one bit of the file, in its last third."""
    data = bytearray(file.read_bytes())
    data[int(len(data) * share)] ^= 4
    file.write_bytes(data)


def test_damage_to_what_a_lost_render_kept_is_told_and_nothing_else_is_lost(host):
    host.start()
    whole_job = host.client.submit(LONG).result()
    whole = clip_of(host, whole_job)
    job = drawing(host)
    host.kill()
    kept = host.folder / "data" / "renders"
    flip(kept / job.id / "snapshot.safetensors")
    os.truncate(kept / whole_job.id / "latents.safetensors", 5000)
    host.start()
    failed = in_state(host, job, JobState.FAILED)
    assert failed.error["code"] == "snapshot_unfit"
    assert "same seed" in failed.error["action"]
    host.client.retry(job.id).result()
    assert np.array_equal(clip_of(host, job)[1], whole[1])

    second = host.client.decode_again(whole_job.id, 1).result()
    assert in_state(host, second, JobState.FAILED).error["code"] == "snapshot_unfit"
    assert {clip.job_id for clip in host.client.clips().result()} == {whole_job.id, job.id}


def test_a_destroyed_database_and_a_cut_clip_cost_no_other_clip(host):
    host.start()
    jobs = [host.client.submit(replace(DRAFT, seed=seed)).result() for seed in (1, 2)]
    clips = [host.clips[in_state(host, job, JobState.DONE).clip_id] for job in jobs]
    host.kill()
    data = host.folder / "data"
    for file in data.glob("wan-desktop.sqlite*"):
        file.write_bytes(b"lightning" * 300)
    os.truncate(clips[0].path, 700)
    host.start()
    host.wait(lambda: clips[1].id in host.clips, "the whole clip")
    there = host.client.clips().result()
    assert clips[1].id in [clip.id for clip in there]
    assert list(data.glob("*damaged*"))
    clip_of(host, host.client.submit(replace(DRAFT, seed=3)).result())


# ---- memory


LARGE = replace(DRAFT, width=256, height=256, num_frames=25, num_inference_steps=4)
"""Developing it takes hundreds of MB more than drawing it."""


def test_a_render_process_short_of_memory_takes_another_plan_and_keeps_its_work(host):
    """The limit is so tight that the weights cannot even be mapped again: that is no damage of the model."""
    import resource

    host.start()
    in_state(host, host.client.submit(DRAFT).result(), JobState.DONE)
    mended = []
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    for room in (20_000_000, 80_000_000):
        child = host.child
        limit = child.memory_info().vms + room
        resource.prlimit(child.pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        job = host.client.submit(LARGE).result()
        failed = in_state(host, job, JobState.FAILED, JobState.DONE)
        if failed.state is JobState.DONE:  # the limit cost the process itself: the job went on in another
            assert host.child != child
            continue
        assert failed.error["code"] == "out_of_memory"
        assert failed.plan == 1
        assert failed.kept_step or failed.kept_latents
        if host.child == child:
            resource.prlimit(child.pid, resource.RLIMIT_AS, unlimited)
        host.jobs[job.id] = host.client.resume(job.id).result()
        mended.append(clip_of(host, job))
    whole = clip_of(host, host.client.submit(LARGE).result())
    assert mended
    for frames, latents in mended:
        assert np.array_equal(latents, whole[1])
        assert kill_checks.psnr(frames, whole[0]) >= kill_checks.OTHER_PLAN_DB
