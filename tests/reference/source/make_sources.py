# SPDX-License-Identifier: Apache-2.0
# Writes small NetCDF files, each with one habit of real archives, and what xarray decodes from some of them.
# Usage: make_sources.py FOLDER [REAL_FILE:VARIABLE ...]. Needs Debian's python3-netcdf4 and python3-xarray.
import json
import os
import sys

import numpy as np
import xarray

from source_writer import LAT, LON, MID_2001, axis, bounds, create, data, field, fields, folder, horizontal, plain, timed

# Formats.
plain("classic")
plain("offset64", form="NETCDF3_64BIT_OFFSET")
plain("cdf5", form="NETCDF3_64BIT_DATA")
plain("netcdf4", form="NETCDF4")
plain("netcdf4_classic", form="NETCDF4_CLASSIC")

for name in ("records_padded", "records_alone"):  # 15 shorts a record: padded to 32 bytes unless alone
    with create(name) as file:
        horizontal(file, LAT, LON[:3])
        file.createDimension("time", None)
        for one in ("uas", "vas")[: 2 if name == "records_padded" else 1]:
            data(file, np.zeros((4, 5, 3)), one, kind="i2")

# Orders of coordinates.
plain("lat_descending", lat=LAT[::-1])
plain("lon_180", lon=np.arange(-180.0, 180.0, 45.0))
plain("lon_seam", lon=np.mod(np.arange(180.0, 540.0, 45.0), 360))
plain("lon_repeated", lon=np.arange(0.0, 361.0, 45.0))
plain("lon_descending", lon=LON[::-1])
plain("single", lat=np.arange(40.05, 48, 0.1), lon=np.arange(-5.95, 6, 0.1), coordinate="f4")
plain("irregular", lat=np.array([-61.0, -30.0, 2.0, 30.0, 60.0]))
plain("lat_wrong", lat=np.array([-60.0, -30.0, -35.0, 30.0, 60.0]))
plain("lon_wrong", lon=np.array([0.0, 45, 90, 80, 180, 225, 270, 315]))

# Dimensions.
with create("transposed") as file:
    horizontal(file)
    axis(file, "time", MID_2001[:3], units="days since 2001-01-01")
    data(file, np.transpose(fields(range(3)), (2, 0, 1)), dims=("lon", "time", "lat"))
with create("time_last", "NETCDF4") as file:
    horizontal(file)
    axis(file, "time", MID_2001[:3], length=None, units="days since 2001-01-01")
    data(file, np.transpose(fields(range(3)), (1, 2, 0)), dims=("lat", "lon", "time"))
with create("odd_names", "NETCDF4") as file:  # axes told by their attributes alone
    axis(file, "row", LAT, standard_name="latitude")
    axis(file, "column", LON, axis="X", units="degrees")
    axis(file, "month", MID_2001[:3], units="days since 2001-01-01")
    data(file, fields(range(3)), dims=("month", "row", "column"))
with create("bare_names", "NETCDF4") as file:  # axes told by their names alone
    axis(file, "Latitude", LAT)
    axis(file, "x", LON)
    axis(file, "t", MID_2001[:3], units="days since 2001-01-01")
    data(file, fields(range(3)), dims=("t", "Latitude", "x"))
with create("no_scales", "NETCDF4") as file:  # coordinates that are not named as their dimensions
    axis(file, "lat", LAT, dim="phony_dim_0")
    axis(file, "lon", LON, dim="phony_dim_1")
    axis(file, "time", MID_2001[:3], dim="phony_dim_2", units="days since 2001-01-01")
    data(file, fields(range(3)), dims=("phony_dim_2", "phony_dim_0", "phony_dim_1"))
with create("height") as file:
    horizontal(file)
    axis(file, "height", [2.0], units="m")
    axis(file, "number", [0], "i4")
    axis(file, "time", MID_2001[:3], length=None, units="days since 2001-01-01")
    data(file, fields(range(3))[:, None, None], dims=("time", "number", "height", "lat", "lon"))
with create("members") as file:
    horizontal(file)
    axis(file, "member", [1, 2, 3], "i4")
    axis(file, "time", MID_2001[:2], units="days since 2001-01-01")
    data(file, np.stack([fields(range(2))] * 3), dims=("member", "time", "lat", "lon"))
with create("rotated") as file:
    axis(file, "rlat", LAT, standard_name="grid_latitude", units="degrees")
    axis(file, "rlon", LON, standard_name="grid_longitude", units="degrees")
    data(file, field(0), dims=("rlat", "rlon"))
with create("projected") as file:
    axis(file, "y", LAT * 1000, units="m")
    axis(file, "x", LON * 1000, units="m")
    data(file, field(0), dims=("y", "x"))
with create("static") as file:
    horizontal(file)
    data(file, field(0), "orog", ("lat", "lon"), units="m")
