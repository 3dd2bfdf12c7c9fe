# SPDX-License-Identifier: Apache-2.0
# Writes optimizer.json: AdamW (Loshchilov and Hutter 2019, algorithm 2) with clipping by the global norm, a warm-up and cosine
# schedule, and a running average of the weights, in double precision, written from the papers' equations.
import json
import pathlib

import numpy as np

STEPS, WARMUP, PEAK = 12, 4, 0.05
BETA1, BETA2, EPSILON, DECAY = 0.9, 0.99, 1e-8, 0.1
CLIP, AVERAGE = 1.0, 0.7


def rate(step):
    if step < WARMUP:
        return PEAK * (step + 1) / WARMUP
    return 0.5 * PEAK * (1 + np.cos(np.pi * (step - WARMUP) / (STEPS - WARMUP)))


def gradients(weights, step):
    """Of the toy loss sum((w - target)^2) with a target that moves."""
    return [2 * (w - np.cos(np.arange(w.size).reshape(w.shape) + 0.3 * step)) for w in weights]


weights = [np.linspace(-1, 1, 6).reshape(2, 3), np.linspace(0.5, -0.5, 3)]  # a matrix (decayed) and a bias (not)
first = [np.zeros_like(w) for w in weights]
second = [np.zeros_like(w) for w in weights]
average = [w.copy() for w in weights]
norms = []
for step in range(STEPS):
    g = gradients(weights, step)
    norm = np.sqrt(sum((x**2).sum() for x in g))
    norms.append(norm)
    g = [x * min(1.0, CLIP / norm) for x in g]
    for i, w in enumerate(weights):
        if w.ndim > 1:
            w *= 1 - rate(step) * DECAY
        first[i] = BETA1 * first[i] + (1 - BETA1) * g[i]
        second[i] = BETA2 * second[i] + (1 - BETA2) * g[i] ** 2
        m = first[i] / (1 - BETA1 ** (step + 1))
        v = second[i] / (1 - BETA2 ** (step + 1))
        w -= rate(step) * m / (np.sqrt(v) + EPSILON)
        d = min(AVERAGE, (1 + step) / (10 + step))
        average[i] = d * average[i] + (1 - d) * w

result = {
    "rates": [rate(step) for step in range(STEPS)],
    "norms": norms,
    "weights": [w.ravel().tolist() for w in weights],
    "average": [w.ravel().tolist() for w in average],
}
pathlib.Path(__file__).with_name("optimizer.json").write_text(json.dumps(result, indent=1) + "\n")
