"""Writes sparse.json: sparse tensors and sets by TensorFlow, beyond what ops/sparse.json holds: edges and errors of the ops,
and the public functions. Run with TensorFlow 2.21."""
import json
import os
import re

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()


def array(x):
    x = np.asarray(x)
    flat = x.reshape(-1)
    if np.iscomplexobj(flat):
        data = [float(p) for v in flat for p in (v.real, v.imag)]
    elif x.dtype == object or x.dtype.kind == 'S':
        data = [v.decode() for v in flat]
    else:
        data = flat.tolist()
    name = 'string' if x.dtype == object or x.dtype.kind == 'S' else x.dtype.name
    return {'dtype': name, 'shape': list(x.shape), 'data': data}


def text(message):
    message = re.sub(r"(?s)^Graph execution error.*?Node: '\w+'\n", '', message)
    return message.split('\n\t [[{{')[0].split('\n\nOriginal')[0]


def i64(*rows):
    return np.array(rows, np.int64)


def f32(*values):
    return np.array(values, np.float32)


def i32(*values):
    return np.array(values, np.int32)


ops = []


def case(op, *inputs, **attrs):
    names = ARGS[op].split()
    found = {'op': op, 'attrs': attrs, 'inputs': [[array(x) for x in i] if isinstance(i, list) else array(i) for i in inputs]}
    with tf.Graph().as_default(), tf.Session() as s:
        feed = lambda x: tf.placeholder_with_default(x, None)
        given = {n: [feed(x) for x in i] if isinstance(i, list) else feed(i) for n, i in zip(names, inputs)}
        first = tf.nest.flatten(getattr(tf.raw_ops, op)(**given, **attrs))[0]
        out = first.op.outputs
        try:
            found['outputs'] = [array(v) for v in s.run(out)]
        except tf.errors.OpError as e:
            found['error'] = {'class': type(e).__name__, 'message': text(e.message)}
    ops.append(found)


ARGS = {
    'SparseToDense': 'sparse_indices output_shape sparse_values default_value',
    'SparseTensorDenseMatMul': 'a_indices a_values a_shape b',
    'SparseTensorDenseAdd': 'a_indices a_values a_shape b',
    'SparseAdd': 'a_indices a_values a_shape b_indices b_values b_shape thresh',
    'SparseAddGrad': 'backprop_val_grad a_indices b_indices sum_indices',
    'SparseConcat': 'indices values shapes',
    'SparseReorder': 'input_indices input_values input_shape',
    'SparseReshape': 'input_indices input_shape new_shape',
    'SparseSlice': 'indices values shape start size',
    'SparseSliceGrad': 'backprop_val_grad input_indices input_start output_indices',
    'SparseSplit': 'split_dim indices values shape',
    'SparseReduceSum': 'input_indices input_values input_shape reduction_axes',
    'SparseSoftmax': 'sp_indices sp_values sp_shape',
    'SparseDenseCwiseMul': 'sp_indices sp_values sp_shape dense',
    'SparseSparseMaximum': 'a_indices a_values a_shape b_indices b_values b_shape',
    'SparseFillEmptyRows': 'indices values dense_shape default_value',
    'SparseFillEmptyRowsGrad': 'reverse_index_map grad_values',
    'DenseToDenseSetOperation': 'set1 set2',
    'DenseToSparseSetOperation': 'set1 set2_indices set2_values set2_shape',
    'SparseToSparseSetOperation': 'set1_indices set1_values set1_shape set2_indices set2_values set2_shape',
    'SetSize': 'set_indices set_values set_shape',
}
for name in ('SparseReduceMax', 'SparseReduceSumSparse', 'SparseReduceMaxSparse'):
    ARGS[name] = ARGS['SparseReduceSum']
for name in ('SparseDenseCwiseAdd', 'SparseDenseCwiseDiv'):
    ARGS[name] = ARGS['SparseDenseCwiseMul']
ARGS['SparseSparseMinimum'] = ARGS['SparseSparseMaximum']

AT, V, S = i64([0, 1], [1, 0], [2, 3]), f32(1, 2, 3), i64(3, 4)
BACK = AT[::-1].copy()
NONE = np.zeros((0, 2), np.int64)
B = np.arange(8, dtype=np.float32).reshape(4, 2)
ONE = i64([0, 0])