with create("static_time") as file:  # geopotential with one time
    horizontal(file)
    axis(file, "time", [1], units="days since 2001-01-01")
    data(file, fields([0]) * 9.80665, "z", units="m**2 s**-2")
with create("expver") as file:  # old form: a dimension, each time in one of the two
    horizontal(file)
    axis(file, "expver", [1, 5], "i4")
    axis(file, "time", [0, 744, 1416], "i4", units="hours since 2001-01-01 00:00:0.0", calendar="gregorian")
    both = np.full((3, 2) + field(0).shape, np.nan)
    both[:2, 0] = fields(range(2))
    both[2, 1] = field(2)
    data(file, both, dims=("time", "expver", "lat", "lon"), fill=np.float32(np.nan))
with create("cds", "NETCDF4") as file:  # as the Climate Data Store writes since 2024
    number = file.createVariable("number", "i8", ())
    number.standard_name = "realization"
    axis(file, "valid_time", np.array([978307200, 980985600, 983404800]), "i8", units="seconds since 1970-01-01",
         calendar="proleptic_gregorian", standard_name="time")
    axis(file, "latitude", LAT[::-1], units="degrees_north", standard_name="latitude", stored_direction="decreasing")
    axis(file, "longitude", LON, units="degrees_east", standard_name="longitude")
    file.createVariable("expver", str, ("valid_time",))[:] = np.array(["0001", "0001", "0005"], dtype=object)
    values = fields(range(3), LAT[::-1])
    values[:, 1, 2] = np.nan
    data(file, values, "u10", ("valid_time", "latitude", "longitude"), fill=np.float32(np.nan), units="m s**-1",
         standard_name="unknown", GRIB_missingValue=3.40282346638528860e38, GRIB_paramId=np.int64(165))

# Packing and missing values.
packed = np.round((fields(range(3)) - 150) / 0.01).astype("i2")
packed[1, 0, 0] = -32767
plain_packing = dict(scale_factor=0.01, add_offset=150.0)
with create("packed") as file:
    horizontal(file)
    axis(file, "time", MID_2001[:3], units="days since 2001-01-01")
    data(file, packed, kind="i2", fill=np.int16(-32767), missing_value=np.int16(-32767), **plain_packing)
    data(file, packed, "no_attribute", kind="i2", **plain_packing)
    big = np.round(fields(range(3)) / 0.005).astype("i4").astype("u2").view("i2")
    data(file, big, "unsigned", kind="i2", _Unsigned="true", scale_factor=np.float32(0.005))
    data(file, packed, "unwritten", kind="i2", missing_value=np.int16(-32768), **plain_packing)
    data(file, packed, "as_text", kind="i2", scale_factor="0.01", add_offset=" 150.0 ")
    data(file, packed, "no_number", kind="i2", scale_factor="a hundredth")
with create("limits", "NETCDF4") as file:  # one place beyond what is valid
    horizontal(file)
    axis(file, "time", MID_2001[:1], units="days since 2001-01-01")
    beyond = fields([0])
    beyond[0, 1, 2] = 300
    stored = np.round((beyond - 150) / 0.01).astype("i2")
    for name, values, kind, attributes in [
        ("range", beyond, "f4", {"valid_range": np.float32([-200, 200])}), ("most", beyond, "f4", {"valid_max": np.float32(200)}),
        ("least", -beyond, "f4", {"valid_min": np.float32(-200)}),
        ("stored", stored, "i2", {"valid_range": np.int16([-25000, 5000]), **plain_packing}),
        ("unpacked", stored, "i2", {"valid_range": np.float32([-100, 200]), **plain_packing}),
        ("at_limit", stored, "i2", {"valid_range": np.float32([-60 + 1e-3, 200]), **plain_packing}),  # which rounding misses
        ("mixed", stored, "i2", {"valid_min": np.int16(-32767), "valid_max": np.float32(200), **plain_packing}),
    ]:
        data(file, values, name, kind=kind, **attributes)
    data(file, beyond, "other_type", valid_range=np.int32([0, 1]))  # neither of stored nor of unpacked values: not applied
