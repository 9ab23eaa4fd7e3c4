"""Writes random_draws.json: random ops and sampled losses by real TensorFlow. Run with TensorFlow 2.21, without a GPU."""
import json
import os

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()


def array(value):
    value = np.asarray(value)
    convert = float if value.dtype.kind == 'f' else str
    return {'dtype': value.dtype.name, 'shape': list(value.shape), 'data': [convert(x) for x in value.ravel()]}


def run(tensors, runs):
    with tf.Session() as sess:
        return [[array(v) for v in sess.run(tensors)] for _ in range(runs)]


cases = []


def case(op, inputs, attrs, runs=1):
    inputs = [(name, np.asarray(value, dtype)) for name, dtype, value in inputs]
    entry = {'op': op, 'inputs': [array(v) for _, v in inputs], 'attrs': attrs}
    with tf.Graph().as_default():
        fed = {name: tf.placeholder_with_default(v, [None] * v.ndim) for name, v in inputs}
        try:
            out = getattr(tf.raw_ops, op)(**fed, **attrs)
            entry['runs'] = run(list(out) if isinstance(out, tuple) else [out], runs)
        except tf.errors.OpError as error:
            entry['error'] = error.message.split("Node: '")[1].split('\n')[1]
    cases.append(entry)


def i32(name, value):
    return (name, 'int32', value)


SEEDS = {'seed': 3, 'seed2': 4}
for t in ['float32', 'float64', 'float16']:
    case('RandomGamma', [i32('shape', [5]), ('alpha', t, [0.3, 1, 2.5])], SEEDS, 2)
for r in ['float16', 'float32', 'float64', 'int32', 'int64']:
    for t in ['float16', 'float32', 'float64', 'int32', 'int64']:
        case('RandomPoissonV2', [i32('shape', [3]), ('rate', r, [2, 30])], {**SEEDS, 'dtype': t}, 2)
case('RandomGamma', [i32('shape', [0]), ('alpha', 'float32', [0.3])], SEEDS)
case('RandomPoissonV2', [i32('shape', [2]), ('rate', 'float32', np.zeros([0]))], SEEDS)
for t in ['float32', 'float64']:
    alpha = [[0.01, 0.3, 1, 2.5, 20, 200]]
    case('RandomGammaGrad', [('alpha', t, alpha), ('sample', t, [[0.001], [0.5], [1], [3], [20], [190]])], {})
case('RandomGammaGrad', [('alpha', 'float32', [0, -1, 2, 2]), ('sample', 'float32', [1, 1, 0, -1])], {})
seed = ('seed', 'int64', [1, 2])
for t in ['int32', 'int64', 'uint32', 'uint64']:
    case('StatelessRandomUniformFullInt', [i32('shape', [6]), seed], {'dtype': t})
keyed = [i32('shape', [6]), ('key', 'uint64', [7]), ('counter', 'uint64', [1, 2])]
for t in ['int32', 'int64']:
    case('StatelessRandomUniformIntV2', [*keyed, i32('alg', 1), ('minval', t, 3), ('maxval', t, 100)], {})
for alg in [0, 1, 3]:
    case('StatelessRandomUniformV2', [*keyed, i32('alg', alg)], {})
    case('StatelessShuffle', [i32('value', [1, 2, 3, 4, 5, 6, 7]), *keyed[1:], i32('alg', alg)], {})
for t in ['float16', 'float64']:
    for op in ['StatelessRandomUniform', 'StatelessRandomNormal', 'StatelessTruncatedNormal']:
        case(op, [i32('shape', [5]), seed], {'dtype': t})
case('StatelessRandomUniform', [i32('shape', [2]), i32('seed', [-5, 7])], {})
case('StatelessRandomUniform', [i32('shape', [2]), ('seed', 'int64', [3])], {})
case('StatelessMultinomial', [('logits', 'float32', [[0, 1, 2], [2, 0, 1]]), i32('num_samples', 9), seed], {})
case('StatelessRandomGammaV2', [i32('shape', [3, 2]), seed, ('alpha', 'float32', [0.5, 1])], {})
case('StatelessRandomGammaV2', [i32('shape', [3]), seed, ('alpha', 'float32', [0.5, 1])], {})
case('StatelessRandomPoisson', [i32('shape', [3, 2]), seed, ('lam', 'float32', [0.5, 30])], {'dtype': 'int32'})
case('StatelessRandomPoisson', [i32('shape', [3]), seed, ('lam', 'float32', [0.5, 30])], {'dtype': 'int32'})


def truncated(shape, values, t='float32', runs=2):
    names = ['means', 'stdevs', 'minvals', 'maxvals']
    inputs = [i32('shape', shape), *((n, t, v) for n, v in zip(names, values))]
    case('ParameterizedTruncatedNormal', inputs, {'seed': 1, 'seed2': 2}, runs)


