"""Files and facts for test/cli, made by TensorFlow and NumPy: `python make.py` writes into this folder."""
import json
import os
import shutil

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
HERE = os.path.dirname(os.path.abspath(__file__))
R = np.random.RandomState(7)


def path(*names):
    return os.path.join(HERE, *names)


def listed(array):
    return {'dtype': array.dtype.name, 'shape': list(array.shape), 'data': array.tolist()}


def counts(graph_def):
    result = {}
    for node in graph_def.node:
        result[node.op] = result.get(node.op, 0) + 1
    return result


def weights(*shape):
    return tf.constant(np.round(R.normal(size=shape), 2).astype(np.float32))


def convnet(batch):
    x = tf.placeholder(tf.float32, [batch, 8, 8, 3], name='x')
    h = tf.nn.conv2d(x, weights(3, 3, 3, 4), strides=[1, 1, 1, 1], padding='SAME')
    h = tf.nn.bias_add(h, weights(4))
    h = tf.nn.max_pool(h, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='VALID')
    h = tf.nn.depthwise_conv2d(h, weights(3, 3, 4, 2), strides=[1, 1, 1, 1], padding='VALID')
    h = tf.reshape(h, [-1, 32])
    logits = tf.matmul(h, weights(32, 5)) * 0.1 + weights(5)
    tf.nn.softmax(logits, name='probs')
    tf.argmax(logits, 1, name='classes')


def make_convnet():
    global R
    facts = {}
    with tf.Graph().as_default() as graph:
        convnet(2)
        options = tf.profiler.ProfileOptionBuilder(tf.profiler.ProfileOptionBuilder.float_operation()).with_empty_output().build()
        profile = tf.profiler.profile(graph, cmd='op', options=options)
        facts['flops'] = profile.total_float_ops
        by_op = {}
        stack = [profile]
        while stack:
            item = stack.pop()
            stack.extend(item.children)
            if item.float_ops:
                by_op[item.name] = item.float_ops
        facts['flops_by_op'] = by_op
    R = np.random.RandomState(7)
    with tf.Graph().as_default() as graph:
        convnet(None)
        x = np.round(R.normal(size=(2, 8, 8, 3)), 2).astype(np.float32)
        with tf.Session() as sess:
            probs, classes = sess.run(['probs:0', 'classes:0'], {'x:0': x})
        graph_def = graph.as_graph_def()
    with open(path('convnet.pb'), 'wb') as f:
        f.write(graph_def.SerializeToString())
    np.save(path('convnet-x.npy'), x)
    facts.update(ops=counts(graph_def), probs=listed(probs), classes=listed(classes))
    return facts


def make_linear():
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 3], name='x')
        w = tf.get_variable('w', initializer=np.array([[1, 2], [3, 4], [5, 6]], np.float32), use_resource=True)
        b = tf.get_variable('b', initializer=np.array([0.5, -0.5], np.float32), use_resource=False)
        y = tf.add(tf.matmul(x, w), b, name='y')
        step = tf.group(w.assign_add(tf.ones([3, 2])), tf.assign(b, b * 2), name='step')
        saver = tf.train.Saver()
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(step)
            shutil.rmtree(path('linear'), ignore_errors=True)
            saver.save(sess, path('linear', 'model.ckpt'))
            shutil.rmtree(path('saved'), ignore_errors=True)
            tf.saved_model.simple_save(sess, path('saved'), {'features': x}, {'scores': y})
            value = sess.run(y, {x: [[1, 2, 3], [0, 0, 1]]})
            frozen = tf.graph_util.convert_variables_to_constants(sess, graph.as_graph_def(), ['y'])
    # It names the folder that it was made in.
    os.remove(path('linear', 'checkpoint'))
    return {
        'y': listed(value),
        'frozen': sorted([node.name, node.op] for node in frozen.node),
        'ops': counts(graph.as_graph_def()),
    }


def make_npy():
    os.makedirs(path('npy'), exist_ok=True)
    arrays = {
        'f4': np.array([[1.5, -2], [np.nan, np.inf]], np.float32),
        'f8-fortran': np.asfortranarray(np.arange(24, dtype=np.float64).reshape(2, 3, 4)),
        'i4-big': np.array([1, -2, 70000], '>i4'),
        'i8': np.array([2**62, -1]),
        'f2': np.array([0.5, 65504, 6e-8], np.float16),
        'bool': np.array([[True], [False]]),
        'c8': np.array([1 + 2j, -0.5j], np.complex64),
        'bytes': np.array([b'a', b'caf\xc3\xa9', b'']),
        'text': np.array(['a', 'caf\u00e9', '\U0001f600']),
        'scalar': np.array(3, np.uint8),
        'empty': np.zeros([0, 3], np.int16),
    }
    facts = {}
    for name, array in arrays.items():
        np.save(path('npy', name + '.npy'), array)
        flat = array.flatten()
        if array.dtype.kind == 'c':
            data = [[float(v.real), float(v.imag)] for v in flat]
        elif array.dtype.kind == 'S':
            data = [v.decode() for v in flat.tolist()]
        else:
            data = [str(v) if isinstance(v, float) and not np.isfinite(v) else v for v in flat.tolist()]
            data = [str(v) if isinstance(v, int) and not isinstance(v, bool) and abs(v) >= 2**53 else v for v in data]
        dtype = 'string' if array.dtype.kind in 'SU' else array.dtype.newbyteorder('=').name
        facts[name] = {'dtype': dtype, 'shape': list(array.shape), 'data': data}
    np.save(path('npy', 'records.npy'), np.array([(1, 2.0)], dtype=[('a', 'i4'), ('b', 'f4')]))
    return facts


with open(path('facts.json'), 'w') as f:
    json.dump({'convnet': make_convnet(), 'linear': make_linear(), 'npy': make_npy()}, f, indent=1)
    f.write('\n')
