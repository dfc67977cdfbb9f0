"""What a job costs, compared with the original in a live IPython, `ThreadPoolExecutor` and `threading.Thread`.

Each ratio is ours to a peer's in the same process, so lower is better; the table shows the median of several processes
and the range. Run it on an idle machine:

    python python/benches/peers.py            # some minutes
    python python/benches/peers.py submit     # one measure; --list names them
    python python/benches/peers.py --processes 3
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys

from measures import MEASURES
from runners import PEERS

#: The goal of each measure: the highest ratio to a peer, or the highest value of ours.
GOALS: dict[str, dict[str, float]] = {
    "submit": {"original": 1 / 35, "executor": 1 / 3.5},
    "cpu": {"original": 1 / 20, "executor": 1 / 3},
    "round trip": {"original": 1 / 6, "executor": 0.75},
    "flood": {"original": 1 / 35, "executor": 1 / 2},
    "look, 0 running": {"original": 1 / 3},
    "look, 5000 running": {"original": 1 / 1000},
    "memory": {"original": 1 / 5, "executor": 1 / 3, "itself": 600},
    "dead": {"original": 1 / 200},
    "start 1000 blocked": {"original": 1 / 100},
    "1000 blocked run": {"original": 1 / 2},
    "start 5000 blocked": {"original": 1 / 200},
    "5000 blocked run": {"original": 1 / 10},
    "ctrl-c": {"itself": 5000},
    "stop": {"itself": 5000},
    "import bgjobs": {"itself": 5000},
    "%load_ext bgjobs": {"itself": 40_000},
}

UNITS = {"memory": "B"}


def in_processes(measure: str, count: int) -> dict[str, list[dict[str, float]]]:
    """The values of each process, by the name of the line."""
    found: dict[str, list[dict[str, float]]] = {}
    for _ in range(count):
        run = subprocess.run([sys.executable, __file__, "--inside", measure], capture_output=True, text=True)
        if run.returncode != 0:
            raise SystemExit(f"{measure} failed:\n{run.stderr}")
        for name, values in json.loads(run.stdout.splitlines()[-1]).items():
            found.setdefault(name, []).append(values)
    return found


def shown(name: str, runs: list[dict[str, float]]) -> str:
    """A line of the table."""
    ours = statistics.median(values["ours"] for values in runs)
    cells = [f"{ours:10.2f} {UNITS.get(name, 'µs')}"]
    goals, met = GOALS.get(name, {}), True
    if "itself" in goals:
        met &= ours <= goals["itself"]
    for other in PEERS[1:]:
        ratios = sorted(values["ours"] / values[other] for values in runs if other in values)
        if not ratios:
            cells.append(f"{'':26}")
            continue
        middle = statistics.median(ratios)
        if other in goals:
            met &= middle <= goals[other]
        cells.append(f"{middle:8.4f} ({ratios[0]:.4f}-{ratios[-1]:.4f})".ljust(26))
    wanted = ", ".join(f"{other} {most:.4g}" for other, most in goals.items())
    return f"{name:20} {' '.join(cells)} {'met   ' if met else 'MISSED'} {wanted}"


def main() -> None:
    parser = argparse.ArgumentParser(description="What a job costs, relative to each peer; lower is better.")
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help="default: all")
    parser.add_argument("--processes", type=int, default=5, help="how many processes measure each ratio")
    parser.add_argument("--list", action="store_true", help="list the measures")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.list:
        print("\n".join(MEASURES))
    elif options.inside:
        found = MEASURES[options.inside]()
        sys.stdout.flush()
        os.write(1, ("\n" + json.dumps(found) + "\n").encode())
        os._exit(0)
    else:
        unknown = set(options.measures) - set(MEASURES)
        if unknown:
            parser.error(f"no measure {', '.join(sorted(unknown))}; --list names them")
        print(f"{'':20} {'ours':>13} {'to the original':26} {'to the executor':26} {'to a thread':26} goals")
        for measure in options.measures or MEASURES:
            for name, runs in in_processes(measure, options.processes).items():
                print(shown(name, runs), flush=True)


if __name__ == "__main__":
    main()
