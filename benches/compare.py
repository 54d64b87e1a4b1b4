#!/usr/bin/env python3
"""Asks flowagg and other programs the same questions and tabulates time and memory.

Run by hand, never in CI: `python3 benches/compare.py --write`. Needs Python 3.9 and a flowagg built
with `cargo build --release`; the other programs go into a virtual environment of their own. What
can't be had is skipped, and its row says why. benches/README.md says what the questions are.

Fairness: every program runs as a process of its own, in turn, round after round. flowagg, mawk and
wc are charged the whole process; libraries under Python only the query, as their own process clocks
it, without interpreter and import. Each has the options that were fastest for it. All answers are
compared, in every round, before any time is shown.
"""

import argparse
import datetime
import glob
import json
import os
import shlex
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Optional

import limits
import logs
from measuring import ROOT, Answer, Measured, bytes_of, grid
from measuring import least_peak_bytes, machine, run, said, shown
from peers import LIBRARIES, PROGRAMS, Peer, peer
from questions import QUESTIONS, Question

NOTE = """\
Each program ran as its own process, in turn, after one round that is not counted; one that took
more than {slow} seconds in that round ran that once. *Wall* is the
median of the whole process; *query* leaves out interpreter and import where a library clocks itself
and *best* is its least; *ratio* is query over flowagg's wall. *Peak* is the largest resident size
of any one process; below {floor:.0f} MB, this script's own, it can't be seen. wc and isal, which
only decodes gzip, answer nothing: they are the floors. In every round all answers (ten largest
contributors, their sums, number of contributors; all rows that a verb other than `rule` lists) were
equal."""


def measure(one: Peer, question: Question, args) -> Optional[Answer]:
    """One run, in a process of its own."""
    command = one.command(args, question)
    ended = run(command, one.name, args.work)
    if ended.failure:
        one.failure = ended.failure
        if one.name == "flowagg":
            sys.exit(f"{command}\n{one.failure}")
        return None
    answer = one.read(ended.output, question)
    one.measured.add(ended.wall, answer.seconds or ended.wall, ended.peak_bytes)
    one.query = answer.query
    return answer


def check(question: Question, answers: dict) -> None:
    """Ends the run where two programs disagree."""
    told = [(name, a.facts()) for name, a in answers.items() if a and a.top is not None]
    wrong = [name for name, facts in told if facts != told[0][1]]
    if wrong:
        print(f"DISAGREEMENT on {question.name}: {', '.join(wrong)} against {told[0][0]}")
        for name, (top, unique) in told:
            print(f"{name}: {unique} contributors", *top, sep="\n    ")
        sys.exit(1)


def is_slow(one: Peer, args) -> bool:
    """Whether one run is enough: the others wait for it, and its ratio is large anyway."""
    return len(one.measured.walls) == 1 and one.measured.wall > args.slow and one.name != "flowagg"


def ask(question: Question, chosen: list, args) -> list:
    """All programs in turn, `--rounds` times, after a round that only fills the page cache."""
    asked = [replace(one, measured=Measured()) for one in chosen if one.name in question.asked]
    for turn in range(args.rounds + 1):
        print(f"{question.name}: round {turn} of {args.rounds}", file=sys.stderr)
        running = [one for one in asked if not one.failure and not is_slow(one, args)]
        check(question, {one.name: measure(one, question, args) for one in running})
        for one in asked if turn == 0 else []:
            if not is_slow(one, args):
                one.measured.forget_times()
    return asked


def compared(question: Question, chosen: list, args) -> str:
    """Measures a question; its part of RESULTS.md: what is asked, the table, the commands."""
    asked = ask(question, chosen, args)
    whole = {one.name: one.measured for one in asked if one.measured.walls}
    base = whole["flowagg"].wall if "flowagg" in whole else None
    path = args.paths[question.source]
    size = sum(map(bytes_of, glob.glob(str(ROOT / path)))) / 1e9
    load = f"{size:.2f} GB, {args.threads} threads, {args.rounds} rounds"
    head = ["program", "wall s", "query s", "best s", "peak MB", "ratio"]
    text = [f"## {question.name}: {question.title} ({load})", ""]
    text += [grid(head, [cells(one, base) for one in asked]), ""]
    if base:
        row, words = standing(question, whole, base)
        args.summary.append(row)
        text += [words, ""] if words else []
    text.append("```sh")
    for one in (one for one in asked if one.measured.walls):
        text += [f"# {one.query}"] if one.query else []
        text.append(one.command(args, question))
    return "\n".join([*text, "```"])


def cells(one: Peer, base: Optional[float]) -> list:
    """A program's row."""
    name, each = f"{one.name} {one.version}".strip(), one.measured
    if one.failure or not each.walls:
        return [f"{name}: {one.failure}"[:50], *"-----"]
    times = [f"{t:.3f}" for t in (each.wall, each.query, min(each.queries))]
    ratio = f"{each.query / base:.2f}" if base else "-"
    return [name, *times, f"{each.peak_bytes / 1e6:.0f}", ratio]


