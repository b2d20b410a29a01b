"""The words of the page by language."""

from collections.abc import Mapping
from typing import Final

from langmem_ext.ui.chinese import ZH
from langmem_ext.ui.english import EN

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {"en": EN, "zh": ZH}
