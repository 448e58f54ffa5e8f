"""What Lightning makes of a loader: its epochs, and a restart in the middle."""

import logging

import pytest
import pytorch_lightning as pl
import torch

from seqlab.config.data import ArchiveConfig
from seqlab.data.archive import Archive
from seqlab.data.module import SequenceData

EPOCHS = 4


class Recorder(pl.LightningModule):
    """Notes the items of every batch that it gets."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.train_ids, self.validation_ids = [], []

    def training_step(self, batch, _):
        self.train_ids.append((self.current_epoch, batch.ids.tolist()))
        return self.layer(batch.values.mean().view(1, 1)).sum()

    def validation_step(self, batch, _):
        self.validation_ids.append(batch.ids.tolist())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.0)


def make_data():
    config = ArchiveConfig(name="ItalyPowerDemand")
    return SequenceData(Archive(config), config, seed=5)


def fit(data, epochs, checkpoint=None):
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    module = Recorder()
    trainer = pl.Trainer(
        max_epochs=epochs, accelerator="cpu", devices=1, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, use_distributed_sampler=False,
        num_sanity_val_steps=0,
    )  # fmt: skip
    trainer.fit(
        module, data.train_loader(), data.validation_loader(), ckpt_path=checkpoint, weights_only=True
    )
    return module, trainer


def by_hand(data, epochs):
    loader, found = data.train_loader(), []
    for epoch in epochs:
        loader.set_epoch(epoch)
        found += [(epoch, batch.ids.tolist()) for batch in loader]
    return found


@pytest.mark.filterwarnings("ignore:.*treespec.*:FutureWarning")  # inside Lightning
def test_epochs_and_restart(tmp_path):
    data = make_data()
    module, trainer = fit(data, EPOCHS)
    assert module.train_ids == by_hand(data, range(EPOCHS))
    assert [item for batch in module.validation_ids for item in batch] == data.indices(
        "validation"
    ).tolist() * EPOCHS
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    again, _ = fit(make_data(), EPOCHS + 2, tmp_path / "last.ckpt")
    assert again.train_ids == by_hand(data, range(EPOCHS, EPOCHS + 2))
