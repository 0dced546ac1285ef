"""The options of all commands that extract: which extractor, whose labels, which glossary."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from extractors.choice import Choice
from extractors.meter import Estimate

#: What may be spent without a question: seconds, and units of the price.
SECONDS: Final = 600
COST: Final = 1.0

_EXTRACTOR: Final = (
    "model, or one of others, each with a pip extra: gliner:NAME, transformers:NAME (a folder or a "
    "hub name), llm:MODEL (a server that speaks OpenAI's protocol)."
)


def extraction(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which is given them as ``choice``."""

    @functools.wraps(function)
    def command(
        *args: Any,
        model: str,
        extractor: str,
        labels: str | None,
        glossary: Path | None,
        calibration: Path | None,
        url: str | None,
        price: float | None,
        yes: bool,
        **others: Any,
    ) -> Any:
        choice = Choice(
            extractor=extractor,
            model=model,
            labels=labels,
            glossary=glossary,
            calibration=calibration,
            url=url,
            price=price,
            say=say,
            agree=functools.partial(agree, yes=yes),
        )
        return function(*args, choice=choice, **others)

    path = click.Path(path_type=Path, dir_okay=False)
    added = (
        click.option(
            "--model", default="base", show_default=True, help="A shipped model, or a folder."
        ),
        click.option("--extractor", default="model", show_default=True, help=_EXTRACTOR),
        click.option(
            "--labels",
            metavar="THEIRS=OURS,...",
            help="What others' labels are in ours, or a JSON or TOML file that says so.",
        ),
        click.option(
            "--glossary",
            type=path,
            help="Terms that are found first: CSV (name,type,aliases) or SKOS.",
        ),
        click.option(
            "--calibration",
            type=path,
            help="Makes scores shares that are right: see kg evaluate --fit.",
        ),
        click.option("--url", metavar="URL", help="Of an LLM; else OPENAI_BASE_URL says."),
        click.option(
            "--price", type=float, help="Of a million tokens of an LLM, for the estimate."
        ),
        click.option("--yes", is_flag=True, help="Do not ask before a long or dear run."),
    )
    for option in reversed(added):
        command = option(command)
    return command


def min_score(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that cuts to a command."""
    return click.option(
        "--min-score",
        type=click.FloatRange(0, 1),
        default=0.0,
        show_default=True,
        help="Leave out entities and relations of a lower score.",
    )(function)


def say(text: str) -> None:
    """Say something on standard error."""
    click.echo(text, err=True)


def agree(estimate: Estimate, *, yes: bool) -> bool:
    """Ask at a terminal whether to go on, if it takes long or costs much."""
    small = estimate.seconds < SECONDS and (estimate.cost or 0.0) < COST
    if yes or small or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    return click.confirm("Go on?", default=True, err=True)
