"""How good predictions are, and how well they know it: plain functions of arrays.

calibration   negative log likelihood, expected calibration error, reliability
detection     ROC, its area, false positives at a recall, equal error rate
entropy       of predictions: the score for what is out of distribution
"""
