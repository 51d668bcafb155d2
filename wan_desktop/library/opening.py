"""Opening the database file: checked, brought up to date, and never at the price of what a person made."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, LibraryProblem
from wan_desktop.domain.sentence import Sentence, both
from wan_desktop.library.backups import back_up, backups, stamp, sweep_halves, try_back_up_daily
from wan_desktop.library.migrations import MIGRATIONS, VERSION
from wan_desktop.library.salvage import CLIPS, JOBS, REMEMBERED, UNREADABLE, salvage
from wan_desktop.media.files import disk_errors, replace_file, sync_file, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA journal_mode = TRUNCATE",
    "PRAGMA synchronous = FULL",
)

_SALVAGED = QT_TRANSLATE_NOOP(
    "notes",
    "The library's database was damaged. {count} entries could be read and were kept, the old file is {name}; clips "
    "come back from their own files.",
)
_MORE = QT_TRANSLATE_NOOP("notes", "{count} more were found in the backup {name}.")
_BACKUP_USED = QT_TRANSLATE_NOOP(
    "notes",
    "The library's database was damaged and is kept as {name}; the backup {backup} took its place. Clips that are "
    "newer come back from their own files.",
)


def open_database(path: Path) -> tuple[sqlite3.Connection, tuple[Sentence, ...]]:
    """The connection, for this thread only, and sentences worth telling.

    A damaged file is kept aside; what can still be read of it goes into a fresh one, or else the newest backup
    takes its place. Raises LibraryProblem when the file is newer than this program or in use, DiskProblem when the
    folder cannot be used.
    """
    with disk_errors(path.parent):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _mending(path).exists() and not path.exists():  # the repair was made, but for its name
            replace_file(_mending(path), path)
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
        with disk_errors(path.parent):
            return _mended(path)
    except sqlite3.DatabaseError as error:
        raise _translated(error, path) from error


def _backed_up(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    try:
        sweep_halves(path)
    except OSError as error:
        log.warning("half a backup of the database stays: %s", error)
    try_back_up_daily(connection, path)
    return connection


def _mended(path: Path) -> tuple[sqlite3.Connection, tuple[Sentence, ...]]:
    """Make a whole database beside the damaged one, and only then let it take its place."""
    kept, fresh = path.with_name(f"{path.stem}.{stamp()}.damaged"), _mending(path)
    fresh.unlink(missing_ok=True)
    _journal(fresh).unlink(missing_ok=True)
    with contextlib.closing(_checked(fresh)) as connection:
        saved = salvage(path, connection, (JOBS, CLIPS, REMEMBERED)) or 0
        more = _filled_up(connection, path) if saved else None
    note = Sentence(_SALVAGED, count=saved, name=kept.name)
    if more:
        note = both(note, more)
    if not saved and (backup := _copied_backup(path, fresh)):
        note = Sentence(_BACKUP_USED, name=kept.name, backup=backup.name)
    _journal(fresh).unlink(missing_ok=True)  # empty, since the connection is closed
    _set_aside(path, kept)
    replace_file(fresh, path)
    return _checked(path), (note,)


def _copied_backup(path: Path, fresh: Path) -> Path | None:
    """Put the newest backup that is sound into `fresh`; None when there is none, and `fresh` is then empty."""
    for backup in backups(path):
        shutil.copyfile(backup, fresh)
        try:
            _checked(fresh).close()
        except sqlite3.DatabaseError as error:
            log.warning("backup %s is damaged too: %s", backup, error)
        else:
            sync_file(fresh)
            return backup
    fresh.unlink()
    _checked(fresh).close()
    return None


def _mending(path: Path) -> Path:
    return path.with_name(f"{path.stem}.mending")


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-journal")


def _filled_up(connection: sqlite3.Connection, path: Path) -> Sentence | None:
    """Take from the newest backup that can be read what only a database knows; a sentence when there was something.

    Clips are left out: they come back from their files, and those that were deleted since must not.
    """
    for backup in backups(path):
        added = salvage(backup, connection, (JOBS, REMEMBERED))
        if added is not None:
            return Sentence(_MORE, count=added, name=backup.name) if added else None
    return None


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
    for table, columns, check in (JOBS, REMEMBERED):
        for row in connection.execute(f"SELECT {columns} FROM {table}"):
            try:
                check(row)
            except UNREADABLE as error:
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


def _set_aside(path: Path, kept: Path) -> None:
    """Rename the damaged file and its journal, which belong together."""
    if _journal(path).exists():
        _journal(path).replace(_journal(kept))
    if path.exists():
        path.replace(kept)
    sync_folder(path.parent)
