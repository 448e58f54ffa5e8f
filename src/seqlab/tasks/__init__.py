"""What is predicted: one file a task, with its head, loss and scores. Knows neither sources nor encoders."""
