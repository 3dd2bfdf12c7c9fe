#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes bounded_consistency.txt: small quadratic programmes and their solutions, for tests/grid.

Each is min sum area * (x - x0)^2 subject to coarse means and x >= 0, on grids whose coarse edges cut fine cells. SciPy finds which
values lie on the limit; the linear equations of the others are then solved exactly and the conditions of Karush, Kuhn and Tucker
checked. Needs numpy and scipy. Run in this folder: python3 make_bounded_consistency.py
"""
import numpy as np
from scipy.optimize import minimize

FINE_EAST, FINE_NORTH = np.arange(0, 17, 2.0), np.arange(10, 29, 3.0)
COARSE_EAST, COARSE_NORTH = np.arange(1, 17, 5.0), np.arange(11, 26, 7.0)


def shares(fine, coarse):
    """Share of each coarse interval (row) that lies in each fine one (column)."""
    low, high = np.maximum(fine[None, :-1], coarse[:-1, None]), np.minimum(fine[None, 1:], coarse[1:, None])
    return np.maximum(high - low, 0) / np.diff(coarse)[:, None]


sine = lambda degrees: np.sin(np.radians(degrees))
operator = np.kron(shares(sine(FINE_NORTH), sine(COARSE_NORTH)), shares(FINE_EAST, COARSE_EAST))
area = np.kron(np.diff(sine(FINE_NORTH)), np.diff(FINE_EAST))
area /= area.mean()


def solve(start, means):
    found = minimize(lambda x: (area * (x - start) ** 2).sum() / 2, np.abs(start), jac=lambda x: area * (x - start),
                     bounds=[(0, None)] * start.size, method="SLSQP", options={"ftol": 1e-15, "maxiter": 1000},
                     constraints={"type": "eq", "fun": lambda x: operator @ x - means, "jac": lambda x: operator})
    free = found.x > 1e-7
    part = operator[:, free]
    lagrange = np.linalg.lstsq(part / area[free] @ part.T, means - part @ start[free], rcond=None)[0]
    x = np.where(free, start + operator.T @ lagrange / area, 0)
    assert (x >= 0).all() and np.allclose(operator @ x, means, atol=1e-12)
    assert (start + operator.T @ lagrange / area)[~free].max(initial=-1) <= 1e-12  # the limit pushes upwards
    return x


generator = np.random.default_rng(20240601)
with open("bounded_consistency.txt", "w", encoding="utf-8") as out:
    for spread in (0.5, 1.0, 1.5, 2.0):
        truth = np.maximum(generator.normal(size=area.size), 0)
        start = np.round(np.maximum(spread * generator.normal(size=area.size), 0), 3)
        means = (operator @ truth).astype(np.float32).astype(float)
        out.write("programme\n")
        for values in (means, start, solve(start, means)):
            out.write(" ".join(f"{value:.9g}" for value in values) + "\n")