zero = np.float32(0)
for at, shape, values, default in [
    (np.zeros((1, 1, 1), np.int64), i64(3), f32(1), zero), (i64([0]), np.int64(3), f32(1), zero),
    (i64([0, 1]), i64(3), f32(1), zero), (i64([0], [1]), i64(3), f32(1, 2, 3), zero),
    (i64([0], [1]), i64(3), f32(1, 2), f32(0, 1)), (i64([0], [5]), i64(3), f32(1, 2), zero),
    (i64([1], [1]), i64(3), f32(1, 2), zero), (i64([-1], [1]), i64(3), f32(1, 2), zero),
    (i64([0], [1]), i64(3), np.float32(7), np.float32(-1)), (np.int64(1), i64(3), np.float32(7), zero),
    (i64(0, 5), i64(3), np.float32(7), zero), (i64(0, 5), i64(-3), np.float32(7), zero),
    (i64([0], [2]), i64(3), np.array([b'a', b'b'], object), np.array(b'-', object)),
    (i64([0], [2]), i64(3), np.array([True, False]), np.array(True)),
    (i64([0], [2]), i64(3), np.complex64([1j, 2]), np.complex64(3 + 1j)),
]:
    case('SparseToDense', at, shape, values, default)
case('SparseToDense', i64([0], [5]), i64(3), f32(1, 2), zero, validate_indices=False)
case('SparseToDense', i64([1], [1]), i64(3), f32(1, 2), zero, validate_indices=False)

for at, values, shape, b in [
    (i64([5, 0]), f32(1), S, B), (i64([0, 9]), f32(1), S, B), (AT, V, S, B[:3]), (AT, V, S, B.reshape(4, 2, 1)),
    (AT, V, i64(3, 4, 5), B), (AT, f32(1), S, B), (i64([0, 1, 2]), f32(1), S, B), (AT, f32([1]), S, B),
    (i64(0), f32(1), S, B), (AT, V, i64([3, 4]), B), (AT, i32(1, -2, 3), S, B.astype(np.int32)), (NONE, V[:0], S, B),
    (AT, V.astype(np.float64), S, B.astype(np.float64)),
]:
    case('SparseTensorDenseMatMul', at, values, shape, b)
case('SparseTensorDenseMatMul', AT, np.complex64([1j, 2, 3]), S, np.complex64([[1j, 2, 1 + 1j], [1, 3, 4]]), adjoint_a=True, adjoint_b=True)
case('SparseTensorDenseMatMul', i64([0, 9]), f32(1), S, B[:3], adjoint_a=True)

D = np.ones((3, 4), np.float32)
for at, values, shape, b in [
    (AT, V, S, D[:, :3]), (AT, V, S, D[0]), (i64([0, 9]), f32(1), S, D), (i64([0, 1], [0, 1]), f32(1, 2), S, D),
    (i64([0, 9]), f32(1, 2), S, D), (i64(0), f32(1), S, D), (i64([0, 1]), f32([1]), S, D), (i64([0]), f32(1), S, D),
    (BACK, V, S, D), (AT, i32(1, 2, 3), S, D.astype(np.int32)),
]:
    case('SparseTensorDenseAdd', at, values, shape, b)

for a, b, threshold in [
    ((AT, V, S), (AT, V, i64(4, 4)), 0), ((AT, V, S), (i64([0]), f32(1), i64(4)), 0), ((AT, V[:2], S), (AT, V, S), 0),
    ((AT, V, S), (AT, -V + f32(0, .25, 1), S), .5), ((AT, V, S), (AT, -V, S), 0), ((BACK, V, S), (AT, V, S), 0),
    ((AT, V, S), (ONE, f32(.1), S), .5), ((i64(0), V, S), (AT, V, S), 0), ((AT, f32([1]), S), (AT, V, S), 0),
    ((AT, V, i64([3, 4])), (AT, V, S), 0), ((AT, V, i64(3, 4, 5)), (AT, V, i64(3, 4, 5)), 0),
    ((AT, V, S), (AT, V, i64(3, 4, 5)), 0),
]:
    case('SparseAdd', *a, *b, np.float32(threshold))
case('SparseAdd', AT, V, S, AT, V, S, f32(0))
case('SparseAdd', AT, np.complex64([3 + 4j, 1, 0]), S, ONE, np.complex64([1j]), S, np.float32(0))
case('SparseAdd', AT, i64(1, 2, 3), S, AT, i64(1, -2, 3), S, np.int64(1))
case('SparseAddGrad', f32(1, 2), AT, ONE, i64([0, 1], [2, 3]))
case('SparseAddGrad', f32(1, 2, 3), AT, ONE, i64([0, 1], [2, 3]))

