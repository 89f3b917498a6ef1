"""Making new skills out of others: the sources stay as they are, unchanged bytes are not copied."""
