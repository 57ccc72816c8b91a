"""Nonlinear semi-NMF: ReLU networks trained by alternating matrix factorisation.

    min  || Y - (W_d f(W_{d-1} .. f(W_1 X + b_1) ..) + b_d) ||^2 + ridge terms

Each layer's output Z_i >= 0 is a variable of its own. A sweep over one mini-batch goes
from the output to the input and solves one least-squares problem at a time, without a
learning rate:

    output      W_d, Z_{d-1}        semi-NMF                       output.py      K3
    hidden i    W_i                 || Z_i - f(W_i Z_{i-1}) ||     lsq_w.py       K1
                Z_{i-1} >= 0        the same, in Z                 lsq_z.py       K2
    first       W_1                 K1 in the coordinates of X     data_factor.py

A network starts from an autoencoder, layer by layer (`autoencoder.py`). Samples are
rows here, columns in the papers: Z is (samples, units), W (units out, units in + 1)
with the bias as its last column, and Z carries a last column of ones for it.

Sakurai, Imakura, Inoue, Futamura: Alternating optimization method based on nonnegative
matrix factorizations for deep neural networks, ICONIP 2016, arXiv 1605.04639. Imakura,
Inoue, Sakurai, Futamura: Parallel implementation of the nonlinear semi-NMF based
alternating optimization method for deep neural networks, Neural Processing Letters
2018. Bias and ridge terms follow the authors' later formulation.
"""
