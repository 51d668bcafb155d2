"""The database's layout, step by step: migration n brings `user_version` from n to n + 1.

A released migration is never edited; a change of the layout is a new one at the end.
"""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE jobs (
            id          TEXT PRIMARY KEY,
            state       TEXT NOT NULL,
            position    REAL NOT NULL,
            created_at  REAL NOT NULL,
            started_at  REAL,
            finished_at REAL,
            clip_id     TEXT,
            error       TEXT,
            notes       TEXT NOT NULL,
            request     TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX jobs_by_state ON jobs (state, position)",
        """
        CREATE TABLE clips (
            id          TEXT PRIMARY KEY,
            job_id      TEXT NOT NULL,
            path        TEXT NOT NULL,
            thumbnail   TEXT NOT NULL,
            created_at  REAL NOT NULL,
            size_bytes  INTEGER NOT NULL,
            deleted_at  REAL,
            recipe      TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX clips_by_time ON clips (created_at)",
        "CREATE TABLE remembered (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    ),
    (
        "ALTER TABLE jobs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN plan INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN kept_step INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN kept_steps INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN kept_latents INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN latents_of TEXT",
    ),
    (
        # A job makes the clip of its own id, or of `clip_id`: one that was queued again makes another than before.
        """
        UPDATE jobs SET clip_id = lower(hex(randomblob(5)))
        WHERE clip_id IS NULL AND id IN (SELECT id FROM clips)
        """,
    ),
)

VERSION = len(MIGRATIONS)
"""The layout this program reads and writes."""
