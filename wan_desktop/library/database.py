"""The database: jobs, clips and small remembered values, on one thread with one connection."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
import threading
import time
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, DiskProblem, LibraryProblem, WanError
from wan_desktop.domain.job import Clip, Job, JobState
from wan_desktop.library.backups import try_back_up_daily
from wan_desktop.library.opening import open_database
from wan_desktop.library.rows import (
    CLIP_COLUMNS,
    JOB_COLUMNS,
    clip_from_row,
    clip_to_row,
    job_from_row,
    job_to_row,
    to_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

T = TypeVar("T")
log = logging.getLogger(__name__)

_SHA256 = re.compile(r"[0-9a-f]{64}")
BACKUP_LOOK_SECONDS = 3600.0
"""How often a program that stays open looks whether the day's backup is due."""


class Database:
    """The Store of jobs.ports on SQLite. `run` may be called from any thread, the rest only inside its work.

    Opening marks jobs that were running as interrupted. `opening_notes` are sentences worth showing once.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises LibraryProblem or DiskProblem."""
        self.path = path
        self.opening_notes: tuple[str, ...] = ()
        self._db: sqlite3.Connection
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._serve, args=(opened,), name="database", daemon=True)
        self._thread.start()
        opened.result()

    # ---- the thread

    def run(self, work: Callable[[], T], then: Callable[[T], object] | None = None) -> Future[T]:
        """Do `work` on the database's thread, in one transaction, in the order of the calls.

        After the commit, and before anything else is stored, `then` gets the result on the same thread: it must not
        wait for another `run`. Then the future is done. If `work` raises, everything it stored is rolled back and
        `then` is not called. SQLite's own errors arrive as DiskProblem or LibraryProblem; after `close` every call
        gives LibraryProblem.
        """
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                future.set_exception(
                    LibraryProblem(
                        QT_TRANSLATE_NOOP("errors", "The library is closed: start Wan Desktop again.")
                    )
                )
            else:
                self._work.put(lambda: self._fulfil(future, work, then))
        return future

    def close(self) -> None:
        """Finish what was asked for and close; safe to call again."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._work.put(None)
        self._thread.join()

    def _serve(self, opened: Future[None]) -> None:
        try:
            self._db, self.opening_notes = open_database(self.path)
            self._transaction(self._recover)
        except BaseException as error:  # noqa: BLE001 - a thread's border: whoever opened gets it
            opened.set_exception(error)
            return
        opened.set_result(None)
        looked = time.monotonic()
        while (work := self._work.get()) is not None:
            work()
            if time.monotonic() - looked > BACKUP_LOOK_SECONDS:
                looked = time.monotonic()
                try_back_up_daily(self._db, self.path)
        self._db.close()

    def _fulfil(self, future: Future[T], work: Callable[[], T], then: Callable[[T], object] | None) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = self._transaction(work)
        except BaseException as error:  # noqa: BLE001 - a thread's border: whoever asked gets it
            future.set_exception(error)
            return
        if then is not None:
            try:
                then(result)
            except Exception:  # a thread's border: what is stored is stored, and the next comes
                log.exception("what was stored could not be told")
        future.set_result(result)

    def _transaction(self, work: Callable[[], T]) -> T:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                result = work()
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise _translated(error, self.path) from error
        return result

    def _recover(self) -> None:
        self._db.execute(
            "UPDATE jobs SET state = ?, attempts = attempts + 1 WHERE state = ?",
            (JobState.INTERRUPTED.value, JobState.RUNNING.value),
        )

    # ---- jobs

    def put_job(self, job: Job) -> None:
        """Add the job, or replace the one with its id."""
        self._put("jobs", JOB_COLUMNS, job_to_row(job))

    def remove_job(self, job_id: str) -> None:
        """Forget the job; no error if there is none."""
        self._db.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

    def job(self, job_id: str) -> Job | None:
        """The job of that id, or None."""
        row = self._db.execute(f"SELECT {JOB_COLUMNS} FROM jobs WHERE id = ?", (job_id,)).fetchone()
        return None if row is None else job_from_row(row)

    def waiting(self) -> list[Job]:
        """The queued jobs by `order`, lowest first."""
        return self._jobs("WHERE state = ? ORDER BY position, created_at", (JobState.QUEUED.value,))

    def jobs(self) -> list[Job]:
        """Every job: running ones, then waiting ones by `order`, then ended ones, newest first."""
        live = self._jobs(
            "WHERE state IN (?, ?, ?) ORDER BY state <> 'running', position, created_at",
            (JobState.RUNNING.value, JobState.QUEUED.value, JobState.PAUSED.value),
        )
        ended = self._jobs(
            "WHERE state NOT IN (?, ?, ?) ORDER BY coalesce(finished_at, started_at, created_at) DESC",
            (JobState.RUNNING.value, JobState.QUEUED.value, JobState.PAUSED.value),
        )
        return live + ended

    def _jobs(self, rest: str, values: Iterable[str]) -> list[Job]:
        rows = self._db.execute(f"SELECT {JOB_COLUMNS} FROM jobs {rest}", tuple(values))
        return [job_from_row(row) for row in rows]

    # ---- clips

    def put_clip(self, clip: Clip) -> None:
        """Add the clip, or replace the one with its id."""
        self._put("clips", CLIP_COLUMNS, clip_to_row(clip))

    def remove_clip(self, clip_id: str) -> None:
        """Forget the clip, as when its file left the bin for good; no error if there is none."""
        self._db.execute("DELETE FROM clips WHERE id = ?", (clip_id,))

    def clips(self, *, deleted: bool = False) -> list[Clip]:
        """The library's clips, newest first; with `deleted` those in the bin instead."""
        rows = self._db.execute(
            f"SELECT {CLIP_COLUMNS} FROM clips WHERE (deleted_at IS NOT NULL) = ? ORDER BY created_at DESC, id",
            (deleted,),
        )
        return list(_readable(rows))

    def clip_files(self) -> dict[str, str]:
        """The file of every clip, also in the bin, by the clip's id; as in `clips`, unreadable ones are left out.

        SQLite reads the recipes, and only what it calls no JSON (Infinity, damage) is for Python, which would keep
        the window waiting for half a second with 10,000 clips.
        """
        rows = self._db.execute(
            "SELECT id, path, CASE WHEN json_valid(recipe) THEN '{}' ELSE recipe END FROM clips"
        )
        return {ident: path for ident, path, recipe in rows if _is_json(recipe)}

    # ---- remembered values

    def put_value(self, key: str, value: Any) -> None:
        """Remember a small JSON value: the text being typed, and such."""
        self._put("remembered", "key, value", (key, to_text(value)))

    def value(self, key: str) -> Any:
        """The remembered value, or None."""
        row = self._db.execute("SELECT value FROM remembered WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def keys(self, prefix: str) -> list[str]:
        """The keys of remembered values that begin with `prefix`."""
        rows = self._db.execute(
            "SELECT key FROM remembered WHERE substr(key, 1, ?) = ?", (len(prefix), prefix)
        )
        return [row[0] for row in rows]

    def drop_value(self, key: str) -> None:
        """Forget the value; no error if there is none."""
        self._db.execute("DELETE FROM remembered WHERE key = ?", (key,))

    def hashes(self) -> set[str]:
        """Every sha256, in hex, that a job, a clip (also in the bin) or a remembered value names."""
        texts = self._db.execute(
            "SELECT request FROM jobs UNION ALL SELECT recipe FROM clips UNION ALL SELECT value FROM remembered"
        )
        return {found for (text,) in texts for found in _SHA256.findall(str(text))}

    def _put(self, table: str, columns: str, row: tuple[Any, ...]) -> None:
        places = ", ".join("?" * len(row))
        self._db.execute(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({places})", row)


def _readable(rows: Iterable[Any]) -> Iterator[Clip]:
    """The clips of the rows. One that a bad disk has changed is left out: it comes back from its own file."""
    for row in rows:
        try:
            yield clip_from_row(row)
        except (LookupError, TypeError, ValueError) as error:
            log.warning("the row of clip %s cannot be read: %s", row[0], error)


def _is_json(text: Any) -> bool:
    try:
        json.loads(text)
    except (TypeError, ValueError):
        return False
    return True


def _translated(error: sqlite3.Error, path: Path) -> WanError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        return DiskProblem(
            QT_TRANSLATE_NOOP(
                "errors",
                "The library's database in {folder} cannot be written ({why}): free some space and check the disk.",
            ),
            action=QT_TRANSLATE_NOOP("errors", "Free disk space"),
            folder=path.parent,
            why=error,
        )
    return LibraryProblem(
        QT_TRANSLATE_NOOP(
            "errors",
            "The library's database failed ({why}): start Wan Desktop again, it is then checked and mended.",
        ),
        why=error,
    )
