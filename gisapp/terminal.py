"""The language of the terminal: German, unless the locale asks for English. Free of Django, for what runs before it."""

import os


def language() -> str:
    """ "de" or "en", from LC_ALL, LC_MESSAGES or LANG, the first that is set."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "en" if os.environ[name].lower().startswith("en") else "de"
    return "de"


def either(de: str, en: str) -> str:
    """The one of two texts that the terminal's user reads."""
    return en if language() == "en" else de