for ats, values, shapes, dim in [
    ([AT, AT], [V, V], [S, i64(4, 4)], 1), ([AT, AT], [V, V], [S, S], 2), ([AT, i64([0])], [V, f32(1)], [S, i64(4)], 0),
    ([AT, AT], [V, V], [S, S], -2), ([BACK, AT], [V, V], [S, S], 0), ([AT, i64(0)], [V, f32(1)], [S, i64(4)], 0),
    ([AT, ONE], [V, f32(1, 2)], [S, S], 0), ([AT, NONE, AT], [V, V[:0], V], [S, i64(3, 1), S], 1),
]:
    case('SparseConcat', ats, values, shapes, concat_dim=dim)

for at, values, shape in [
    (i64([0, 9], [0, 1]), V[:2], S), (i64([1, 1], [0, 1], [1, 1]), V, S), (AT, V[:2], S), (AT, V, i64(3)),
    (i64(0), V[:2], S), (AT, V.reshape(3, 1), S), (AT, V, i64([3, 4])), (NONE, V[:0], S),
    (BACK, np.array([b'a', b'b', b'c'], object), S),
]:
    case('SparseReorder', at, values, shape)
for at, shape, to in [
    (AT, S, i64(5, 2)), (AT, S, i64(5, -1)), (AT, S, i64(-1, -1)), (AT, S, i64(-2, 6)), (AT, S, i64(2, -1)), (AT, S, i64(12)),
    (i64(0), S, i64(2, -1)), (NONE, i64(0, 4), i64(0, 2, 2)), (NONE, i64(0, 4), i64(-1, 2)), (i64([0, 1, 2]), S, i64(-1, 2)),
    (NONE, i64(0, 4), i64(-1, 0)), (AT, i64([3, 4]), i64(5, -1)), (AT, S, i64([5, -1])),
    (i64([10**9 - 1, 10**9 - 3]), i64(10**9, 10**9), i64(10**3, 10**15)),
]:
    case('SparseReshape', at, shape, to)
for start, size in [(i64(1, 0), i64(5, 5)), (i64(3, 4), i64(2, 2)), (i64(-1, 0), i64(2, 2)), (i64(0, 0), i64(-1, 2)),
                    (i64(0), i64(1, 2)), (i64(0, 1), i64(1)), (np.int64(0), i64(1, 1)), (i64(0, 0), np.int64(1))]:
    case('SparseSlice', AT, V, S, start, size)
case('SparseSlice', AT, V[:1], S, i64(0, 1), i64(1, 2))
case('SparseSliceGrad', f32(7), AT, i64(1, 0), ONE)
case('SparseSliceGrad', f32(7), AT, i64(1, 0), i64([0, 2]))
case('SparseSliceGrad', f32(7, 8), AT, i64(1, 0), ONE)
case('SparseSliceGrad', f32(7), AT, i64(1, 0), i64([0]))
for n, axis in [(3, 1), (5, 1), (2, 2), (2, -1), (2, 0), (4, 0)]:
    case('SparseSplit', np.int64(axis), AT, V, S, num_split=n)
case('SparseSplit', i64(0), AT, V, S, num_split=2)
case('SparseSplit', np.int64(0), i64(0), V, S, num_split=2)
case('SparseSplit', np.int64(0), AT, V[:2], S, num_split=2)
case('SparseSplit', np.int64(0), i64([5, 0]), V[:1], S, num_split=2)

DOWN = i64([0, 0], [0, 1], [1, 0])
for op in ('SparseReduceSum', 'SparseReduceMax', 'SparseReduceSumSparse', 'SparseReduceMaxSparse'):
    for axes in (i32(), i32(0, 1), np.int32(-1), i32(0), i32(2), i32(-3), i32(0, 0), i32([1])):
        case(op, DOWN, -V, S, axes)
    case(op, DOWN, -V, S, i32(0), keep_dims=True)
    case(op, DOWN, -V, S, i32(0, 1), keep_dims=True)
    case(op, BACK, V, S, i32(1))
    case(op, AT, V[:1], S, i32(1))
    case(op, AT, V, i64(3), i32(0))
    case(op, AT, V, i64([3]), i32(0))
    case(op, i64(0), V[:1], S, i32(0))
