"""The database keeps what was committed, whatever happens to the process or the file."""

from __future__ import annotations

import contextlib
import errno
import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from wan_desktop.domain.errors import DiskProblem, InvalidRequest, LibraryProblem
from wan_desktop.domain.job import Clip, Job, JobState
from wan_desktop.domain.request import Lora, RenderRequest
from wan_desktop.library.database import Database
from wan_desktop.library.migrations import MIGRATIONS, VERSION

if TYPE_CHECKING:
    from pathlib import Path

REQUEST = RenderRequest(
    prompt='a cat 猫 🐈 says "hi"\n\'; DROP TABLE jobs; --',
    negative_prompt="静态",
    image="ab" * 32,
    width=256,
    height=160,
    num_frames=25,
    fps=16,
    num_inference_steps=20,
    guidance_scale=5.0,
    flow_shift=3.5,
    sampler="unipc",
    seed=2**53 - 1,
    model="demo",
    loras=(Lora("/l/a.safetensors", 0.8, "ff"),),
)


def job(ident: str = "j1", **changes) -> Job:
    return replace(Job(ident, REQUEST, JobState.QUEUED, 1.0, 100.0), **changes)


def clip(ident: str = "c1", **changes) -> Clip:
    recipe = json.loads(json.dumps({"request": REQUEST.to_json(), "made_by": {"torch": "2"}}))
    return replace(Clip(ident, "j1", "/v/a b.mp4", "/v/t.jpg", 100.0, 12345, recipe), **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "library.db"


@pytest.fixture
def database(path: Path):
    opened = Database(path)
    yield opened
    opened.close()


def do(database: Database, work):
    return database.run(work).result(timeout=10)


def test_jobs_and_clips_come_back_as_they_were_stored(database, path):
    full = job(
        state=JobState.FAILED,
        started_at=1.5,
        finished_at=2.5,
        error=InvalidRequest("No {x}.", field="prompt", x="\udcff").to_json(),
        clip_id="c9",
        notes=("The last 40 words were cut.",),
    )
    binned = clip("c2", deleted_at=5.0)
    do(database, lambda: [database.put_job(full), database.put_clip(clip()), database.put_clip(binned)])
    do(database, lambda: database.put_value("draft", {"prompt": "half a sen"}))
    database.close()
    again = Database(path)
    try:
        assert do(again, lambda: again.job("j1")) == full
        assert do(again, again.clips) == [clip()]
        assert do(again, lambda: again.clips(deleted=True)) == [binned]
        assert do(again, lambda: again.value("draft")) == {"prompt": "half a sen"}
        assert do(again, lambda: again.value("nothing")) is None
        assert do(again, lambda: again.job("nothing")) is None
        assert again.opening_notes == ()
    finally:
        again.close()


def test_jobs_are_sorted_running_then_waiting_then_ended(database):
    stored = [
        job("old", state=JobState.DONE, finished_at=10.0),
        job("late", order=3.0),
        job("early", order=0.5),
        job("paused", state=JobState.PAUSED, order=2.0),
        job("new", state=JobState.FAILED, finished_at=20.0),
        job("runs", state=JobState.RUNNING, order=9.0),
    ]
    do(database, lambda: [database.put_job(j) for j in stored])
    assert [j.id for j in do(database, database.jobs)] == ["runs", "early", "paused", "late", "new", "old"]
    assert [j.id for j in do(database, database.waiting)] == ["early", "late"]


def test_a_job_is_replaced_and_removed_by_its_id(database):
    do(database, lambda: [database.put_job(job()), database.put_job(job(order=7.0))])
    assert [j.order for j in do(database, database.jobs)] == [7.0]
    do(database, lambda: [database.remove_job("j1"), database.remove_job("j1")])
    assert do(database, database.jobs) == []
    do(database, lambda: [database.put_clip(clip()), database.remove_clip("c1"), database.remove_clip("c1")])
    assert do(database, database.clips) == []


def test_work_that_raises_leaves_nothing_behind(database):
    def work():
        database.put_job(job())
        raise InvalidRequest("no")

    with pytest.raises(InvalidRequest):
        do(database, work)
    assert do(database, database.jobs) == []


def test_work_is_done_in_the_order_of_the_calls_from_any_thread(database):
    seen: list[int] = []
    futures = [database.run(lambda n=n: seen.append(n)) for n in range(200)]
    [f.result(10) for f in futures]
    assert seen == list(range(200))
    threads = [
        threading.Thread(target=lambda n=n: do(database, lambda: database.put_job(job(str(n)))))
        for n in range(8)
    ]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(do(database, database.jobs)) == 8


def test_the_future_is_done_only_after_the_commit(database, path):
    do(database, lambda: database.put_job(job()))
    other = sqlite3.connect(path)
    assert other.execute("SELECT count(*) FROM jobs").fetchone() == (1,)
    other.close()


def test_methods_outside_run_are_refused(database):
    with pytest.raises(sqlite3.ProgrammingError):
        database.jobs()


def test_close_finishes_what_was_asked_for(path):
    database = Database(path)
    futures = [database.run(lambda n=n: database.put_job(job(str(n)))) for n in range(50)]
    database.close()
    database.close()
    assert all(f.done() and f.exception() is None for f in futures)
    assert isinstance(database.run(database.jobs).exception(1), LibraryProblem)


def test_running_jobs_become_interrupted_at_the_next_start(database, path):
    do(database, lambda: [database.put_job(job("r", state=JobState.RUNNING)), database.put_job(job("q"))])
    database.close()
    again = Database(path)
    states = {j.id: j.state for j in do(again, again.jobs)}
    again.close()
    assert states == {"r": JobState.INTERRUPTED, "q": JobState.QUEUED}


def _write_until_killed(path: Path, pipe) -> None:
    database = Database(path)
    for n in range(100_000):
        database.run(lambda n=n: database.put_job(job(str(n)))).result()
        pipe.send(n)


@pytest.mark.parametrize("after", [1, 7, 40])
def test_a_killed_process_loses_nothing_that_was_acknowledged(path, after):
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_write_until_killed, args=(path, theirs))
    child.start()
    theirs.close()
    last = -1
    while last < after:
        last = ours.recv()
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    while ours.poll():
        try:
            last = ours.recv()
        except EOFError:
            break
    ours.close()
    database = Database(path)
    stored = {int(j.id) for j in do(database, database.jobs)}
    database.close()
    assert set(range(last + 1)) <= stored
    assert database.opening_notes == ()


