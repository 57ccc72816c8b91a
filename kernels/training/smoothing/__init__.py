"""A smoother objective, for batches so large that their own noise is gone.

smoothout    E over d of L(w + d)        the gradient is taken beside the weights
mixup        L(a mixed sample, its mixed target)
line         loss and accuracy between the first weights and the last: how flat it is
smoother     both, step by step          settings    what a study can ask
"""
