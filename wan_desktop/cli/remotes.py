"""`wan-desktop remotes …`: parses arguments and prints; what is done lies in `wan_desktop.remote`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from wan_desktop.cli.output import DONE, FAILED, print_json

if TYPE_CHECKING:
    import argparse

    from wan_desktop.remote.book import Remote


def remotes_parser(commands: Any) -> None:
    """Add the command `remotes` to the program's commands."""
    remotes = commands.add_parser(
        "remotes", help="servers that render for this computer (ComfyUI, Wan Desktop)"
    )
    actions = remotes.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = actions.add_parser("list", help="list the servers")
    listing.set_defaults(run=_list)
    add = actions.add_parser("add", help="put a server on the list, or change its address and token")
    add.add_argument("name", metavar="NAME", help="what you call it")
    add.add_argument("url", metavar="URL", help="such as https://studio.example or http://192.168.1.20:8188")
    add.add_argument(
        "--token", metavar="T", default="", help="what it asks for; - reads it from standard input"
    )
    add.add_argument(
        "--certificate",
        metavar="SHA256",
        default="",
        help="the fingerprint of the one TLS certificate to trust, for a server that signs its own",
    )
    add.set_defaults(run=_add)
    remove = actions.add_parser("remove", help="take a server off the list and forget its token")
    remove.add_argument("name", metavar="NAME")
    remove.set_defaults(run=_remove)
    check = actions.add_parser("check", help="ask servers whether they can render, and with what")
    check.add_argument("name", nargs="?", metavar="NAME", help="one of them (default: all)")
    check.set_defaults(run=_check)
    for action in (listing, add, remove, check):
        action.add_argument("--json", action="store_true", help="print JSON")


def _list(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    remotes = asked.remote_book().all()
    if args.json:
        return print_json([_described(remote) for remote in remotes])
    for remote in remotes:
        print(f"{remote.name}  {remote.url}" + ("  (with a token)" if remote.token else ""))
    if not remotes:
        print("no servers yet: wan-desktop remotes add NAME URL", file=sys.stderr)
    return DONE


def _add(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    token = sys.stdin.readline().strip() if args.token == "-" else args.token
    remote, kept = asked.remote_book().add(args.name, args.url, token, certificate=args.certificate)
    _warn(remote)
    if args.json:
        return print_json(_described(remote) | {"token_kept": kept})
    print(f"added: {remote.name}  {remote.url}" + (f"  (token kept in the {kept})" if kept else ""))
    return DONE


def _remove(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked

    asked.remote_book().remove(args.name)
    if args.json:
        return print_json({"removed": args.name})
    print(f"removed: {args.name}")
    return DONE


def _check(args: argparse.Namespace) -> int:
    from wan_desktop.app import asked
    from wan_desktop.remote.checking import checked

    book = asked.remote_book()
    results = [checked(remote) for remote in ([book.get(args.name)] if args.name else book.all())]
    if args.json:
        print_json(results)
    for result in [] if args.json else results:
        print(f"{result['name']}: {result['sentence']}")
        for sentence in result["notes"]:
            print(f"    {sentence}")
        if "certificate" in result:
            print("    its fingerprint; compare it there, then trust it with `remotes add … --certificate`:")
            print(f"    {result['certificate']}")
    return DONE if all(result["ready"] for result in results) else FAILED


def _warn(remote: Remote) -> None:
    if remote.in_the_clear:
        print(
            f"wan-desktop: {remote.url} is not encrypted: prompts, pictures and the token can be read on the way. "
            "Use https outside of networks you trust.",
            file=sys.stderr,
        )


def _described(remote: Remote) -> dict[str, Any]:
    told = {
        "name": remote.name,
        "url": remote.url,
        "has_token": bool(remote.token),
        "encrypted": not remote.in_the_clear,
    }
    return told | ({"certificate": remote.certificate} if remote.certificate else {})
