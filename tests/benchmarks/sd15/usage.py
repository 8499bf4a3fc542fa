"""What a command costs: time, processor time and memory, as the kernel counts them."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Usage:
    """The cost of a command and all that it started."""

    seconds: float
    processor: float  # seconds, user and system, of all threads
    peak: int  # bytes, resident, of its largest process

    def as_dict(self) -> dict[str, float]:
        """As the results have it."""
        return {name: round(value, 2) for name, value in asdict(self).items()}


class CommandError(Exception):
    """A command that failed; says its last lines."""


def run(command: list[str], log: Path, **environment: str) -> Usage:
    """Run a command to its end, its output in ``log``.

    Linux counts the memory of the process that starts another into that one's peak, so the caller stays small.

    Raises:
        CommandError: it failed.
    """
    began = time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        child = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=os.environ | environment)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        last = log.read_text("utf-8", errors="replace").strip().splitlines()[-5:]
        raise CommandError(f"{' '.join(command)}: status {child.returncode}: " + " | ".join(last))
    return Usage(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def answer(log: Path) -> Any:
    """The JSON that a command printed as its last line."""
    return json.loads(log.read_text("utf-8").strip().splitlines()[-1])


def size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def memory(profile: Path) -> dict[str, dict[str, int]]:
    """Bytes that the largest process of each kind of a running Chromium takes: ``{kind: {"now", "peak"}}``.

    Kinds are ``browser``, ``renderer`` (the page and its workers) and ``gpu-process``.

    Args:
        profile: the folder that the browser was started with.
    """
    found: dict[str, dict[str, int]] = {}
    members: set[str] = set()
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            # Chromium's own children join their arguments with spaces.
            words = (process / "cmdline").read_text("utf-8", errors="replace").replace("\0", " ").split()
            status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        except OSError:  # it has ended
            continue
        if f"--user-data-dir={profile}" not in words and status["PPid"].strip() not in members:
            continue
        members.add(process.name)
        if "VmHWM" not in status:
            continue
        kind = next((word.removeprefix("--type=") for word in words if word.startswith("--type=")), "browser")
        now, peak = (int(status[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
        if kind in ("browser", "renderer", "gpu-process") and peak > found.get(kind, {"peak": 0})["peak"]:
            found[kind] = {"now": now, "peak": peak}
    return found
