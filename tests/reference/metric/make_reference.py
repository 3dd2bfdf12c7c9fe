#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes scores.json: small random fields and their scores from NumPy and SciPy, for tests/metric.

Needs numpy and scipy. Run in this folder: python3 make_reference.py
"""
import json

import numpy as np
from scipy.ndimage import gaussian_filter, maximum_filter

ROWS, COLUMNS, MEMBERS = 16, 20, 5
RANGE = 7.5
generator = np.random.default_rng(20240101)


def field(scale=1.0):
    """Smooth in both directions plus noise; three decimals, so that the text is exact in float32."""
    rough = generator.normal(size=(ROWS, COLUMNS))
    smooth = gaussian_filter(rough, 2, mode="wrap") * 4 + 0.3 * generator.normal(size=rough.shape)
    return np.round(scale * smooth + 1.5, 3)


def similarity(truth, forecast, weight, mode):
    """SSIM map over complete windows: scipy's Gaussian with 11 taps a side, windows with missing cells left out."""
    taps = dict(sigma=1.5, truncate=3.5, mode=["nearest", mode])
    mean = lambda values: gaussian_filter(values, **taps)
    t, f = np.where(weight > 0, truth, 0), np.where(weight > 0, forecast, 0)
    mu_t, mu_f = mean(t), mean(f)
    var_t, var_f = mean(t * t) - mu_t**2, mean(f * f) - mu_f**2
    cov = mean(t * f) - mu_t * mu_f
    c1, c2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2
    index = ((2 * mu_t * mu_f + c1) * (2 * cov + c2)) / ((mu_t**2 + mu_f**2 + c1) * (var_t + var_f + c2))
    touched = maximum_filter((weight == 0).astype(int), size=11, mode=["nearest", mode]) > 0
    use = np.where(touched, 0, weight)
    use[:5] = use[-5:] = 0
    if mode != "wrap":
        use[:, :5] = use[:, -5:] = 0
    return float((use * index).sum() / use.sum())


def correlation(a, b, weight):
    """Weighted, centred."""
    covariance = np.cov(a.ravel(), b.ravel(), aweights=weight.ravel())
    return float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))


def deterministic(truth, forecast, climatology, weight):
    error = forecast - truth
    average = lambda values: float(np.average(values, weights=weight))
    valid = weight > 0
    own = lambda values: (values - values[valid].min()) / (values[valid].max() - values[valid].min())
    own_error = ((own(forecast) - own(truth))[valid] ** 2).mean()
    return {
        "rmse": average(error**2) ** 0.5,
        "mae": average(abs(error)),
        "bias": average(error),
        "acc": correlation(forecast - climatology, truth - climatology, weight),
        "psnr": 10 * float(np.log10(RANGE**2 / average(error**2))),
        "psnr_own_range": 10 * float(np.log10(255 / own_error)),
        "ssim_bounded": similarity(truth, forecast, weight, "nearest"),
        "ssim_periodic": similarity(truth, forecast, weight, "wrap"),
    }


def probabilistic(members, truth, weight):
    n = len(members)
    average = lambda values: float(np.average(values, weights=weight))
    pairs = sum(abs(a - b) for a in members for b in members)
    crps = abs(members - truth).mean(axis=0) - pairs / (2 * n * (n - 1))
    variance = members.var(axis=0, ddof=1)
    skill = average((members.mean(axis=0) - truth) ** 2)
    ranks = (members < truth).sum(axis=0)
    histogram = [float(weight[ranks == r].sum() / weight.sum()) for r in range(n + 1)]
    return {
        "crps": average(crps),
        "spread": average(variance) ** 0.5,
        "spread_skill": float(((n + 1) / n * average(variance) / skill) ** 0.5),
        "rank_histogram": histogram,
        "reliability_index": float(sum(abs(f - 1 / (n + 1)) for f in histogram)),
    }


def zonal(values, weight):
    power = abs(np.fft.fft(values, axis=1) / COLUMNS) ** 2
    folded = [power[:, 0]]
    folded += [power[:, k] + power[:, -k] for k in range(1, COLUMNS // 2)]
    folded += [power[:, COLUMNS // 2]]
    rows = np.where((weight > 0).all(axis=1), weight.sum(axis=1), 0)
    return [float(np.average(p, weights=rows)) for p in folded]


def radial(values, weight, spacing_y, spacing_x):
    valid = weight > 0
    y, x = np.mgrid[0:ROWS, 0:COLUMNS]
    terms = np.stack([np.ones(valid.sum()), y[valid], x[valid]], axis=1)
    plane, *_ = np.linalg.lstsq(terms, values[valid], rcond=None)
    rest = np.where(valid, values - (plane[0] + plane[1] * y + plane[2] * x), 0)
    hann = lambda n: np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2
    window = np.where(valid, np.outer(hann(ROWS), hann(COLUMNS)), 0)
    power = abs(np.fft.fft2(window * rest) / values.size) ** 2 / (window**2).mean()
    k_y = np.fft.fftfreq(ROWS, spacing_y)[:, None]
    k_x = np.fft.fftfreq(COLUMNS, spacing_x)[None, :]
    longest = max(ROWS * spacing_y, COLUMNS * spacing_x)
    ring = np.rint(np.hypot(k_y, k_x) * longest).astype(int)
    return [float(p) for p in np.bincount(ring.ravel(), power.ravel())]


edges = np.sin(np.radians(np.linspace(-60, 80, ROWS + 1)))
full = np.round(np.repeat(np.diff(edges)[:, None], COLUMNS, axis=1), 6)
masked = full.copy()
masked[13, 17] = masked[14, 3] = masked[13, 16] = 0
truth, forecast, climatology = field(), field(), field(0.3)
forecast = np.round(0.6 * truth + 0.4 * forecast, 3)
members = np.stack([np.round(0.5 * truth + 0.5 * field(1.5), 3) for _ in range(MEMBERS)])

reference = {
    "shape": [ROWS, COLUMNS],
    "range": RANGE,
    "truth": truth.ravel().tolist(),
    "forecast": forecast.ravel().tolist(),
    "climatology": climatology.ravel().tolist(),
    "members": members.ravel().tolist(),
}
for name, weight in {"full": full, "masked": masked}.items():
    reference[name] = {
        "weight": weight.ravel().tolist(),
        "deterministic": deterministic(truth, forecast, climatology, weight),
        "probabilistic": probabilistic(members, truth, weight),
        "correlation": correlation(truth - climatology, members[0] - climatology, weight),
        "zonal": zonal(truth, weight),
        "radial": radial(truth, weight, 2.0, 1.5),
    }
with open("scores.json", "w", encoding="utf-8") as out:
    json.dump(reference, out)
    out.write("\n")
