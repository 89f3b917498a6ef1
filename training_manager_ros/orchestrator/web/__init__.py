"""The HTTP edge, on tornado: a handler converts, calls, converts."""
