"""Who may import whom: the floors of the house, as data.

A module imports from lower floors alone; modules of one floor do not know each other.  A package
is known by what its ``__init__`` imports; that Python runs it before its modules does not count.
"""

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]

#: The floors, the lowest first.
FLOORS: Final = (
    # What is extracted, and how; nothing here knows papers or graphs.
    "extractors extractors.schema extractors.findings extractors.models extractors.words "
    "extractors.logistic "
    "extractors.faults extractors.cache",
    "extractors.terms extractors.labels extractors.meter extractors.prompt extractors.outside "
    "extractors.scales",
    "extractors.lexicon extractors.gold extractors.glossary",
    "extractors.decoding extractors.heads extractors.judges",
    "extractors.tagger",
    "extractors.links extractors.card",
    "extractors.ruler",
    "extractors.score extractors.pipeline extractors.network extractors.base extractors.llm",
    "extractors.calibrate extractors.examples extractors.smooth extractors.review",
    "extractors.export extractors.train extractors.silver",
    "extractors.pretrain",
    "extractors.rounds",
    "extractors.choice",
    # Records, and text.
    "kg.errors kg.records kg.clean kg.output kg.progress",
    # From files to papers.
    "kg.read.source kg.read.dates kg.read.names kg.read.latex kg.read.curies kg.read.kinds",
    "kg.read.fields kg.read.hints kg.read.union",
    "kg.read.markup kg.read.dialects kg.read.columns",
    "kg.read.hf kg.read.arxiv kg.read.acl kg.read.jsonl kg.read.bibtex kg.read.ris kg.read.wos "
    "kg.read.medline kg.read.pubmed kg.read.table kg.read.parquet",
    "kg.read",
    # From findings to a graph.
    "kg.resolve",
    "kg.glossary",
    "kg.assemble",
    # Where a graph is kept, and how it is asked.
    "kg.store kg.store.files kg.store.formats kg.store.java kg.queries kg.web",
    "kg.store.projection",
    "kg.store.archive kg.store.arcade kg.browser kg.store.rdf kg.store.rdf.terms",
    "kg.store.rdf.iris",
    "kg.store.rdf.triples",
    "kg.store.rdf.profiles",
    "kg.store.rdf.rules kg.store.rdf.star kg.store.rdf.memory kg.store.rdf.oxigraph "
    "kg.store.rdf.sparql",
    "kg.store.rdf.dump",
    "kg.store.rdf.description kg.store.rdf.restoration kg.endpoint",
    "kg.store.bolt",
    "kg.store.neo4j kg.store.neo4j.connection kg.store.neo4j.marks kg.store.neo4j.values",
    "kg.store.neo4j.ask kg.store.neo4j.differences kg.store.neo4j.lock kg.store.neo4j.schema",
    "kg.store.neo4j.guards kg.store.neo4j.writes kg.store.neo4j_admin",
    "kg.store.neo4j.loading",
    "kg.stats kg.cards",
    "kg.graph",
    "kg",
    "kg.build",
    # What the user types.
    "kg.options",
    "kg.commands kg.commands.build kg.commands.load kg.commands.queries "
    "kg.commands.query "
    "kg.commands.serve kg.commands.show kg.commands.sparql kg.commands.stats kg.commands.train",
    "kg.commands.evaluate kg.commands.export kg.commands.import_ kg.commands.extract",
    "kg.cli",
)
FLOOR: Final = {name: floor for floor, names in enumerate(FLOORS) for name in names.split()}

#: Package -> the modules that may import it.
KEEPERS: Final = {
    "torch": {
        "extractors.base",
        "extractors.examples",
        "extractors.export",
        "extractors.network",
        "extractors.pretrain",
        "extractors.rounds",
        "extractors.smooth",
        "extractors.train",
    },
    "transformers": {"extractors.base", "extractors.network", "extractors.outside"},
    "gliner": {"extractors.outside"},
    "openai": {"extractors.llm"},
    "spacy": {
        "extractors.calibrate",
        "extractors.decoding",
        "extractors.examples",
        "extractors.links",
        "extractors.llm",
        "extractors.pipeline",
        "extractors.review",
        "extractors.ruler",
        "extractors.tagger",
        "extractors.words",
    },
    "arcadedb_embedded": {"kg.store.arcade"},
    "jpype": {"kg.store.arcade", "kg.store.bolt", "kg.store.java"},
    "neo4j": {
        "kg.store.neo4j.connection",
        "kg.store.neo4j.lock",
        "kg.store.neo4j.schema",
        "kg.store.neo4j.values",
    },
    "pyoxigraph": {
        "kg.store.rdf.terms",
        "kg.store.rdf.iris",
        "kg.store.rdf.triples",
        "kg.store.rdf.profiles",
        "kg.store.rdf.rules",
        "kg.store.rdf.star",
        "kg.store.rdf.memory",
        "kg.store.rdf.dump",
        "kg.store.rdf.description",
        "kg.store.rdf.restoration",
        "kg.store.rdf.oxigraph",
        "kg.store.rdf.sparql",
    },
}
#: Packages that ``kg`` imports within functions only, since most commands do without.
ON_USE: Final = {
    "arcadedb_embedded",
    "bibtexparser",
    "charset_normalizer",
    "defusedxml",
    "filelock",
    "ftfy",
    "jpype",
    "neo4j",
    "openpyxl",
    "pyarrow",
    "pylatexenc",
    "rdflib",
    "rich",
    "rispy",
    "xlrd",
}