def standing(question: Question, whole: dict, base: float) -> tuple:
    """Where flowagg stands between the floor and the fastest other: the summary's row, words."""
    floors = [name for name in (question.floor, "wc") if name in whole]
    others = {n: m.query for n, m in whole.items() if n not in ("flowagg", "wc", "isal")}
    row, words = [question.title, f"{base:.3f}", *"-----"], []
    if floors:
        name = "the decoder" if floors[0] == "isal" else "`wc -l`"
        name = "`gzip -dc`" if floors[0] == "wc" and question.is_gzip else name
        row[2:4] = [f"{base / whole[floors[0]].query:.2f}", name]
        words.append(f"flowagg takes {row[2]} times as long as {name} alone")
    if others:
        best = min(others, key=others.get)
        row[4:6] = [f"{others[best] / base:.2f}", best]
        words.append(f"{best}, the fastest other, {row[4]} times as long as flowagg")
    if "duckdb" in others:
        row[6] = f"{others['duckdb'] / base:.2f}"
    return row, "; ".join(words) + "." if words else ""


def summary(args) -> str:
    """All questions in a line each."""
    head = ["question", "flowagg s", "times", "of", "fastest other, times", "who", "duckdb, times"]
    tables = [grid(head, args.summary)] if args.summary else []
    tables += [grid(["flowagg alone", ""], args.limits)] if args.limits else []
    return "\n\n".join(tables)


def write_results(parts: list, args) -> None:
    """benches/RESULTS.md: the tables, and what it takes to get them again."""
    call = shlex.join(["python3", *map(shown, [Path(sys.argv[0]).resolve(), *sys.argv[1:]])])
    note = NOTE.format(floor=least_peak_bytes() / 1e6, slow=f"{args.slow:g}")
    text = ["# flowagg and others", f"`{call}`, commit {args.commit}, {datetime.date.today()}."]
    text.append("\n".join(f"- {line}" for line in [*machine(), args.load, *args.versions]))
    text += [note, summary(args), *parts]
    args.output.write_text("\n\n".join(text) + "\n")


def options(names: list, questions: list) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    add, asked = parser.add_argument, [*QUESTIONS, *limits.SECTIONS]
    add("--data", metavar="FILE", help="a log in the default format, no header [default: made]")
    add("--lines", metavar="N", type=int, default=20_000_000, help="of the log made [20000000]")
    add("--threads", metavar="N", type=int, default=2, help="for every program [2]")
    add("--rounds", metavar="N", type=int, default=5, help="that count [5]")
    add("--slow", metavar="S", type=float, default=15, help="one run of so many is enough [15]")
    add("--only", metavar="NAMES", default=",".join(names), help="of %(default)s")
    add("--questions", metavar="NAMES", default=",".join(questions), help=f"of {','.join(asked)}")
    add("--flowagg", metavar="PATH", type=Path, default=ROOT / "target/release/flowagg")
    add("--work", metavar="DIR", type=Path, default=ROOT / "target/compare")
    add("--write", action="store_true", help="benches/RESULTS.md")
    add("--output", metavar="FILE", type=Path, help="write there instead")
    args = parser.parse_args()
    args.only, args.questions = args.only.split(","), args.questions.split(",")
    unknown = set(args.only) - set(names) | set(args.questions) - set(asked)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    args.work, args.flowagg = args.work.resolve(), args.flowagg.resolve()
    args.python = args.work / "venv" / "bin" / "python"
    args.write, args.output = args.write or args.output, args.output or ROOT / "benches/RESULTS.md"
    args.shares, args.summary, args.limits = limits.SHARES, [], []
    args.load = f"{os.getloadavg()[0]:.2f} jobs on average in the minute before"
    return args


def main(questions: list) -> None:
    """Prepares, asks, tells."""
    args = options([*PROGRAMS, *LIBRARIES], questions)
    args.work.mkdir(parents=True, exist_ok=True)
    # Asked before anything is written.
    args.commit = said(["git", "describe", "--always", "--dirty", "--exclude=*"]).strip()
    log = logs.first_log(args)
    asked = [QUESTIONS[name] for name in args.questions if name in QUESTIONS]
    needed = {name for question in asked for name in question.asked}
    if any(question.is_parquet for question in asked):
        peer("duckdb", args)  # asked or not, it writes the files
    chosen = [peer(name, args) for name in args.only if name in needed | {"flowagg"}]
    args.versions = [f"{one.name} {one.version or one.failure}" for one in chosen]
    kinds = {question.source for question in asked}
    kinds |= set().union(*(limits.KINDS.get(name, set()) for name in args.questions))
    logs.prepare(args, log, kinds)
    parts, start = [], time.monotonic()
    for name in args.questions:
        source = QUESTIONS[name].source if name in QUESTIONS else name
        if source in args.missing:
            part = f"## {name}: not asked: {args.missing[source]}"
        elif name in QUESTIONS:
            part = compared(QUESTIONS[name], chosen, args)
        else:
            part = limits.SECTIONS[name](args)
        print("", part.split("\n```sh")[0], sep="\n", flush=True)
        parts.append(part)
        if args.write:  # every time, so that a run that ends early leaves what it has
            write_results(parts, args)
    print("", summary(args), *machine(), args.load, sep="\n")
    print(f"measured for {(time.monotonic() - start) / 60:.1f} minutes", file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--peer"]:
        asked, name, path, threads = sys.argv[2:]
        print(json.dumps(asdict(LIBRARIES[asked](QUESTIONS[name], path, int(threads)))))
    else:
        main([*QUESTIONS, *limits.SECTIONS])
