"""Weigh the building blocks of distributed deep learning on the machine at hand."""

__version__ = "0.1.0"
