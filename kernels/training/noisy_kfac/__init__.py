"""Noisy K-FAC: a matrix-variate Gaussian over the weights (Zhang et al. 2018).

settings    what a study can ask       posterior   the Gaussian: draw
trainer     K-FAC at several samples of the weights, spread over the ranks
"""
