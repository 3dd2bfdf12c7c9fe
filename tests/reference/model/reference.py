# SPDX-License-Identifier: Apache-2.0
"""The UNet in PyTorch: compares output and gradients with those that checkpoint folders hold (exit 1 where they differ).

usage: reference.py FOLDER ...     compare
       reference.py --count        print parameters and multiply-adds of the dpdm preset at 128 x 128
"""
import json
import math
import struct
import sys

import numpy
import torch
import torch.nn.functional as functional
from torch import nn

BOUNDS = {"float32": 1e-5, "bfloat16": 1e-2}  # of an evaluation, relative L2 distance to float64
TOLERANCE = 2e-4  # relative to the largest value of a tensor; float32 sums in another order differ by about 1e-6


def read_safetensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        buffer = file.read()
    types = {"F32": numpy.float32, "F64": numpy.float64, "I64": numpy.int64}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            values = numpy.frombuffer(buffer[first:last], types[entry["dtype"]]).reshape(entry["shape"])
            tensors[name] = torch.tensor(values)
    return tensors


class Norm(nn.GroupNorm):
    def __init__(self, groups, channels, activation=True):
        super().__init__(groups, channels)
        self.activation = activation

    def forward(self, x):
        x = super().forward(x)
        return functional.silu(x) if self.activation else x


class Attention(Norm):
    def __init__(self, groups, channels):
        super().__init__(groups, channels, False)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        query, key, value = self.qkv(super().forward(x)).flatten(2).chunk(3, 1)
        weights = torch.einsum("ncq,nck->nqk", query, key) / math.sqrt(x.shape[1])
        mixed = torch.einsum("nqk,nck->ncq", weights.softmax(-1), value)
        return x + self.out(mixed.reshape(x.shape))


class Block(nn.Module):
    def __init__(self, config, inner, outer, attention):
        super().__init__()
        self.first_norm = Norm(config["groups"], inner)
        self.first = nn.Conv2d(inner, outer, 3, padding=1)
        self.time = nn.Linear(config["time_channels"], outer)
        self.second_norm = Norm(config["groups"], outer)
        self.second = nn.Conv2d(outer, outer, 3, padding=1)
        if inner != outer:
            self.skip = nn.Conv2d(inner, outer, 1)
        if attention:
            self.attention = Attention(config["groups"], outer)

    def forward(self, x, time):
        hidden = self.first(self.first_norm(x)) + self.time(time)[:, :, None, None]
        hidden = self.second(self.second_norm(hidden))
        hidden = hidden + (self.skip(x) if hasattr(self, "skip") else x)
        return self.attention(hidden) if hasattr(self, "attention") else hidden


