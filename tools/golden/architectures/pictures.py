"""Small versions of architectures on pictures: the library's own code wherever it can be shrunk."""

from functools import partial

import libraries  # noqa: F401
import torch
from torch import nn
from torchvision.models import ConvNeXt, EfficientNet, Inception3, MobileNetV2, MobileNetV3, ResNet, VisionTransformer
from torchvision.models.convnext import CNBlockConfig
from torchvision.models.efficientnet import MBConvConfig
from torchvision.models.inception import BasicConv2d, InceptionA, InceptionB, InceptionC, InceptionD, InceptionE
from torchvision.models.mobilenetv3 import InvertedResidualConfig
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.models.vgg import VGG, make_layers
from torchvision.ops.misc import Conv2dNormActivation

CLASSES = 5


def vgg16() -> nn.Module:
    model = VGG(make_layers([3, 3, "M", 4, 4, "M", 6, 6, 6, "M", 8, 8, 8, "M", 8, 8, 8, "M"]), num_classes=CLASSES, dropout=0)
    model.avgpool = nn.AdaptiveAvgPool2d(2)
    model.classifier = nn.Sequential(
        nn.Linear(32, 16), nn.ReLU(True), nn.Dropout(0), nn.Linear(16, 16), nn.ReLU(True), nn.Dropout(0), nn.Linear(16, CLASSES)
    )
    return model


class TinyResNet(ResNet):
    """torchvision's, with its hard-wired widths 64 to 512 as an argument."""

    def __init__(self, block: type, layers: list[int], widths: list[int], groups: int = 1, width_per_group: int = 64) -> None:
        nn.Module.__init__(self)
        self._norm_layer, self.dilation, self.groups, self.base_width = nn.BatchNorm2d, 1, groups, width_per_group
        self.inplanes = widths[0]
        self.conv1 = nn.Conv2d(3, widths[0], 7, stride=2, padding=3, bias=False)
        self.bn1, self.relu, self.maxpool = nn.BatchNorm2d(widths[0]), nn.ReLU(inplace=True), nn.MaxPool2d(3, stride=2, padding=1)
        for i, (width, count) in enumerate(zip(widths, layers), 1):
            setattr(self, f"layer{i}", self._make_layer(block, width, count, stride=1 if i == 1 else 2))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(widths[-1] * block.expansion, CLASSES)


def resnet18() -> nn.Module:
    return TinyResNet(BasicBlock, [2, 2, 2, 2], [4, 6, 8, 12])


def resnet50() -> nn.Module:
    return TinyResNet(Bottleneck, [3, 4, 6, 3], [2, 3, 4, 5])


def resnext() -> nn.Module:
    return TinyResNet(Bottleneck, [2, 2, 2, 2], [4, 4, 6, 8], groups=4, width_per_group=32)


def inception_v3() -> nn.Module:
    def narrow(channels: int) -> int:
        return channels if channels == 3 else -(-channels // 32)

    def conv(inside: int, outside: int, **options: object) -> nn.Module:
        return BasicConv2d(narrow(inside), narrow(outside), **options)

    blocks = [partial(block, conv_block=conv) for block in (InceptionA, InceptionB, InceptionC, InceptionD, InceptionE)]
    model = Inception3(CLASSES, aux_logits=False, inception_blocks=[conv, *blocks, conv], init_weights=False, dropout=0)
    model.fc = nn.Linear(narrow(2048), CLASSES)
    return model


def mobilenet_v2() -> nn.Module:
    setting = [[1, 4, 1, 1], [3, 6, 2, 2], [3, 8, 2, 2], [3, 10, 1, 1]]
    model = MobileNetV2(CLASSES, width_mult=1, inverted_residual_setting=setting, round_nearest=2, dropout=0)
    model.features[0] = Conv2dNormActivation(3, 6, stride=2, norm_layer=nn.BatchNorm2d, activation_layer=nn.ReLU6)
    model.features[1] = type(model.features[1])(6, 4, 1, 1)
    model.features[-1] = Conv2dNormActivation(10, 24, kernel_size=1, norm_layer=nn.BatchNorm2d, activation_layer=nn.ReLU6)
    model.classifier[1] = nn.Linear(24, CLASSES)
    return model


def mobilenet_v3() -> nn.Module:
    rows = [
        (8, 3, 8, 8, True, "RE", 2), (8, 3, 16, 8, False, "RE", 2), (8, 5, 24, 16, True, "HS", 1), (16, 5, 24, 16, True, "HS", 2),
    ]  # fmt: skip
    model = MobileNetV3([InvertedResidualConfig(*row, 1, 1) for row in rows], last_channel=24, num_classes=CLASSES, dropout=0)
    model.features[0] = Conv2dNormActivation(3, 8, stride=2, norm_layer=nn.BatchNorm2d, activation_layer=nn.Hardswish)
    return model


def efficientnet_b0() -> nn.Module:
    rows = [(1, 3, 1, 8, 8, 1), (3, 3, 2, 8, 8, 2), (3, 5, 2, 8, 8, 2), (3, 3, 2, 8, 16, 1), (2, 5, 1, 16, 16, 2)]
    return EfficientNet([MBConvConfig(*row) for row in rows], dropout=0, num_classes=CLASSES, last_channel=32)


def convnext() -> nn.Module:
    setting = [CNBlockConfig(8, 12, 1), CNBlockConfig(12, 16, 2), CNBlockConfig(16, None, 1)]
    return ConvNeXt(setting, stochastic_depth_prob=0, layer_scale=0.5, num_classes=CLASSES)


def vit() -> nn.Module:
    return VisionTransformer(image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=CLASSES)


class UNet(nn.Module):
    """Two levels; one goes up by a transposed convolution, the other by bilinear interpolation."""

    def __init__(self) -> None:
        super().__init__()

        def double(inside: int, outside: int) -> nn.Sequential:
            parts = []
            for channels in (inside, outside):
                parts += [nn.Conv2d(channels, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU()]
            return nn.Sequential(*parts)

        self.down1, self.down2, self.bottom = double(3, 6), double(6, 8), double(8, 12)
        self.pool, self.up2 = nn.MaxPool2d(2), nn.ConvTranspose2d(12, 8, 2, stride=2)
        self.up1 = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.join2, self.join1, self.last = double(16, 8), double(14, 6), nn.Conv2d(6, 3, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        first = self.down1(image)
        second = self.down2(self.pool(first))
        up = self.join2(torch.cat([self.up2(self.bottom(self.pool(second))), second], 1))
        return self.last(self.join1(torch.cat([self.up1(up), first], 1)))
