"""Any text makes a legal label, and no tenant's root lies inside another's memory."""

import pytest
from hypothesis import given, strategies as st

from langmem_ext import namespaces
from langmem_ext.errors import InvalidInputError


@given(st.text(alphabet=st.characters(), min_size=1, max_size=20))
def test_labels_are_legal_and_reversible(text: str) -> None:
    made = namespaces.label(text)
    assert "." not in made
    assert namespaces.unlabel(made) == text


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_different_users_have_different_namespaces(one: str, other: str) -> None:
    assert (namespaces.user_namespace(one) == namespaces.user_namespace(other)) == (one == other)


@pytest.mark.parametrize("user", [*sorted(namespaces.LEAVES), "a.b", "李雷", "%", "x;y"])
def test_any_user_has_a_legal_root(user: str) -> None:
    assert namespaces.root(namespaces.user_namespace(user))


def test_an_over_long_label_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="1 to 200 characters, got 300"):
        namespaces.label("x" * 300)
