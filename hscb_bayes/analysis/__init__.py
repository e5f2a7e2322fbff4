"""What is assumed, and what follows: an analysis file, the model it means, its posterior, and predictions from it."""

from hscb_bayes.caches import ensure_writable

ensure_writable()  # before PyTensor is imported, which ends with a traceback where it cannot write
