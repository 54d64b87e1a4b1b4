#!/usr/bin/env python3
"""Counts the instructions that a record costs, with `valgrind --tool=callgrind`.

Time depends on the machine and on what else it does; instructions hardly do. So a change can be
judged anywhere: `--save` before it, `--against` after it. What is counted is a run over 200,000
lines less one over the first 100,000 of them, divided by 100,000: start-up drops out. (Of gzip the
file of 100,000 lines is read twice and once, since long ones are decoded in another way.)
Instructions are not time: waits for memory and mispredicted branches show in compare.py only.

valgrind knows no AVX-512, so FLOWAGG_SIMD is portable and avx2. `flowagg` runs with one thread.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import logs
from limits import TEN
from measuring import ROOT, grid, said, shown
from questions import QUESTIONS, TOP

LINES = 100_000
LEVELS = ("portable", "avx2")
TABLE = ROOT / "benches/instructions.json"
NOISE = 0.01  # the tables' hash seeds are random, so that runs differ, by far less than this
SHORT = 90


def rule(path) -> str:
    return f"rule {path} -q -o json -n {TOP} --threads 1"


# A question, and the kind of log that it is asked of.
ASKED = {
    "accept": (rule(QUESTIONS["accept"].rule), "v2"),
    "pairs": (rule(QUESTIONS["pairs"].rule), "v2"),
    "metric": ("metric --filter rules/accept_bytes_filter.json -q -o json --threads 1", "v2"),
    "ten": (rule(TEN), "v2"),
    "v5": (rule(QUESTIONS["v5"].rule), "v5"),
    "gzip": (rule(QUESTIONS["accept"].rule), "gzip"),
}


def log(args, kind: str, times: int) -> str:
    """`LINES` or twice as many; the shorter one is the longer one's beginning."""

    def made(name: str, *call) -> Path:
        failure = logs.make(args.work / name, sys.executable, *call)
        return sys.exit(failure) if failure else args.work / name

    lines = times * LINES
    if kind == "v5":
        return str(made(f"v5-{lines}.log", "v5", args.flowagg, lines))
    if kind == "v2":
        return str(made(f"flow-{lines}.log", "gen", args.flowagg, lines))
    plain = made(f"flow-{LINES}.log", "gen", args.flowagg, LINES)
    return " ".join([str(made(f"flow-{LINES}.log.gz", "one", plain))] * times)


