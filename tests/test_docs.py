"""The documentation is true: every block of code runs offline, every link leads somewhere, nothing loads from afar."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.messages import tables
from tests.test_architecture import LAYERS, MODULES, imported, part, target_part

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]*)\)")
MARKED = re.compile(r"(<!-- imports -->\n).*?(<!-- /imports -->)", re.DOTALL)


def read(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def shown(page: str) -> str:
    """What stands on a page: with the file that a snippet brings."""
    return re.sub(
        r'^--8<-- "([^"]+)"$',
        lambda match: (ROOT / match[1]).read_text(encoding="utf-8"),
        read(page),
        flags=re.MULTILINE,
    )


def test_every_message_stands_on_its_page_with_its_cure() -> None:
    assert tables() in read("messages.md"), "run `python -m tests.messages` to write it anew"


@pytest.mark.network_loopback  # a page may start a server of its own
@pytest.mark.parametrize("page", [page for page in PAGES if BLOCK.search(read(page))])
def test_every_block_of_code_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page run in order in one namespace, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    names: dict[str, Any] = {"__name__": "page"}
    for number, code in enumerate(BLOCK.findall(read(page)), 1):
        exec(compile(code, f"docs/{page}, block {number}", "exec"), names)  # noqa: S102 - our own pages


def anchors(page: str) -> set[str]:
    """The anchors that mkdocs gives the headings of a page; repeated headings aside."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", shown(page)), flags=re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower()) for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for link in LINK.findall(FENCED.sub("", read(page))):
        target, _, anchor = link.partition("#")
        path = (DOCS / page).parent / target if target else DOCS / page
        assert path.is_file(), f"{page} links to {link}"
        assert DOCS in path.resolve().parents, f"{page} links to {link}, which is outside of the site"
        if anchor:
            assert anchor in anchors(path.resolve().relative_to(DOCS).as_posix()), f"{page} links to {link}"


def in_navigation(entries: list[Any]) -> list[str]:
    found: list[str] = []
    for entry in entries:
        (value,) = entry.values()
        found += in_navigation(value) if isinstance(value, list) else [value]
    return found


def test_every_page_is_in_the_navigation_once() -> None:
    configuration = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(in_navigation(configuration["nav"])) == PAGES


def import_map() -> str:
    """Which part imports which, layer by layer from the top, as a table."""
    imports: dict[str, set[str]] = {}
    for module, tree in MODULES.items():
        if module != "__init__.py":
            targets = {target_part(name) for name in imported(tree) if name.startswith("langmem_ext.")}
            imports.setdefault(part(module), set()).update(targets - {part(module)})
    layers = ("nouns", "engine", "context", "tools", "loop", "doors", "application")
    rows = ["| layer | part | imports |", "|---|---|---|"]
    for name in sorted(imports, key=lambda name: (-LAYERS[name], name)):
        below = sorted(imports[name], key=lambda target: (-LAYERS[target], target))
        rows.append(f"| {layers[LAYERS[name]]} | `{name}` | {', '.join(f'`{target}`' for target in below)} |")
    return "\n".join(rows) + "\n"


def test_the_import_map_is_the_sources() -> None:
    assert MARKED.sub(rf"\g<1>{import_map()}\2", read("architecture.md")) == read("architecture.md"), (
        "run `python -m tests.test_docs` to write it anew"
    )


def messages() -> str:
    """Every text of the source as the reader of an error sees it, what is filled in as "…"."""
    texts = []
    for tree in MODULES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [str(each.value) if isinstance(each, ast.Constant) else "…" for each in node.values]
                texts.append("".join(parts))
    return re.sub(r"%[sd]|%\.\d+f", "…", "\n".join(texts))


def test_troubleshooting_quotes_messages_that_there_are() -> None:
    quoted = re.findall(r"^### `(.+)`$", read("troubleshooting.md"), flags=re.MULTILINE)
    assert len(quoted) >= 30
    source = messages()
    assert [message for message in quoted if message not in source] == []


def test_troubleshooting_names_every_exception() -> None:
    from langmem_ext import errors

    raised = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    page = read("troubleshooting.md")
    assert {name for name in raised if f"`{name}`" not in page} == set()


@pytest.mark.slow
def test_the_site_builds_without_warnings_and_loads_nothing_from_afar(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="needs the extra docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|img|link)\b[^>]*?(?:src|href)="(https?://[^"]+)"', text)
        assert [url for url in loaded if "canonical" not in url] == [], page
        for target in re.findall(r'href="(?!https?:|mailto:|#)([^"#?]+)', text):
            path = (page.parent / target).resolve() if not target.startswith("/") else tmp_path / "site" / target[1:]
            assert path.exists(), f"{page.name} links to {target}"


if __name__ == "__main__":
    path = DOCS / "architecture.md"
    path.write_text(MARKED.sub(rf"\g<1>{import_map()}\2", path.read_text(encoding="utf-8")), encoding="utf-8")
