"""The command: which benchmarks to run, and how to print their figures."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict

from bench import Figure, run
from bench.figure import number_text
from bench.suite import BENCHMARKS

_HEADS = ("figure", "value", "beside", "value", "ratio", "note")


def main(arguments: Sequence[str]) -> int:
    """Run the command; gives the exit code."""
    options = _parser().parse_args(arguments)
    if not options.json:
        print(_machine())
    for name in options.names or BENCHMARKS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        figures = run([name], options.short)
        print("\n".join(map(_json_line, figures) if options.json else ["", *_table(figures)]), flush=True)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure, each figure beside its ceiling."
    )
    names = ", ".join(BENCHMARKS)
    parser.add_argument("names", nargs="*", metavar="NAME", type=_name, help=f"{names} (all without NAME)")
    parser.add_argument(
        "--short", action="store_true", help="tiny sizes: shows that everything runs, not how fast"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


def _name(text: str) -> str:
    if text not in BENCHMARKS:
        msg = f"there is no benchmark {text!r}; there are {', '.join(BENCHMARKS)}"
        raise argparse.ArgumentTypeError(msg)
    return text


def _machine() -> str:
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"Python {platform.python_version()}, {os.cpu_count()} cores{load}; all medians"


def _json_line(figure: Figure) -> str:
    return json.dumps(asdict(figure), ensure_ascii=False)


def _table(figures: Sequence[Figure]) -> list[str]:
    rows = [_HEADS, *(_row(figure) for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [_aligned(row, widths) for row in rows]


def _row(figure: Figure) -> tuple[str, ...]:
    value = f"{number_text(figure.value)} {figure.unit}"
    beside = f"{number_text(figure.beside_value)} {figure.unit}"
    ratio = f"{figure.ratio:.2f} ×"
    return figure.name, value, figure.beside_name, beside, ratio, figure.note


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    numbers = {1, 3, 4}
    cells = zip(row, widths, strict=True)
    padded = (
        cell.rjust(width) if index in numbers else cell.ljust(width)
        for index, (cell, width) in enumerate(cells)
    )
    return "  ".join(padded).rstrip()
