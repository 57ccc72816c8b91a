"""VOGN: a Gaussian over the weights, trained by natural gradients (Khan et al. 2018).

settings    what a study can ask       posterior   the Gaussian: draw, move
trainer     the loop: samples of weights x parts of the batch, over the ranks
"""
