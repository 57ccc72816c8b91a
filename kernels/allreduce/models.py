"""Parameter counts of four networks, layer by layer: the gradients that training sums.

LeNet-5      LeCun et al. 1998, fully connected C3, average pooling without weights
AlexNet      Krizhevsky et al. 2012: two towers, so conv 2, 4, 5 have two groups
             (the one-tower form in torchvision has 61,100,840)
ResNet-50    He et al. 2016: bottlenecks 3, 4, 6, 3; no bias beside batch norm
VGG-16       Simonyan and Zisserman 2015, configuration D
"""


def conv(inputs: int, outputs: int, size: int, groups: int = 1) -> int:
    """Return the weights and biases of a `size` x `size` convolution."""
    return outputs * (inputs // groups) * size * size + outputs


def conv_norm(inputs: int, outputs: int, size: int) -> int:
    """Return the weights of a convolution, and the scale and shift of its norm."""
    return outputs * inputs * size * size + 2 * outputs


def dense(inputs: int, outputs: int) -> int:
    """Return the weights and biases of a fully connected layer."""
    return outputs * inputs + outputs


def bottleneck(inputs: int, width: int) -> int:
    """Return 1x1, 3x3, 1x1 convolutions and, where the shape changes, a projection."""
    outputs = 4 * width
    projection = conv_norm(inputs, outputs, 1) if inputs != outputs else 0
    body = conv_norm(inputs, width, 1) + conv_norm(width, width, 3)
    return body + conv_norm(width, outputs, 1) + projection


def stage(inputs: int, width: int, blocks: int) -> list[int]:
    """Return the bottlenecks of one stage."""
    later = [bottleneck(4 * width, width)] * (blocks - 1)
    return [bottleneck(inputs, width), *later]


LENET5 = [conv(1, 6, 5), conv(6, 16, 5), dense(400, 120), dense(120, 84), dense(84, 10)]

ALEXNET = [
    conv(3, 96, 11),
    conv(96, 256, 5, groups=2),
    conv(256, 384, 3),
    conv(384, 384, 3, groups=2),
    conv(384, 256, 3, groups=2),
    dense(9216, 4096),
    dense(4096, 4096),
    dense(4096, 1000),
]

RESNET50 = [
    conv_norm(3, 64, 7),
    *stage(64, 64, 3),
    *stage(256, 128, 4),
    *stage(512, 256, 6),
    *stage(1024, 512, 3),
    dense(2048, 1000),
]

VGG16 = [
    *(conv(3, 64, 3), conv(64, 64, 3)),
    *(conv(64, 128, 3), conv(128, 128, 3)),
    *(conv(128, 256, 3), conv(256, 256, 3), conv(256, 256, 3)),
    *(conv(256, 512, 3), conv(512, 512, 3), conv(512, 512, 3)),
    *(conv(512, 512, 3), conv(512, 512, 3), conv(512, 512, 3)),
    *(dense(25088, 4096), dense(4096, 4096), dense(4096, 1000)),
]

# name of the network -> parameters
PARAMETERS: dict[str, int] = {
    "lenet5": sum(LENET5),  # 61,706
    "alexnet": sum(ALEXNET),  # 60,965,224
    "resnet50": sum(RESNET50),  # 25,557,032
    "vgg16": sum(VGG16),  # 138,357,544
}
