"""From a PyTensor graph whose shapes are known to machine code: few, long loops, and no array that is made at run time.

A study's model is a thousand operations on arrays of a few numbers each. Compilers of arrays write a function for each
of them, which is compiled and called for itself; here all of them become one function on one piece of memory.

The way of a graph: ``routine.py`` has PyTensor simplify it; ``schedule.py`` says which operations share a loop;
``writer.py`` writes them by the rules of ``scalars.py`` (single numbers), ``tensors.py`` (arrays) and ``matrices.py``
in LLVM's language (``text.py``), on places that ``views.py`` and ``memory.py`` give; ``compiler.py`` compiles that and
``kept.py`` keeps it on disk. ``elementary.py`` has exp and log, ``kernels.py`` what is called as it is.
"""
