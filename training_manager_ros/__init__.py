"""Training Manager: look through, clean, upload and train on a robot's recorded demonstrations."""

__version__ = "0.1.0"
