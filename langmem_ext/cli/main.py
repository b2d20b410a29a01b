"""Run a command line, and turn every failure into one line and an exit code.

Exit codes: 0 done; 1 nothing found, or a check found damage; 2 bad input (arguments, files, unknown models); 3 a model,
an embedding service or this program failed; 130 interrupted.
"""

import atexit
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Final, NoReturn

import typer

from langmem_ext.cli.output import complain
from langmem_ext.errors import LangMemExtError, RecordNotFoundError

OK: Final = 0
NEGATIVE: Final = 1
BAD_INPUT: Final = 2
FAILED: Final = 3
INTERRUPTED: Final = 130

DEBUG_VARIABLE: Final = "LANGMEM_EXT_DEBUG"

_UsageError = typer.BadParameter.__base__
"""The base of every mistake in the arguments; typer exports only its subclass."""


def main() -> None:
    """Run the process's own arguments and exit with the command's code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # no text a user types or stored may end a command
    _finish(run(sys.argv[1:]))


def _finish(code: int) -> NoReturn:
    """Exit with a code that Ctrl-C can't change any more: pressed now, it only spares the wait for the clean-up."""
    signal.signal(signal.SIGINT, lambda _signal, _frame: os._exit(code))
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # Python drops handlers before it is gone
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line.

    Args:
        arguments: What follows the program's name.

    Returns:
        The exit code. Nothing is raised: a failure is one line on stderr, with the traceback only where the
        environment variable ``LANGMEM_EXT_DEBUG`` is set.
    """
    from langmem_ext.cli.app import app  # noqa: PLC0415 - a completion or a version must not wait for rich

    try:
        code = app(list(arguments) or ["--help"], prog_name="langmem-ext", standalone_mode=False)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - this is the one place that reports them all
        return _report(error)
    return code if isinstance(code, int) else OK


def _report(error: BaseException) -> int:
    """Say in one line what went wrong and return the exit code for it."""
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error)
    if isinstance(error, BrokenPipeError):  # the reader (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    message, code = _diagnosis(error)
    complain(message)
    return code


def _diagnosis(error: BaseException) -> tuple[str, int]:
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return "interrupted", INTERRUPTED
    if isinstance(error, RecordNotFoundError):
        return str(error), NEGATIVE
    if _UsageError is not None and isinstance(error, _UsageError):
        format_message = getattr(error, "format_message", error.__str__)
        return f"{format_message()} Try `langmem-ext --help`, or --help after a command.", BAD_INPUT
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or error}{where}", BAD_INPUT
    if isinstance(error, LangMemExtError | UnicodeError):
        return str(error), BAD_INPUT
    return f"{type(error).__name__}: {error} ({DEBUG_VARIABLE}=1 shows where)", FAILED