def counted(args, question: str, level: str, paths: str) -> Counter:
    """The instructions of each function in one run, or nothing if it did not end well."""
    out = args.work / f"callgrind.{question}.{level}.out"
    call = "valgrind --tool=callgrind --compress-strings=no --compress-pos=no "
    call += f"--callgrind-out-file={out} {args.flowagg} {ASKED[question][0]} {paths}"
    env = {**os.environ, "FLOWAGG_SIMD": level, "LC_ALL": "C"}
    done = subprocess.run(call.split(), cwd=ROOT, env=env, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        print(f"{question}, {level}: exit code {done.returncode}: {last}", file=sys.stderr)
        return Counter()
    found = functions(out)
    out.unlink()
    return found


def functions(out: Path) -> Counter:
    """Sums the costs in callgrind's file that are a function's own, by function."""
    found, name, is_call = Counter(), "", False
    with out.open(errors="replace") as lines:
        for line in lines:
            if line[0] in "0123456789":
                # What follows a call is its callee's cost, which stands with the callee too.
                if not is_call:
                    found[name] += int(line.split()[1])
                is_call = False
            elif line.startswith("fn="):
                name = named(line[3:].strip())
            elif line.startswith("calls="):
                is_call = True
    return found


def named(symbol: str) -> str:
    """A function's name without what differs from build to build: recursion's number and hashes."""
    return re.sub(r"'\d+$|::h[0-9a-f]{16}|\[[0-9a-f]{16}\]", "", symbol)


def measure(args) -> dict:
    """Question and level: instructions for each record, in all and by function."""
    table = {}
    for question in args.questions:
        kind = ASKED[question][1]
        half, whole = log(args, kind, 1), log(args, kind, 2)
        for level in LEVELS:
            print(f"counting {question}, {level}", file=sys.stderr)
            most = counted(args, question, level, whole)
            least = counted(args, question, level, half)
            if most and least:
                most.subtract(least)
                each = {name: count / LINES for name, count in most.most_common() if count > 0}
                table[f"{question}, {level}"] = {
                    "total": sum(most.values()) / LINES,
                    "functions": {name: round(count, 2) for name, count in each.items()},
                }
    return table


def tell(table: dict, top: int) -> None:
    """The totals, and where they are spent."""
    rows = [[key, f"{each['total']:.1f}"] for key, each in table.items()]
    print("", grid(["question", "instructions per record"], rows), sep="\n")
    for key, each in table.items():
        rows = []
        for name, count in list(each["functions"].items())[:top]:
            rows.append([short(name), f"{count:.1f}", f"{100 * count / each['total']:.1f}%"])
        print("", grid([key, "per record", "share"], rows), sep="\n")


def short(name: str) -> str:
    """A function's name without paths to what it is generic over."""
    name = re.sub(r"\b(?:[a-z_0-9]+::)+(?=<|[A-Z])", "", name)
    return name if len(name) <= SHORT else name[: SHORT - 3] + "..."


def against(table: dict, before: dict, top: int) -> bool:
    """What became of a saved table; whether nothing costs more than noise would explain."""
    is_fine, rows = True, []
    for key in (key for key in table if key in before):
        old, new = before[key]["total"], table[key]["total"]
        is_worse = new > old * (1 + NOISE)
        is_fine &= not is_worse
        note = "worse" if is_worse else "better" if new < old * (1 - NOISE) else ""
        rows.append([key, f"{old:.1f}", f"{new:.1f}", f"{100 * (new / old - 1):+.1f}%", note])
    print("", grid(["question", "before", "now", "change", ""], rows), sep="\n")
    for key in (key for key in table if key in before):
        change = Counter(table[key]["functions"])
        change.subtract(before[key]["functions"])
        largest = sorted(change.items(), key=lambda item: -abs(item[1]))[:top]
        rows = [[short(name), f"{count:+.1f}"] for name, count in largest if abs(count) >= 0.5]
        if rows:
            print("", grid([key, "change per record"], rows), sep="\n")
    return is_fine


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    add, names = parser.add_argument, ",".join(ASKED)
    add("--questions", metavar="NAMES", default=names, help="of %(default)s")
    add("--top", metavar="N", type=int, default=8, help="functions that are shown [8]")
    add("--build", action="store_true", help="run `cargo build --release` first")
    add("--save", metavar="FILE", nargs="?", const=TABLE, type=Path, help=f"[{shown(TABLE)}]")
    add("--against", metavar="FILE", nargs="?", const=TABLE, type=Path, help="a saved table")
    add("--flowagg", metavar="PATH", type=Path, default=ROOT / "target/release/flowagg")
    add("--work", metavar="DIR", type=Path, default=ROOT / "target/compare")
    args = parser.parse_args()
    args.questions, args.flowagg = args.questions.split(","), args.flowagg.resolve()
    args.work = args.work.resolve()
    unknown = set(args.questions) - set(ASKED)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return args


def main() -> None:
    """Counts, tells, compares; exit code 1 where something became worse."""
    args = options()
    before = json.loads(args.against.read_text()) if args.against else None
    if args.build:
        subprocess.run(["cargo", "build", "--release"], cwd=ROOT, check=True)
    for needed in ("valgrind", args.flowagg):
        if not shutil.which(needed):
            sys.exit(f"no {shown(needed)}: install valgrind, run `cargo build --release`")
    args.work.mkdir(parents=True, exist_ok=True)
    table = measure(args)
    made_by = {
        "commit": said(["git", "describe", "--always", "--dirty", "--exclude=*"]).strip(),
        "rustc": said(["rustc", "--version"]).strip(),
        "valgrind": said(["valgrind", "--version"]).strip(),
    }
    print(*(f"{name}: {value}" for name, value in made_by.items()), sep="\n")
    tell(table, args.top)
    is_fine = against(table, before["table"], args.top) if before else True
    if args.save:
        for each in table.values():
            each["functions"] = {n: c for n, c in each["functions"].items() if c >= 0.5}
            each["total"] = round(each["total"], 1)
        args.save.write_text(json.dumps({**made_by, "table": table}, indent=1) + "\n")
    sys.exit(0 if is_fine else 1)


if __name__ == "__main__":
    main()
