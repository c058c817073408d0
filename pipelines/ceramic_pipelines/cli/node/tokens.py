"""`ceramic-streams node token`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ceramic_connectors.outside import outside
from ceramic_pipelines.cli.printing import print_summary
from ceramic_pipelines.extras import check_node_extra

_SCOPES = ("read", "write", "admin")


@click.group()
def token() -> None:
    """Tokens, with which programs show to a node what they may do."""


@token.command("new")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(_SCOPES),
    multiple=True,
    required=True,
    help="What it may do; may be repeated. admin includes the others.",
)
@click.option("--name", default="token", show_default=True, help="What the log and the file call it.")
@click.option("--rate", type=click.IntRange(1, 9_999_999), help="Requests a second, if not the node's usual.")
@click.option("--expires", metavar="TIME", help="Until when it counts, such as 2027-01-31T12:00:00Z.")
@click.option(
    "--append",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Put the line at the end of this file, instead of printing it.",
)
def new(
    *, scopes: tuple[str, ...], name: str, rate: int | None, expires: str | None, file: Path | None
) -> None:
    """Make a token: it is printed on stdout once, and can't be found again.

    The line for the node's file of tokens (`node run --tokens`) has its hash only, and goes to stderr. A node
    that runs takes a new line by itself.

    \b
    Examples:
      ceramic-streams node token new --scope write --name indexer
      ceramic-streams node token new --scope read --scope write --append tokens.txt > token
    """
    check_node_extra()
    from ceramic_node.http.guard.tokens import Scope, TokenBook, new_token, parse_expiry

    moment = None if expires is None else parse_expiry(expires, "--expires")
    secret, made = new_token(name, map(Scope, scopes), rate=rate, expires=moment)
    if file is None:
        print_summary(["for the file of tokens:", made.line])
    else:
        if file.exists():
            TokenBook.load(file)
        with outside(f"write {file}"):
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "a", encoding="utf-8") as lines:
                lines.write(f"{made.line}\n")
    click.echo(secret)
