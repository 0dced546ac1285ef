"""Errors that the user can repair."""


class KgError(Exception):
    """Something the user can repair: what was wrong, where, and the remedy.

    >>> print(KgError("papers.bib, line 3: no closing brace", remedy="Close the entry."))
    papers.bib, line 3: no closing brace
    Close the entry.
    """

    def __init__(self, what: str, *, remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what}\n{self.remedy}" if self.remedy else self.what
