"""Start Wan Desktop from this folder: make its environment, install what changed, then run it.

    python3 launch.py                        open the window
    python3 launch.py render "a red ball"    every other command goes to wan-desktop as it is
    python3 launch.py test [ARGUMENTS]       run the tests (ARGUMENTS go to pytest)

The standard library only, and words that Python 3.7 reads too, so that an old Python gets a sentence.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.config import system_libraries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wan_desktop.config.system_libraries import SystemLibrary

ROOT = Path(__file__).resolve().parent
OLDEST, NEWEST = (3, 11), (3, 14)
CANNOT_START, INTERRUPTED = 3, 130
CUDA_INDEX = "https://download.pytorch.org/whl/"
"""PyTorch's own builds, for Windows with an NVIDIA card: the plain build there knows the processor only."""


class CannotStart(Exception):
    """Why nothing can be started, and the way out, in sentences for a person."""


def main(arguments: list[str]) -> int:
    """Make ready what `arguments` need and run them; the exit code, where the program does not take over."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        check_python()
        venv = environment_folder()
        extras = ["test"] if arguments[:1] == ["test"] else []
        libraries = needed_libraries(arguments)
        if not is_ready(venv, extras, libraries):
            with locked(venv):
                prepare(venv, extras, libraries)
        return run(venv, arguments)
    except (CannotStart, OSError) as reason:
        print(f"Wan Desktop cannot start. {reason}", file=sys.stderr)
        return CANNOT_START
    except KeyboardInterrupt:
        print("\nStopped. Start again and it goes on.", file=sys.stderr)
        return INTERRUPTED


# ---- which Python


def check_python() -> None:
    """Raise CannotStart unless this Python fits; hand over to one that does if it is installed beside this one."""
    if OLDEST <= sys.version_info[:2] <= NEWEST and sys.maxsize > 2**32:
        return
    import shutil
    import subprocess

    fits = f"import sys; sys.exit(not ({OLDEST} <= sys.version_info[:2] <= {NEWEST} and sys.maxsize > 2**32))"
    for minor in (13, 12, 11, 14):
        command = ["py", f"-3.{minor}"] if os.name == "nt" else [f"python3.{minor}"]
        there = shutil.which(command[0])
        if there and subprocess.call([*command, "-c", fits], stderr=subprocess.DEVNULL) == 0:
            sys.exit(subprocess.call([*command, str(ROOT / "launch.py"), *sys.argv[1:]]))
    raise CannotStart(
        f"It needs a 64-bit Python 3.11 to 3.14, and this is {sys.version.split()[0]} ({sys.executable}). Install "
        "Python 3.13 from python.org (Windows, macOS), with `brew install python@3.13`, with `sudo dnf install "
        "python3.13` (Fedora) or `sudo apt-get install python3.11 python3.11-venv` (Ubuntu 22.04); then start again."
    )


# ---- is everything there?


def environment_folder() -> Path:
    """Where the environment lies: `.venv` beside this file, or the user's cache when this folder is read-only."""
    if (ROOT / ".venv").is_dir() or os.access(ROOT, os.W_OK):
        return ROOT / ".venv"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache")
    return cache / "wan-desktop" / f"environment-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]}"