case('SparseReduceSum', NONE, V[:0], S, i32(0))
case('SparseReduceSum', i64([0, 9]), V[:1], S, i32(0))
case('SparseReduceSum', DOWN, i64(2**40, 1, 2), S, i32(0))

case('SparseSoftmax', i64([0]), V[:1], i64(3))
case('SparseSoftmax', i64([0, 0, 0], [0, 0, 1], [0, 1, 1], [1, 0, 0]), f32(1, 2, 3, 4), i64(2, 2, 2))
case('SparseSoftmax', i64([1, 0], [0, 0], [0, 1]), V, S)
case('SparseSoftmax', AT, V, i64([3, 4]))
case('SparseSoftmax', i64(0), V, S)
case('SparseSoftmax', AT, V[:1], S)
case('SparseSoftmax', AT, V.reshape(3, 1), S)
for op in ('SparseDenseCwiseAdd', 'SparseDenseCwiseMul', 'SparseDenseCwiseDiv'):
    for dense in (f32(1, 2, 3, 4), np.float32(2), f32([1], [2], [3]), f32(1, 1, 1), D.reshape(1, 3, 4)):
        case(op, AT, V, S, dense)
    case(op, i64([0, 9]), V[:1], S, D)
    case(op, ONE, V[:1], i64(1, 4), D)
    case(op, AT, i32(7, -7, 1), S, np.int32(2))
case('SparseDenseCwiseDiv', AT, i32(7, -7, 1), S, np.int32(0))
case('SparseDenseCwiseMul', AT, V[:1], S, D)
case('SparseDenseCwiseMul', i64(0), V[:1], S, D)
case('SparseDenseCwiseMul', AT, V, i64([3, 4]), D)
case('SparseDenseCwiseMul', AT, V, i64(3), D)
for op in ('SparseSparseMaximum', 'SparseSparseMinimum'):
    case(op, AT, -V, S, ONE, V[:1], S)
    case(op, AT, V, S, ONE, V[:1], i64(4, 4))
    case(op, AT, V[:1], S, ONE, V[:1], S)
    case(op, AT, V, S, i64([0]), V[:1], i64(3))
    case(op, i64(0), V, S, ONE, V[:1], S)
    case(op, i64([7, 0]), V[:1], S, ONE, V[:1], S)

F = np.float32(9)
for at, values, shape, default in [
    (i64([5, 0]), V[:1], S, F), (i64([2, 1], [0, 1], [0, 0], [4, 0]), f32(1, 2, 3, 4), i64(6, 2), F), (NONE, V[:0], i64(2, 2), F),
    (NONE, V[:0], i64(0, 2), F), (ONE, V[:1], i64(0, 2), F), (AT, V, S, F), (AT, V, S, f32(9)), (i64(0), V, S, F),
    (AT, V.reshape(3, 1), S, F), (AT, V, np.int64(3), F), (AT, V[:1], S, F),
]:
    case('SparseFillEmptyRows', at, values, shape, default)
for reverse in (i64(0, 2), i64(2, 2), i64(0, 5), i64([0])):
    case('SparseFillEmptyRowsGrad', reverse, V)

P, Q = i32([1, 2], [3, 4]), i32([2, 9], [3, 3])
for kind in ('a-b', 'b-a', 'union', 'intersection'):
    case('DenseToDenseSetOperation', P, Q, set_operation=kind)
    case('DenseToDenseSetOperation', np.array([[b'b', b'a']], object), np.array([[b'c', b'a']], object), set_operation=kind)
    case('DenseToSparseSetOperation', P, DOWN, i32(1, 2, 5), i64(2, 2), set_operation=kind)
    case('SparseToSparseSetOperation', DOWN, i32(1, 2, 5), i64(2, 2), i64([0, 0], [1, 0]), i32(2, 7), i64(2, 1), set_operation=kind)
    case('SparseToSparseSetOperation', i64([2, 0]), i32(4), i64(4, 1), i64([0, 0], [1, 0]), i32(2, 5), i64(4, 1), set_operation=kind)
