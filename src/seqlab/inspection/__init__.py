"""Looking at data before anything is trained, without torch: what was understood, what is odd, what to type next."""
