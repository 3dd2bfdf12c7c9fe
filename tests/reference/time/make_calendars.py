# SPDX-License-Identifier: Apache-2.0
# Writes calendars.csv (days since 2000-01-01 of dates in every CF calendar; empty where a calendar lacks the date) and
# axes.csv (months of CF time stamps), both by cftime. Run in this folder with Debian's python3-cftime.
import csv

import cftime

CALENDARS = ["standard", "proleptic_gregorian", "julian", "noleap", "all_leap", "360_day"]
CLOSE_YEARS = [1582, 1583, 1600, 1699, 1700, 1800, 1899, 1900, 1904, 1999, 2000, 2100, 2200]

dates = [(year, 3, 1) for year in range(1582, 2201)]
for year in CLOSE_YEARS:
    for month in range(1, 13):
        dates += [(year, month, 1), (year, month, 28), (year, month, 30), (year, month, 31)]
    dates.append((year, 2, 29))
dates += [(1582, 10, day) for day in (4, 5, 14, 15)]


def days(date, calendar):
    try:
        stamp = cftime.datetime(*date, calendar=calendar)
    except ValueError:
        return ""
    return int(cftime.date2num(stamp, "days since 2000-01-01", calendar=calendar))


with open("calendars.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["date", *CALENDARS])
    for date in sorted(set(dates)):
        out.writerow(["%04d-%02d-%02d" % date, *(days(date, calendar) for calendar in CALENDARS)])

AXES = [
    ("hour since 1980-01-14 14:00:00", "standard", [17598 + 730.5 * i for i in (0, 1, 2, 59, 130, 131)]),
    ("hours since 1900-01-01 00:00:0.0", "gregorian", [0, 744, 1416, 876576, 1043136, 1078200]),
    ("hours since 1800-1-1", "standard", [315576, 1753152, 1901904]),
    ("days since 1850-1-1", "noleap", [15.5, 45, 364.9, 365, 54749.5]),
    ("days since 1850-01-01 00:00", "360_day", [15, 45, 359.9, 360, 53995]),
    ("days since 1800-01-01", "julian", [0, 31, 59, 60, 36524, 36525]),
    ("days since 1800-01-01T00:00:00Z", "proleptic_gregorian", [-80000, -1, 0, 13149, 36523, 36524]),
    ("days since 1500-01-01", "proleptic_gregorian", [0, 30226, 30236]),
    ("days since 1500-01-01", "standard", [0, 30226, 30236]),
    ("days since 0001-01-01", "all_leap", [0, 700000]),
    ("seconds since 1970-01-01", "proleptic_gregorian", [-1577836800, -1, 0, 946684800, 1704067200]),
    ("minutes since 1979-12-31 18:00 -06:00", "standard", [-1, 0, 44640]),
    ("seconds since 1979-12-31 18:00:30.5", "standard", [21569.5, 21568.0]),
]

with open("axes.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["units", "calendar", "value", "month"])
    for units, calendar, values in AXES:
        for value in values:
            date = cftime.num2date(value, units, calendar=calendar)
            out.writerow([units, calendar, repr(value), "%04d-%02d" % (date.year, date.month)])
