"""The Hydra sweeper `hydra/sweeper=seqlab`. Hydra imports this in every app that it runs: nothing heavy up here."""
