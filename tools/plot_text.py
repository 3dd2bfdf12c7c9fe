# SPDX-License-Identifier: Apache-2.0
"""Names, units and months as the figures write them."""
import re

LONG_NAMES = {"uas": "eastward wind", "vas": "northward wind", "tas": "air temperature", "ps": "surface pressure",
              "pr": "precipitation", "sfcWind": "wind speed"}


def month_text(month):
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def long_name(variable):
    return LONG_NAMES.get(variable, variable)


def pretty(units):
    """'m s-1' with its exponents raised."""
    return re.sub(r"(?<=[A-Za-z])(-?\d+)", r"$^{\1}$", units).replace("$^{-", "$^{\N{MINUS SIGN}")
