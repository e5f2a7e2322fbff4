"""From a PyTensor graph whose shapes are known to machine code: few, long loops, and no array that is made at run time.

A study's model is a thousand operations on arrays of a few numbers each. Compilers of arrays write a function for each
of them, which is compiled and called for itself; here all of them become one function on one piece of memory.
"""
