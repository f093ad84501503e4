# SPDX-License-Identifier: Apache-2.0
"""Does the kernel know all of these directories of the host?   host_directories.py DIRECTORY..."""

import os
import sys

from dumps import dump

known = {dict(one)["A_HOST_DIRECTORY_INO"] for one in dump("HOST_DIRECTORY_GET")}
sys.exit(not all(os.path.isdir(name) and os.stat(name).st_ino in known for name in sys.argv[1:]))
