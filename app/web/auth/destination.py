"""Where a sign-in leads: to a path of this site and nowhere else."""

from urllib.parse import urlsplit

_LONGEST = 2000


def is_path_of_this_site(wish: str) -> bool:
    """Whether a browser that is sent to `wish` stays on this site.

    A browser drops tabs and line ends from an address and takes a backslash for a slash, so that
    none of these may be in it; what remains begins with one slash and names no host.
    https://url.spec.whatwg.org/#concept-basic-url-parser
    """
    if not wish.startswith("/") or len(wish) > _LONGEST:
        return False
    if not wish.isprintable() or "\\" in wish or wish.startswith("//"):
        return False
    try:
        parts = urlsplit(wish)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc
