"""What keeps a cell from running."""


class NotHere(Exception):
    """The machine lacks what a cell needs; the text says what."""
