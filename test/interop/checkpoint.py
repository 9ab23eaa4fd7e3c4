"""Checkpoints of TensorFlow for checkpoint.test.ts, and what it reads of those written there. Prints JSON.

    checkpoint.py write FOLDER          writes checkpoints with savers and ops; prints names, types, shapes and values
    checkpoint.py read PREFIX...        prints the same of checkpoints
    checkpoint.py restore PREFIX        restores a checkpoint with a saver of its own into variables of the same names
"""
import json
import os
import sys

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
tf.logging.set_verbosity(tf.logging.ERROR)


def real(x):
    """A number as JavaScript writes what is no finite one."""
    return repr(float(x)).replace('inf', 'Infinity').replace('nan', 'NaN')


def whole(prefix, reader, name, dtype):
    """The value of a tensor; of V1's slices by the op, since the reader joins none."""
    try:
        return reader.get_tensor(name)
    except tf.errors.UnimplementedError:
        with tf.Graph().as_default(), tf.Session() as session:
            restored = tf.raw_ops.RestoreV2(prefix=prefix, tensor_names=[name], shape_and_slices=[''], dtypes=[dtype])
            return session.run(restored)[0]


def plain(value):
    """A value as JSON: numbers exactly, as texts."""
    if value.dtype == object or value.dtype.kind == 'S':
        return [item.hex() if isinstance(item, bytes) else item for item in np.ravel(value).tolist()]
    if value.dtype.kind == 'c':
        return [[real(x.real), real(x.imag)] for x in value.ravel()]
    if value.dtype.kind in 'iub':
        return [str(int(x)) for x in value.ravel()]
    return [real(x) for x in value.ravel().astype(np.float64)]


def content(prefix):
    reader = tf.train.NewCheckpointReader(prefix)
    types = reader.get_variable_to_dtype_map()
    shapes = reader.get_variable_to_shape_map()
    found = {}
    for name in sorted(shapes):
        value = whole(prefix, reader, name, types[name])
        value = np.array(value, dtype=object) if types[name] == tf.string else np.asarray(value)
        found[name] = {'dtype': types[name].name, 'shape': shapes[name], 'data': plain(value)}
    return found


def write(folder):
    random = np.random.RandomState(3)
    for sharded in (False, True):
        with tf.Graph().as_default(), tf.Session() as session:
            for dtype in (tf.float32, tf.float64, tf.float16, tf.bfloat16, tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8,
                          tf.uint16, tf.uint32, tf.uint64):
                values = (random.randn(3, 4) * 50).astype(np.float64)
                if dtype.is_unsigned:
                    values = np.abs(values)
                tf.Variable(tf.cast(tf.constant(values), dtype), name='all/%s' % dtype.name)
            tf.Variable(tf.complex(random.randn(5), random.randn(5)), name='all/complex128')
            tf.Variable(tf.constant([b'a', b'\xff\x00', b'x' * 300]), name='all/string')
            tf.Variable(tf.constant(random.randn(5) > 0), name='all/bool')
            with tf.device('/device:CPU:0'):
                tf.get_variable('part', [7, 3], partitioner=tf.fixed_size_partitioner(3), dtype=tf.float32)
            session.run(tf.global_variables_initializer())
            tf.train.Saver(sharded=sharded).save(session, os.path.join(folder, 'sharded' if sharded else 'plain'), write_meta_graph=False)
    with tf.Graph().as_default(), tf.Session() as session:
        count = 6000
        names = ['scope_%d/layer_%05d/some_rather_long_name/kernel' % (i % 7, i * 13) for i in range(count)]
        names.sort()
        tensors = list(tf.unstack(tf.reshape(tf.range(count * 3), [count, 3])))
        session.run(tf.raw_ops.SaveV2(prefix=os.path.join(folder, 'many'), tensor_names=names, shape_and_slices=[''] * count, tensors=tensors))
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable('v', [3, 2], partitioner=tf.fixed_size_partitioner(2), use_resource=False)
        tf.get_variable('w', [4], dtype=tf.float64, use_resource=False)
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver(write_version=tf.train.SaverDef.V1)
        saver.save(session, os.path.join(folder, 'old'), write_meta_graph=False)
        saver = tf.train.Saver(write_version=tf.train.SaverDef.V1, sharded=True)
        pattern = saver.save(session, os.path.join(folder, 'oldsharded'), write_meta_graph=False)
    return {name: content(os.path.join(folder, name)) for name in ('plain', 'sharded', 'many', 'old')} | {os.path.basename(pattern): content(pattern)}


def restore(prefix):
    reader = tf.train.NewCheckpointReader(prefix)
    types = reader.get_variable_to_dtype_map()
    with tf.Graph().as_default(), tf.Session() as session:
        variables = {}
        for name, shape in reader.get_variable_to_shape_map().items():
            variables[name] = tf.Variable(tf.zeros(shape, types[name]), name=name, validate_shape=True)
        tf.train.Saver(variables).restore(session, prefix)
        return {name: plain(np.asarray(session.run(v))) for name, v in variables.items()}


command, *arguments = sys.argv[1:]
if command == 'write':
    result = write(arguments[0])
elif command == 'read':
    result = {prefix: content(prefix) for prefix in arguments}
else:
    result = restore(arguments[0])
print(json.dumps(result))
