"""Encoders: a batch of sequences in, one vector a step and one vector a sequence out."""
