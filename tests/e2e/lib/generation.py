# SPDX-License-Identifier: Apache-2.0
"""Prints the generation of the policy in force, 0 for none."""
import struct

from genl import N, Socket, attributes

generation = 0
for number, data in attributes(Socket().do("STATUS_GET")[0][20:]):
    if number == N["A_STATUS"]:
        for inner, value in attributes(data):
            if inner == N["A_STATUS_GENERATION"]:
                generation = struct.unpack("=I", value)[0]
print(generation)
