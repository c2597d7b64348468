"""`python -m cleanbill`: the command line that this package brings."""

from __future__ import annotations

import os
import sys
import sysconfig


def main() -> None:
    """Becomes the program."""
    folders = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))]
    name = "cleanbill" + (sysconfig.get_config_var("EXE") or "")
    for folder in folders:
        program = os.path.join(folder, name)
        if os.path.isfile(program):
            os.execv(program, [program, *sys.argv[1:]])
    sys.exit(f"the program `{name}` is not in {' or '.join(folders)}")


if __name__ == "__main__":
    main()
