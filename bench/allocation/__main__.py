"""`python -m bench.allocation`: traces, what policies make of them, and what they are worth.

generate LOAD SEED --out BASE             BASE.json and BASE.csv
replay TRACE.json --policy NAME --out PLAN.json
score TRACE.json PLAN.json                what a plan was worth, whoever made it
bound TRACE.json                          the clairvoyant lower bound (HiGHS)
table --seeds 101-108                     the policies against each other
starts --seeds 101-108                    expected starts against what came
bulk, runtime
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from bench.allocation import bulk, runtime, starts, table
from bench.allocation.bound import lower_bound
from bench.allocation.play import Game
from bench.allocation.policies import POLICIES
from bench.allocation.reach_table import reach_table
from bench.allocation.score import score
from bench.allocation.trace import generate, load, to_csv, to_json

_KEPT = Path(__file__).parent / "bounds.json"


def main() -> None:
    """Do what was asked for."""
    asked = argparse.ArgumentParser(prog="python -m bench.allocation", description=__doc__.partition("\n")[0])
    acts = asked.add_subparsers(dest="act", required=True)
    act = acts.add_parser("generate", help="write a trace")
    act.add_argument("load", type=int)
    act.add_argument("seed", type=int)
    act.add_argument("--out", type=Path, required=True, help="path without ending")
    act = acts.add_parser("replay", help="play a trace through the product's decide")
    act.add_argument("trace", type=Path)
    act.add_argument("--policy", choices=sorted(POLICIES), default="this")
    act.add_argument("--out", type=Path, required=True)
    act = acts.add_parser("score", help="score a plan")
    act.add_argument("trace", type=Path)
    act.add_argument("plan", type=Path)
    act = acts.add_parser("bound", help="the lower bound of a trace")
    act.add_argument("trace", type=Path)
    for name in ("table", "starts"):
        act = acts.add_parser(name)
        act.add_argument("--seeds", type=_seeds, default="101-108")
        act.add_argument("--processes", type=int, default=2)
        if name == "table":
            act.add_argument("--policies", nargs="+", choices=list(POLICIES), default=list(POLICIES))
    acts.add_parser("bulk", help="110 waiting for 110 places").add_argument("--seeds", type=_seeds, default="101-120")
    acts.add_parser("runtime", help="times at 1, 10 and 100 thousand waiting")
    _do(asked.parse_args())


def _do(options: argparse.Namespace) -> None:
    if options.act == "generate":
        trace = generate(options.load, options.seed)
        options.out.with_suffix(".json").write_text(to_json(trace), newline="")
        options.out.with_suffix(".csv").write_text(to_csv(trace), newline="")
    elif options.act == "replay":
        trace = load(options.trace)
        plan = Game(trace, POLICIES[options.policy], reach_table()).play().plan(trace)
        options.out.write_text(json.dumps(plan, separators=(",", ":")) + "\n")
    elif options.act == "score":
        print(json.dumps(asdict(score(load(options.trace), json.loads(options.plan.read_text()))), indent=1))
    elif options.act == "bound":
        print(f"{lower_bound(load(options.trace)):.1f}")
    elif options.act == "table":
        print(table.run(options.seeds, _KEPT, options.policies, options.processes))
    elif options.act == "starts":
        print(starts.run(options.seeds, options.processes))
    elif options.act == "bulk":
        print(bulk.run(options.seeds, reach_table()))
    else:
        print(runtime.run())


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    main()
