"""Native TensorFlow's Session on one thread, for bench/native.ts.

Reads lines `<program> <milliseconds>` and answers each with a line of JSON: the median time of a run, in microseconds, and, on
the first call for a program, the loss of its fifth step.
"""
import json
import math
import os
import sys
import time

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
tf.logging.set_verbosity(tf.logging.ERROR)


def uniform(shape, scale, seed):
    """As `uniform` in support.ts."""
    state = seed
    values = []
    for _ in range(math.prod(shape)):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values.append((state / 2**32 - 0.5) * scale)
    return np.array(values, np.float32).reshape(shape)


def one_hot(rows, classes):
    return np.eye(classes, dtype=np.float32)[np.arange(rows) % classes]


def trained(inputs, loss_of):
    places = [tf.placeholder(tf.float32, [None, *x.shape[1:]]) for x in inputs]
    loss = loss_of(*places)
    step = tf.train.AdamOptimizer(1e-3).minimize(loss)
    return [step, loss], places, inputs


def cross_entropy(y, logits):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))


def mlp():
    def loss(x, y):
        w1, b1 = tf.Variable(uniform([784, 128], 0.1, 1)), tf.Variable(tf.zeros([128]))
        w2, b2 = tf.Variable(uniform([128, 10], 0.2, 2)), tf.Variable(tf.zeros([10]))
        return cross_entropy(y, tf.nn.relu(x @ w1 + b1) @ w2 + b2)

    return trained([uniform([32, 784], 2, 3), one_hot(32, 10)], loss)


def lenet():
    def conv(x, w, b):
        h = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, tf.Variable(w), [1, 1, 1, 1], 'VALID'), tf.Variable(b)))
        return tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID')

    def loss(x, y):
        h = conv(x, uniform([3, 3, 1, 8], 0.8, 1), np.zeros(8, np.float32))
        h = conv(h, uniform([3, 3, 8, 16], 0.4, 2), np.zeros(16, np.float32))
        dense, bias = tf.Variable(uniform([400, 10], 0.2, 3)), tf.Variable(tf.zeros([10]))
        return cross_entropy(y, tf.reshape(h, [-1, 400]) @ dense + bias)

    return trained([uniform([32, 28, 28, 1], 2, 4), one_hot(32, 10)], loss)


def recurrent(last):
    def loss(x, y):
        kernel, bias = tf.Variable(uniform([92, 256], 0.3, 1)), tf.Variable(tf.zeros([256]))

        def step(inputs, c, h):
            i, j, f, o = tf.split(tf.concat([inputs, h], 1) @ kernel + bias, 4, 1)
            c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
            return c, tf.tanh(c) * tf.sigmoid(o)

        h = last(x, step, tf.zeros([32, 64]))
        dense, out = tf.Variable(uniform([64, 10], 0.3, 2)), tf.Variable(tf.zeros([10]))
        return cross_entropy(y, h @ dense + out)

    return trained([uniform([32, 28, 28], 2, 3), one_hot(32, 10)], loss)


def lstm():
    def last(x, step, zero):
        c = h = zero
        for inputs in tf.unstack(x, 28, axis=1):
            c, h = step(inputs, c, h)
        return h

    return recurrent(last)


def lstm_loop():
    def last(x, step, zero):
        inputs = tf.TensorArray(tf.float32, 28).unstack(tf.transpose(x, [1, 0, 2]))
        body = lambda t, c, h: (t + 1, *step(inputs.read(t), c, h))
        return tf.while_loop(lambda t, c, h: t < 28, body, (0, zero, zero))[2]

    return recurrent(last)


def scalar():
    a, b = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    return [tf.no_op(), a + b], [a, b], [np.float32(1), np.float32(2)]


PROGRAMS = {'mlp': mlp, 'lenet': lenet, 'lstm': lstm, 'lstm-loop': lstm_loop, 'scalar': scalar}
CONFIG = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
opened = {}


def prepared(name):
    with tf.Graph().as_default():
        fetches, places, inputs = PROGRAMS[name]()
        session = tf.Session(config=CONFIG)
        session.run(tf.global_variables_initializer())
        feeds = dict(zip(places, inputs))
        return lambda: session.run(fetches, feeds)[1]


def answer(name, milliseconds):
    reply = {}
    if name not in opened:
        opened[name] = prepared(name)
        reply['loss'] = float([opened[name]() for _ in range(5)][-1])
    run = opened[name]
    times = []
    end = time.perf_counter() + milliseconds / 1000
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e6)
    reply['median'] = sorted(times)[len(times) // 2]
    return reply


print(json.dumps({'version': tf.__version__}), flush=True)
for line in sys.stdin:
    word, span = line.split()
    print(json.dumps(answer(word, float(span))), flush=True)
