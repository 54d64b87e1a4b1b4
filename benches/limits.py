"""What no other program is asked: flowagg against itself and against what only reads.

`python3 benches/limits.py` runs these questions alone, with the options of compare.py, of which
they are a part.
"""

import json
import os
import shutil
import statistics
import sys
from pathlib import Path
from typing import Callable, Optional

from measuring import ROOT, Measured, bytes_of, grid, run, said, shown, spawn_seconds
from peers import answer_of, flowagg, read_report
from questions import QUESTIONS, TOP

STARTS = 50
LEVELS = ("portable", "avx2", "avx512")
TEN = Path("benches/rules/ten")
# Of the log: 0.2, 0.5, 1, 2.3 GB with 20 million lines; above 1 it is named several times.
SHARES = (0.086, 0.215, 0.43, 1, 2, 4)


def all_rounds(args, name: str, commands: dict, read: Optional[Callable], same=True) -> dict:
    """Runs commands in turn, round after round, and checks their answers: against each other
    where they are the `same`, else against those of their first round. `read` takes an output's
    path; a command whose label begins with `floor` answers nothing. What failed has no times."""
    measured, answers = {label: Measured() for label in commands}, {}
    failed = set()
    for turn in range(args.rounds + 1):
        print(f"{name}: round {turn} of {args.rounds}", file=sys.stderr)
        for label, command in commands.items():
            if label in failed:
                continue
            ended = run(command, "limits", args.work)
            if ended.failure:
                print(f"{command}\n{ended.failure}", file=sys.stderr)
                failed.add(label)
                continue
            measured[label].add(ended.wall, ended.wall, ended.peak_bytes)
            if read and not label.startswith("floor"):
                answer = read(ended.output)
                if answers.setdefault("" if same else label, answer) != answer:
                    sys.exit(f"DISAGREEMENT on {name}: {label}\n{command}")
        if turn == 0:
            [each.forget_times() for each in measured.values()]
    return measured


def section(name: str, title: str, text: str, table: str, commands) -> str:
    """A part of RESULTS.md."""
    shell = "\n".join(["```sh", *commands, "```"])
    return "\n\n".join(part for part in (f"## {name}: {title}", text, table, shell) if part)


def facts(output: Path) -> tuple:
    """What must be equal of a report."""
    return read_report(output).facts()


