"""The command line: `langmem-ext`. It owns what a person types and sees; everything else is the public API's work.

Commands import what they need when they run, so that ``langmem-ext --help`` starts at once.
"""

from langmem_ext.cli.main import main, run

__all__ = ["main", "run"]
