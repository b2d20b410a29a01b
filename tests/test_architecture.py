"""The import rules of the design, read from the source: imports run one way, nothing dangerous is imported at all."""

import ast
from collections.abc import Iterator
from pathlib import Path

import langmem_ext

ROOT = Path(langmem_ext.__file__).parent

NOUNS, ENGINE, CONTEXT, TOOLS, LOOP, DOORS, APPLICATION = range(7)
LAYERS = {
    "_lazy": NOUNS,
    "_version": NOUNS,
    "addresses": NOUNS,
    "concepts": NOUNS,
    "errors": NOUNS,
    "keywords": NOUNS,
    "lexical": NOUNS,
    "lexicon": NOUNS,
    "metering": NOUNS,
    "namespaces": NOUNS,
    "operations": NOUNS,
    "prompts": NOUNS,
    "protocols": NOUNS,
    "reasons": NOUNS,
    "records": NOUNS,
    "redaction": NOUNS,
    "stopwords": NOUNS,
    "text": NOUNS,
    "times": NOUNS,
    "tokens": NOUNS,
    "tracing": NOUNS,
    "store": ENGINE,
    "longterm": ENGINE,
    "context": CONTEXT,
    "scope": CONTEXT,
    "tools": TOOLS,
    "loop": LOOP,
    "evaluation": DOORS,
    "importers": DOORS,
    "mcp_server": DOORS,
    "memory": DOORS,
    "middleware": DOORS,
    "offline": DOORS,
    "plots": DOORS,
    "retriever": DOORS,
    "testing": DOORS,
    "ui": DOORS,
    "cli": APPLICATION,
}
TEMPLATE = "loop/template.py"
"""The LangGraph server's entry point: an application that happens to live beside the graph it serves."""

KNOWS_STORES = ("__init__.py", "cli/", "store/", TEMPLATE)
STORES = {"FaissStore", "PostgresMemoryStore"}
LONGEST_FILE = 450
LONGEST_FUNCTION = 70
NEVER = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
NEVER_AT_MODULE_LEVEL = {
    "torch",
    "transformers",
    "sentence_transformers",
    "tiktoken",
    "langchain_community",
    "langchain_openai",
    "langchain_anthropic",
    "langchain_ollama",
    "openai",
    "psycopg",
    "psycopg_pool",
}
ON_DEMAND = "store/postgres/"
"""Imported where a URL asks for it, and so may import its extra at its top; a test of `open_store` holds that."""

MODULES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(ROOT.rglob("*.py"))
}


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module named by an import, ``from langmem_ext import x`` as ``langmem_ext.x``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module
            if node.module == "langmem_ext":
                yield from (f"langmem_ext.{alias.name}" for alias in node.names)
            else:
                yield node.module


def part(module: str) -> str:
    return module.split("/", maxsplit=1)[0].removesuffix(".py")


def layer(module: str) -> int:
    return APPLICATION if module == TEMPLATE else LAYERS[part(module)]


def target_part(name: str) -> str:
    """The part that ``langmem_ext.x…`` is, or comes from where it is a public name."""
    first = name.split(".")[1]
    return langmem_ext._HOMES.get(first, f"langmem_ext.{first}").split(".")[1]


def may_import(module: str, target: str) -> bool:
    if target == part(module) or LAYERS[target] < layer(module):
        return True
    return LAYERS[target] == layer(module) and layer(module) in {NOUNS, DOORS}


def test_imports_run_from_the_doors_to_the_nouns() -> None:
    wrong = [
        f"{module} imports {name}"
        for module, tree in MODULES.items()
        for name in imported(tree)
        if module != "__init__.py" and name.startswith("langmem_ext.") and not may_import(module, target_part(name))
    ]
    assert wrong == []


def test_nothing_unpickles() -> None:
    wrong = [f"{module}: {name}" for module, tree in MODULES.items() for name in imported(tree) if name in NEVER]
    assert wrong == []


def test_providers_are_imported_only_where_a_user_asks_for_them() -> None:
    wrong = [
        f"{module}: {name}"
        for module, tree in MODULES.items()
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node)
        if name.split(".")[0] in NEVER_AT_MODULE_LEVEL and not module.startswith(ON_DEMAND)
    ]
    assert wrong == []


def test_the_servers_store_is_imported_only_where_it_is_opened() -> None:
    wrong = [
        f"{module}: {name}"
        for module, tree in MODULES.items()
        if not module.startswith(ON_DEMAND)
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imported(node)
        if name.startswith("langmem_ext.store.postgres")
    ]
    assert wrong == []


def test_only_applications_know_a_store_by_name() -> None:
    wrong = [
        module
        for module, tree in MODULES.items()
        if not module.startswith(KNOWS_STORES)
        and any(isinstance(node, ast.Name) and node.id in STORES for node in ast.walk(tree))
    ]
    assert wrong == []


def test_files_and_functions_can_be_read_in_one_sitting() -> None:
    long_files = [
        module for module in MODULES if (ROOT / module).read_text(encoding="utf-8").count("\n") > LONGEST_FILE
    ]
    assert long_files == []
    long_functions = [
        f"{module}: {node.name}"
        for module, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and body_lines(node) > LONGEST_FUNCTION
    ]
    assert long_functions == []


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring: documentation is not what makes one hard to read."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1