with create("fills", "NETCDF4") as file:
    horizontal(file)
    axis(file, "time", MID_2001[:1], units="days since 2001-01-01")
    for name, kind, attributes, bad in [
        ("default_fill", "f4", {}, 9.96921e36),
        ("nan", "f4", {}, np.nan),
        ("grib", "f4", {}, 3.4028e38),
        ("cmip", "f4", {}, 1e20),
        ("wrong_type", "f4", {"missing_value": -99.9}, -99.9),
        ("double", "f8", {"missing_value": -9999.0}, -9999),
        ("text", "f4", {"missing_value": "none"}, np.nan),
        ("number_as_text", "f4", {"missing_value": "-9999"}, -9999),
        ("large", "f8", {}, -1e34),
    ]:
        values = fields([0])
        values[0, 1, 2] = bad
        data(file, values, name, kind=kind, **attributes)
    for kind, unwritten in [("i2", -32767), ("u2", 65535), ("u4", 4294967295)]:
        values = np.round((fields([0]) + 150) / 0.01).astype(kind)
        values[0, 1, 2] = unwritten
        data(file, values, kind, kind=kind, scale_factor=0.01, add_offset=-150.0)
    values = fields([0])
    values[0, 1, 2] = -9999
    values[0, 3, 4] = -8888
    data(file, values, "two", fill=np.float32(-9999), missing_value=np.array([-8888.0, -7777.0]))

# Units.
with create("units") as file:
    horizontal(file)
    for name, text in [
        ("upper", "M/S"), ("stars", "m s**-1"), ("knots", "knot"), ("celsius", "Deg C"), ("hecto", "hPa"), ("mb", "MB"),
        ("share", "(0 - 1)"), ("percent", "%"), ("water", "m of water equivalent"), ("metres", "m"), ("metres_day", "m/day"),
        ("millimetres_day", "mm/day"), ("millimetres", "mm"), ("flux", "kg m**-2 s**-1"), ("unknown", "furlong/whim"),
        ("none", ""), ("kelvin", "degK"), ("by_month", "mm/month"),
    ]:
        data(file, field(0), name, ("lat", "lon"), units=text)
    data(file, field(0), "sum", ("lat", "lon"), units="m", cell_methods="time: sum")
with create("curvilinear") as file:
    axis(file, "y", np.arange(5))
    axis(file, "x", np.arange(8))
    for name, values, unit in (("lat2d", field(0), "degrees_north"), ("lon2d", field(0), "degrees_east")):
        data(file, values, name, ("y", "x"), units=unit)
    data(file, field(0), "uas", ("y", "x"), coordinates="lon2d lat2d")

with create("curvilinear_unsaid") as file:
    axis(file, "y", np.arange(5))
    axis(file, "x", np.arange(8))
    for name, values, unit in (("nav_lat", field(0), "degrees_north"), ("nav_lon", field(0), "degrees_east")):
        data(file, values, name, ("y", "x"), units=unit)
    data(file, field(0), "uas", ("y", "x"))
with create("no_curve") as file:  # whose units only begin like those of a coordinate; and a mapping that is none
    for name, values in (("lat", LAT), ("lon", LON)):
        axis(file, name, values)
    axis(file, "time", MID_2001[:3], units="days since 2001-01-01")
    data(file, field(0), "direction", ("lat", "lon"), units="degrees_true")
    file.createVariable("crs", "i4", ()).grid_mapping_name = "latitude_longitude"
    data(file, fields(range(3)), grid_mapping="crs")
with create("projection") as file:
    axis(file, "lat", LAT, units="degrees", axis="Y")
    axis(file, "lon", LON, units="degrees", axis="X")
    file.createVariable("pole", "i4", ()).grid_mapping_name = "rotated_latitude_longitude"
    data(file, field(0), "uas", ("lat", "lon"), grid_mapping="pole")
with create("radians") as file:
    axis(file, "lat", np.radians(LAT), units="radian", standard_name="latitude")
    axis(file, "lon", np.radians(LON), units="radian", standard_name="longitude")
    data(file, field(0), "uas", ("lat", "lon"))

# Time axes.
timed("noleap", [15.5, 45, 74.5], "days since 2001-01-01", "NOLEAP")
timed("days_360", [15, 45, 75], "days since 2001-01-01", "360_day")
timed("julian", [2.5, 33, 62], "days since 2001-01-01", "julian")
timed("dates", [20010101, 20010201, 20010301], "", kind="i4", axis_name="date")
timed("months_since", [12, 13, 14], "months since 2000-01-01", kind="i4")
timed("reversed_time", [75, 45, 15], "days since 2001-01-01")
timed("daily", [15, 16, 17], "days since 2001-01-01")
timed("no_units", [15, 45, 75], "")
timed("numeric_units", [15, 45, 75], 7)
ENDS = np.array([[0, 31], [31, 59], [59, 90]], dtype="f8")
for name, declared, dimensions, values in [  # usable
    ("bounds", "time_bnds", ("time", "two"), ENDS), ("bounds_unnamed", "", ("time", "two"), ENDS),
    ("bounds_reversed", "time_bnds", ("time", "two"), ENDS[:, ::-1]), ("bounds_blank", "time_bnds  ", ("time", "two"), ENDS),
    ("bounds_first", "time_bnds", ("two", "time"), ENDS.T), ("bounds_deep", "time_bnds", ("time", "two", "one"), ENDS[..., None]),
    # not usable
    ("bounds_lost", "elsewhere", ("time", "two"), ENDS), ("bounds_nan", "time_bnds", ("time", "two"), ENDS * np.nan),
    ("bounds_single", "time_bnds", ("time",), ENDS[:, 1]),
]:
    with create(name, "NETCDF4") as file:  # stamps at the end of their months
        horizontal(file)
        axis(file, "time", [31, 59, 90], units="days since 2001-01-01", **({"bounds": declared} if declared else {}))
        bounds(file, "time_bnds", values, dimensions)
        data(file, fields(range(3)))
