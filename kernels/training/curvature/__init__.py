"""What training methods beyond the gradient know of a step, from its examples.

squares     mean square of the gradients of single examples: a diagonal
"""
