#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes 48 months of an invented temperature on a globe of 0.1 degrees, month by month. Usage: large_domain.py FILE"""
import pathlib
import sys

import netCDF4
import numpy as np

latitude = np.linspace(-90, 90, 1801)
longitude = np.arange(3600) * 0.1
path = pathlib.Path(sys.argv[1])
part = path.with_suffix(".part")
with netCDF4.Dataset(part, "w", format="NETCDF3_64BIT_DATA") as file:
    for name, values, units in (("lat", latitude, "degrees_north"), ("lon", longitude, "degrees_east")):
        file.createDimension(name, values.size)
        file.createVariable(name, "f8", (name,))[:] = values
        file[name].units = units
    file.createDimension("time", 48)
    time = file.createVariable("time", "f8", ("time",))
    time.units, time.calendar = "days since 2001-01-01", "standard"
    starts = np.array([(np.datetime64("2001-01") + i).astype("datetime64[D]") for i in range(49)])
    days = (starts - starts[0]).astype(float)
    time[:] = (days[:-1] + days[1:]) / 2
    field = file.createVariable("tas", "f4", ("time", "lat", "lon"))
    field.units, field.standard_name = "K", "air_temperature"
    wave = np.sin(np.deg2rad(latitude * 23))[:, None] * np.cos(np.deg2rad(longitude * 40))
    for month in range(48):
        season = 10 * np.sin(np.deg2rad(latitude)) * np.cos(2 * np.pi * month / 12)
        field[month] = 288 - 40 * np.sin(np.deg2rad(latitude[:, None])) ** 2 - season[:, None] + (1 + 0.1 * month) * wave
part.rename(path)
