"""The pipeline: load it, run it over texts, and take out what it found."""

from collections.abc import Iterable, Iterator

from spacy.language import Language
from spacy.tokens import Doc

from . import models, words
from .findings import Extraction
from .links import FACTORY as LINKS
from .links import bounds
from .tagger import FACTORY as TAGGER


def load(model: str = models.DEFAULT, *, links: bool = True) -> Language:
    """Load the pipeline of a model; without ``links`` it only tags mentions."""
    path = models.folder(model)
    nlp = words.blank()
    # Importing the components made their factories known to spaCy.
    nlp.add_pipe(TAGGER, config={"model": str(path)})
    if links:
        nlp.add_pipe(LINKS, config={"model": str(path)})
    nlp.meta["name"] = models.by(model)
    return nlp


def extract(nlp: Language, texts: Iterable[str]) -> Iterator[Extraction]:
    """Yield what the pipeline finds in each text, in order."""
    name = str(nlp.meta["name"])
    for doc in nlp.pipe(texts, batch_size=128):
        yield extraction(doc, name)


def extraction(doc: Doc, by: str) -> Extraction:
    """Give what was found in a document."""
    return Extraction(
        findings=doc._.findings,
        relations=doc._.relations,
        sentences=tuple(bounds(sentence) for sentence in doc.sents if sentence.text.strip()),
        by=by,
    )
