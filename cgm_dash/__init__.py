"""What the numbers mean: the pure core, without SQL, HTTP, Dash or a clock of its own."""

__version__ = "0.1.0"