def python_in(venv: Path) -> Path:
    """The environment's interpreter."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def wanted(venv: Path) -> dict[str, Any]:
    """What an environment must have been installed for; any difference means: install again."""
    return {
        "root": str(ROOT),
        "pyproject": hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest(),
        "python": os.path.realpath(python_in(venv)) if python_in(venv).exists() else "",
        "nvidia": has_nvidia_on_windows(),
    }


def read_stamp(venv: Path) -> dict[str, Any]:
    """What was installed in the environment; empty when nothing was."""
    try:
        stamp = json.loads((venv / "installed.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(venv: Path, stamp: Mapping[str, Any]) -> None:
    """Replace the stamp in one go."""
    new = venv / "installed.json.new"
    new.write_text(json.dumps(stamp, indent=1), "utf-8")
    os.replace(new, venv / "installed.json")


def is_ready(venv: Path, extras: Sequence[str], libraries: Sequence[SystemLibrary]) -> bool:
    """True when the environment has what pyproject.toml says, these extras and these system libraries."""
    stamp = read_stamp(venv)
    return (
        wanted(venv).items() <= stamp.items()
        and bool(stamp["python"])
        and set(extras) <= set(stamp["extras"])
        and {library.soname for library in libraries} <= set(stamp["libraries"])
    )


def needed_libraries(arguments: list[str]) -> tuple[SystemLibrary, ...]:
    """The system libraries that `arguments` need; only the window and the tests need any."""
    if arguments[:1] == ["test"]:
        return system_libraries.needed({"QT_QPA_PLATFORM": "offscreen"})
    return () if arguments else system_libraries.needed(os.environ)


def has_nvidia_on_windows() -> bool:
    """True on Windows with an NVIDIA driver."""
    windows = Path(os.environ.get("SystemRoot", "C:/Windows"))
    return os.name == "nt" and (windows / "System32" / "nvcuda.dll").exists()


# ---- make it so


@contextlib.contextmanager
def locked(venv: Path) -> Iterator[None]:
    """One start installs at a time; the others wait."""
    import tempfile

    name = hashlib.sha256(f"{venv} {os.environ.get('USER', '')}".encode()).hexdigest()[:16]
    with open(Path(tempfile.gettempdir(), f"wan-desktop-{name}.lock"), "w") as file:
        if not try_lock(file.fileno()):
            print("Another start is installing: waiting for it…", flush=True)
            while not try_lock(file.fileno()):
                time.sleep(0.5)
        yield


def try_lock(file: int) -> bool:
    """Take the lock if it is free; the system gives it back when the file is closed or the process ends."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def prepare(venv: Path, extras: Sequence[str], libraries: Sequence[SystemLibrary]) -> None:
    """Bring the system libraries and the environment to what is wanted, and say so in the stamp, last."""
    import signal

    if is_ready(venv, extras, libraries):
        return  # another start did it meanwhile
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # what it started stops with it
    check_machine()
    ensure_libraries(libraries)
    stamp = read_stamp(venv)
    every_extra = sorted({*extras, *stamp.get("extras", ())})
    known = {library.soname for library in libraries} | set(stamp.get("libraries", ()))
    if not (wanted(venv).items() <= stamp.items() and set(extras) <= set(stamp["extras"])):
        ensure_venv(venv, stamp)
        write_stamp(venv, {"state": "installing"})
        install(venv, every_extra)
    write_stamp(venv, {**wanted(venv), "extras": every_extra, "libraries": sorted(known)})


def check_machine() -> None:
    """Raise CannotStart on a computer for which there is no PyTorch."""
    import platform

    if sys.platform == "darwin" and platform.machine() == "x86_64":
        raise CannotStart(
            "PyTorch is no longer made for Macs with an Intel processor, nor for a Python that runs under Rosetta: "
            "on an Apple chip, install the arm64 Python from python.org."
        )


def ensure_libraries(libraries: Sequence[SystemLibrary]) -> None:
    """Install the missing system libraries, as root with apt-get, or raise CannotStart with the command for it."""
    missing = system_libraries.missing(libraries)
    if missing and is_apt_root():
        apt_install(list(dict.fromkeys(library.debian for library in missing)))
        missing = system_libraries.missing(missing)
    if missing:
        raise CannotStart(
            f"The window needs system libraries that are not here: {', '.join(row.soname for row in missing)}.\n"
            f"Install them, then start again:  {system_libraries.install_command(missing) or 'with your system'}\n"
            'Rendering without a window needs none of them:  python3 launch.py render "a red ball"'
        )


def is_apt_root() -> bool:
    """True as root on Debian, Ubuntu and their kin."""
    return os.name != "nt" and os.geteuid() == 0 and os.path.exists("/usr/bin/apt-get")


def apt_install(packages: Sequence[str]) -> None:
    """Install Debian packages as root, refreshing apt's lists when it does not know them yet."""
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    if not call(install, f"Installing system packages ({len(packages)})"):
        return
    call(["apt-get", "update", "-q"], "Refreshing apt's lists")
    said = call(install, f"Installing system packages ({len(packages)})")
    if said:
        raise CannotStart(f"apt-get could not install {' '.join(packages)}. Its last words:\n{tail(said)}")


def ensure_venv(venv: Path, stamp: Mapping[str, Any]) -> None:
    """Make the environment, or make it anew where it is half-made, moved, or its Python is gone."""
    usable = "state" not in stamp and stamp.get("root", str(ROOT)) == str(ROOT)
    if usable and stamp.get("python", "") in ("", os.path.realpath(python_in(venv))) and works(venv):
        return
    import importlib.util

    if importlib.util.find_spec("ensurepip") is None:  # Debian and Ubuntu keep it in a package of its own
        package = f"python3.{sys.version_info[1]}-venv"
        if not is_apt_root():
            raise CannotStart(f"This Python has no venv. Install it with:\n  sudo apt-get install {package}")
        apt_install([package])
    base = getattr(sys, "_base_executable", sys.executable)
    said = call([base, "-I", "-m", "venv", "--clear", str(venv)], "Making the environment")
    if said:
        raise CannotStart(f"The environment {venv} could not be made. {reason_of(said)}")


