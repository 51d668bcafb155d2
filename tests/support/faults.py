"""Faults at the ports: a disk that refuses, a power cut at any moment, and what must hold after a restart.

`Disk` stands between the program and the operating system for everything under one folder:

    disk.fail(n, OSError(errno.ENOSPC, "full"))   # the n-th change is refused (`lasting`: and all after it)
    disk.at_each_change = lambda label: ...       # called after each

What it models. Every change that Python asks for (create, rename, link, remove, make a folder, fsync) is one moment.
After a power cut a file holds what its last fsync saw, and nothing if there was none; a folder holds the names of its
own last fsync. That is the least that POSIX promises; real file systems lose less. SQLite is trusted to keep what it
has committed. Bytes that C libraries write are seen when they are fsynced; they cannot be refused here.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import shutil
import sqlite3
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

DATABASE = "wan-desktop.sqlite"
_open = io.open


@dataclass
class _File:
    """A file as it is after a power cut."""

    content: bytes = b""


class Disk:
    """What Python does to the files under `root`, counted, refused, and followed as far as it is durable."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.changes = 0
        self.at_each_change: Callable[[str], None] = lambda label: None
        self.lock = threading.RLock()
        """Held while anything changes: whoever holds it looks at one moment."""
        self._fault: tuple[int, OSError, bool] | None = None
        self._files: dict[int, _File] = {}
        self._names: dict[Path, dict[str, _File | None]] = {}
        for folder, _, _ in os.walk(root):
            self._sync_tree(Path(folder))
        for name in ("replace", "rename", "link", "unlink", "remove", "mkdir", "rmdir", "fsync"):
            patch.setattr(os, name, self._watched(name, getattr(os, name)))
        patch.setattr(os, "open", self._opening(os.open))
        patch.setattr(io, "open", self._opening(_open))
        patch.setattr(builtins, "open", self._opening(_open))

    def fail(self, number: int, error: OSError, *, lasting: bool = False) -> None:
        """Refuse change `number` (0: the next one), or with `lasting` all from it on until `heal`."""
        self._fault = (self.changes + number, error, lasting)

    def heal(self) -> None:
        """Refuse nothing any more."""
        self._fault = None

    # ---- what is left of it

    def after_power_cut(self, target: Path) -> None:
        """Write to `target` what the disk holds if the power goes now."""
        with self.lock:
            self._write(self.root, target)
            self._copy_database(target)

    def after_kill(self, target: Path) -> None:
        """Write to `target` what the disk holds if the program is killed now: everything."""
        with self.lock:
            shutil.copytree(self.root, target, ignore=shutil.ignore_patterns(f"{DATABASE}*"))
            self._copy_database(target)

    def _write(self, folder: Path, target: Path) -> None:
        target.mkdir()
        for name, file in self._names.get(folder, {}).items():
            if name.startswith(DATABASE):
                continue
            if file is None:
                self._write(folder / name, target / name)
            else:
                (target / name).write_bytes(file.content)

    def _copy_database(self, target: Path) -> None:
        if not (self.root / DATABASE).exists():
            return
        with (
            contextlib.closing(sqlite3.connect(self.root / DATABASE)) as now,
            contextlib.closing(sqlite3.connect(target / DATABASE)) as copy,
        ):
            copy.execute("PRAGMA synchronous = OFF")
            now.backup(copy)

    # ---- what happens to it

    def _watched(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(first: Any, *rest: Any, **named: Any) -> Any:
            place = _place(first, named.get("dir_fd"))
            if not self._is_ours(place):
                return real(first, *rest, **named)
            with self.lock:
                self._refuse()
                if name in ("unlink", "remove"):
                    self._unlink(place)
                elif name in ("replace", "rename"):
                    self._unlink(Path(rest[0]))
                result = None if name == "fsync" else real(first, *rest, **named)  # it is only noted: faster
                if name == "fsync":
                    self._sync(first, place)
                elif name == "mkdir":
                    self._names.pop(place, None)
                self._changed(f"{name} {place.relative_to(self.root)}")
            return result

        return call

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(file: Any, mode: Any = "r", *rest: Any, **named: Any) -> Any:
            writes = (
                bool(mode & (os.O_CREAT | os.O_TRUNC)) if isinstance(mode, int) else set("wax") & set(mode)
            )
            if not writes or isinstance(file, int) or not self._is_ours(Path(os.fsdecode(file))):
                return real(file, mode, *rest, **named)
            with self.lock:
                self._refuse()
                opened = real(file, mode, *rest, **named)
                self._changed(f"open {Path(os.fsdecode(file)).relative_to(self.root)}")
            return opened

        return call

    def _is_ours(self, place: Path) -> bool:
        return place == self.root or self.root in place.parents

    def _refuse(self) -> None:
        if self._fault is None:
            return
        number, error, lasting = self._fault
        if self.changes == number or (lasting and self.changes > number):
            self.changes += 1
            raise OSError(error.errno, error.strerror)

    def _changed(self, label: str) -> None:
        self.changes += 1
        self.at_each_change(label)

    # ---- what is durable

    def _sync(self, descriptor: int, place: Path) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            self._sync_names(place)
        else:
            with _open(f"/proc/self/fd/{descriptor}", "rb") as file:
                self._file(os.fstat(descriptor).st_ino).content = file.read()

    def _sync_names(self, folder: Path) -> None:
        found = {entry.name: entry for entry in os.scandir(folder)}
        self._names[folder] = {
            name: None if entry.is_dir() else self._file(entry.inode()) for name, entry in found.items()
        }

    def _sync_tree(self, folder: Path) -> None:
        self._sync_names(folder)
        for entry in os.scandir(folder):
            if entry.is_file():
                self._file(entry.inode()).content = Path(entry.path).read_bytes()

    def _file(self, inode: int) -> _File:
        return self._files.setdefault(inode, _File())

    def _unlink(self, place: Path) -> None:
        """A number that the file system gives to another file stands for that one."""
        with contextlib.suppress(OSError):
            found = place.lstat()
            if found.st_nlink == 1:
                self._files.pop(found.st_ino, None)


def _place(first: Any, folder: int | None) -> Path:
    """What a call is about: a path, a path in an open folder, or an open file."""
    if isinstance(first, int):
        return Path(os.readlink(f"/proc/self/fd/{first}"))
    path = Path(os.fsdecode(first))
    return path if folder is None else Path(os.readlink(f"/proc/self/fd/{folder}")) / path
