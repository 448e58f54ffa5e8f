"""A Lightning script as users of the published hydra-optuna-sweeper write it; the other side of sweep_speed.py.

    python train.py -m hydra.sweeper.n_trials=8 max_epochs=30
    python train.py -m hydra/sweeper/sampler=grid 'model.hidden_size=choice(32,64)' hydra.sweep.dir=/tmp/grid

Packed sequences, torch.nn.LSTM, torchmetrics; one process, which PyTorch and Lightning are imported into once. Nothing
that costs time is left in: no logger, no checkpoints, no progress bar, no model summary, no sanity check.
Runs in an environment of its own: requirements.txt.
"""

import hydra
import pytorch_lightning as pl
import torch
from aeon.datasets import load_japanese_vowels
from omegaconf import DictConfig
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader
from torchmetrics.classification import MulticlassAccuracy

Batch = tuple[Tensor, Tensor, Tensor]


class Vowels(pl.LightningDataModule):
    """JapaneseVowels: 270 training sequences, a fifth of them for validation, every channel standardised."""

    def __init__(self, batch_size: int, seed: int) -> None:
        super().__init__()
        self.batch_size, self.seed = batch_size, seed

    def setup(self, stage: str) -> None:
        """Read, split, standardise with what the training sequences say."""
        series, labels = load_japanese_vowels(split="train")
        x = [torch.tensor(s.T, dtype=torch.float32) for s in series]
        y = torch.tensor([int(label) - 1 for label in labels])
        train, validation = train_test_split(range(len(x)), test_size=0.2, stratify=y, random_state=self.seed)
        steps = torch.cat([x[i] for i in train])
        mean, std = steps.mean(0), steps.std(0)
        self.train = [((x[i] - mean) / std, y[i]) for i in train]
        self.validation = [((x[i] - mean) / std, y[i]) for i in validation]

    def collate(self, samples: list[tuple[Tensor, Tensor]]) -> Batch:
        """Pad to the longest sequence of the batch."""
        x, y = zip(*samples, strict=True)
        return pad_sequence(list(x), batch_first=True), torch.tensor([len(s) for s in x]), torch.stack(y)

    def train_dataloader(self) -> DataLoader:
        """Shuffled batches."""
        return DataLoader(self.train, self.batch_size, shuffle=True, collate_fn=self.collate)

    def val_dataloader(self) -> DataLoader:
        """The validation sequences in batches."""
        return DataLoader(self.validation, self.batch_size, collate_fn=self.collate)


class Classifier(pl.LightningModule):
    """A stacked LSTM read at its last state (both ends, if it runs in both directions)."""

    def __init__(
        self, hidden_size: int, num_layers: int, bidirectional: bool, lr: float, classes: int = 9
    ) -> None:
        super().__init__()
        self.lr = lr
        self.lstm = nn.LSTM(12, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional)
        self.head = nn.Linear(hidden_size * (1 + bidirectional), classes)
        self.loss = nn.CrossEntropyLoss()
        self.train_accuracy = MulticlassAccuracy(classes, average="micro")
        self.validation_accuracy = MulticlassAccuracy(classes, average="micro")
        self.best = 0.0

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Class scores [B, classes]."""
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        _, (last, _) = self.lstm(packed)
        directions = 2 if self.lstm.bidirectional else 1
        return self.head(torch.cat(list(last[-directions:]), dim=1))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """Loss of one batch."""
        x, lengths, y = batch
        logits = self(x, lengths)
        loss = self.loss(logits, y)
        self.train_accuracy(logits, y)
        self.log("train/loss", loss, on_step=False, on_epoch=True, batch_size=len(y))
        self.log("train/accuracy", self.train_accuracy, on_step=False, on_epoch=True, batch_size=len(y))
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        """Loss and accuracy of one validation batch."""
        x, lengths, y = batch
        logits = self(x, lengths)
        self.validation_accuracy(logits, y)
        self.log("validation/loss", self.loss(logits, y), batch_size=len(y))
        self.log("validation/accuracy", self.validation_accuracy, batch_size=len(y))

    def on_validation_epoch_end(self) -> None:
        """Remember the best epoch."""
        self.best = max(self.best, float(self.validation_accuracy.compute()))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW without weight decay."""
        return torch.optim.AdamW(self.parameters(), lr=self.lr, weight_decay=0.0)


@hydra.main(version_base=None, config_path=".", config_name="config")
def main(config: DictConfig) -> float:
    """Train one model and return its best validation accuracy."""
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    pl.seed_everything(config.seed, verbose=False)
    model = Classifier(**config.model, lr=config.lr)
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=config.max_epochs,
        gradient_clip_val=config.gradient_clip,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, Vowels(config.batch_size, config.seed))
    return model.best


if __name__ == "__main__":
    main()