case('DenseToDenseSetOperation', i32([1], [2]), i32([1]), set_operation='union')
case('DenseToDenseSetOperation', i32(1, 2), i32(1), set_operation='union')
case('DenseToDenseSetOperation', i32([1, 2]), i32([[1]]), set_operation='union')
case('DenseToDenseSetOperation', i32([[1, 2], [3, 4]]), i32([[2], [5]]), set_operation='union')
case('DenseToSparseSetOperation', P[:1], DOWN, i32(1, 2, 5), i64(2, 2), set_operation='union')
case('DenseToSparseSetOperation', P, DOWN[::-1].copy(), i32(1, 2, 5), i64(2, 2), set_operation='union')
case('DenseToSparseSetOperation', P, i64([4, 0]), i32(5), i64(2, 2), set_operation='union')
case('SparseToSparseSetOperation', DOWN, i32(1), i64(2, 2), DOWN, i32(1, 2, 5), i64(2, 2), set_operation='union')
case('SparseToSparseSetOperation', i64([0]), i32(4), i64(1), i64([0]), i32(4), i64(1), set_operation='union')
case('SparseToSparseSetOperation', i64([0, 1], [0, 1]), i32(4, 3), i64(2, 2), DOWN, i32(1, 2, 5), i64(2, 2), set_operation='union')
case('SetSize', DOWN, i32(1, 1, 5), i64(3, 2))
case('SetSize', i64([0, 1, 0], [1, 0, 0]), i32(4, 4), i64(2, 2, 2))
case('SetSize', i64([5, 0]), i32(4), i64(2, 2))
case('SetSize', i64([0]), i32(4), i64(2))

functions = []


def function(name, build):
    with tf.Graph().as_default(), tf.Session() as s:
        x = tf.SparseTensor(AT, V, S)
        out = build(x)
        out = list(out) if isinstance(out, (list, tuple)) else [out]
        parts = []
        for t in out:
            if isinstance(t, tf.SparseTensor):
                parts += [t.indices, t.values, t.dense_shape]
            elif isinstance(t, tf.IndexedSlices):
                parts += [t.indices, t.values]
            else:
                parts.append(t)
        shapes = [None if t.shape.rank is None else [-1 if d is None else d for d in t.shape.as_list()]
                  for t in out if isinstance(t, (tf.SparseTensor, tf.Tensor))]
        functions.append({'name': name, 'shapes': shapes, 'outputs': [array(v) for v in s.run(parts)]})


