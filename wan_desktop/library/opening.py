"""Opening the database file: checked, brought up to date, and never at the price of what a person made."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from typing import TYPE_CHECKING, Any, TypeAlias

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, LibraryProblem
from wan_desktop.library.backups import back_up, back_up_daily, backups, stamp
from wan_desktop.library.migrations import MIGRATIONS, VERSION
from wan_desktop.library.rows import CLIP_COLUMNS, JOB_COLUMNS, clip_from_row, job_from_row
from wan_desktop.media.files import disk_errors, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

log = logging.getLogger(__name__)

_Table: TypeAlias = "tuple[str, str, Callable[[Any], object]]"
_JOBS: _Table = ("jobs", JOB_COLUMNS, job_from_row)
_REMEMBERED: _Table = ("remembered", "key, value", lambda row: json.loads(row[1]))
_TABLES = (_JOBS, ("clips", CLIP_COLUMNS, clip_from_row), _REMEMBERED)
_UNREADABLE = (LookupError, TypeError, ValueError)

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA journal_mode = TRUNCATE",
    "PRAGMA synchronous = FULL",
)


def open_database(path: Path) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """The connection, for this thread only, and sentences worth telling.

    A damaged file is kept aside; what can still be read of it goes into a fresh one, or else the newest backup
    takes its place. Raises LibraryProblem when the file is newer than this program or in use, DiskProblem when the
    folder cannot be used.
    """
    with disk_errors(path.parent):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_new = not path.exists() and not backups(path)
    try:
        if not is_new and _size(path) == 0:
            raise _damage("it is empty")  # which SQLite takes for a new one
        connection = _checked(path)
        return connection if is_new else _backed_up(connection, path), ()
    except sqlite3.DatabaseError as error:
        if not _is_damage(error):
            raise _translated(error, path) from error
        log.error("database damaged: %s", error)
    try:
        return _mended(path)
    except sqlite3.DatabaseError as error:
        raise _translated(error, path) from error


def _backed_up(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    try:
        back_up_daily(connection, path)
    except (sqlite3.Error, OSError) as error:
        log.warning("no backup of the database: %s", error)  # a full disk must not lock anyone out
    return connection


def _mended(path: Path) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    kept = _set_aside(path)
    connection = _checked(path)
    saved = _salvage(kept, connection, _TABLES)
    note = (
        f"The library's database was damaged. {saved} entries could be read and were kept, the old file is "
        f"{kept.name}; clips come back from their own files."
    )
    if saved:
        return connection, (note + _filled_up(connection, path),)
    for backup in backups(path):
        connection.close()
        shutil.copyfile(backup, path)
        try:
            connection = _checked(path)
        except sqlite3.DatabaseError as error:
            log.warning("backup %s is damaged too: %s", backup, error)
            path.unlink()
            connection = _checked(path)
        else:
            note = (
                f"The library's database was damaged and is kept as {kept.name}; the backup {backup.name} took its "
                "place. Clips that are newer come back from their own files."
            )
            break
    return connection, (note,)


def _filled_up(connection: sqlite3.Connection, path: Path) -> str:
    """Take from the newest backup that can be read what only a database knows; a sentence when there was something.

    Clips are left out: they come back from their files, and those that were deleted since must not.
    """
    for backup in backups(path):
        added = _salvage(backup, connection, (_JOBS, _REMEMBERED))
        if added is not None:
            return f" {added} more were found in the backup {backup.name}." if added else ""
    return ""


def _checked(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise _too_new()
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if answer != "ok":
            raise _damage(answer)
        _migrate(connection, path, version)
        _check_rows(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_rows(connection: sqlite3.Connection) -> None:
    """Raise when a row that is nowhere else cannot be understood: SQLite does not notice a letter that changed."""
    for table, columns, check in (_JOBS, _REMEMBERED):
        for row in connection.execute(f"SELECT {columns} FROM {table}"):
            try:
                check(row)
            except _UNREADABLE as error:
                raise _damage(f"{table}: {error!r}") from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _damage(why: str) -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError(why)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in _DAMAGED


def _translated(error: sqlite3.DatabaseError, path: Path) -> LibraryProblem:
    return LibraryProblem(
        QT_TRANSLATE_NOOP(
            "errors",
            "The library's database {path} cannot be opened ({why}): close other programs that use it, and check "
            "its disk.",
        ),
        path=path,
        why=error,
    )


def _too_new() -> LibraryProblem:
    return LibraryProblem(
        QT_TRANSLATE_NOOP(
            "errors",
            "The library was last used by a newer Wan Desktop: update this one. Nothing was changed.",
        )
    )


def _migrate(connection: sqlite3.Connection, path: Path, version: int) -> None:
    if 0 < version < VERSION:
        back_up(connection, path)
    for number in range(version, VERSION):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in MIGRATIONS[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _set_aside(path: Path) -> Path:
    """Rename the damaged file and its journal, which belong together; the new name of the file."""
    kept = path.with_name(f"{path.stem}.{stamp()}.damaged")
    with disk_errors(path.parent):
        journal = path.with_name(path.name + "-journal")
        if journal.exists():
            journal.replace(kept.with_name(kept.name + "-journal"))
        if path.exists():
            path.replace(kept)
        sync_folder(path.parent)
    return kept


def _salvage(damaged: Path, fresh: sqlite3.Connection, tables: Iterable[_Table]) -> int | None:
    """Copy every row that can still be read and is not there yet; how many. None: there is nothing to be read."""
    if not _size(damaged):
        return None
    old = sqlite3.connect(f"{damaged.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        counts = [_salvage_table(old, fresh, *table) for table in tables]
    finally:
        old.close()
    found = [count for count in counts if count is not None]
    return sum(found) if found else None


def _known_to(old: sqlite3.Connection, fresh: sqlite3.Connection, table: str, columns: str) -> str:
    """`columns` as the old file's layout knows them; a column that came later is its default."""
    layout = f"SELECT name, dflt_value FROM pragma_table_info('{table}')"
    there = {name for name, _ in old.execute(layout)}
    defaults = dict(fresh.execute(layout))
    names = [name.strip() for name in columns.split(",")]
    return ", ".join(name if name in there else str(defaults[name] or "NULL") for name in names)


def _salvage_table(
    old: sqlite3.Connection,
    fresh: sqlite3.Connection,
    table: str,
    columns: str,
    check: Callable[[Any], object],
) -> int | None:
    """How many rows were added; None when the table could not be read at all."""
    places = ", ".join("?" * len(columns.split(",")))
    saved, readable = 0, True
    fresh.execute("BEGIN IMMEDIATE")
    try:
        for row in old.execute(f"SELECT {_known_to(old, fresh, table, columns)} FROM {table}"):
            try:
                check(row)
                insert = f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({places})"
                saved += fresh.execute(insert, row).rowcount
            except (sqlite3.Error, *_UNREADABLE) as error:
                log.warning("%s: a damaged row is left out: %s", table, error)
    except sqlite3.Error as error:
        log.warning("%s: unreadable after %s rows: %s", table, saved, error)
        readable = saved > 0
    fresh.execute("COMMIT")
    return saved if readable else None
