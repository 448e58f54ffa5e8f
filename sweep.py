"""Search with Optuna: `python sweep.py sweep=depth_width_direction`. The same as `seqlab sweep`."""

from seqlab.cli import sweep

if __name__ == "__main__":
    sweep()
