"""Starts one command, waits for it, and writes its exit code, wall, CPU and peak memory to a file descriptor.

The kernel counts the memory of the starting process, as it was before `exec`, into the peak of the child. So the start is
made from here, the smallest process Python can be (about 9 MiB): a peak below that cannot be seen.
"""

import os
import sys
import time

descriptor = int(sys.argv[1])
os.set_inheritable(descriptor, False)
started = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - started
code = os.waitstatus_to_exitcode(status)
os.write(descriptor, b"%d %f %f %f" % (code, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
