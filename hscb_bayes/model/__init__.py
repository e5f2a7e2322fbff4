"""The model: arrays, likelihoods, build, compile, sample, gate."""
