"""`wan-desktop models …`: parses arguments and prints; what is done lies in `wan_desktop.models`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wan_desktop.cli.output import DONE, FAILED, print_json

if TYPE_CHECKING:
    import argparse

FEW_STEP = {"fastwan": "FastWan (3 steps)", "turbo": "Turbo (4 steps)"}


def models_parser(commands: Any) -> None:
    """Add the command `models` to the program's commands."""
    models = commands.add_parser("models", help="the models on this computer")
    actions = models.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = actions.add_parser("list", help="list the models, what is wrong with others, and what to get")
    listing.set_defaults(run=_list)
    add = actions.add_parser("add", help="put a file, or everything usable in a folder, on the list")
    add.add_argument("path", metavar="PATH", help="it stays where it is")
    add.add_argument("--as", dest="variant", choices=("plain", *FEW_STEP), help="which model it is, if asked")
    add.set_defaults(run=_add)
    scan = actions.add_parser("scan", help="look where ComfyUI, Hugging Face and ModelScope keep models")
    scan.set_defaults(run=_scan)
    verify = actions.add_parser("verify", help="read every listed file whole and compare its hash")
    verify.set_defaults(run=_verify)
    remove = actions.add_parser("remove", help="take a file or folder off the list; nothing is deleted")
    remove.add_argument("path", metavar="PATH")
    remove.set_defaults(run=_remove)
    for action in (listing, add, scan, verify, remove):
        action.add_argument("--json", action="store_true", help="print JSON")


def _list(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    page = asked.model_manager().overview()
    if args.json:
        return print_json(page)
    for model in page["models"]:
        print(f"{model['label']}  {model['id']}")
        for file in dict.fromkeys(model["files"]) if len(model["files"]) > 1 else ():
            print(f"    {file}")
    for sentence in page["problems"]:
        print(f"not usable: {sentence}")
    for question in page["ask"]:
        print(
            f"{question['model']} is called like {FEW_STEP[question['variant']]}. If it is that model: wan-desktop "
            f"models add PATH --as {question['variant']}; if not: --as plain"
        )
    if page["to_get"]:
        print(f"There is no Wan2.2-TI2V-5B yet. Get these files into {page['folder']}, then: models scan")
        for item in page["to_get"]:
            print(
                f"    {item['name']}  {item['size'] / 1e9:.1f} GB  from {item['source']} ({item['folder']})"
            )
    return DONE


def _add(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    counter = _Counter()
    added = asked.model_manager().add(Path(args.path), variant=args.variant or "", tick=counter)
    counter.end()
    return _entries(added, "added", args.json)


def _scan(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    return _entries(asked.model_manager().scan(), "found", args.json)


def _remove(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    return _entries(asked.model_manager().remove(Path(args.path)), "taken off the list", args.json)


def _verify(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    counter = _Counter()
    results = asked.model_manager().verify(counter)
    counter.end()
    if args.json:
        print_json(results)
    for result in [] if args.json else results:
        print(f"{result['state']:<8} {result['file']}")
    return FAILED if any(r["state"] in ("changed", "missing") for r in results) else DONE


def _entries(entries: Any, what: str, as_json: bool) -> int:
    if as_json:
        return print_json([{"kind": entry.kind, "paths": entry.paths} for entry in entries])
    for entry in entries:
        print(f"{what}: {entry.paths[0]}")
    if not entries:
        print("nothing new", file=sys.stderr)
    return DONE


class _Counter:
    """On a terminal: how much has been read."""

    def __init__(self) -> None:
        self._bytes, self._told = 0, 0.0

    def __call__(self, count: int) -> None:
        self._bytes += count
        if sys.stderr.isatty() and time.monotonic() - self._told > 0.2:
            self._told = time.monotonic()
            sys.stderr.write(f"\r\x1b[Kreading {self._bytes / 1e9:.1f} GB")
            sys.stderr.flush()

    def end(self) -> None:
        if self._told:
            sys.stderr.write("\r\x1b[K")
