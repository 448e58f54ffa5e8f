"""Train one model: `python train.py model=bilstm_stacked`. The same as `seqlab train`."""

from seqlab.cli import train

if __name__ == "__main__":
    train()
