"""K-FAC: natural gradient by Kronecker factors (Martens and Grosse 2015).

settings    what a study can ask       trainer     a step: gradient, factors, direction
variants    what has a name
"""
