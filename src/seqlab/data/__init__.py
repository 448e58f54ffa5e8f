"""Where sequences come from, how they are split, scaled, ordered and batched."""