IDS = lambda: tf.SparseTensor(AT, i64(1, 2, 3), S)
TABLE = np.arange(8, dtype=np.float32).reshape(4, 2)
LOOK = lambda: tf.SparseTensor(i64([0, 0], [0, 1], [1, 0]), i64(1, 3, 1), i64(2, 2))
WEIGHTS = lambda: tf.SparseTensor(i64([0, 0], [0, 1], [1, 0]), f32(1, 2, .5), i64(2, 2))
HOLES = lambda: tf.SparseTensor(i64([0, 0, 0], [0, 0, 1], [1, 1, 0]), i64(1, -3, 2), i64(2, 2, 2))
for name, build in {
    'toDense default': lambda x: tf.sparse.to_dense(x, -1), 'fromDense': lambda x: tf.sparse.from_dense([[0., 1.], [2., 0.]]),
    'add': lambda x: tf.sparse.add(x, x), 'add dense': lambda x: tf.sparse.add(D, x),
    'concat': lambda x: tf.sparse.concat(-1, [x, x]),
    'concat expanded': lambda x: tf.sparse.concat(0, [x, tf.SparseTensor(ONE, f32(5), i64(1, 6))], expand_nonconcat_dim=True),
    'concat expanded at the end': lambda x: tf.sparse.concat(-1, [x, tf.SparseTensor(ONE, f32(5), i64(6, 1))], expand_nonconcat_dim=True),
    'reorder': lambda x: tf.sparse.reorder(tf.SparseTensor(BACK, V, S)), 'reshape': lambda x: tf.sparse.reshape(x, [2, -1]),
    'split': lambda x: tf.sparse.split(sp_input=x, num_split=3, axis=1), 'slice': lambda x: tf.sparse.slice(x, [1, 0], [2, 9]),
    'reduceSum': lambda x: tf.sparse.reduce_sum(x), 'reduceSum 1': lambda x: tf.sparse.reduce_sum(x, 1, keepdims=True),
    'reduceMax': lambda x: tf.sparse.reduce_max(x, [0]), 'reduceSumSparse': lambda x: tf.sparse.reduce_sum_sparse(x, -1),
    'reduceMaxSparse': lambda x: tf.sparse.reduce_max_sparse(x, 0), 'softmax': lambda x: tf.sparse.softmax(x),
    'maximum': lambda x: tf.sparse.maximum(x, tf.SparseTensor(ONE, f32(5), S)),
    'minimum': lambda x: tf.sparse.minimum(x, tf.SparseTensor(ONE, f32(5), S)),
    'fillEmptyRows': lambda x: tf.sparse.fill_empty_rows(tf.SparseTensor(i64([1, 1]), f32(5), S), 8),
    'retain': lambda x: tf.sparse.retain(x, [True, False, True]), 'resetShape': lambda x: tf.sparse.reset_shape(x),
    'resetShape given': lambda x: tf.sparse.reset_shape(x, [5, 6]), 'transpose': lambda x: tf.sparse.transpose(x),
    'transpose 0 1': lambda x: tf.sparse.transpose(x, [0, 1]), 'matmul': lambda x: tf.sparse.matmul(x, B),
    'matmul from the left': lambda x: tf.sparse.matmul(np.arange(6, dtype=np.float32).reshape(2, 3), x),
    'matmul adjoint from the left': lambda x: tf.sparse.matmul(np.arange(6, dtype=np.float32).reshape(3, 2), x, adjoint_a=True),
    'toIndicator': lambda x: tf.sparse.to_indicator(IDS(), 5), 'merge': lambda x: tf.sparse.merge(IDS(), x, 5),
    'merge two': lambda x: tf.sparse.merge([IDS(), IDS()], x, [5, 7]),
    'mask': lambda x: tf.sparse.mask(tf.IndexedSlices(f32([1, 2], [3, 4]), i32(5, 7)), [5]),
    'expandDims': lambda x: tf.sparse.expand_dims(x), 'expandDims 0': lambda x: tf.sparse.expand_dims(x, 0),
    'expandDims -2': lambda x: tf.sparse.expand_dims(x, -2), 'eye': lambda x: tf.sparse.eye(2, 3),
    'sparseToDense': lambda x: tf.sparse_to_dense([[0], [2]], [3], [1., 2.]), 'mul': lambda x: x * f32(1, 2, 3, 4), 'div': lambda x: x / 2.,
    'div integers': lambda x: IDS() / 2, 'sets.size': lambda x: tf.sets.size(IDS()),
    'sets.union': lambda x: tf.sets.union(i32([1, 2]), i32([3, 2])),
    'sets.difference flipped': lambda x: tf.sets.difference(IDS(), i64([1], [9], [3])),
    'sets.difference of b': lambda x: tf.sets.difference(IDS(), i64([1], [9], [3]), aminusb=False),
    'sets.intersection': lambda x: tf.sets.intersection(IDS(), IDS()),
    **{f'embedding {c}': lambda x, c=c: tf.nn.embedding_lookup_sparse(TABLE, LOOK(), None, combiner=c) for c in ('mean', 'sum', 'sqrtn')},
    **{f'embedding weighted {c}': lambda x, c=c: tf.nn.embedding_lookup_sparse(TABLE, LOOK(), WEIGHTS(), combiner=c)
       for c in ('mean', 'sum', 'sqrtn')},
    'embedding parts': lambda x: tf.nn.embedding_lookup_sparse([tf.constant(TABLE[::2]), tf.constant(TABLE[1::2])], LOOK(), None),
    'embedding clipped': lambda x: tf.nn.embedding_lookup_sparse(TABLE, LOOK(), None, max_norm=2.),
    'embedding safe': lambda x: tf.nn.safe_embedding_lookup_sparse([TABLE], HOLES()),
    'embedding safe default': lambda x: tf.nn.safe_embedding_lookup_sparse([TABLE], HOLES(), default_id=3),
    'embedding safe weighted': lambda x: tf.nn.safe_embedding_lookup_sparse(
        [TABLE], HOLES(), tf.SparseTensor(HOLES().indices, f32(2, 1, 0), i64(2, 2, 2)), combiner='sum'),
}.items():
    function(name, build)

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'sparse.json'), 'w') as f:
    f.write('{"tf": "%s", "ops": [\n%s\n], "functions": [\n%s\n]}\n' % (
        tf.__version__, ',\n'.join(map(json.dumps, ops)), ',\n'.join(map(json.dumps, functions))))
