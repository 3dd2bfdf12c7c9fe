# SPDX-License-Identifier: Apache-2.0
"""Names, units and months as the figures write them."""
import re

LONG_NAMES = {"uas": "eastward wind", "vas": "northward wind", "tas": "air temperature", "ps": "surface pressure",
              "pr": "precipitation", "sfcWind": "wind speed"}


SHOWN_IN = {"kg m-2 s-1": ("mm day-1", 86400.0)}  # units of files -> units of figures and the factor


def shown_in(units):
    """The units a figure shows a quantity in, and the factor to them."""
    return SHOWN_IN.get(units, (units, 1.0))


def month_text(month):
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def long_name(variable):
    return LONG_NAMES.get(variable, variable)


def pretty(units):
    """'m s-1' with its exponents raised."""
    return re.sub(r"(?<=[A-Za-z])(-?\d+)", r"$^{\1}$", units).replace("$^{-", "$^{\N{MINUS SIGN}")
