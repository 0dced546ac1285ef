"""The models that the package ships, one folder each; nothing heavy is imported to name them."""

import json
from pathlib import Path
from typing import Final

MODELS: Final = Path(__file__).parent
DEFAULT: Final = "base"


def folder(model: str = DEFAULT) -> Path:
    """Give the folder of a model: the name of a shipped one, or a path.

    Raises ``FileNotFoundError`` that names the shipped ones.
    """
    for path in (MODELS / model, Path(model)):
        if (path / "settings.json").exists():
            return path
    shipped = ", ".join(sorted(path.parent.name for path in MODELS.glob("*/settings.json")))
    raise FileNotFoundError(
        f"There is no model {model!r}: name a folder that holds one, or one of: {shipped}."
    )


def by(model: str = DEFAULT) -> str:
    """Give the name and version of a model, without loading it: ``paperlattice-base 1``."""
    settings = json.loads((folder(model) / "settings.json").read_text(encoding="utf-8"))
    return f"{settings['name']} {settings['version']}"
