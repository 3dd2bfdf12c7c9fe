# SPDX-License-Identifier: Apache-2.0
"""Opens the file of field_file_test.cpp with xarray and compares all it should hold."""
import sys

import numpy
import xarray

data = xarray.open_dataset(sys.argv[1])  # decodes times and missing values
tas = data["tas"]
assert tas.dims == ("time", "lat", "lon"), tas.dims
assert tas.dtype == numpy.float32
stamps = [str(stamp)[:16] for stamp in data["time"].values]
assert stamps == ["1836-01-16T12:00", "1836-02-15T12:00", "1836-03-16T12:00"], stamps
bounds = data["time_bnds"].values.astype(str)
assert bounds[1][0].startswith("1836-02-01T00:00"), bounds
assert bounds[1][1].startswith("1836-03-01T00:00"), bounds
assert data["time"].encoding["calendar"] == "proleptic_gregorian"
assert data["time"].encoding["units"].startswith("days since 1836-01-01")
assert "time" in data.encoding["unlimited_dims"]

month, cell = numpy.meshgrid(numpy.arange(3), numpy.arange(24), indexing="ij")
expected = (numpy.float32(100) * month + cell.astype("f4") * numpy.float32(0.37) + 30).astype("f4")
expected[:, 9] = numpy.nan
assert numpy.allclose(tas.values.reshape(3, 24), expected, rtol=1e-6, equal_nan=True)

assert list(data["lat"].values) == [70, 75, 80, 86.25]
assert list(data["lat_bnds"].values[-1]) == [82.5, 90]
assert list(data["lon_bnds"].values[0]) == [-7.5, -2.5]
for name in ("lat", "lon", "time"):
    assert "_FillValue" not in data[name].encoding, name
assert data["lat"].attrs["units"] == "degrees_north" and data["lat"].attrs["bounds"] == "lat_bnds"
assert data["lon"].attrs["axis"] == "X" and data["lon"].attrs["standard_name"] == "longitude"
assert float(data["height"]) == 2 and data["height"].attrs["positive"] == "up"
assert int(data["realization"]) == 3 and data["realization"].dtype.kind == "i"
assert set(tas.coords) >= {"height", "realization"}, tas.coords
assert tas.encoding["_FillValue"] == numpy.float32(1e20)
assert tas.attrs["standard_name"] == "air_temperature"
assert tas.attrs["units_metadata"] == "temperature: on_scale"
assert tas.attrs["cell_methods"] == "time: mean"
assert list(data.attrs) == ["Conventions", "title", "source", "complete"], data.attrs
assert data.attrs["complete"] == 1
print("as expected")