def ten(args) -> str:
    """Ten rules in one pass against each of them alone."""
    log, folder = args.paths["file"], ROOT / TEN
    rules = sorted(folder.glob("*.json"))
    options = f"-q -o json -n {TOP} --threads {args.threads}"
    ask = f"{shown(args.flowagg)} rule {{}} {options} {log}"
    commands = {rule.stem: ask.format(shown(rule)) for rule in rules}
    commands["all at once"] = ask.format(TEN)

    def read(output: Path) -> list:
        reports = json.loads(output.read_text())
        reports = [each["Report"] for each in reports] if isinstance(reports, list) else [reports]
        return [answer_of(report).facts() for report in reports]

    seen = {}

    def read_and_keep(output: Path) -> list:
        found = read(output)
        seen.setdefault("all" if len(found) > 1 else len(seen), found)
        return found

    measured = all_rounds(args, "ten", commands, read_and_keep, same=False)
    alone = [found for key, found in seen.items() if key != "all"][: len(rules)]
    if [found[0] for found in alone] != seen["all"]:
        sys.exit("DISAGREEMENT on ten: a rule alone against all of them")
    times = {label: each.wall for label, each in measured.items()}
    all_at_once = times.pop("all at once")
    mean, dearest = statistics.mean(times.values()), max(times.values())
    rows = [[label, f"{time:.3f}", "", measured[label].peak_bytes // 10**6] for label, time in times.items()]
    rows += [
        ["mean of the ten", f"{mean:.3f}", f"{all_at_once / mean:.2f}", "-"],
        ["dearest of the ten", f"{dearest:.3f}", f"{all_at_once / dearest:.2f}", "-"],
        ["sum of the ten", f"{sum(times.values()):.3f}", f"{all_at_once / sum(times.values()):.2f}", "-"],
        ["all at once", f"{all_at_once:.3f}", "1.00", measured["all at once"].peak_bytes // 10**6],
    ]
    args.summary.append(["ten rules at once", f"{all_at_once:.3f}", f"{all_at_once / dearest:.2f}", "dearest alone"])
    head = ["rule", "wall s", "all at once / it", "peak MB"]
    return section("ten", "ten rules at once", "", grid(head, rows), [commands["all at once"]])


def startup(args) -> str:
    """How long nothing takes."""
    binary = str(args.flowagg)
    calls = {
        "flowagg": [binary],
        "flowagg rule": [binary, "rule", QUESTIONS["accept"].rule, "-q"],
        "mawk": ["mawk", "{ count++ }"],
        "wc": ["wc", "-l"],
        "true": ["true"],
    }
    calls = {label: call for label, call in calls.items() if shutil.which(call[0])}
    times = {label: [] for label in calls}
    for turn in range(STARTS + 3):
        for label, call in calls.items():
            seconds = spawn_seconds(call)
            if turn >= 3:
                times[label].append(seconds)
    base = statistics.median(times["true"])
    rows = [
        [label, *(f"{1000 * pick(each):.2f}" for pick in (statistics.median, min)),
         f"{statistics.median(each) / base:.2f}"]
        for label, each in times.items()
    ]
    middle = statistics.median(times["flowagg rule"])
    args.summary.append(["start-up, empty input", f"{middle:.4f}", f"{middle / base:.2f}", "`true`"])
    text = f"Median of {STARTS} starts without a shell; standard input is empty."
    head = ["program", "median ms", "least ms", "x true"]
    commands = [" ".join(map(shown, call)) + " < /dev/null" for call in calls.values()]
    return section("startup", "start-up on empty input", text, grid(head, rows), commands)


def objects(args) -> str:
    """What an object costs beyond its bytes."""
    root = args.paths["objects"]
    ask = flowagg(args, QUESTIONS["accept"])
    folders = {"objects": f"{root}/AWSLogs", "joined": f"{root}/joined"}
    commands = {label: f"{ask} {path}" for label, path in folders.items()}
    find = f"find {folders['objects']} -type f -print0 | xargs -0 cat | wc -c"
    commands["floor: find, cat"] = find
    measured = all_rounds(args, "objects", commands, facts)
    sizes = [at.stat().st_size for at in (ROOT / folders["objects"]).rglob("*.gz")]
    count, total = len(sizes), sum(sizes)
    walls = {label: each.wall for label, each in measured.items() if each.walls}
    extra = (walls["objects"] - walls["joined"]) / count * 1e6
    rows = [
        [label, f"{wall:.3f}", f"{wall / count * 1e6:.1f}", measured[label].peak_bytes // 10**6]
        for label, wall in walls.items()
    ]
    rows.append(["objects less joined", f"{walls['objects'] - walls['joined']:.3f}", f"{extra:.1f}", "-"])
    args.summary.append(
        [f"{count:,} gzip objects", f"{walls['objects']:.3f}", f"{walls['objects'] / walls['joined']:.2f}",
         "same bytes in 100 files"]
    )
    text = (
        f"{count:,} objects of {min(sizes):,} to {max(sizes):,} bytes, {total / 1e9:.2f} GB of gzip, "
        "their logarithms even, in folders of a day; *joined* has the same\nbytes in "
        f"{len(list((ROOT / folders['joined']).iterdir()))} files of many members. "
        f"An object costs {extra:.1f} µs more than its bytes, of both threads' time "
        f"{extra * args.threads:.1f} µs."
    )
    head = ["input", "wall s", "µs per object", "peak MB"]
    return section("objects", "small gzip objects", text, grid(head, rows), commands.values())


def threads(args) -> str:
    """How time falls with threads."""
    counts, rows, shell = sorted({1, args.threads}), [], []
    for name in ("accept", "pairs"):
        question = QUESTIONS[name]
        commands = {
            f"{count}": f"{flowagg(args, question, count)} {args.paths['file']}" for count in counts
        }
        measured = all_rounds(args, f"threads, {name}", commands, facts)
        one = measured["1"].wall
        for count, each in measured.items():
            rows.append([name, count, f"{each.wall:.3f}", f"{one / each.wall:.2f}", each.peak_bytes // 10**6])
        shell += commands.values()
        factor = one / measured[str(counts[-1])].wall
        args.summary.append([f"{name}, {counts[-1]} threads against 1", "", f"{factor:.2f}", "faster"])
    head = ["question", "threads", "wall s", "faster", "peak MB"]
    return section("threads", "one thread and more", "", grid(head, rows), shell)


def levels(args) -> str:
    """What instructions make of one core."""
    question, size = QUESTIONS["accept"], bytes_of(args.paths["file"]) / 1e9
    ask = f"{flowagg(args, question, 1)} {args.paths['file']}"
    commands = {level: f"FLOWAGG_SIMD={level} {ask}" for level in LEVELS}
    commands["floor: wc -l"] = f"wc -l {args.paths['file']}"
    measured = all_rounds(args, "levels", commands, facts)
    best, rows = measured["portable"].wall, []
    for level, each in measured.items():
        if not each.walls:
            rows.append([f"{level}: not here", "-", "-", "-"])
            continue
        rows.append([level, f"{each.wall:.3f}", f"{size / each.wall:.2f}", f"{best / each.wall:.2f}"])
        if level in LEVELS:
            args.summary.append([f"accept, one core, {level}", f"{each.wall:.3f}", f"{size / each.wall:.2f}", "GB/s"])
    head = ["FLOWAGG_SIMD", "wall s", "GB/s per core", "x portable"]
    return section("levels", "accept on one core", "", grid(head, rows), commands.values())


def sizes(args) -> str:
    """Whether cost is linear in size."""
    rows, shell = [], []
    for name in ("accept", "pairs"):
        question, ns = QUESTIONS[name], []
        commands, loads = {}, {}
        for share in args.shares:
            paths = [args.paths[min(share, 1)]] * int(max(share, 1))
            lines = args.lines * share if share >= 1 else round(args.lines * share)
            label = f"{sum(map(bytes_of, paths)) / 1e9:.2f}"
            commands[label] = f"{flowagg(args, question)} {' '.join(paths)}"
            loads[label] = (lines, len(paths))
        measured = all_rounds(args, f"sizes, {name}", commands, facts, same=False)
        for label, each in measured.items():
            lines, copies = loads[label]
            ns.append(each.wall / lines * 1e9)
            size = label if copies == 1 else f"{label} (x{copies})"
            rows.append([f"{name} {size}", f"{each.wall:.3f}", f"{ns[-1]:.2f}", each.peak_bytes // 10**6])
        shell += commands.values()
        args.summary.append([f"{name}, most ns per record by size", "", f"{max(ns) / min(ns):.2f}", "the least"])
    text = (
        "Files of one log; those with x2 and x4 are the log named twice and four times, so that they "
        "have no more\ngroups than it has."
    )
    head = ["question, GB", "wall s", "ns per record", "peak MB"]
    return section("sizes", "cost by size", text, grid(head, rows), shell)


SECTIONS = {made.__name__: made for made in (ten, startup, objects, threads, levels, sizes)}
KINDS = {"objects": {"objects"}, "sizes": {"sizes"}}  # what logs.py must have made

if __name__ == "__main__":
    import compare

    compare.main(list(SECTIONS))
