"""Writes test/goldens/saver_graphs.json and test/goldens/interchange/ckpt_slices with TensorFlow 2.21.

    python test/goldens/checkpoints.py
"""
import json
import os

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
HERE = os.path.dirname(os.path.abspath(__file__))

# The nodes that savers build.


def three(use_resource):
    tf.get_variable('b', [2], use_resource=use_resource)
    tf.get_variable('a', [2, 3], use_resource=use_resource)
    tf.get_variable('p', [5, 2], partitioner=tf.fixed_size_partitioner(2), use_resource=use_resource)


def nodes(options):
    graph = tf.Graph()
    with graph.as_default():
        three(True)
        saver = tf.train.Saver(**options)
    listed = [[n.name, n.op, list(n.input), n.device] for n in graph.as_graph_def().node if n.name.startswith('save')]
    definition = saver.saver_def
    names = [definition.filename_tensor_name, definition.save_tensor_name, definition.restore_op_name]
    return {'nodes': listed, 'names': names}


cases = {'plain': {}, 'reshape': {'reshape': True}, 'sharded': {'sharded': True}}
with open(os.path.join(HERE, 'saver_graphs.json'), 'w') as file:
    json.dump({title: nodes(options) for title, options in cases.items()}, file, separators=(',', ':'))
    file.write('\n')

# A bundle whose keys take every length that the encoding of numbers has, and names with bytes that are escaped.

STARTS = [0, 1, 63, 64, 127, 128, 8191, 8192, 2**20 - 1, 2**20, 2**27, 2**34, 2**41, 2**48, 2**52]
folder = os.path.join(HERE, 'interchange', 'ckpt_slices')
os.makedirs(folder, exist_ok=True)
names, slices, tensors = [], [], []
for i, start in enumerate(STARTS):
    names.append('big')
    slices.append('4503599627370497 1 %d,1:0,1' % start)
    tensors.append(tf.constant([[i]], tf.int32))
for name in [b'a\x00b', 'wörld/é'.encode(), b'big/other', b'zero']:
    names.append(name)
    slices.append('3 70 1,2:0,70')
    tensors.append(tf.constant(np.arange(140, dtype=np.int16).reshape(2, 70)))
with tf.Session() as session:
    prefix = os.path.join(folder, 's')
    session.run(tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=slices, tensors=tensors))