def modules() -> dict[str, Path]:
    """Every module of both packages, and its file."""
    found = {}
    for package in ("extractors", "kg"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


MODULES: Final = modules()


def imports(name: str) -> Iterator[tuple[str, bool]]:
    """Yield what a module imports: a module's full name, and whether within a function."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    for node, late in walked(tree, late=False):
        if isinstance(node, ast.Import):
            yield from ((alias.name, late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *filter(None, [base])])
            for alias in node.names:
                module = f"{base}.{alias.name}"
                yield (module if module in MODULES else base), late


def walked(node: ast.AST, *, late: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Yield all nodes below one, and whether they run only when something is called."""
    for child in ast.iter_child_nodes(node):
        typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
        inside = late or typing or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        yield child, inside
        yield from walked(child, late=inside)


def test_every_module_has_its_floor() -> None:
    assert sorted(FLOOR) == sorted(MODULES)
    assert len(FLOOR) == sum(len(names.split()) for names in FLOORS)


@pytest.mark.parametrize("name", MODULES)
def test_imports_lead_downwards(name: str) -> None:
    upwards = {
        other for other, _ in imports(name) if other in FLOOR and FLOOR[other] >= FLOOR[name]
    }
    assert not upwards - {name}


def test_extractors_know_nothing_of_the_graph() -> None:
    for name in MODULES:
        if name.startswith("extractors"):
            assert not [other for other, _ in imports(name) if other.split(".")[0] == "kg"], name


def test_packages_are_imported_where_they_are_kept() -> None:
    for name in MODULES:
        for other, late in imports(name):
            package = other.partition(".")[0]
            assert name in KEEPERS.get(package, {name}), f"{name} imports {other}"
            if name.startswith("kg"):
                assert late or package not in ON_USE, f"{name} imports {other} before its use"


def test_what_is_imported_is_declared() -> None:
    import tomllib
    from importlib.metadata import packages_distributions

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # Named by what they are imported as.
    names = packages_distributions()
    extras = project["optional-dependencies"]
    declared = {distribution(line) for line in project["dependencies"]}
    more = {distribution(line) for lines in extras.values() for line in lines}
    used: dict[bool, set[str]] = {False: set(), True: set()}
    for name in MODULES:
        extra = name in KEEPERS["torch"] | KEEPERS["gliner"] | KEEPERS["openai"]
        for other, _ in imports(name):
            package = other.partition(".")[0]
            if package not in {"kg", "extractors"} | sys.stdlib_module_names:
                used[extra] |= {one.lower() for one in names.get(package, [package])[:1]}
    assert used[False] == declared
    assert used[True] - declared <= more


def distribution(requirement: str) -> str:
    """The name in a line of requirements, as ``importlib.metadata`` gives it.

    >>> distribution("click>=8.1")
    'click'
    """
    return requirement.partition("=")[0].rstrip("<>!~ ").lower()


HEAVY: Final = {
    "arcadedb_embedded",
    "neo4j",
    "onnxruntime",
    "pyarrow",
    "rdflib",
    "rich",
    "spacy",
    "tokenizers",
    "torch",
    "transformers",
}


def loaded(code: str, *arguments: object) -> set[str]:
    """The packages that Python has loaded when it has run ``code``."""
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in ended.stdout.splitlines()[-1].split()}


def test_importing_kg_loads_nothing_heavy() -> None:
    names = sorted(name for name in MODULES if name.startswith("kg"))
    assert not HEAVY & loaded(
        f"import importlib\nfor name in {names}: importlib.import_module(name)"
    )


def test_a_query_loads_no_extractor(built: Path) -> None:
    code = "import sys; from kg.cli import cli; cli(sys.argv[1:], standalone_mode=False)"
    packages = loaded(code, "query", built, "top-entities")
    assert "jpype" in packages
    needless = {"networkx", "scipy", *HEAVY} - {"arcadedb_embedded"}
    assert not needless & packages


def test_commands_are_found_by_their_files() -> None:
    from kg import commands

    for module in pkgutil.iter_modules(commands.__path__):
        assert importlib.import_module(f"kg.commands.{module.name}").command.name
