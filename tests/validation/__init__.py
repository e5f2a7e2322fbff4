"""Numbers of this package beside the same numbers from elsewhere, made into a table by ``make validate``."""
