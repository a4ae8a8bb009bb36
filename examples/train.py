#!/usr/bin/env python3
# Part of the nn2crn project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for licence information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Trains the example models: ReLU nets whose weights are -1, 0 or 1.

    python train.py [OUTPUT FOLDER]

Writes iris.onnx, iris.npz, iris.csv, digits.onnx and digits.npz. The data sets
come with scikit-learn. README.md says what the files hold.

Training keeps a real "latent" weight behind each ternary one. The forward pass
uses the ternary weight, the backward pass acts as if the latent one had been
used (a straight-through estimator). Biases are real and become float32.
"""
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import train_test_split


def ternary(latent):
    """-1, 0 or 1: what a latent weight is rounded to."""
    return np.sign(latent) * (np.abs(latent) > 0.5)


def forward(weights, biases, x):
    """Activations of every layer; the last are the outputs."""
    layers = [x]
    for i, (w, b) in enumerate(zip(weights, biases)):
        z = layers[-1] @ w + b
        layers.append(np.maximum(z, 0) if i + 1 < len(weights) else z)
    return layers


def accuracy(weights, biases, x, label):
    return np.mean(forward(weights, biases, x)[-1].argmax(1) == label)


def train(widths, x, label, seed, epochs, batch, rate, temperature):
    """Returns the weights and biases that did best on a fifth held back."""
    rng = np.random.default_rng(seed)
    x, held, label, held_label = train_test_split(
        x, label, test_size=0.2, random_state=seed, stratify=label)
    latent = [rng.uniform(-1, 1, (a, b)) for a, b in zip(widths, widths[1:])]
    biases = [np.zeros(b) for b in widths[1:]]
    params = latent + biases
    first, second = ([np.zeros_like(p) for p in params] for _ in range(2))
    best, step = (-1.0, None, None), 0
    for epoch in range(epochs):
        now = rate * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch):
            rows = order[start:start + batch]
            weights = [ternary(w) for w in latent]
            layers = forward(weights, biases, x[rows])
            # Ternary weights make large outputs; a temperature keeps the loss
            # from being flat and does not change the winner.
            logits = layers[-1] / temperature
            p = np.exp(logits - logits.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            p[np.arange(len(rows)), label[rows]] -= 1
            error = p / (temperature * len(rows))
            gradients = [None] * len(params)
            for i in reversed(range(len(latent))):
                gradients[i] = layers[i].T @ error
                gradients[len(latent) + i] = error.sum(0)
                error = (error @ weights[i].T) * (layers[i] > 0)
            step += 1
            for i, g in enumerate(gradients):  # Adam
                first[i] += 0.1 * (g - first[i])
                second[i] += 0.001 * (g * g - second[i])
                params[i] -= now * (first[i] / (1 - 0.9**step)) / (
                    np.sqrt(second[i] / (1 - 0.999**step)) + 1e-9)
            for w in latent:
                np.clip(w, -1.2, 1.2, out=w)
        weights = [ternary(w) for w in latent]
        # Ties go to the lower loss on what was trained on, by being later.
        score = (accuracy(weights, biases, held, held_label)
                 + accuracy(weights, biases, x, label))
        if score >= best[0]:
            best = score, weights, [b.astype(np.float32) for b in biases]
    return best


def export(path, name, weights, biases, gemm):
    """Writes a model with input x[N, n] and output y[N, m]."""
    nodes, constants, last = [], [], "x"
    for i, (w, b) in enumerate(zip(weights, biases)):
        final = i + 1 == len(weights)
        constants.append(numpy_helper.from_array(w.astype(np.float32), f"W{i}"))
        constants.append(numpy_helper.from_array(b, f"b{i}"))
        result = "y" if final else f"z{i}"
        if gemm:
            nodes.append(helper.make_node(
                "Gemm", [last, f"W{i}", f"b{i}"], [result], f"dense{i}"))
        else:
            nodes.append(helper.make_node(
                "MatMul", [last, f"W{i}"], [f"p{i}"], f"matmul{i}"))
            nodes.append(helper.make_node(
                "Add", [f"p{i}", f"b{i}"], [result], f"add{i}"))
        if not final:
            nodes.append(helper.make_node(
                "Relu", [result], [f"h{i}"], f"relu{i}"))
            last = f"h{i}"
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info(
            "x", TensorProto.FLOAT, ["N", weights[0].shape[0]])],
        [helper.make_tensor_value_info(
            "y", TensorProto.FLOAT, ["N", weights[-1].shape[1]])],
        constants)
    model = helper.make_model(
        graph, producer_name="nn2crn-examples",
        opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 7
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def make(folder, name, widths, x, label, test_size, gemm, seeds, **options):
    x = x.astype(np.float32)
    x_train, x_test, label_train, label_test = train_test_split(
        x, label, test_size=test_size, random_state=0, stratify=label)
    _, weights, biases = max(
        (train(widths, x_train.astype(np.float64), label_train, seed,
               **options) for seed in seeds), key=lambda result: result[0])
    export(folder / f"{name}.onnx", name, weights, biases, gemm)
    # Reference outputs: float32 parameters, float64 arithmetic.
    biases = [b.astype(np.float64) for b in biases]
    y = forward(weights, biases, x_test.astype(np.float64))[-1]
    np.savez_compressed(folder / f"{name}.npz", x=x_test, y=y,
                        label=label_test.astype(np.int64))
    zeros = np.mean(np.concatenate([w.ravel() for w in weights]) == 0)
    print(f"{name}: {'-'.join(map(str, widths))}, "
          f"accuracy {accuracy(weights, biases, x_train, label_train):.4f} on "
          f"{len(x_train)} training cases, "
          f"{np.mean(y.argmax(1) == label_test):.4f} on {len(x_test)} test "
          f"cases, {zeros:.0%} of the weights are 0")
    return x_test


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else
                          pathlib.Path(__file__).parent)
    folder.mkdir(parents=True, exist_ok=True)
    iris = load_iris()
    x = make(folder, "iris", [4, 8, 3], iris.data, iris.target, test_size=50,
             gemm=False, seeds=range(6), epochs=400, batch=20, rate=0.02,
             temperature=2.0)
    np.savetxt(folder / "iris.csv", x, fmt="%.1f", delimiter=",")
    digits = load_digits()
    make(folder, "digits", [64, 32, 10], digits.data / 16, digits.target,
         test_size=360, gemm=True, seeds=range(2), epochs=150, batch=32,
         rate=0.01, temperature=4.0)


if __name__ == "__main__":
    main()
