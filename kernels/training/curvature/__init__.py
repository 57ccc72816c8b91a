"""What training methods beyond the gradient know of a step, from its examples.

linear      the layers that all of it is about
squares     mean square of the gradients of single examples: a diagonal
factors     two small matrices for a linear layer, whose Kronecker product it is
blocks      where they lie in one vector, and who owns them
damping     what is added before they are inverted
exchange    how the ranks sum them and tell the inverses
kronecker   all of it together: measure, average, invert, precondition
labels      targets drawn from the model: the true Fisher matrix
"""
