"""A database that a disk or a crash has hurt keeps what can be read; the rest comes from the newest good backup."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import sqlite3
from dataclasses import replace

import pytest
from support.samples import a_clip, a_job

from wan_desktop.domain.errors import DiskProblem, WanError
from wan_desktop.domain.job import JobState
from wan_desktop.library.backups import backups
from wan_desktop.library.database import Database
from wan_desktop.library.migrations import MIGRATIONS, VERSION


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "library.db"


def do(database, work):
    return database.run(work).result(timeout=10)


def fill(path, jobs=60, clips=60):
    """A database with jobs, clips and a remembered text; its next start makes a backup."""
    database = Database(path)
    do(database, lambda: [database.put_job(a_job(id=f"j{n:04}", state=JobState.DONE)) for n in range(jobs)])
    do(database, lambda: [database.put_clip(a_clip(f"c{n:04}")) for n in range(clips)])
    do(database, lambda: database.put_value("draft", "being typed"))
    database.close()
    Database(path).close()


def look(path):
    """Open: (jobs, clips, notes)."""
    database = Database(path)
    try:
        return do(database, database.jobs), do(database, database.clips), database.opening_notes
    finally:
        database.close()


@pytest.mark.parametrize("step", ["copyfile", "replace"])
def test_a_repair_that_is_broken_off_is_made_at_the_next_start(path, monkeypatch, step):
    fill(path)
    path.write_bytes(b"lightning" * 2000)

    def refuse(*_args, **_values):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patched:
        patched.setattr({"copyfile": shutil, "replace": os}[step], step, refuse)
        with pytest.raises(DiskProblem):
            Database(path)
    jobs, _, notes = look(path)
    assert len(jobs) == 60
    assert notes
    assert not list(path.parent.glob("*.mending*"))


def test_a_repair_that_was_only_to_be_named_is_not_lost(path):
    fill(path)
    for backup in backups(path):
        backup.unlink()
    path.rename(path.with_name("library.mending"))
    jobs, _, _ = look(path)
    assert len(jobs) == 60


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bits_never_lock_anyone_out(path, seed):
    fill(path)
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 5, 200))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    jobs, clips, notes = look(path)
    lost = {f"j{n:04}" for n in range(60)} - {job.id for job in jobs}
    assert len(lost) <= 1, notes  # a bit inside an id makes another id
    assert bool(notes) == any(place.suffix == ".damaged" for place in path.parent.iterdir())
    assert len(clips) <= 60
    assert look(path)[2] == ()  # the next start finds nothing to mend


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.99])
def test_a_truncated_database_has_all_its_jobs_again(path, share):
    fill(path)
    os.truncate(path, int(path.stat().st_size * share))
    jobs, _, notes = look(path)
    assert [job.id for job in sorted(jobs, key=lambda job: job.id)] == [f"j{n:04}" for n in range(60)]
    assert len(notes) == 1
    assert look(path)[2] == ()


def test_a_database_that_is_gone_comes_back_from_the_backup(path):
    fill(path)
    path.unlink()
    jobs, clips, notes = look(path)
    assert (len(jobs), len(clips), len(notes)) == (60, 60, 1)
    assert "backup" in notes[0]


def test_a_letter_that_changed_inside_a_row_is_noticed(path):
    fill(path)
    raw = sqlite3.connect(path)
    raw.execute("UPDATE jobs SET request = substr(request, 5) WHERE id = 'j0007'")
    raw.execute("UPDATE clips SET recipe = '{' WHERE id = 'c0007'")
    raw.commit()
    raw.close()
    jobs, clips, notes = look(path)
    assert len(jobs) == 60  # the one that could not be read is the backup's
    assert "1 more were found in the backup" in notes[0]
    assert len(clips) == 59


def test_a_clip_whose_row_cannot_be_read_does_not_hide_the_others(path):
    fill(path)
    raw = sqlite3.connect(path)
    raw.execute("UPDATE clips SET recipe = '{' WHERE id = 'c0007'")
    raw.commit()
    raw.close()
    jobs, clips, notes = look(path)
    assert (len(jobs), len(clips), notes) == (60, 59, ())


def test_what_the_database_still_knows_wins_over_the_backup(path):
    fill(path)
    database = Database(path)
    do(database, lambda: database.put_value("draft", "newer"))
    do(database, lambda: [database.put_job(a_job(id=f"j{n:04}", state=JobState.FAILED)) for n in range(59)])
    do(database, lambda: database.remove_clip("c0001"))
    database.close()
    raw = sqlite3.connect(path)
    raw.execute("UPDATE jobs SET notes = 'nonsense' WHERE id = 'j0059'")
    raw.commit()
    raw.close()
    database = Database(path)
    states = [job.state for job in do(database, database.jobs)]
    assert (states.count(JobState.FAILED), states.count(JobState.DONE)) == (59, 1)
    assert do(database, lambda: database.value("draft")) == "newer"
    assert "c0001" not in [clip.id for clip in do(database, database.clips)]
    database.close()


def test_flipped_bits_in_the_newest_backup_lead_to_the_next(path):
    fill(path)
    (good,) = backups(path)
    bad = good.with_name("library.9999-01-01-000000.backup")
    data = bytearray(good.read_bytes())
    for place in range(4096, len(data), 500):
        data[place] ^= 0xFF
    bad.write_bytes(data)
    path.write_bytes(b"lightning" * 2000)
    jobs, _, notes = look(path)
    assert len(jobs) == 60
    assert good.name in notes[0]


def old_database(path):
    """A database of the first layout, with one job."""
    path.parent.mkdir()
    raw = sqlite3.connect(path, isolation_level=None)
    for statement in MIGRATIONS[0]:
        raw.execute(statement)
    raw.execute("PRAGMA user_version = 1")
    request = json.dumps(a_job().request.to_json())
    raw.execute(
        "INSERT INTO jobs VALUES ('old', 'queued', 1.0, 2.0, NULL, NULL, NULL, NULL, '[]', ?)", (request,)
    )
    raw.close()


def test_a_database_of_the_first_layout_is_brought_up_to_date_after_a_backup(path):
    old_database(path)
    (job,), _, _ = look(path)
    assert job == replace(a_job(id="old", state=JobState.QUEUED), created_at=2.0)
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA user_version").fetchone() == (VERSION,)
    raw.close()
    assert len(backups(path)) == 1


def test_a_damaged_database_of_the_first_layout_loses_no_readable_job(path):
    old_database(path)
    raw = sqlite3.connect(path)
    raw.execute("INSERT INTO remembered VALUES ('draft', 'no JSON')")
    raw.commit()
    raw.close()
    jobs, _, notes = look(path)
    assert [(job.id, job.attempts, job.latents_of) for job in jobs] == [("old", 0, None)]
    assert len(notes) == 1


def test_everything_a_job_keeps_comes_back(path):
    full = a_job(
        state=JobState.PAUSED,
        attempts=2,
        plan=1,
        kept_step=7,
        kept_steps=20,
        kept_latents=True,
        latents_of="x",
    )
    database = Database(path)
    do(database, lambda: database.put_job(full))
    database.close()
    assert look(path)[0] == [full]


def test_a_start_that_finds_a_job_running_counts_it_as_a_lost_try(path):
    database = Database(path)
    do(
        database,
        lambda: database.put_job(replace(a_job(), state=JobState.RUNNING, kept_step=4, kept_steps=9)),
    )
    database.close()
    for tries in (1, 1):
        (job,), _, _ = look(path)
        assert (job.state, job.attempts, job.kept_step) == (JobState.INTERRUPTED, tries, 4)


def test_a_newer_database_is_refused_in_a_sentence(path):
    fill(path)
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {VERSION + 1}")
    raw.close()
    with pytest.raises(WanError, match=r"newer Wan Desktop: update this one\. Nothing was changed\."):
        Database(path)
    assert not list(path.parent.glob("*.damaged"))
