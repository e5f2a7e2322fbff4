"""The package under inputs that nobody meant: fuzzed cases, odd analyses, hostile strings."""
