"""Makes multi-head-attention.json beside this file: what tf_keras 2.21 (the Keras 2.15 line) in graph mode answers for
MultiHeadAttention and EinsumDense. Run with TensorFlow and tf_keras installed: python multi-head-attention.py

A case has inputs, weights with their names, outputs, and the static shapes of the outputs.
"""
import json, os
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['CUDA_VISIBLE_DEVICES'] = ''
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_eager_execution()
import tf_keras

L = tf_keras.layers
M, E = L.MultiHeadAttention, L.EinsumDense


def numbers(shape, seed):
    return np.round(np.random.RandomState(seed).uniform(-1, 1, shape), 3).astype('float32')


def encoded(array):
    return {'dtype': str(array.dtype), 'shape': list(array.shape), 'data': [round(float(x), 7) for x in array.ravel()]}


def case(name, layer, call, shapes):
    with tf.Graph().as_default():
        inputs = [L.Input(shape[1:]) for shape in shapes]
        layer = layer()
        outputs = call(layer, *inputs)
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        weights = [numbers(v.shape.as_list(), i + 10) for i, v in enumerate(layer.weights)]
        values = [numbers(shape, i + 1) for i, shape in enumerate(shapes)]
        if name == 'masked':
            values[0][:, 1] = 0
            values[1][:, 0] = 0
        with tf.Session() as session:
            for variable, value in zip(layer.weights, weights):
                variable.load(value, session)
            found = session.run(outputs, dict(zip(inputs, values)))
        return {
            'name': name,
            'inputs': [encoded(v) for v in values],
            'static_shapes': [o.shape.as_list() for o in outputs],
            'weights': [encoded(w) for w in weights],
            'weight_names': [v.name for v in layer.weights],
            'outputs': [encoded(o) for o in found],
        }


def masked(layer, query, value):
    return layer(L.Masking()(query), L.Masking()(value))


def scores(layer, query, value):
    return layer(query, value, return_attention_scores=True, use_causal_mask=True)


def hidden(layer, query, value, key):
    return layer(query, value, key, attention_mask=tf.constant([[[True, False], [True, True], [False, True]]]))


one = lambda layer, x: layer(x)
self_attention = lambda layer, x: layer(x, x)
cases = [
    case('scores and causal', lambda: M(2, 2, value_dim=3), scores, [(1, 3, 4), (1, 3, 4)]),
    case('a key and an attention mask', lambda: M(2, 2, output_shape=2, use_bias=False), hidden,
         [(1, 3, 4), (1, 2, 3), (1, 2, 2)]),
    case('two axes', lambda: M(1, 2, attention_axes=(1, 2)), self_attention, [(1, 2, 2, 3)]),
    case('two of three axes', lambda: M(1, 2, attention_axes=(2, 3)), self_attention, [(1, 2, 1, 2, 3)]),
    case('one of two axes', lambda: M(2, 1, attention_axes=2), self_attention, [(1, 2, 2, 3)]),
    case('masked', lambda: M(1, 2), masked, [(1, 2, 2), (1, 2, 2)]),
    case('left', lambda: E('...x,xy->...y', 3, bias_axes='y'), one, [(1, 2, 2)]),
    case('right', lambda: E('ab...,bc->ac...', 3, bias_axes='c'), one, [(1, 2, 2)]),
    case('middle', lambda: E('abc,cd->abd', (2, 3), bias_axes='b', activation='tanh'), one, [(1, 2, 2)]),
]
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'multi-head-attention.json'), 'w') as file:
    file.write('{"cases": [\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]}\n')
