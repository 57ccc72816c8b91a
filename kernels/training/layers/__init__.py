"""The pieces of nets: layers that hold their memory, with per-example access.

layer        the contract          initialise   how weights start
dense        x W + b               conv         by patches; window: where they lie
activations  element by element    prelu, softmax
pool         largest, mean         dropout, batchnorm: the same on any rank count
network      layers in a row, over two flat vectors
"""

from tenbin.kernels.training.layers.activations import ACTIVATIONS, Activate
from tenbin.kernels.training.layers.batchnorm import BatchNorm
from tenbin.kernels.training.layers.conv import Conv
from tenbin.kernels.training.layers.dense import Dense
from tenbin.kernels.training.layers.dropout import Dropout
from tenbin.kernels.training.layers.layer import Examples, Layer, Place, Spec, Step
from tenbin.kernels.training.layers.network import Network
from tenbin.kernels.training.layers.pool import MaxPool, MeanPool
from tenbin.kernels.training.layers.prelu import PReLU
from tenbin.kernels.training.layers.softmax import Softmax

__all__ = [
    "ACTIVATIONS",
    "Activate",
    "BatchNorm",
    "Conv",
    "Dense",
    "Dropout",
    "Examples",
    "Layer",
    "MaxPool",
    "MeanPool",
    "Network",
    "PReLU",
    "Place",
    "Softmax",
    "Spec",
    "Step",
]
