"""What the user can repair about an extraction."""


class Fault(Exception):
    """What was wrong, and the remedy; ``kg`` tells it without a traceback."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
