"""Text from outside, made fit for both databases."""


def storable(text: str, limit: int) -> str:
    """Return at most *limit* characters of *text* without what PostgreSQL or UTF-8 refuse: NUL and lone surrogates.

    >>> storable("a\\0b\\ud800c", 3)
    'ab?'
    """
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")[:limit]
