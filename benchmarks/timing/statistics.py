"""Summaries of timing samples, and how sure one can be of a ratio of two of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

Rounds = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Summary:
    """Client times in milliseconds; `p50_ms` is the median of the medians of the rounds."""

    count: int
    min_ms: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float


def summarize(rounds: Rounds) -> Summary:
    """Summarize samples in milliseconds, one sequence a round; raises ValueError without any.

    The median of rounds shrugs off a round in which the machine was busy with something else;
    the tails are taken over all samples, because a slow round is part of the tail.
    """
    filled = [samples for samples in rounds if samples]
    pooled = sorted(sample for samples in filled for sample in samples)
    if not pooled:
        raise ValueError("no samples to summarize")
    return Summary(
        count=len(pooled),
        min_ms=pooled[0],
        p50_ms=median(median(samples) for samples in filled),
        p95_ms=percentile(pooled, 0.95),
        p99_ms=percentile(pooled, 0.99),
        max_ms=pooled[-1],
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` (0–1) of the ascending samples lie, interpolated.

    Definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages" (1996). Raises
    ValueError without samples.
    """
    if not ordered:
        raise ValueError("no samples")
    position = share * (len(ordered) - 1)
    lower = int(position)
    upper = min(lower + 1, len(ordered) - 1)
    return ordered[lower] + (ordered[upper] - ordered[lower]) * (position - lower)


def ratio_interval(
    numerator: Rounds, denominator: Rounds, *, seed: int, resamples: int = 500
) -> tuple[float, float]:
    """The 95 % bootstrap interval of the ratio of the two medians of rounds.

    Rounds are resampled as pairs: they ran side by side, so the machine's drift cancels.
    """
    import numpy as np

    above = np.array([median(samples) for samples in numerator])
    below = np.array([median(samples) for samples in denominator])
    if len(above) != len(below) or not len(above):
        raise ValueError("a ratio needs the same rounds of both")
    picks = np.random.default_rng(seed).integers(0, len(above), (resamples, len(above)))
    ratios = np.median(above[picks], axis=1) / np.median(below[picks], axis=1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return float(low), float(high)


def growth_exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The b of values ≈ a · sizes^b by least squares on logarithms: 0 flat, 1 linear."""
    import numpy as np

    slope, _ = np.polyfit(np.log(sizes), np.log(values), 1)
    return float(slope)