class UNet(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        channels, multipliers = config["channels"], config["multipliers"]
        attends = config["attention_levels"]
        self.time_in = nn.Linear(channels, 4 * channels)
        self.time_out = nn.Linear(4 * channels, config["time_channels"])
        self.input = nn.Conv2d(config["in_channels"], channels, 3, padding=1)
        self.down, self.middle, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        current, skips = channels, [channels]
        for level, multiplier in enumerate(multipliers):
            for _ in range(config["residual_blocks"]):
                self.down.append(Block(config, current, channels * multiplier, level in attends))
                current = channels * multiplier
                skips.append(current)
            if level < len(multipliers) - 1:
                self.down.append(nn.Conv2d(current, current, 3, stride=2, padding=1))
                skips.append(current)
        self.middle.append(Block(config, current, current, config["attention_middle"]))
        if config["attention_middle"]:
            self.middle.append(Block(config, current, current, False))
        for level, multiplier in reversed(list(enumerate(multipliers))):
            for _ in range(config["residual_blocks"] + 1):
                self.up.append(Block(config, current + skips.pop(), channels * multiplier, level in attends))
                current = channels * multiplier
            if level > 0:
                self.up.append(nn.Conv2d(current, current, 3, padding=1))
        self.output_norm = Norm(config["groups"], current)
        self.output = nn.Conv2d(current, config["out_channels"], 3, padding=1)

    def forward(self, x, time):
        half = self.config["channels"] // 2
        angles = time[:, None].float() * torch.exp(-math.log(10000.0) * torch.arange(half, device=time.device) / half)
        waves = torch.cat([angles.sin(), angles.cos()], 1).to(self.time_in.weight.dtype)
        embedded = functional.silu(self.time_in(waves))
        embedded = functional.silu(self.time_out(embedded))
        hidden = self.input(x)
        skips = [hidden]
        for part in self.down:
            hidden = part(hidden, embedded) if isinstance(part, Block) else part(hidden)
            skips.append(hidden)
        for part in self.middle:
            hidden = part(hidden, embedded)
        for part in self.up:
            if isinstance(part, Block):
                hidden = part(torch.cat([hidden, skips.pop()], 1), embedded)
            else:
                hidden = part(functional.interpolate(hidden, scale_factor=2, mode=self.config["upsampling"]))
        return self.output(self.output_norm(hidden))


def compare(folder):
    with open(folder + "/state.json", encoding="utf-8") as file:
        state = json.load(file)
    config = state["network"]
    tensors = read_safetensors(folder + "/model.safetensors")
    network = UNet(config)
    names = [name for name, _ in network.named_parameters()]
    expected_names = {name[4:] for name in tensors if name.startswith("raw.")}
    if set(names) != expected_names:
        sys.exit("parameters differ: " + str(set(names) ^ expected_names))
    network.load_state_dict({name: tensors["raw." + name] for name in names})
    if "y" not in tensors:
        return compare_evaluations(network, tensors, state["has_bfloat16"])
    x = tensors["x"].requires_grad_()
    y = network(x, tensors["time"])
    y.square().mean().backward()
    pairs = [("y", y, tensors["y"]), ("gradient_x", x.grad, tensors["gradient_x"])]
    pairs += [(name, value.grad, tensors["gradient." + name]) for name, value in network.named_parameters()]
    worst = 0.0
    for name, ours, theirs in pairs:
        error = ((ours - theirs).abs().max() / ours.abs().max().clamp(min=1e-6)).item()
        if not error < TOLERANCE:
            sys.exit(f"{name}: relative difference {error}")
        worst = max(worst, error)
    print(f"{len(pairs)} tensors agree, largest relative difference {worst:.1e}")


def compare_evaluations(network, tensors, has_bfloat16):
    """Relative L2 distance of evaluations to one in float64."""
    with torch.no_grad():
        exact = network.double()(tensors["x"].double(), tensors["time"])
    for precision, bound in BOUNDS.items():
        if precision == "bfloat16" and not has_bfloat16:
            print("bfloat16: not on this processor")
            continue
        made = tensors["evaluated." + precision]
        distance = ((made.double() - exact).norm() / exact.norm()).item()
        print(f"{precision}: relative L2 distance to float64 {distance:.1e}")
        if not distance <= bound:
            sys.exit(f"{precision}: farther than {bound}")


def count():
    config = dict(in_channels=4, out_channels=1, channels=64, multipliers=[1, 1, 2, 4], residual_blocks=1,
                  attention_levels=[2, 3], attention_middle=True, time_channels=64, groups=32, upsampling="bicubic")
    network = UNet(config)
    total = [0]

    def convolution(module, _, output):
        total[0] += module.weight.numel() * output.shape[2] * output.shape[3]

    def attention(module, inputs, _):
        places = inputs[0].shape[2] * inputs[0].shape[3]
        total[0] += 2 * places * places * inputs[0].shape[1]

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(convolution)
        if isinstance(module, Attention):
            module.register_forward_hook(attention)
    with torch.no_grad():
        network(torch.zeros(1, 4, 128, 128), torch.zeros(1))
    print(sum(p.numel() for p in network.parameters()), "parameters,", total[0], "multiply-adds")


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1] == "--count":
        count()
    else:
        for argument in sys.argv[1:]:
            compare(argument)
