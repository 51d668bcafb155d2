"""Reading what can still be read of a damaged database."""

from __future__ import annotations

import json
import logging
import sqlite3
from typing import TYPE_CHECKING, Any, TypeAlias

from wan_desktop.library.rows import CLIP_COLUMNS, JOB_COLUMNS, clip_from_row, job_from_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

log = logging.getLogger(__name__)

Table: TypeAlias = "tuple[str, str, Callable[[Any], object]]"
"""A table's name, its columns, and what raises one of UNREADABLE for a row that makes no sense."""
JOBS: Table = ("jobs", JOB_COLUMNS, job_from_row)
CLIPS: Table = ("clips", CLIP_COLUMNS, clip_from_row)
REMEMBERED: Table = ("remembered", "key, value", lambda row: json.loads(row[1]))
UNREADABLE = (LookupError, TypeError, ValueError)


def salvage(damaged: Path, fresh: sqlite3.Connection, tables: Iterable[Table]) -> int | None:
    """Copy every row that can still be read and is not there yet; how many. None: there is nothing to be read."""
    if not damaged.exists() or damaged.stat().st_size == 0:
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
            except (sqlite3.Error, *UNREADABLE) as error:
                log.warning("%s: a damaged row is left out: %s", table, error)
    except sqlite3.Error as error:
        log.warning("%s: unreadable after %s rows: %s", table, saved, error)
        readable = saved > 0
    fresh.execute("COMMIT")
    return saved if readable else None
