"""Progress on standard error: only at a terminal, and only when something takes a while."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

#: Seconds before a bar appears.
PATIENCE = 2.0


def track(items: Iterable[T], total: int, what: str, unit: str = "papers") -> Iterator[T]:
    """Yield the items, with a bar of how many there were, how fast, and how long it will take.

    ``total`` is 0 where it is not known; ``unit`` is what the items are called.
    """
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    bar = Progress(
        TextColumn("{task.description:<11}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(f"{{task.fields[pace]:>8,.1f}} {unit}/s"),
        Remaining(elapsed_when_finished=True),
        console=Console(stderr=True),
    )
    task = bar.add_task(what, total=total or None, pace=0.0)
    started, done = time.monotonic(), 0
    try:
        for item in items:
            yield item
            done += 1
            spent = time.monotonic() - started
            if spent > PATIENCE:
                bar.start()
                bar.update(task, completed=done, pace=done / spent)
        bar.update(task, total=done)
    finally:
        bar.stop()
