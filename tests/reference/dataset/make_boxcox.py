#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes boxcox.json: skewed samples and the lambda that SciPy finds most likely for each, for tests/dataset.

Needs numpy and scipy. Run in this folder: python3 make_boxcox.py
"""
import json

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import boxcox_llf

generator = np.random.default_rng(20240701)
samples = {
    "lognormal": np.exp(generator.normal(size=200)),
    "gamma": generator.gamma(0.8, size=200) + 0.01,
    "mostly dry": np.where(generator.random(200) < 0.4, 0, generator.gamma(1.5, size=200)) + 0.01,
    "squares of a normal": np.sqrt(np.maximum(10 + generator.normal(size=200), 0.1)),
}
reference = []
for name, values in samples.items():
    values = np.round(values, 5)
    found = minimize_scalar(lambda power: -boxcox_llf(power, values), bounds=(0, 2), method="bounded", options={"xatol": 1e-9})
    reference.append({"name": name, "values": values.tolist(), "lambda": float(found.x)})
    print(name, found.x)
with open("boxcox.json", "w", encoding="utf-8") as out:
    json.dump(reference, out)
    out.write("\n")
