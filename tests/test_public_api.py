"""The public surface: what is promised is there, nothing else leaks, and importing it costs next to nothing."""

import json
import subprocess
import sys
from types import ModuleType

import pytest

import langmem_ext

HEAVY = ("faiss", "langchain_core", "langgraph", "numpy", "pydantic", "rjieba", "opencc", "rich", "typer")


def test_public_names_are_sorted_and_complete() -> None:
    assert langmem_ext.__all__ == sorted(langmem_ext.__all__)
    assert dir(langmem_ext) == sorted(langmem_ext.__all__)


@pytest.mark.parametrize("name", langmem_ext.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(langmem_ext, name) is not None


def test_nothing_else_leaks() -> None:
    leaked = {
        name
        for name, value in vars(langmem_ext).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name not in langmem_ext.__all__
    }
    assert leaked <= {"TYPE_CHECKING", "on_demand"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = langmem_ext.no_such_name


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import json, sys, langmem_ext; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in json.loads(result.stdout)}
    assert not loaded & set(HEAVY)


def test_using_every_public_name_imports_no_provider_and_nothing_huge() -> None:
    """What a user did not ask for is not loaded: no provider's client, no torch, nothing that is being sunset."""
    code = """
import json, sys, langmem_ext, langmem_ext.offline, langmem_ext.redaction
for name in langmem_ext.__all__:
    getattr(langmem_ext, name)
with langmem_ext.open_store(":memory:") as store:
    memory = langmem_ext.LongTermMemory(store, redact=langmem_ext.redaction.Redactor())
    memory.remember("tea")
    memory.recall("tea")
print(json.dumps(sorted(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in json.loads(result.stdout)}
    assert not loaded & {
        "torch", "transformers", "sentence_transformers", "tiktoken", "langchain_community", "langchain_openai",
        "langchain_anthropic", "langchain_ollama", "openai", "anthropic", "psycopg", "mcp", "starlette", "jinja2",
    }  # fmt: skip


def test_the_types_are_published() -> None:
    from importlib.resources import files

    assert (files("langmem_ext") / "py.typed").is_file()
