"""The convolutions of four networks, with how often each occurs in one.

    LeNet-5         LeCun, Bottou, Bengio, Haffner (1998)
    AlexNet         Krizhevsky, Sutskever, Hinton (2012): two towers are two groups
    VGG-16          Simonyan, Zisserman (2014), configuration D
    ResNet-50 v1.5  He et al. (2015) with the stride in the 3x3, as all now train it

A layer is `name: C x H, K, R/stride/padding`, then `g2` groups and `x3` times. Fully
connected layers are 1 x 1 convolutions of 1 x 1 images, in networks of their own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from tenbin.kernels.conv.deepbench import LAYERS as DEEPBENCH_LAYERS
from tenbin.kernels.conv.problem import ConvProblem

_LAYER = re.compile(
    r"(?P<name>\S+): (?P<c>\d+)x(?P<h>\d+), (?P<k>\d+), "
    r"(?P<r>\d+)/(?P<stride>\d+)/(?P<padding>\d+)"
    r"(?: g(?P<groups>\d+))?(?: x(?P<count>\d+))?"
)
_NUMBERS = ("c", "h", "k", "r", "stride", "padding", "groups")


@dataclass(frozen=True)
class Layer:
    """One shape of a network for one image, and how often it occurs."""

    name: str
    count: int
    problem: ConvProblem


@dataclass(frozen=True)
class Network:
    """Its layers in order; `n` is the batch it is weighed with by default."""

    n: int
    layers: tuple[Layer, ...]

    def problems(self, n: int = 0) -> tuple[ConvProblem, ...]:
        """Return the layers at a batch of `n`, or of its own."""
        return tuple(replace(layer.problem, n=n or self.n) for layer in self.layers)


def _network(n: int, text: str) -> Network:
    return Network(n, tuple(_layer(line) for line in text.strip().splitlines()))


def _layer(line: str) -> Layer:
    found = _LAYER.fullmatch(line.strip())
    assert found is not None, line
    name, count = found["name"], int(found["count"] or 1)
    c, h, k, r, stride, padding, groups = (int(found[key] or 1) for key in _NUMBERS)
    problem = ConvProblem(1, c, h, h, k, r, r, stride, padding, groups=groups)
    return Layer(name, count, problem)


_ALEXNET = """
conv1: 3x227, 96, 11/4/0
conv2: 96x27, 256, 5/1/2{towers}
conv3: 256x13, 384, 3/1/1
conv4: 384x13, 384, 3/1/1{towers}
conv5: 384x13, 256, 3/1/1{towers}
"""

NETWORKS: Mapping[str, Network] = {
    "lenet-5": _network(64, """
        C1: 1x28, 6, 5/1/2
        C3: 6x14, 16, 5/1/0
        C5: 16x5, 120, 5/1/0
    """),
    "alexnet": _network(4, _ALEXNET.format(towers=" g2")),
    "alexnet-one-tower": _network(4, _ALEXNET.format(towers="")),
    "vgg-16": _network(1, """
        conv1_1: 3x224, 64, 3/1/1
        conv1_2: 64x224, 64, 3/1/1
        conv2_1: 64x112, 128, 3/1/1
        conv2_2: 128x112, 128, 3/1/1
        conv3_1: 128x56, 256, 3/1/1
        conv3_2: 256x56, 256, 3/1/1 x2
        conv4_1: 256x28, 512, 3/1/1
        conv4_2: 512x28, 512, 3/1/1 x2
        conv5: 512x14, 512, 3/1/1 x3
    """),
    "resnet-50": _network(1, """
        conv1: 3x224, 64, 7/2/3
        2a_first: 64x56, 64, 1/1/0
        2b: 64x56, 64, 3/1/1 x3
        2c: 64x56, 256, 1/1/0 x4
        2a: 256x56, 64, 1/1/0 x2
        3a_first: 256x56, 128, 1/1/0
        3b_first: 128x56, 128, 3/2/1
        3c: 128x28, 512, 1/1/0 x4
        3_project: 256x56, 512, 1/2/0
        3a: 512x28, 128, 1/1/0 x3
        3b: 128x28, 128, 3/1/1 x3
        4a_first: 512x28, 256, 1/1/0
        4b_first: 256x28, 256, 3/2/1
        4c: 256x14, 1024, 1/1/0 x6
        4_project: 512x28, 1024, 1/2/0
        4a: 1024x14, 256, 1/1/0 x5
        4b: 256x14, 256, 3/1/1 x5
        5a_first: 1024x14, 512, 1/1/0
        5b_first: 512x14, 512, 3/2/1
        5c: 512x7, 2048, 1/1/0 x3
        5_project: 1024x14, 2048, 1/2/0
        5a: 2048x7, 512, 1/1/0 x2
        5b: 512x7, 512, 3/1/1 x2
    """),
    "alexnet-fc": _network(1, """
        fc6: 9216x1, 4096, 1/1/0
        fc7: 4096x1, 4096, 1/1/0
        fc8: 4096x1, 1000, 1/1/0
    """),
    "vgg-16-fc": _network(1, """
        fc6: 25088x1, 4096, 1/1/0
        fc7: 4096x1, 4096, 1/1/0
        fc8: 4096x1, 1000, 1/1/0
    """),
}  # fmt: skip


def places(problem: ConvProblem) -> dict[str, dict[str, object]]:
    """Return where a shape occurs: network -> name, count, and the layers of all.

    Batch, direction, layout and cold operands do not matter. A layer that is only in
    DeepBench is a layer of `deepbench`, named as it is labelled for one image.
    """
    found: dict[str, dict[str, object]] = {}
    for name, network in NETWORKS.items():
        for number, layer in enumerate(network.layers):
            if _same_shape(layer.problem, problem):
                place = {"layer": layer.name, "number": number, "count": layer.count}
                found[name] = {**place, "layers": len(network.layers)}
    return found or _in_deepbench(problem)


def _in_deepbench(problem: ConvProblem) -> dict[str, dict[str, object]]:
    for number, layer in enumerate(DEEPBENCH_LAYERS):
        if _same_shape(layer, problem):
            place = {"layer": layer.label, "number": number, "count": 1}
            return {"deepbench": {**place, "layers": len(DEEPBENCH_LAYERS)}}
    return {}


def _same_shape(one: ConvProblem, other: ConvProblem) -> bool:
    free = {"n": 1, "direction": "forward", "layout": "nhwc", "cold": "all"}
    return replace(one, **free) == replace(other, **free)  # type: ignore[arg-type]
