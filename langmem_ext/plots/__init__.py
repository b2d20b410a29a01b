"""Pictures of a memory: what fills the context, what is believed when, which keywords name what, how a recall went.

Needs matplotlib: ``pip install "langmem-ext[notebooks]"``. Every function takes plain data (usages, records, a
`Recall`) and an `ax` to draw into, or makes a figure of its own, and returns the axes. Nothing is read from a store.
"""

from langmem_ext.errors import MissingExtraError

try:
    import matplotlib as mpl  # noqa: F401 - only to say what is missing before anything else fails
except ImportError as error:
    raise MissingExtraError('langmem_ext.plots needs matplotlib: pip install "langmem-ext[notebooks]"') from error

from langmem_ext.plots.graph import plot_graph
from langmem_ext.plots.keywords import plot_keywords
from langmem_ext.plots.style import PALETTE, Theme, dress
from langmem_ext.plots.timeline import plot_timeline
from langmem_ext.plots.tokens import plot_tokens
from langmem_ext.plots.trace import plot_recall

__all__ = ["PALETTE", "Theme", "dress", "plot_graph", "plot_keywords", "plot_recall", "plot_timeline", "plot_tokens"]
