"""What Lightning makes of a loader: its epochs, and a restart in the middle."""

import logging

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint

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


def fit(data, epochs, callback, checkpoint=None):
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    module = Recorder()
    trainer = pl.Trainer(
        max_epochs=epochs, accelerator="cpu", devices=1, logger=False, callbacks=[callback],
        enable_progress_bar=False, enable_model_summary=False, use_distributed_sampler=False,
        num_sanity_val_steps=0,
    )  # fmt: skip
    trainer.fit(
        module, data.train_loader(), data.validation_loader(), ckpt_path=checkpoint, weights_only=True
    )
    return module


def by_hand(data, epochs):
    loader, found = data.train_loader(), []
    for epoch in epochs:
        loader.set_epoch(epoch)
        found += [(epoch, batch.ids.tolist()) for batch in loader]
    return found


@pytest.mark.filterwarnings("ignore:.*treespec.*:FutureWarning", "ignore:Checkpoint directory:UserWarning")
@pytest.mark.parametrize("after_training", [True, False])
def test_epochs_and_restart(tmp_path, after_training):
    data = make_data()
    saver = ModelCheckpoint(tmp_path, save_last=True, save_on_train_epoch_end=after_training)
    module = fit(data, EPOCHS, saver)
    assert module.train_ids == by_hand(data, range(EPOCHS))
    validated = [item for batch in module.validation_ids for item in batch]
    assert validated == data.indices("validation").tolist() * EPOCHS
    again = fit(make_data(), EPOCHS + 2, saver, tmp_path / "last.ckpt")
    assert again.train_ids == by_hand(data, range(EPOCHS, EPOCHS + 2))
