"""Search: one Optuna study an arm, warm workers, exact budgets. Never reads test scores."""
