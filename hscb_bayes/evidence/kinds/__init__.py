"""One file per kind of published number."""
