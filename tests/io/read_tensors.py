# SPDX-License-Identifier: Apache-2.0
"""Prints an archive in the safetensors layout, read from the description of that layout alone."""
import json
import struct
import sys

with open(sys.argv[1], "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    buffer = file.read()

metadata = header.pop("__metadata__")
print("__metadata__", "step=" + metadata["step"])
code = {"F32": "f", "F64": "d", "I64": "q"}
for name, entry in header.items():
    first, last = entry["data_offsets"]
    letter = code[entry["dtype"]]
    count = (last - first) // struct.calcsize(letter)
    values = struct.unpack_from(f"<{count}{letter}", buffer, first)
    print(name, entry["dtype"], entry["shape"], list(values))
