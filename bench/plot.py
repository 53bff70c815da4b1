"""Draws docs/bench.svg, the picture of the README, from target/bench/bench.json.

make picture
"""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt

ROOT = Path(__file__).parents[1]
OURS, SNIPPET, OTHER = "#1a7f5a", "#c05621", "#a0aec0"


def main() -> None:
    report = json.loads((ROOT / "target" / "bench" / "bench.json").read_text())
    bars = [
        bar
        for bar in report["one"]
        if bar["beside"] == "sign" and bar["contender"] != "floor" and bar["language"] != "Rust"
    ]
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 10})
    figure, axes = plt.subplots(figsize=(8, 0.3 * len(bars) + 1.6), layout="constrained")
    figure.patch.set_facecolor("white")
    position, ticks, labels = 0.0, [], []
    for i, bar in enumerate(bars):
        if i and bar["language"] != bars[i - 1]["language"]:
            position += 0.6
        docs = bar["contender"] == "snippet"
        name = "pylon-identity" if bar["ours"] else "docs' snippet" if docs else bar["contender"]
        color = OURS if bar["ours"] else SNIPPET if docs else OTHER
        axes.barh(position, bar["ns"], color=color, height=0.8)
        times = "" if bar["ours"] else f"  ({bar['ratio']:.1f} ×)"
        axes.text(bar["ns"], position, f"  {bar['ns']:,.0f} ns{times}", va="center", fontsize=9)
        ticks.append(position)
        labels.append(f"{bar['language']}: {name}")
        position += 1
    axes.set_yticks(ticks, labels)
    axes.invert_yaxis()
    axes.set_xlim(right=max(bar["ns"] for bar in bars) * 1.2)
    axes.set_xlabel("nanoseconds to sign one email (shorter is better)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"Signing one email, on {report['machine']['cpu']}", loc="left", fontsize=11)
    figure.savefig(ROOT / "docs" / "bench.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
