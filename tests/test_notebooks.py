"""The notebooks: short, executed, their outputs kept and true, and the Chinese twins the same program."""

import ast
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs the extra notebooks")

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks"
ENGLISH = sorted(FOLDER.glob("*.ipynb"))
ALL = [*ENGLISH, *sorted((FOLDER / "zh").glob("*.ipynb"))]
TITLES = (
    "01_four_memories",
    "02_main_context_and_paging",
    "03_cognitive_loop",
    "04_distillation",
    "05_time_travel",
    "06_agents",
    "07_evaluate",
    "08_to_postgres",
)
MOST_CELLS = 15
MOST_BYTES = 500_000
SECRET = re.compile(r"sk-[A-Za-z0-9]{16,}|/home/|/Users/|/root/|/tmp/")


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def name(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


class Wordless(ast.NodeTransformer):
    """Takes the words out of a program: texts, what UPPERCASE names are assigned, and docstrings."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.JoinedStr([self.visit(value) for value in node.values if isinstance(value, ast.FormattedValue)])

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        target = node.targets[0]
        if isinstance(target, ast.Name) and target.id.isupper():
            return ast.Assign(node.targets, ast.Constant(""))
        return self.generic_visit(node)


def program(path: Path) -> list[str]:
    sources = [cell.source for cell in code_cells(path)]
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return [ast.dump(Wordless().visit(compile(source, str(path), "exec", flags))) for source in sources]


def texts(cells: list[Any]) -> list[list[str]]:
    """What each cell printed or returned; of a picture only that there is one."""
    return [[text_of(output) for output in cell.outputs] for cell in cells]


def text_of(output: Any) -> str:
    if output.output_type == "stream":
        return str(output.text)
    return "a picture" if "image/png" in output.data else str(output.data["text/plain"])


def test_every_notebook_is_there_in_both_languages() -> None:
    expected = [f"{title}.ipynb" for title in TITLES]
    assert [path.name for path in ENGLISH] == expected
    assert [path.name for path in ALL if path not in ENGLISH] == expected


@pytest.mark.parametrize("path", ALL, ids=name)
def test_a_notebook_is_short_and_light_and_holds_nothing_of_the_machine(path: Path) -> None:
    assert len(code_cells(path)) <= MOST_CELLS
    assert path.stat().st_size <= MOST_BYTES
    assert not SECRET.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", ALL, ids=name)
def test_outputs_are_kept_without_errors_counts_and_metadata(path: Path) -> None:
    cells = code_cells(path)
    outputs = [output for cell in cells for output in cell.outputs]
    assert len(outputs) >= len(cells) / 2
    assert {output.output_type for output in outputs} <= {"stream", "display_data", "execute_result"}
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert all(cell.execution_count is None and not cell.metadata for cell in cells)
    assert any("image/png" in output.get("data", {}) for output in outputs), "there is something to look at"


@pytest.mark.parametrize("path", ENGLISH, ids=name)
def test_the_chinese_twin_is_the_same_program(path: Path) -> None:
    twin = FOLDER / "zh" / path.name
    assert program(path) == program(twin)
    kinds = [[cell.cell_type for cell in read(each).cells] for each in (path, twin)]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize("path", ALL, ids=name)
def test_links_between_notebooks_lead_somewhere(path: Path) -> None:
    cells = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", "\n".join(cells)):
        assert (path.parent / target).exists(), f"{name(path)} links to {target}"


@pytest.mark.slow
@pytest.mark.network_loopback
@pytest.mark.filterwarnings("ignore")  # Jupyter's own
@pytest.mark.parametrize("path", ALL, ids=name)
def test_what_a_notebook_prints_today_is_what_it_shows(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("nbclient", reason="needs the extra notebooks")
    kept = texts(code_cells(path))
    assert texts([cell for cell in executed(path, tmp_path).cells if cell.cell_type == "code"]) == kept


def executed(path: Path, folder: Path) -> Any:
    """Run a notebook in a folder and return it with its outputs, without counts and metadata."""
    from nbclient import NotebookClient

    notebook = read(path)
    client = NotebookClient(notebook, timeout=300, coalesce_streams=True, resources={"metadata": {"path": str(folder)}})
    client.execute(env=os.environ | {"PYTHONPATH": str(ROOT)})
    notebook.metadata = {name: notebook.metadata[name] for name in ("kernelspec", "language_info")}
    notebook.metadata.language_info = {"name": "python"}
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.execution_count = None
            for output in cell.outputs:
                if output.output_type != "stream":
                    output.metadata = {}
                if output.output_type == "execute_result":
                    output.execution_count = None
    return notebook


def rewrite(names: list[str]) -> None:
    """Run the notebooks whose names begin so, all where none is given, and keep what they print today."""
    for path in ALL:
        if not names or path.name.startswith(tuple(names)):
            nbformat.write(executed(path, path.parent), path)


if __name__ == "__main__":
    rewrite(sys.argv[1:])
