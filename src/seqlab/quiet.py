"""Keeps libraries' tips, advertisements and harmless warnings off the screen while a run lasts."""

import contextlib
import logging
import os
import warnings
from collections.abc import Generator

_LOGGERS = (
    "pytorch_lightning",
    "lightning",
    "lightning.pytorch",
    "lightning_fabric",
    "torch.distributed",
    "matplotlib.font_manager",  # says so when its first look at the fonts takes more than 5 s
)


@contextlib.contextmanager
def quiet_libraries() -> Generator[None]:
    """Silence known chatter; everything is as before on leaving."""
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    # read once, when a library is first imported or starts
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    with warnings.catch_warnings():
        for module in (
            r"pytorch_lightning",
            r"lightning_fabric",
            r"lightning_utilities",
            r"torch",
            r"torchmetrics",
        ):
            warnings.filterwarnings("ignore", module=rf"{module}(\..*)?$")
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.ERROR)
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
