"""A command in a pseudo-terminal or behind pipes, in a process of its own."""

import codecs
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

COMMAND = [sys.executable, "-m", "langmem_ext.cli"]
PATIENCE = 60.0


def environment(home: Path, **more: str) -> dict[str, str]:
    dropped = ("LANGMEM_EXT_", "LC_", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return kept | {"HOME": str(home), "TERM": "xterm-256color", "LANG": "en_US.UTF-8", "PYTHONUTF8": "1"} | more


def piped(home: Path, *arguments: object, text: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command behind pipes to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=text,
        capture_output=True,
        encoding="utf-8",
        env=environment(home, **more),
        timeout=PATIENCE,
        check=False,
    )


class Terminal:
    """A command that believes it talks to a person."""

    def __init__(self, home: Path, *arguments: object, command: Sequence[str] = COMMAND, **more: str) -> None:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            [*command, *map(str, arguments)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(home, **more),
            start_new_session=True,
        )
        os.close(slave)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._master)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, text: str, times: int = 1) -> None:
        """Read what is shown until it holds `text` this many times."""
        deadline = time.monotonic() + PATIENCE
        while self.shown.count(text) < times:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} was not shown {times} times; shown was:\n{self.shown}")
            if not self._read():
                raise AssertionError(f"the command ended before it showed {text!r}; shown was:\n{self.shown}")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.killpg(self._process.pid, signal.SIGINT)

    def end(self, *, pressing: bool = False) -> int:
        """Read the rest and return the exit code.

        `pressing` presses Ctrl-C again whenever nothing has happened for a second, as a person would: a signal that
        comes just before readline waits for a key is only noticed with the next one.
        """
        deadline = time.monotonic() + PATIENCE
        shown = -1
        while self._read():
            if pressing and shown == len(self.shown):
                self.interrupt()
            shown = len(self.shown)
            if time.monotonic() > deadline:
                raise AssertionError(f"the command did not end; shown was:\n{self.shown}")
        return self._process.wait(timeout=PATIENCE)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], 1.0)
        if not ready:
            return self._process.poll() is None
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other end is closed: the process is gone
            return False
        self.shown += self._decoder.decode(data)
        return bool(data)
