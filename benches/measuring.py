"""Runs commands, and says in Markdown what they took."""

import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Answer:
    """The first contributors as [key, ..., total], how many there are, and how it was found.

    `top` is None where a program answers nothing, because it only sets a floor."""

    top: Optional[list]
    unique: int = 0
    seconds: Optional[float] = None
    query: str = ""

    def facts(self) -> tuple:
        """What must be equal."""
        return (self.top, self.unique)


@dataclass
class Measured:
    """What the runs of one command took."""

    walls: list = field(default_factory=list)
    queries: list = field(default_factory=list)
    peak_bytes: int = 0

    def add(self, wall: float, query: float, peak_bytes: int) -> None:
        self.walls.append(wall)
        self.queries.append(query)
        self.peak_bytes = max(self.peak_bytes, peak_bytes)

    def forget_times(self) -> None:
        """After a round that only fills the page cache."""
        self.walls.clear()
        self.queries.clear()

    @property
    def wall(self) -> float:
        return statistics.median(self.walls)

    @property
    def query(self) -> float:
        return statistics.median(self.queries)


@dataclass
class Ended:
    """A command that ended, with the least it says of its failure."""

    wall: float
    peak_bytes: int
    failure: str
    output: Path


def run(command: str, name: str, work: Path) -> Ended:
    """Runs a command of the shell in the repository's root, as a process of its own."""
    output, errors = work / f"{name}.out", work / f"{name}.err"
    with output.open("wb") as out, errors.open("wb") as err:
        start = time.monotonic()
        child = subprocess.Popen(
            ["sh", "-c", command],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, "LC_ALL": "C"},
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
    failure = ""
    if child.returncode:
        last = (errors.read_text(errors="replace").strip() or "no message").splitlines()[-1]
        failure = f"exit code {child.returncode}: {last}"
    return Ended(wall, usage.ru_maxrss * 1024, failure, output)


def spawn_seconds(call: list) -> float:
    """What it takes to start a program without the shell, with nothing to read, and to wait."""
    null = os.open(os.devnull, os.O_RDWR)
    try:
        actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
        start = time.perf_counter()
        child = os.posix_spawnp(call[0], call, os.environ, file_actions=actions)
        _, status = os.waitpid(child, 0)
        seconds = time.perf_counter() - start
    finally:
        os.close(null)
    if status:
        sys.exit(f"{' '.join(call)}: exit code {os.waitstatus_to_exitcode(status)}")
    return seconds


def said(command: list) -> str:
    """What a command prints, either way."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True)
    return (done.stdout + done.stderr).decode(errors="replace")


def shown(path) -> str:
    """A path as one types it in the repository's root, where all commands run."""
    text = str(path)
    return os.path.relpath(text, ROOT) if text.startswith(f"{ROOT}{os.sep}") else text


@dataclass
class Load:
    """How many files there are, and their sizes."""

    files: int = 0
    size: int = 0
    least: int = sys.maxsize
    most: int = 0


def load_of(path) -> Load:
    """A file, or all in a folder; no list is made, so that this interpreter stays small."""
    load, path = Load(), ROOT / path
    walk = os.walk(path) if path.is_dir() else [(path.parent, [], [path.name])]
    for folder, _, names in walk:
        for name in names:
            size = os.stat(os.path.join(folder, name)).st_size
            load.files += 1
            load.size += size
            load.least, load.most = min(load.least, size), max(load.most, size)
    return load


def bytes_of(path) -> int:
    """The size of a file, or of all files of a folder."""
    return load_of(path).size


def grid(head: list, rows: list) -> str:
    """A table: the first column to the left, the others to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(3, *map(len, column)) for column in zip(head, *rows)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(
        f"| {line[0].ljust(widths[0])} | {' | '.join(map(str.rjust, line[1:], widths[1:]))} |"
        for line in [head, rule, *rows]
    )


def machine() -> list:
    """What the numbers were measured on."""
    cpu = Path("/proc/cpuinfo").read_text() if os.path.exists("/proc/cpuinfo") else ""
    models = [line.split(": ")[1] for line in cpu.splitlines() if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release()}, {platform.machine()}"
    return [*models[:1], f"{os.cpu_count()} cores, {memory:.0f} GiB of memory", system]


def least_peak_bytes() -> int:
    """Below this, the size of a child can't be seen: it begins as a copy of this interpreter."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
