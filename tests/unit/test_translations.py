"""German is in the source, English in the catalogue; nothing visible is left out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.template.base import Lexer, TokenType
from django.utils.translation.template import templatize

from gisapp.layer import Text, all_apps, all_layers
from gisapp.map.texts import script_texts
from gisapp.paths import CHECKOUT

PACKAGES = ("gisapp", "layers", "importers")
CATALOGUE = CHECKOUT / "gisapp/locale/en/LC_MESSAGES/django.po"
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop"}
TEMPLATES = sorted(
    path for one in PACKAGES for path in (CHECKOUT / one).rglob("templates/**/*") if path.suffix in {".html", ".txt"}
)
# Names of things that have the same name in every language.
PROPER = {
    "nm",
    "dB",
    "OGC API Features",
    "OGC API",
    "API",
    "OpenAPI",
    "OpenAPI 3.0 (JSON",
    "JSON",
    "GeoJSON",
    "HTML",
    "CRS84",
    "A3",
    "A4",
    "N",
    "×",
    "English",
}


def _catalogue() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file, locale="en") if one.id}


def _in_python() -> Iterator[str]:
    for package in PACKAGES:
        for path in (CHECKOUT / package).rglob("*.py"):
            yield from _said(ast.parse(path.read_text(encoding="utf-8")))


def _said(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in (*CALLS, "Command"):
            # The second word of a command is its help, which the console script looks up.
            said = node.args[1:2] if node.func.id == "Command" else node.args[:1]
            yield from (one.value for one in said if isinstance(one, ast.Constant) and isinstance(one.value, str))


# Calls and keyword arguments whose texts people read. What is printed for programs has no words.
SPEAKING = {"print", "progress", "step", "say", "tell", "add_argument"}
SPEAKING_KEYWORDS = {"help", "reason", "verbose_name", "verbose_name_plural", "description"}
# Words of files and programs, and not of a language.
CODE = re.compile(r"\[[\w.§]+\]|--\w+|\b[A-Z]+\.\w+|gisapp|FILE|§ = |encoding|NAME = |http:")


def _words(node: ast.expr) -> Iterator[str]:
    """Texts in this expression that stand in no call of gettext."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
        return
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(one.value) if isinstance(one, ast.Constant) else "§" for one in node.values)
        for value in node.values:
            yield from _words(value.value) if isinstance(value, ast.FormattedValue) else ()
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.BinOp | ast.IfExp | ast.BoolOp | ast.List | ast.Tuple):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _words(child)


def _spoken(tree: ast.AST) -> Iterator[str]:
    """What is said to people without a way to say it in English."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        noted = name == "append" and getattr(getattr(node.func, "value", None), "attr", "") == "notes"
        field = (
            len(name) > len("Field") and name.endswith("Field") and node.args and isinstance(node.args[0], ast.Constant)
        )
        said = [*node.args] if name in SPEAKING - {"add_argument"} or noted else node.args[:1] if field else []
        said += [one.value for one in node.keywords if one.arg in SPEAKING_KEYWORDS]
        for text in (text for one in said for text in _words(one)):
            if re.search(r"[^\W\d_]{3,}", CODE.sub("", text.replace("\n", ""))):
                yield text


def _in_templates() -> Iterator[str]:
    for path in TEMPLATES:
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        for match in re.finditer(r"""gettext\(u?(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\)""", source):
            yield ast.literal_eval(match["text"]).replace("%%", "%")


def test_every_text_has_an_english_translation() -> None:
    known = _catalogue()
    said = {*_in_python(), *_in_templates()}
    assert len(said) > 100
    assert sorted(text for text in said if not known.get(text)) == []


def test_the_catalogue_holds_no_dead_texts() -> None:
    assert sorted(set(_catalogue()) - {*_in_python(), *_in_templates()}) == []


@pytest.mark.parametrize("package", ["importers", "layers", "gisapp/commands"])
def test_python_says_nothing_in_one_language_only(package: str) -> None:
    found = {}
    for path in (CHECKOUT / package).rglob("*.py"):
        if "migrations" not in path.parts:
            found[str(path.relative_to(CHECKOUT))] = list(_spoken(ast.parse(path.read_text(encoding="utf-8"))))
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_the_search_for_texts_finds_them() -> None:
    code = """
reporter.step("lesen")
print(f"{count} Zeilen", file=sys.stderr)
raise BadInput("x", reason="kaputt" if bad else _("ganz"))
name = models.TextField("Straße")
report.notes.append("fertig " + text)
parser.add_argument("--x", help="was es ist")
print(_("gut"), f"{a} {b:<12}")
models.TextField(default="")
"""
    assert list(_spoken(ast.parse(code))) == ["lesen", "§ Zeilen", "kaputt", "Straße", "fertig ", "was es ist"]


def test_placeholders_are_the_same_in_both_languages() -> None:
    places = re.compile(r"\{\w+\}|%\(\w+\)s")
    wrong = [de for de, en in _catalogue().items() if sorted(places.findall(de)) != sorted(places.findall(en))]
    assert wrong == []


def _visible(path: Path) -> Iterator[str]:
    """Words of a template that no translate tag, variable or attribute stands for."""
    inside = False
    kept = []
    for token in Lexer(path.read_text(encoding="utf-8")).tokenize():
        if token.token_type is TokenType.BLOCK:
            begins = token.contents.startswith(("blocktranslate", "comment", "block body_class"))
            inside = begins or (inside and not token.contents.startswith("end"))
            kept.append("§")
        elif token.token_type is TokenType.TEXT and not inside:
            kept.append(token.contents)
        elif token.token_type is TokenType.VAR:
            kept.append("§")
    html = re.sub(r"<(script|style)\b.*?</\1>", "", "".join(kept), flags=re.S)
    yield from re.findall(r"""(?:aria-label|alt|title|placeholder)=["']([^"'§]*[^\W\d_]{2,}[^"'§]*)["']""", html)
    for text in re.sub(r"<[^>]*>", "|", html).split("|"):
        for part in text.split("§"):
            words = part.strip(" \n·–()/:.,▲▼")
            if re.search(r"[^\W\d_]{2,}", words):
                yield words


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_visible_text_outside_a_translate_tag(path: Path) -> None:
    assert [text for text in _visible(path) if text not in PROPER] == []


def _texts(found: object, seen: set[int]) -> Iterator[Text]:
    """Every Text that hangs on a declaration."""
    if isinstance(found, Text):
        yield found
    elif id(found) not in seen and not callable(found):
        seen.add(id(found))
        if isinstance(found, dict):
            for value in found.values():
                yield from _texts(value, seen)
        elif isinstance(found, list | tuple):
            for value in found:
                yield from _texts(value, seen)
        elif hasattr(found, "__dataclass_fields__"):
            for name in found.__dataclass_fields__:
                yield from _texts(getattr(found, name), seen)


def test_layers_say_everything_in_both_languages() -> None:
    found = list(_texts([*all_layers(), *all_apps()], set()))
    assert len(found) > 50
    assert [text for text in found if not text.de.strip() or not text.en.strip()] == []


def test_scripts_say_only_texts_that_exist_and_all_of_them() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "gisapp/map/static/map").glob("*.js"))
    asked = set(
        re.findall(
            r'"((?:map|near|past|search|list|detail|layers|measure|mark|share|mode|connection|print)\.[a-z-]+)"',
            sources,
        )
    )
    assert asked - set(script_texts()) == set()
    assert set(script_texts()) - asked == set()
