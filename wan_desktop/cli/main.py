"""Finds the command that was typed and does it; what goes wrong becomes a sentence and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop import __version__
from wan_desktop.cli.bench import bench_parser
from wan_desktop.cli.lists import list_parsers
from wan_desktop.cli.models import models_parser
from wan_desktop.cli.output import BAD_INPUT, CANCELLED, CANNOT_START, DONE, EXIT_CODES, line, print_json
from wan_desktop.cli.remotes import remotes_parser
from wan_desktop.cli.render import render_parser
from wan_desktop.cli.serve import serve_parser
from wan_desktop.domain.errors import Cancelled, InvalidRequest, ModelMissing, WanError

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(argv: Sequence[str]) -> int:
    """Do what `argv` says; the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    command = args.run if hasattr(args, "run") else _window
    try:
        code: int = command(args)
        return code
    except Cancelled:
        return CANCELLED
    except WanError as error:
        return _tell(error, getattr(args, "json", False))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; so do we, quietly
        return DONE
    except KeyboardInterrupt:
        return CANCELLED


def _tell(error: WanError, as_json: bool) -> int:
    if as_json:
        line(event="error", code=error.code, field=error.field, sentence=error.sentence, action=error.action)
    else:
        action = f" {error.action}." if error.action else ""
        print(f"wan-desktop: {error.sentence}{action}", file=sys.stderr)
    if isinstance(error, InvalidRequest | ModelMissing) or error.field:
        return BAD_INPUT
    return CANNOT_START


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wan-desktop",
        description="A sentence or a picture becomes a video, on your own computer. Without a command: the window.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"Wan Desktop {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    render_parser(commands)
    list_parsers(commands)
    serve_parser(commands)
    models_parser(commands)
    remotes_parser(commands)
    bench_parser(commands)
    doctor = commands.add_parser("doctor", help="what this computer has, and what is missing")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.set_defaults(run=_doctor)
    report = commands.add_parser("report", help="a file for whoever helps you, without your name and folders")
    report.add_argument("path", nargs="?", metavar="PATH", help="where (default: here, named by the date)")
    report.add_argument("--with-prompts", action="store_true", help="tell what you made, too")
    report.set_defaults(run=_report)
    return parser


def _window(args: argparse.Namespace) -> int:
    from wan_desktop.app import window

    return window.open_window()


def _doctor(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    report, text = asked.doctor()
    if args.json:
        return print_json(report)
    print(text)
    return DONE


def _report(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    name = f"wan-desktop-report-{time.strftime('%Y-%m-%d')}.zip"
    path = Path(args.path or name).absolute()
    print(asked.report(path / name if path.is_dir() else path, with_prompts=args.with_prompts))
    return DONE