def _fill(path: Path, count: int = 400) -> None:
    database = Database(path)
    do(database, lambda: [database.put_job(job(f"j{n:04}")) for n in range(count)])
    do(database, lambda: [database.put_clip(clip(f"c{n:04}")) for n in range(count)])
    do(database, lambda: database.put_value("draft", "being typed"))
    database.close()


def test_a_damaged_file_is_kept_aside_and_what_is_readable_is_kept(path):
    _fill(path)
    with path.open("r+b") as file:
        middle = path.stat().st_size // 2 // 4096 * 4096
        file.seek(middle)
        file.write(os.urandom(8192))
    database = Database(path)
    jobs, clips = do(database, database.jobs), do(database, database.clips)
    database.close()
    assert len(database.opening_notes) == 1
    assert "damaged" in database.opening_notes[0]
    (kept,) = path.parent.glob("*.damaged")
    assert kept.name in database.opening_notes[0]
    assert 0 < len(jobs) + len(clips) < 800
    assert all(j.request == REQUEST for j in jobs)
    fresh = Database(path)
    fresh.close()
    assert fresh.opening_notes == ()


@pytest.mark.parametrize("content", [b"this is no database at all" * 400, os.urandom(5000)])
def test_a_file_that_is_no_database_is_kept_aside(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    database = Database(path)
    assert do(database, database.jobs) == []
    database.close()
    (kept,) = path.parent.glob("*.damaged")
    assert kept.read_bytes() == content
    assert database.opening_notes


def test_a_truncated_file_is_kept_aside(path):
    _fill(path)
    size = path.stat().st_size
    os.truncate(path, size // 3 // 4096 * 4096 + 100)
    database = Database(path)
    database.close()
    assert database.opening_notes
    assert len(list(path.parent.glob("*.damaged"))) == 1


def test_the_newest_backup_takes_the_place_of_an_unreadable_file(path):
    _fill(path, 30)
    Database(path).close()  # the first start after the jobs were stored makes the day's backup
    path.write_bytes(b"lightning" * 2000)
    database = Database(path)
    assert len(do(database, database.jobs)) == 30
    assert do(database, lambda: database.value("draft")) == "being typed"
    database.close()
    assert "backup" in database.opening_notes[0]


def test_a_damaged_backup_is_passed_over(path):
    _fill(path, 30)
    Database(path).close()
    (good,) = path.parent.glob("*.backup")
    good.with_name("library.9999-01-01-000000.backup").write_bytes(b"lightning" * 2000)
    path.write_bytes(b"lightning" * 2000)
    database = Database(path)
    assert len(do(database, database.jobs)) == 30
    database.close()


def test_there_is_one_backup_a_day_and_three_in_all(path):
    _fill(path, 3)
    Database(path).close()
    Database(path).close()
    assert len(list(path.parent.glob("*.backup"))) == 1
    for day in range(1, 6):
        newest = max(path.parent.glob("*.backup"))
        os.utime(newest, (1, 1))
        newest.rename(newest.with_name(f"library.2000-01-0{day}-000000.backup"))
        Database(path).close()
    names = sorted(p.name for p in path.parent.glob("*.backup"))
    assert names[:2] == ["library.2000-01-04-000000.backup", "library.2000-01-05-000000.backup"]
    assert len(names) == 3


def test_a_program_that_stays_open_makes_the_days_backup_too(path, monkeypatch):
    monkeypatch.setattr("wan_desktop.library.database.BACKUP_LOOK_SECONDS", -1.0)
    _fill(path, 3)
    database = Database(path)
    (first,) = path.parent.glob("*.backup")
    do(database, lambda: database.put_job(job("new")))
    do(database, lambda: None)
    assert list(path.parent.glob("*.backup")) == [first]
    first.rename(first.with_name("library.2000-01-01-000000.backup"))
    os.utime(first.with_name("library.2000-01-01-000000.backup"), (1, 1))
    do(database, lambda: None)
    database.close()
    newest = max(path.parent.glob("*.backup"))
    with contextlib.closing(sqlite3.connect(newest)) as raw:
        assert raw.execute("SELECT count(*) FROM jobs WHERE id = 'new'").fetchone() == (1,)


def test_a_clock_that_was_set_back_costs_no_backup(path):
    """Three backups of a year to come; the day's own is made and stays."""
    _fill(path, 3)
    Database(path).close()
    (first,) = path.parent.glob("*.backup")
    for year in (2097, 2098, 2099):
        future = first.with_name(f"library.{year}-01-01-000000.backup")
        shutil.copy(first, future)
        os.utime(future, (4_000_000_000, 4_000_000_000))
    first.unlink()
    Database(path).close()
    names = sorted(p.name for p in path.parent.glob("*.backup"))
    assert len(names) == 3
    assert not names[0].startswith("library.209")


def test_what_a_backup_or_a_repair_that_was_broken_off_left_is_swept(path):
    _fill(path, 3)
    for name in ("2026-01-01-000000.backup.part", "2026-01-01-000000.backup.part-journal", "mending"):
        (path.parent / f"library.{name}").write_bytes(b"half")
    (path.parent / "library.2026-01-01-000000.damaged").write_bytes(b"kept")
    Database(path).close()
    left = {p.name for p in path.parent.iterdir() if not p.name.endswith(".backup")}
    assert left - {"library.db-journal"} == {"library.db", "library.2026-01-01-000000.damaged"}


def test_a_job_that_was_queued_again_before_clips_had_ids_of_their_own_makes_another_one(path, monkeypatch):
    with monkeypatch.context() as patch:
        _pretend_migrations(patch, MIGRATIONS[:2])
        old = Database(path)
        jobs = [job("again", state=JobState.QUEUED), job("lost", state=JobState.RUNNING)]
        do(old, lambda: [*map(old.put_job, jobs), old.put_clip(clip("again"))])
        old.close()
    new = Database(path)
    makes = {each.id: each.makes for each in do(new, new.jobs)}
    new.close()
    assert makes["again"] not in ("again", "", None)
    assert makes["lost"] == "lost"


def test_a_backup_that_fails_locks_nobody_out(path, monkeypatch):
    _fill(path, 3)

    def full(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    database = Database(path)
    assert len(do(database, database.jobs)) == 3
    database.close()


def test_a_newer_database_is_refused_and_untouched(path):
    _fill(path, 3)
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version = {VERSION + 1}")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(LibraryProblem, match="newer"):
        Database(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_migrations_run_in_order_after_a_backup(path, monkeypatch):
    _fill(path, 3)
    more = ("ALTER TABLE jobs ADD COLUMN mood TEXT", "UPDATE jobs SET mood = 'good'")
    _pretend_migrations(monkeypatch, (*MIGRATIONS, more))
    database = Database(path)
    assert len(do(database, database.jobs)) == 3
    database.close()
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT DISTINCT mood FROM jobs").fetchall() == [("good",)]
    assert raw.execute("PRAGMA user_version").fetchone() == (VERSION + 1,)
    raw.close()
    backup = max(path.parent.glob("*.backup"))
    raw = sqlite3.connect(backup)
    assert raw.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert raw.execute("SELECT count(*) FROM clips").fetchone() == (3,)
    raw.close()


def test_a_migration_that_fails_changes_nothing(path, monkeypatch):
    _fill(path, 3)
    _pretend_migrations(monkeypatch, (*MIGRATIONS, ("ALTER TABLE jobs ADD COLUMN mood TEXT", "NONSENSE")))
    with pytest.raises(LibraryProblem):
        Database(path)
    monkeypatch.undo()
    database = Database(path)
    assert len(do(database, database.jobs)) == 3
    database.close()


def _pretend_migrations(monkeypatch, migrations) -> None:
    monkeypatch.setattr("wan_desktop.library.opening.MIGRATIONS", migrations)
    monkeypatch.setattr("wan_desktop.library.opening.VERSION", len(migrations))


def test_a_folder_that_cannot_be_is_a_disk_problem(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DiskProblem):
        Database(tmp_path / "file" / "library.db")


def test_a_full_disk_is_told_and_the_database_lives_on(database):
    do(database, lambda: database.put_job(job()))
    do(database, lambda: database._db.execute("PRAGMA max_page_count = 1"))
    with pytest.raises(DiskProblem, match="free some space"):
        do(database, lambda: [database.put_job(job(str(n))) for n in range(500)])
    do(database, lambda: database._db.execute("PRAGMA max_page_count = 100000"))
    assert [j.id for j in do(database, database.jobs)] == ["j1"]
    do(database, lambda: database.put_job(job("j2")))


def test_the_connection_is_set_up_for_safety(database):
    def pragmas():
        names = ("journal_mode", "synchronous", "foreign_keys", "trusted_schema", "busy_timeout")
        return [database._db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert do(database, pragmas) == ["truncate", 2, 1, 0, 5000]
