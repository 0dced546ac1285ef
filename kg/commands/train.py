"""``kg train``: a model of one's own from annotated papers."""

from pathlib import Path

import click

from kg.errors import KgError


@click.command(
    epilog="""\b
Example:
  pip install 'paperlattice[train]'
  kg train train.jsonl --dev dev.jsonl --out my-model
  kg build papers/*.txt --model my-model --out graph"""
)
@click.argument("gold", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--dev", required=True, type=click.Path(exists=True, path_type=Path), help="Held out."
)
@click.option("--out", "-o", required=True, type=click.Path(path_type=Path), help="Its folder.")
@click.option(
    "--base",
    default="minilm",
    show_default=True,
    help="Encoder to start from: minilm, a langchain4j archive of bge-small, a folder, a hub name.",
)
@click.option(
    "--epochs",
    type=click.IntRange(min=1),
    help="Most times over the papers: 8, and up to 40 of few papers, unless said.",
)
@click.option(
    "--patience",
    type=click.IntRange(min=1),
    help="Epochs without a gain that end it: a quarter of the epochs unless said.",
)
@click.option("--seed", default=1, show_default=True, help="Of all chance.")
@click.option("--name", default="my-model", show_default=True, help="What the model is called.")
@click.option("--version", default="1", show_default=True, help="A graph is read anew by another.")
@click.option(
    "--corpus",
    multiple=True,
    metavar="PAPERS",
    help="Papers without annotations, in any format of kg build: how often they use a term as what "
    "makes the model surer; 10,000 abstracts are a good number.",
)
@click.option(
    "--silver",
    type=click.IntRange(min=0),
    metavar="N",
    help="Papers of the corpus that the model annotates itself, to learn on with them: twice the "
    "annotated ones unless said; 0 leaves it at one round.",
)
@click.option(
    "--guess",
    type=click.IntRange(min=0),
    metavar="N",
    help="Papers of the corpus of which hidden words are guessed before the second round: 20,000 "
    "unless said.",
)
def command(
    gold: tuple[Path, ...],
    dev: Path,
    out: Path,
    base: str,
    epochs: int | None,
    patience: int | None,
    seed: int,
    name: str,
    version: str,
    corpus: tuple[str, ...],
    silver: int | None,
    guess: int | None,
) -> None:
    """Train a model on the annotated papers of GOLD, JSON records one a line.

    Labels, roles and relations of one's own are learned as they come; kg build takes models with
    those of Paperlattice, kg extract and kg evaluate all. Every epoch leaves a checkpoint in the
    folder; the same command goes on from the last one. The held-out papers choose the best epoch
    and the thresholds, and make the scores probabilities. With a corpus the encoder then guesses
    hidden words of it, and there is a second round of three epochs, of the annotated papers beside
    those that the model annotated itself.
    """
    try:
        from extractors import gold as annotated
        from extractors import rounds
    except ModuleNotFoundError as error:
        raise KgError(
            f"Training needs {error.name}.", remedy="Install it: pip install 'paperlattice[train]'"
        ) from error
    try:
        scores = rounds.make(
            list(gold),
            dev,
            out,
            base=base,
            epochs=epochs,
            patience=patience,
            seed=seed,
            name=name,
            version=version,
            corpus=_texts(corpus),
            silver=silver,
            guessed=guess,
            say=_say,
        )
    except annotated.NotGold as error:
        raise KgError(
            str(error), remedy="See what kg extract writes: gold has the same form."
        ) from error
    click.echo(
        f"{out}: entity F1 {scores['entity']['f1']:.3f}, role {scores['role_accuracy'] or 0:.3f}, "
        f"relation F1 {scores['relation']['f1']:.3f} on {scores['texts']} held-out papers"
    )


def _texts(inputs: tuple[str, ...]) -> list[str]:
    from kg import build, progress, read

    records, _, _ = build.take(inputs, build.Options(), progress.track) if inputs else ([], [], 0)
    return [paper.text for paper in read.merge(records)]


def _say(text: str) -> None:
    click.echo(text, err=True)
