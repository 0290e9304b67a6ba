"""How readings come in: sources, the pipeline every reading passes, and the one process that polls."""