def works(venv: Path) -> bool:
    """True when the environment's Python fits and has pip."""
    import subprocess

    check = f"import pip._internal.commands.install, sys; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
    try:
        return subprocess.call([str(python_in(venv)), "-I", "-c", check], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def install(venv: Path, extras: Sequence[str]) -> None:
    """Install PyTorch, then the program from this folder with `extras` and everything it needs."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    torch = next(line for line in project["dependencies"] if line.startswith("torch=="))
    size = "once; 200 MB, with CUDA up to 3 GB"
    index: list[str] = []
    if has_nvidia_on_windows():
        build, size = cuda_build(), "once; about 2 GB, with CUDA"
        torch, index = f"{torch}+{build}", ["--index-url", CUDA_INDEX + build]
    pip(venv, [torch, *index], f"Installing PyTorch ({size})")
    program = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    pip(venv, ["-e", program], "Installing Wan Desktop and its other libraries (once; about 400 MB)")


def cuda_build() -> str:
    """PyTorch's build for the newest NVIDIA card here: cu130, or cu126 for those before Turing (below 7.5).

    Source: the CUDA support matrix in PyTorch's RELEASE.md.
    """
    import subprocess

    ask = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader"]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, timeout=20, check=True).stdout
        newest = max(float(line) for line in answer.split())
    except (OSError, ValueError, subprocess.SubprocessError):
        return "cu130"
    return "cu130" if newest >= 7.5 else "cu126"


def pip(venv: Path, arguments: Sequence[str], what: str) -> None:
    """`pip install` in the environment; raise CannotStart with a sentence when it fails."""
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    said = call([str(python_in(venv)), "-I", "-m", "pip", "install", *options, *arguments], what)
    if said:
        write_stamp(venv, {})  # pip ended by itself and left nothing half-done: the environment can stay
        raise CannotStart(f"{what} failed. {reason_of(said)}")


def call(command: Sequence[str], what: str) -> str:
    """Run `command` with a line that says what is going on; what it said if it failed, else ""."""
    import subprocess
    import tempfile

    environ = {
        **os.environ,
        "DEBIAN_FRONTEND": "noninteractive",
        "PIP_USER": "0",
        "PIP_REQUIRE_VIRTUALENV": "0",
    }
    began, on_terminal = time.monotonic(), sys.stdout.isatty()
    print(f"{what}…", end="" if on_terminal else "\n", flush=True)
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environ
        )
        try:
            while process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(1)
                if on_terminal:
                    print(f"\r{what}… {time.monotonic() - began:.0f} s", end="", flush=True)
        finally:
            process.terminate()  # nothing when it has ended; when we are stopped, it stops too
            process.wait()
            if on_terminal:
                print(flush=True)
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    return "" if process.returncode == 0 else said or f"It ended with code {process.returncode}."


def reason_of(said: str) -> str:
    """A sentence for what pip or venv said when it failed, with its last words."""
    import re

    meanings = {
        "No space left|Errno 28": "The disk is full: the environment needs 2 GB, with CUDA 8 GB.",
        "ConnectionError|NameResolution|Max retries|Failed to establish|timed out|ProxyError": (
            "The package server could not be reached: the first start needs the internet. Check the connection and "
            "start again; what was downloaded is kept."
        ),
        "Read-only file system|Permission denied": f"{ROOT} cannot be written: copy it to a folder of yours.",
        "No matching distribution": (
            "Either the package server could not be reached, or it has nothing for this computer and this Python."
        ),
    }
    meaning = next((meaning for signs, meaning in meanings.items() if re.search(signs, said)), "")
    return f"{meaning} The last words were:\n{tail(said)}"


def tail(said: str) -> str:
    """The last lines of an output, indented."""
    return "\n".join(f"  {line[:300]}" for line in said.splitlines()[-6:])


# ---- run


def run(venv: Path, arguments: list[str]) -> int:
    """Become the program (POSIX), or run it and give its exit code (Windows)."""
    module = ["wan_desktop", *arguments]
    if arguments[:1] == ["test"]:
        os.chdir(ROOT)
        module = ["pytest", *arguments[1:]]
    command = [str(python_in(venv)), "-P", "-m", *module]  # -P: a torch.py in the user's folder is not ours
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    import subprocess

    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the program got it too and decides


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
