"""The command ``kg``: gathers the commands of ``kg/commands``, each imported on use."""

import errno
import importlib
import io
import keyword
import pkgutil
import sys
from typing import Any

import click

from kg import commands
from kg.errors import KgError


class _Commands(click.Group):
    """The modules of ``kg.commands`` as commands; their errors told, not traced."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        # A module of Python cannot be called import, so its name ends in an underscore.
        names = (module.name for module in pkgutil.iter_modules(commands.__path__))
        return sorted(name.removesuffix("_") for name in names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        module = importlib.import_module(f"kg.commands.{name}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KgError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise click.ClickException(f"The output was not written: {error.strerror}.") from error


def _version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        import kg

        click.echo(f"kg, version {kg.__version__}")
        ctx.exit()


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Example:
  kg build papers/*.txt --out graph
  kg query graph shared-entities --param title="DINO-WM*"
  kg show graph "DINO-WM: *\"""",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version.",
)
def cli() -> None:
    """Turn research papers into a knowledge graph, and ask it."""


def main() -> None:
    """Run ``kg``: exit code 0 when done, 1 for an error that can be repaired, 2 for wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a character shows its number; it is no reason to fail.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    cli(prog_name="kg")


if __name__ == "__main__":
    main()