for values in [(0, 1, -1, 2), (0, 1, 0.1, 0.2), (0, 1, 3, 5), (5, 2, -1, 4), (0, 1, -8, -3)]:
    for t in ['float32', 'float64']:
        truncated([7], values, t)
truncated([2, 3], ([0, 5], [1, 2], [-1, 0], [2, 4]))
truncated([2, 3], ([0, 5], [1, -2], [-1, 0], [2, 4]))
truncated([2, 3], ([0, 5, 1], 1, -1, 2))

classes = [('true_classes', 'int64', [[1], [3]])]
few = {'num_true': 1, 'num_sampled': 5}
for op in ['Uniform', 'LogUniform', 'LearnedUnigram', 'ThreadUnsafeUnigram']:
    for unique in [True, False]:
        for range_max in [7, 8, 5000]:
            case(op + 'CandidateSampler', classes, {**few, 'unique': unique, 'range_max': range_max, **SEEDS}, 3)
weights = {'unigrams': [1.0, 2.0, 0.5, 4.0, 5.0], **SEEDS}
fixed = 'FixedUnigramCandidateSampler'
for unique in [True, False]:
    case(fixed, classes, {'num_true': 1, 'num_sampled': 4, 'unique': unique, 'range_max': 5, 'distortion': 0.75, **weights}, 3)
    case(fixed, classes, {'num_true': 1, 'num_sampled': 3, 'unique': unique, 'range_max': 7, 'num_reserved_ids': 2, **weights}, 2)
shard = {'num_true': 1, 'num_sampled': 3, 'unique': False, 'range_max': 2, 'num_shards': 3, 'shard': 1, **weights}
case(fixed, [('true_classes', 'int64', [[0], [1]])], shard, 2)
case(fixed, classes, {**few, 'unique': False, 'range_max': 5})
case(fixed, classes, {**few, 'unique': False, 'range_max': 6, **weights})
case(fixed, classes, {**few, 'unique': False, 'range_max': 5, 'vocab_file': 'x', **weights})
case('AllCandidateSampler', classes, {**few, 'unique': True, **SEEDS})
case('UniformCandidateSampler', classes, {**few, 'unique': True, 'range_max': 4})
case('UniformCandidateSampler', classes, {'num_true': 1, 'num_sampled': 2, 'unique': True, 'range_max': 3})
case('UniformCandidateSampler', classes, {'num_true': 2, 'num_sampled': 2, 'unique': True, 'range_max': 5})
hits = ('sampled_candidates', 'int64', [5, 1, 3, 1])
case('ComputeAccidentalHits', [('true_classes', 'int64', [[1, 2], [3, 1]]), hits], {'num_true': 2})
case('ComputeAccidentalHits', [('true_classes', 'int64', [[1, 2], [3, 1]]), hits], {'num_true': 3})

W = (np.arange(20).reshape(10, 2) / 10).astype('float32')
B = (np.arange(10) / 7).astype('float32')
X = np.array([[0.5, -1], [2, 0.25]], 'float32')
losses = []
for function in ['nce_loss', 'sampled_softmax_loss']:
    for removes in [True, False]:
        for labels, true_counts in [([[1], [3]], [[0.4], [0.3]]), ([[1, 5], [3, 2]], [[0.4, 0.2], [0.3, 0.5]])]:
            with tf.Graph().as_default():
                given = [tf.constant(v) for v in (W, B, X)]
                sampled = (tf.constant([1, 5, 0, 3], tf.int64), tf.constant(true_counts), tf.constant([0.4, 0.2, 0.9, 0.3]))
                loss = getattr(tf.nn, function)(
                    given[0], given[1], tf.constant(labels), given[2], 4, 10, num_true=len(labels[0]),
                    sampled_values=sampled, remove_accidental_hits=removes)
                outputs = [loss] + [tf.convert_to_tensor(g) for g in tf.gradients(loss, given)]
                losses.append({'function': function, 'removes': removes, 'labels': labels, 'true_counts': true_counts, 'outputs': run(outputs, 1)[0]})
with tf.Graph().as_default():
    given = [tf.constant(v) for v in (W, B, X)]
    loss = tf.nn.sampled_softmax_loss(given[0], given[1], tf.constant([[1], [3]]), given[2], 4, 10, seed=5)
    seeded = run([loss], 2)

gradients = []
for stateless in [False, True]:
    with tf.Graph().as_default():
        a, b = tf.constant([0.5, 2, 7]), tf.constant([1.0, 2, 4])
        y = tf.random.stateless_gamma([4, 3], [1, 2], a, b) if stateless else tf.random_gamma([4], a, b, seed=3)
        gradients.append(run([y, *tf.gradients(y, [a, b])], 1)[0])

target = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'random_draws.json')
with open(target, 'w') as file:
    json.dump({'cases': cases, 'losses': losses, 'seeded': seeded, 'gradients': gradients}, file, separators=(',', ':'))