for name, shift in [("cells_centred", 0), ("cells_by_corner", 0.5)]:
    with create(name, "NETCDF4") as file:
        horizontal(file)
        axis(file, "time", MID_2001[:3], units="days since 2001-01-01")
        data(file, fields(range(3)))
        bounds(file, "lon_bnds", np.stack([LON + 45 * (shift - 0.5), LON + 45 * (shift + 0.5)], axis=1), ("lon", "two"))
        file["lon"].bounds = "lon_bnds"
for name, attributes in [("bounds_lost_middle", {"bounds": "elsewhere"}), ("bounds_stale", {})]:  # which no stamp needs
    with create(name, "NETCDF4") as file:
        horizontal(file)
        axis(file, "time", MID_2001[:3], units="days since 2001-01-01", **attributes)
        bounds(file, "time_bnds", ENDS + 31)
        data(file, fields(range(3)))
with create("packed_axes", "NETCDF4") as file:
    for name, values, offset in (("lat", LAT, -30.0), ("lon", LON, 0.0), ("time", MID_2001[:3], 0.0)):
        units = {"lat": "degrees_north", "lon": "degrees_east", "time": "days since 2001-01-01"}[name]
        variable = axis(file, name, np.round((np.asarray(values) - offset) / 0.5), "i2", units=units)
        variable.setncatts({"scale_factor": 0.5, "add_offset": offset})
    data(file, fields(range(3)))
with create("bounds_units", "NETCDF4") as file:  # the bounds count from another date
    horizontal(file)
    axis(file, "time", [31, 59, 90], units="days since 2001-01-01", bounds="time_bnds")
    file.createDimension("two", 2)
    bounds = file.createVariable("time_bnds", "f8", ("time", "two"))
    bounds[:] = 24.0 * (365 + np.array([[0, 31], [31, 59], [59, 90]]))
    bounds.units = "hours since 2000-01-02 00:00:00"
    data(file, fields(range(3)))
with create("grouped", "NETCDF4") as file:
    group = file.createGroup("forecast")
    horizontal(group)
    axis(group, "time", [15], units="days since 2001-01-01")
    data(group, fields(range(1)))
with create("unfinished", "NETCDF4") as file:
    horizontal(file)
    axis(file, "time", [], length=None, units="days since 2001-01-01")
    file.createVariable("uas", "f4", ("time", "lat", "lon")).units = "m s-1"

# Files in parts.
plain("part_2001", range(12))
plain("part_2002", range(12, 24), form="NETCDF4")
plain("part_2003", range(24, 36), form="NETCDF3_64BIT_DATA")
plain("late_2002", range(22, 24))
for file_name, name, ks in (("gusts_2003", "uasmax", range(24, 36)), ("high_2004", "u100", range(36, 48))):
    with create(file_name) as file:  # other quantities of the same standard_name
        horizontal(file)
        axis(file, "time", np.asarray(MID_2001) + 365 * (ks[0] // 12), units="days since 2001-01-01", calendar="noleap")
        data(file, fields(ks), name=name, standard_name="eastward_wind")
with create("winds_2003") as file:  # two of that standard_name, of which neither is meant
    horizontal(file)
    axis(file, "time", np.asarray(MID_2001) + 730, units="days since 2001-01-01", calendar="noleap")
    for name in ("uasmax", "u100"):
        data(file, fields(range(24, 36)), name=name, standard_name="eastward_wind")
plain("knots_2002", range(12, 24), units="knot")
plain("coarse_2002", range(12, 24), lat=LAT[::2])

expected = {}
here = [("classic", "uas"), ("cds", "u10"), ("packed", "uas"), ("fills", "two"), ("lat_descending", "uas"), ("lon_180", "uas")]
for path, name in [(os.path.join(folder, f + ".nc"), v) for f, v in here] + [a.rsplit(":", 1) for a in sys.argv[2:]]:
    with xarray.open_dataset(path, decode_times=False) as opened:
        last = opened[name].values
        while last.ndim > 2:
            last = last[-1]
        expected[os.path.basename(path) + ":" + name] = {
            "columns": last.shape[1],
            "values": [None if np.isnan(v) else float(v) for v in last.ravel()],
        }
with open(os.path.join(folder, "expected.json"), "w") as file:
    json.dump(expected, file)
