"""Which photographs training uses (PHOTOS.md), and their files out of the packages that they come in."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RECORD = Path(__file__).with_name("PHOTOS.md")
WHEELS = ("scikit-image", "scikit-learn")
"""Packages that come as Python wheels; all others are Debian's."""
Split = Literal["train", "held_out"]


@dataclass(frozen=True, slots=True)
class Photo:
    """A row of PHOTOS.md. `package` is "name version", `file` the path inside it."""

    name: str
    author: str
    licence: str
    package: str
    file: str
    split: Split


def recorded_photos(record: Path = RECORD) -> list[Photo]:
    """The photographs that `record` names, in its order."""
    rows = [line for line in record.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[1:]]
    return [Photo(*row[:5], row[5].replace(" ", "_")) for row in cells]


def fetch_package(package: str, folder: Path) -> Path:
    """The file of `package` ("name version") in `folder`, fetched with apt-get or pip where it is missing.

    Raises SystemExit with a sentence where neither can get it.
    """
    name, version = package.split(" ")
    if name in WHEELS:
        pattern = f"{name.replace('-', '_')}-{version}-*.whl"
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
        command.append(f"{name}=={version}")
    else:
        pattern = f"{name}_{version.replace(':', '%3a')}_*.deb"
        command = ["apt-get", "download", "-q", f"{name}={version}"]
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.glob(pattern)):
        _run(command, folder, package)
    found = sorted(folder.glob(pattern))
    if not found:
        raise SystemExit(f"{command[0]} gave no {pattern}. Get it elsewhere and put it into {folder}.")
    return found[0]


def _run(command: list[str], folder: Path, package: str) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        said = "" if done.returncode == 0 else done.stderr.strip()[-400:] or f"exit status {done.returncode}"
    except OSError as error:
        said = str(error)
    if said:
        what = f"Could not fetch {package} (from Debian 12 or the Python package index)"
        raise SystemExit(f"{what}: {said}\nGet the file elsewhere and put it into {folder}.")


def read_package(archive: Path, wanted: set[str]) -> dict[str, bytes]:
    """The wanted files in a wheel or a Debian package, by path.

    Raises SystemExit when one of them is not there, or when dpkg-deb cannot open the package.
    """
    contents = _read_wheel(archive, wanted) if archive.suffix == ".whl" else _read_deb(archive, wanted)
    if missing := wanted - contents.keys():
        raise SystemExit(f"{archive.name} does not hold {', '.join(sorted(missing))}.")
    return contents


def _read_wheel(archive: Path, wanted: set[str]) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as wheel:
        return {path: wheel.read(path) for path in wanted.intersection(wheel.namelist())}


def _read_deb(archive: Path, wanted: set[str]) -> dict[str, bytes]:
    try:
        done = subprocess.run(["dpkg-deb", "--fsys-tarfile", archive], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"dpkg-deb could not open {archive}: {error}") from error
    contents = {}
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        for member in tar:
            path = member.name.removeprefix("./")
            if path in wanted and (file := tar.extractfile(member)):
                contents[path] = file.read()
    return contents


def package_pictures(photos: Sequence[Photo], folder: Path) -> Iterator[tuple[Photo, bytes]]:
    """Each photograph with the bytes of its file, out of packages in `folder`, fetched where missing."""
    for package in dict.fromkeys(photo.package for photo in photos):
        here = [photo for photo in photos if photo.package == package]
        contents = read_package(fetch_package(package, folder.resolve()), {photo.file for photo in here})
        for photo in here:
            yield photo, contents[photo.file]
