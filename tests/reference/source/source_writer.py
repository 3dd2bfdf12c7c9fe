# SPDX-License-Identifier: Apache-2.0
# How make_sources.py writes its files, into the folder that is its first argument.
#
# Every field holds 100 * k + latitude + longitude / 10 with k = months since 2001-01 and longitudes in 0..360.
import os
import sys

import netCDF4
import numpy as np

folder = sys.argv[1]
LAT = np.arange(-60.0, 61.0, 30.0)
LON = np.arange(0.0, 360.0, 45.0)
MID_2001 = [15.5, 45, 74.5, 105, 135.5, 166, 196.5, 227.5, 258, 288.5, 319, 349.5]


def field(k, lat=LAT, lon=LON):
    return 100.0 * k + np.asarray(lat)[:, None] + np.mod(lon, 360)[None, :] / 10


def fields(ks, lat=LAT, lon=LON):
    return np.stack([field(k, lat, lon) for k in ks])


def create(name, form="NETCDF3_CLASSIC"):
    return netCDF4.Dataset(os.path.join(folder, name + ".nc"), "w", format=form)


def axis(file, name, values, kind="f8", dim=None, length=-1, **attributes):
    file.createDimension(dim or name, None if length is None else len(values))
    variable = file.createVariable(name, kind, (dim or name,))
    variable.setncatts(attributes)
    variable[:] = values
    return variable


def horizontal(file, lat=LAT, lon=LON, kind="f8"):
    axis(file, "lat", lat, kind, units="degrees_north")
    axis(file, "lon", lon, kind, units="degrees_east")


def bounds(file, name, values, dimensions=("time", "two")):
    file.createDimension("two", 2)
    file.createDimension("one", 1)
    file.createVariable(name, "f8", dimensions)[:] = values


def data(file, values, name="uas", dims=("time", "lat", "lon"), kind="f4", fill=None, **attributes):
    attributes.setdefault("units", "m s-1")
    variable = file.createVariable(name, kind, dims, fill_value=fill)
    variable.set_auto_maskandscale(False)
    variable.setncatts(attributes)
    variable[:] = values
    return variable


def plain(name, ks=range(3), lat=LAT, lon=LON, form="NETCDF3_CLASSIC", coordinate="f8", **attributes):
    with create(name, form) as file:
        horizontal(file, lat, lon, coordinate)
        axis(file, "time", np.asarray(MID_2001)[np.mod(list(ks), 12)] + 365 * (np.asarray(list(ks)) // 12),
             length=None, units="days since 2001-01-01", calendar="noleap")
        data(file, fields(ks, lat, lon), **attributes)


def timed(name, stamps, units, calendar="", kind="f8", axis_name="time", ks=None, **attributes):
    with create(name, "NETCDF4") as file:
        horizontal(file)
        if calendar:
            attributes["calendar"] = calendar
        if units:
            attributes["units"] = units
        axis(file, axis_name, stamps, kind, **attributes)
        data(file, fields(ks or range(len(stamps))), dims=(axis_name, "lat", "lon"))
