"""Statistics are for light rooms: no torch ever, and SciPy only when asked."""

import subprocess
import sys


def test_importing_costs_numpy_only():
    code = "import sys, seqlab.stats; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"scipy", "torch", "pandas", "sklearn"} & set(done.stdout.split())
