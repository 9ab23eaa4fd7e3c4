"""Writes the files beside this one: what TensorFlow's ops do with empty tensors, scalars, NaN, infinities, -0 and the ends of
the integer types, each run by TensorFlow 2.21 on a CPU. The format is that of ../ops. Run with the folder to write to."""
import itertools
import json
import os
import sys

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
tf.logging.set_verbosity(tf.logging.FATAL)
NAN, INF = float('nan'), float('inf')
groups = {}
FLOATS = (np.float32, np.float64, np.float16, tf.bfloat16.as_numpy_dtype)
config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
config.graph_options.optimizer_options.opt_level = -1
config.graph_options.rewrite_options.disable_meta_optimizer = True


def number(v):
    if isinstance(v, bytes):
        return v.decode()
    if isinstance(v, (bool, np.bool_)):
        return bool(v)
    if isinstance(v, (int, np.integer)):
        return int(v) if abs(int(v)) < 2**53 else str(int(v))
    if not isinstance(v, np.float64):
        v = np.float32(v)
    if v != v:
        return 'NaN'
    if np.isinf(v):
        return 'Infinity' if v > 0 else '-Infinity'
    f = float('%.13g' % v) if isinstance(v, np.float64) else float(str(v))
    return int(f) if f == int(f) and abs(f) < 1e15 and not (f == 0 and np.signbit(v)) else f


def array(x):
    x = np.asarray(x)
    if x.dtype.kind in 'OS':
        return {'dtype': 'string', 'shape': list(x.shape), 'data': [number(v) for v in x.reshape(-1)]}
    if x.dtype.kind == 'c':
        parts = x.reshape(-1, 1).view(x.real.dtype).reshape(-1)
        return {'dtype': x.dtype.name, 'shape': list(x.shape), 'data': [number(v) for v in parts]}
    return {'dtype': x.dtype.name, 'shape': list(x.shape), 'data': [number(v) for v in x.reshape(-1)]}


def text(message):
    """What went wrong, without where."""
    return message.split("Node: ")[-1].split('\n', 1)[-1].split('\n\t [[')[0]


def attribute(value):
    if isinstance(value, tf.DType):
        return {'type': value.name}
    return {'list': value} if isinstance(value, list) else value


def weights(shape, dtype, shift=0):
    n = int(np.prod(shape))
    return np.sin(1 + np.arange(n) + shift).reshape(shape).astype(dtype)


def static(t):
    return None if t.shape.rank is None else [-1 if d is None else d for d in t.shape.as_list()]


def case(group, op, inputs, consts=(), grad=False, note=None, unset=(), **attrs):
    """inputs: pairs (name, array or list of arrays); those in consts are constants, the others fed. unset: outputs without a value."""
    cases = groups.setdefault(group, [])
    c = {'id': 'edges/%s/%04d' % (group, len(cases)), 'op': op}
    if note:
        c['note'] = note
    c['inputs'] = []
    with tf.Graph().as_default(), tf.Session(config=config) as s:
        feeds, args, xs = {}, {}, []

        def tensor(name, v, index=None):
            v = np.asarray(v)
            const = name in consts
            c['inputs'].append({'arg': name, **({} if index is None else {'index': index}),
                                **({'const': True} if const else {}), **array(v)})
            t = tf.constant(v) if const else tf.placeholder(v.dtype, v.shape)
            if not const:
                feeds[t] = v
            if v.dtype in FLOATS:
                xs.append((name, index, t, const))
            return t

        for name, v in inputs:
            args[name] = [tensor(name, w, i) for i, w in enumerate(v)] if isinstance(v, list) else tensor(name, v)
        try:
            y = getattr(tf.raw_ops, op)(**args, **attrs, name='op')
        except (ValueError, TypeError) as e:
            c['attrs_given'] = {k: attribute(v) for k, v in attrs.items()}
            c['construct_error'] = {'class': type(e).__name__, 'message': str(e).split(" for '{{node")[0]}
            cases.append(c)
            return
        ys = list(y) if isinstance(y, (list, tuple)) else [y]
        node = ys[0].op
        c['attrs'] = {k: attribute(v) for k, v in attrs.items()}
        c['static_shapes'] = [static(t) for t in ys]
        try:
            values = s.run(ys, feeds)
        except tf.errors.OpError as e:
            c['run_error'] = {'class': type(e).__name__, 'message': text(e.message), 'code': e.error_code}
            cases.append(c)
            return
        c['outputs'] = [None if i in unset else array(v) for i, v in enumerate(values)]
        values = [np.array(v, object) if isinstance(v, bytes) else v for v in values]
        ws = [weights(v.shape, v.dtype, 3 * i) if v.dtype in FLOATS else None for i, v in enumerate(values)]
        found = []
        if grad and xs and any(w is not None for w in ws):
            try:
                found = tf.gradients([t for t, w in zip(ys, ws) if w is not None], [x[2] for x in xs],
                                     grad_ys=[tf.constant(w) for w in ws if w is not None])
                found = [None if g is None else s.run(tf.convert_to_tensor(g), feeds) for g in found]
            except (tf.errors.OpError, LookupError) as e:
                print('no gradient', c['id'], op, str(e).split('\n')[0][:100])
                found = []
        if found:
            c['grad_weights'] = [None if w is None else array(w) for w in ws]
            c['grads'] = [{'arg': name, **({} if i is None else {'index': i}),
                           'grad': None if g is None else array(g)}
                          for (name, i, t, const), g in zip(xs, found)]
    cases.append(c)


f32 = lambda *v: np.array(v, np.float32)
i32 = lambda *v: np.array(v, np.int32)
zeros = lambda *shape: np.zeros(shape, np.float32)
ramp = lambda *shape: (np.sin(np.arange(np.prod(shape)) * 1.7 + 1).reshape(shape) * 2).astype(np.float32)

# ---------------------------------------------------------------------------------------------- element by element
UNARY = '''Abs Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Erf Erfc Exp Expm1 Floor IsFinite IsInf IsNan Lgamma Digamma
Log Log1p Neg Reciprocal Rint Round Rsqrt Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Square Tan Tanh Relu Relu6 Elu
Selu LeakyRelu OnesLike ZerosLike Erfinv Ndtri'''.split()
ARG = {op: 'features' for op in 'Softplus Softsign Relu Relu6 Elu Selu LeakyRelu'.split()}
points = [NAN, INF, -INF, 0., -0., 1., -1., 0.5, -0.5, 1.5, 2.5, -1.5, -2.5, 3.5, 1e-15, -1e-15, 20., -20., 87., -87.,
          1e10, -1e10, 1e37, -1e37]
halves = [v if abs(v) < 7e4 or v != v or abs(v) == INF else 6e4 * np.sign(v) for v in points]
for op in UNARY:
    arg = ARG.get(op, 'x')
    trig = op in ('Cos', 'Sin', 'Tan')
    floats = op not in ('IsFinite', 'IsInf', 'IsNan', 'OnesLike', 'ZerosLike')
    for dtype in (np.float32, np.float64):
        # The argument of a wave beyond 1e10 is a matter of the library.
        x = np.array([v for v in points if not (trig and 1e5 < abs(v) < INF)], dtype)
        if op in ('Elu', 'Selu'):
            x = x[(np.abs(x) > 1e-9) | (x == 0) | np.isnan(x)]  # exp(x) - 1 there
            x = x[~np.isnan(x)] if dtype == np.float32 else x
        if op == 'Erf' and dtype == np.float64:
            x = x[~np.isinf(x)]  # NaN in this version, an error of its library.
        case('unary', op, [(arg, x)], grad=floats and dtype == np.float32)
    case('unary', op, [(arg, np.float32(0.25))], grad=floats, note='a scalar')
    case('unary', op, [(arg, zeros(2, 0, 3))], grad=floats, note='empty')
    if op in ('Abs', 'Ceil', 'Exp', 'Floor', 'IsNan', 'Log', 'Neg', 'Relu', 'Round', 'Rsqrt', 'Sigmoid', 'Sign', 'Sqrt', 'Tanh'):
        case('unary', op, [(arg, np.array([v for v in halves if not (trig and 1e3 < abs(v) < INF)], np.float16))])
for op, y in (('SqrtGrad', 'y'), ('RsqrtGrad', 'y'), ('SigmoidGrad', 'y'), ('TanhGrad', 'y'), ('ReciprocalGrad', 'y'),
              ('ReluGrad', 0), ('Relu6Grad', 0), ('SoftplusGrad', 0), ('SoftsignGrad', 0), ('EluGrad', 1), ('SeluGrad', 1)):
    x, dy = np.meshgrid(f32(NAN, INF, -INF, 0, -0., 1, -1, 6, 7, 0.5), f32(NAN, INF, 0, -0., 1, -2))
    if op == 'EluGrad':
        x, dy = x[:, 1:], dy[:, 1:]  # lets gradients of NaN through
    names = ('y', 'dy') if y == 'y' else ('features', 'gradients') if y == 0 else ('outputs', 'gradients')
    case('unary', op, [(names[0], x.copy()), (names[1], dy.copy())])

BINARY = '''Add AddV2 Sub Mul Div RealDiv DivNoNan MulNoNan FloorDiv FloorMod Mod TruncateMod Maximum Minimum Pow Atan2
SquaredDifference Xdivy Xlogy Xlog1py NextAfter'''.split()
COMPARE = 'Equal NotEqual Less LessEqual Greater GreaterEqual ApproximateEqual'.split()
# No product or quotient of two is a denormal number, which TensorFlow's threads flush to 0.
pairs = [NAN, INF, -INF, 0., -0., 1., -1., -2.5, 3., 0.5, 1e20, -1e-10]
for op in BINARY + COMPARE:
    a, b = ('y', 'x') if op == 'Atan2' else ('x1', 'x2') if op == 'NextAfter' else ('x', 'y')
    for dtype in (np.float32, np.float64) if op in ('AddV2', 'Mul', 'RealDiv', 'FloorDiv', 'FloorMod', 'Maximum', 'Minimum', 'Pow', 'Atan2', 'Xlogy') else (np.float32,):
        column, row = np.array(pairs, dtype)[:, None], np.array(pairs, dtype)[None, :]
        grid = [np.broadcast_to(v, (len(pairs),) * 2).copy() for v in (column, row)]
        smooth = op in BINARY and op not in ('NextAfter', 'Mod', 'TruncateMod', 'FloorMod')
        case('binary', op, [(a, grid[0]), (b, grid[1])], grad=smooth and dtype == np.float32)
        if op in ('AddV2', 'RealDiv', 'Maximum', 'Equal') and dtype == np.float32:
            case('binary', op, [(a, column), (b, row)], note='broadcast')
    if op == 'ApproximateEqual':
        continue
    fits = op not in ('Mod',)
    case('binary', op, [(a, np.float32(3)), (b, np.float32(-2))], grad=fits and op in BINARY and op != 'NextAfter', note='scalars')
    for left, right in (((0, 3), (3,)), ((2, 0), ()), ((1, 0), (4, 1)), ((0,), (0,))):
        case('binary', op, [(a, zeros(*left)), (b, zeros(*right))], grad=smooth and op != 'NextAfter', note='empty')
    if op in ('AddV2', 'RealDiv', 'Maximum', 'Pow'):
        h = np.float16
        half = np.array([v for v in pairs if abs(v) < 1e4 and abs(v) > 1e-4 or v == 0 or v != v or abs(v) == INF], h)
        case('binary', op, [(a, half[:, None]), (b, half[None, :])], note='halves')
case('binary', 'AddV2', [('x', zeros(0, 2)), ('y', zeros(3, 2))])
case('binary', 'AddV2', [('x', zeros(0)), ('y', zeros(2))])
for n in (1, 2, 3):
    case('binary', 'AddN', [('inputs', [f32(NAN, INF, -0., -0., 1)] * n)], grad=True)
    case('binary', 'AddN', [('inputs', [zeros(0, 2)] * n)], grad=True)
c = f32(NAN, INF, -INF, 0, -0., 1, -1, 2)
for low, high in ((-1, 1), (0, 0), (1, -1), (-INF, INF)):
    case('binary', 'ClipByValue', [('t', c), ('clip_value_min', np.float32(low)), ('clip_value_max', np.float32(high))], consts=('clip_value_min', 'clip_value_max'), grad=True)
case('binary', 'ClipByValue', [('t', zeros(0, 2)), ('clip_value_min', np.float32(0)), ('clip_value_max', np.float32(1))], grad=True)
for v2 in (False, True):
    flags = np.array([True, False, True])
    x, y = ('t', 'e') if v2 else ('x', 'y')
    op = 'SelectV2' if v2 else 'Select'
    case('binary', op, [('condition', flags), (x, f32(NAN, -0., INF)), (y, f32(1, NAN, -INF))], grad=True)
    case('binary', op, [('condition', np.array(True)), (x, f32(NAN, -0.)), (y, f32(1, 2))], grad=True)
    case('binary', op, [('condition', np.zeros((0,), bool)), (x, zeros(0, 2)), (y, zeros(0, 2))], grad=True)
    case('binary', op, [('condition', np.array(False)), (x, zeros(0)), (y, zeros(0))], grad=True)
    case('binary', op, [('condition', flags), (x, zeros(3, 0)), (y, zeros(3, 0))], grad=True)
    case('binary', op, [('condition', np.array(False)), (x, np.float32(1)), (y, np.float32(2))], grad=True)
case('binary', 'SelectV2', [('condition', np.zeros((0, 1), bool)), ('t', zeros(1, 3)), ('e', np.float32(1))], grad=True)
for op in ('LogicalAnd', 'LogicalOr'):
    case('binary', op, [('x', np.zeros((0, 1), bool)), ('y', np.ones((3,), bool))])
    case('binary', op, [('x', np.array(True)), ('y', np.array(False))])
case('binary', 'LogicalNot', [('x', np.zeros((2, 0), bool))])

# ---------------------------------------------------------------------------------------------- integers
for dtype in ('int32', 'int64', 'uint8', 'int8', 'int16', 'uint16', 'uint32', 'uint64'):
    info = np.iinfo(dtype)
    ends = np.array(sorted({info.min, info.min + 1, max(info.min, -7), max(info.min, -1), 0, 2, info.max - 1, info.max}), dtype)
    for op in ('Abs', 'Neg', 'Sign', 'Square', 'Relu', 'Relu6', 'Invert'):
        if op in ('Abs', 'Neg', 'Sign', 'Square') and dtype in ('uint8', 'uint16', 'uint32', 'uint64'):
            continue
        case('integers', op, [(ARG.get(op, 'x'), ends)])
    column, row = ends[:, None], ends[None, :]
    grid = [np.broadcast_to(v, (len(ends),) * 2).copy() for v in (column, row)]
    for op in ('AddV2', 'Sub', 'Mul', 'SquaredDifference', 'Maximum', 'Minimum', 'BitwiseXor', 'Less', 'Equal', 'GreaterEqual'):
        if dtype not in ('int32', 'int64', 'uint8') and op not in ('AddV2', 'Mul', 'Maximum') or op == 'SquaredDifference' and dtype != 'int32':
            continue
        case('integers', op, [('x', grid[0]), ('y', grid[1])])
        if dtype == 'int32':
            case('integers', op, [('x', column), ('y', row)], note='broadcast')
            case('integers', op, [('x', ends[:0]), ('y', ends[:1])], note='empty')
    for op in ('FloorDiv', 'FloorMod', 'TruncateDiv', 'TruncateMod', 'Div', 'RealDiv'):
        if op in ('FloorMod', 'TruncateMod', 'TruncateDiv') and dtype not in ('int32', 'int64', 'uint8') or op == 'RealDiv' or op == 'Div' and dtype != 'int32':
            continue
        some = [v for v in ends if v != 0]
        # The least number by -1 has no answer in C++.
        xy = [(x, y) for x in ends for y in some if not (int(x) == info.min and int(y) == -1 and info.min < 0)]
        x, y = (np.array(v, dtype) for v in zip(*xy))
        case('integers', op, [('x', x), ('y', y)])
        if dtype in ('int32', 'int64', 'uint8'):
            case('integers', op, [('x', x), ('y', some[2])], note='by a scalar')
        case('integers', op, [('x', ends), ('y', np.array(0, dtype))], note='by zero')
        case('integers', op, [('x', ends[:0]), ('y', np.array(0, dtype))], note='nothing by zero')
        if dtype == 'int32':
            case('integers', op, [('x', x), ('y', y)], consts=('y',), note='by constants')
    if dtype in ('int32', 'int64'):
        case('integers', 'Pow', [('x', np.array([2, -2, 3, 7, 0, -1, 1, info.max], dtype)[:, None]), ('y', np.array([0, 1, 2, 5, 31, 64], dtype)[None])])
        case('integers', 'Pow', [('x', np.array([2, 1], dtype)), ('y', np.array([1, -1], dtype))], note='a negative power')
    for op in ('Sum', 'Prod', 'Mean', 'Max', 'Min'):
        case('integers', op, [('input', ends), ('axis', np.int32(0))], consts=('axis',), note='the ends')
        case('integers', op, [('input', np.array([[info.max, 1], [info.max, 3]], dtype)), ('axis', np.int32(1))], consts=('axis',))
        case('integers', op, [('input', ends[:0]), ('axis', np.int32(0))], consts=('axis',), note='empty')
    for op in ('Cumsum', 'Cumprod'):
        case('integers', op, [('x', np.array([info.max, 1, 2, info.max], dtype)), ('axis', np.int32(0))], consts=('axis',))
    case('integers', 'ArgMax', [('input', ends), ('dimension', np.int32(0))], consts=('dimension',))
    case('integers', 'TopKV2', [('input', ends), ('k', np.int32(4))], consts=('k',))
    if dtype in ('int32', 'int64'):
        case('integers', 'MatMul', [('a', np.array([[info.max, 2], [3, info.min]], dtype)), ('b', np.array([[2, 1], [info.max, -1]], dtype))])
        case('integers', 'AddN', [('inputs', [ends, ends, ends])])
        case('integers', 'ClipByValue', [('t', ends), ('clip_value_min', np.array(-5, dtype)), ('clip_value_max', np.array(5, dtype))])
        case('integers', 'UnsortedSegmentSum', [('data', ends), ('segment_ids', (np.arange(len(ends)) % 3).astype(np.int32)), ('num_segments', np.int32(3))], consts=('num_segments',))
        case('integers', 'LeftShift', [('x', ends), ('y', np.array(3, dtype))])
        case('integers', 'RightShift', [('x', ends), ('y', np.array(3, dtype))])

# ---------------------------------------------------------------------------------------------- casts
TYPES = [tf.float32, tf.float64, tf.float16, tf.bfloat16, tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.bool]
for to in TYPES:
    inside = [0., -0., 0.5, -0.5, 0.99, -0.99, 1.5, 2.5, 100.7, 1]
    if to.is_integer and to.min < 0:
        inside += [-1.5, -100.7]
    if to.is_floating or to == tf.bool:
        inside += [NAN, INF, -INF, 1e30, -1e30, 65504, 65520, 1 + 2.**-9, 1 + 3 * 2.**-9, 1 + 2.**-11, 1 + 3 * 2.**-11, 1e-7, 3e-8]
    for dtype in (np.float32, np.float64, np.float16):
        x = inside if dtype != np.float16 else [v for v in inside if v != v or abs(v) == INF or abs(v) < 6e4]
        case('casts', 'Cast', [('x', np.array(x, dtype))], DstT=to)
    for dtype in ('int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'):
        info = np.iinfo(dtype)
        ends = np.array(sorted({info.min, info.min + 1, max(info.min, -129), max(info.min, -1), 0, 1, 2, 127, min(info.max, 128), min(info.max, 255), min(info.max, 256), min(info.max, 2**24 + 1), info.max - 1, info.max}), dtype)
        case('casts', 'Cast', [('x', ends)], DstT=to)
    case('casts', 'Cast', [('x', np.array([True, False]))], DstT=to)
    case('casts', 'Cast', [('x', zeros(0, 3))], DstT=to)
    case('casts', 'Cast', [('x', np.zeros((2, 0), np.int32))], DstT=to)
    case('casts', 'Cast', [('x', np.float32(3.7))], DstT=to)
for to in (tf.int32, tf.int64):
    # Outside of the type: what this processor makes of it, which TensorFlow hands on.
    case('casts', 'Cast', [('x', f32(NAN, INF, -INF, 3e9, -3e9, 1e30))], DstT=to, note='out of range')
    case('casts', 'Cast', [('x', np.array([NAN, INF, -INF, 1e300], np.float64))], DstT=to, note='out of range')

# ---------------------------------------------------------------------------------------------- reductions
odd = np.array([[NAN, 1, 2], [INF, -INF, 0], [INF, 1, 2], [-0., 0, -0.], [-0., -0., -0.], [NAN, INF, -INF], [1, 2, NAN], [-INF, -1, -2]], np.float32)
for op in ('Sum', 'Prod', 'Mean', 'Max', 'Min', 'EuclideanNorm'):
    for dtype in (np.float32, np.int32):
        for shape, axes in (((0,), [0]), ((0,), []), ((2, 0), [0]), ((2, 0), [1]), ((2, 0), [0, 1]), ((0, 3), [0]), ((0, 3), [-1]),
                            ((2, 0, 3), [1]), ((2, 0, 3), [0, 2]), ((2, 0, 3), [1, 2])):
            for keep in (False, True):
                if keep and (dtype != np.float32 or len(axes) != 1):
                    continue
                case('reductions', op, [('input', np.zeros(shape, dtype)), ('axis', np.array(axes, np.int32))], consts=('axis',), grad=dtype in (np.float32, np.float64) and op != 'Prod', keep_dims=keep)
    case('reductions', op, [('input', np.float32(2)), ('axis', i32())], consts=('axis',), grad=True, note='a scalar')
    case('reductions', op, [('input', np.float32(2)), ('axis', np.int32(0))], consts=('axis',), note='no such axis')
    case('reductions', op, [('input', zeros(2, 0)), ('axis', np.int32(-3))], consts=('axis',), note='no such axis')
    case('reductions', op, [('input', zeros(2, 2)), ('axis', i32(0, -2))], consts=('axis',), note='an axis twice')
    for dtype in (np.float32, np.float64):
        for axis in (0, 1, [0, 1]):
            case('reductions', op, [('input', odd.astype(dtype)), ('axis', np.array(axis, np.int32))], consts=('axis',), grad=op != 'Prod')
        case('reductions', op, [('input', odd.astype(dtype)), ('axis', np.zeros((0,), np.int32))], consts=('axis',), grad=True)
    case('reductions', op, [('input', np.repeat(odd, 9, axis=1)), ('axis', np.int32(1))], consts=('axis',))
    case('reductions', op, [('input', np.array([[60000, 60000, -60000], [0.1, 0.2, NAN]], np.float16)), ('axis', np.int32(1))], consts=('axis',))
for op in ('All', 'Any'):
    for shape, axes in (((0,), [0]), ((2, 0), [0]), ((2, 0), [1]), ((2, 0), [0, 1]), ((), [])):
        case('reductions', op, [('input', np.zeros(shape, bool)), ('axis', np.array(axes, np.int32))], consts=('axis',))
for op in ('ArgMax', 'ArgMin'):
    for axis in (0, 1):
        case('reductions', op, [('input', odd), ('dimension', np.int32(axis))], consts=('dimension',), note='NaN')
        case('reductions', op, [('input', odd.astype(np.float64)), ('dimension', np.int32(axis))], consts=('dimension',), output_type=tf.int32, note='NaN')
    case('reductions', op, [('input', np.full((2, 3), NAN, np.float32)), ('dimension', np.int32(1))], consts=('dimension',))
    case('reductions', op, [('input', np.full((2, 3), -INF if op == 'ArgMax' else INF, np.float32)), ('dimension', np.int32(1))], consts=('dimension',))
    case('reductions', op, [('input', f32(-0., 0, -0.)), ('dimension', np.int32(0))], consts=('dimension',))
    case('reductions', op, [('input', zeros(0)), ('dimension', np.int32(0))], consts=('dimension',), note='empty')
    case('reductions', op, [('input', zeros(2, 0)), ('dimension', np.int32(0))], consts=('dimension',), note='empty')
    case('reductions', op, [('input', zeros(2, 0)), ('dimension', np.int32(1))], consts=('dimension',), note='empty')
    case('reductions', op, [('input', np.float32(3)), ('dimension', np.int32(0))], consts=('dimension',), note='a scalar')
for op in ('Cumsum', 'Cumprod', 'CumulativeLogsumexp'):
    # What NaN becomes in running logarithms depends on what stands before it in memory.
    values = odd[[1, 2, 3, 4, 7]] if op == 'CumulativeLogsumexp' else odd
    for exclusive, reverse in itertools.product((False, True), repeat=2):
        case('reductions', op, [('x', values), ('axis', np.int32(1))], consts=('axis',), exclusive=exclusive, reverse=reverse, grad=op == 'Cumsum')
    case('reductions', op, [('x', zeros(0)), ('axis', np.int32(0))], consts=('axis',), grad=True)
    case('reductions', op, [('x', zeros(2, 0)), ('axis', np.int32(0))], consts=('axis',), grad=True)
    case('reductions', op, [('x', np.float32(1)), ('axis', np.int32(0))], consts=('axis',), note='a scalar')
for x in (f32(-0., 0, 1), f32(NAN, 1), f32(INF, 1), zeros(0), zeros(2, 0)):
    case('reductions', 'L2Loss', [('t', x)], grad=True)

# ---------------------------------------------------------------------------------------------- softmax and losses
rows = np.array([[NAN, 1, 2], [INF, 1, 2], [-INF, 1, 2], [-INF, -INF, -INF], [1e38, -1e38, 0], [0, -0., 0], [88.8, 700, -700], [INF, INF, 1]], np.float32)
for op in ('Softmax', 'LogSoftmax'):
    case('losses', op, [('logits', rows)], grad=True)
    case('losses', op, [('logits', rows.astype(np.float64))], grad=True)
    for shape in ((0, 3), (3, 0), (0,), (2, 0, 3), (2, 3, 0), (1,)):
        case('losses', op, [('logits', zeros(*shape))], grad=True, note='empty')
    case('losses', op, [('logits', np.float32(1))], note='a scalar')
n = len(rows)
label = np.tile(f32(0.2, 0, 0.8), (n, 1))
case('losses', 'SoftmaxCrossEntropyWithLogits', [('features', rows), ('labels', label)])
for shape in ((0, 3), (3, 0), (0, 0)):
    case('losses', 'SoftmaxCrossEntropyWithLogits', [('features', zeros(*shape)), ('labels', zeros(*shape))])
    case('losses', 'SparseSoftmaxCrossEntropyWithLogits', [('features', zeros(*shape)), ('labels', np.zeros(shape[0], np.int32))])
case('losses', 'SoftmaxCrossEntropyWithLogits', [('features', zeros(2, 3)), ('labels', zeros(0, 3))])
case('losses', 'SparseSoftmaxCrossEntropyWithLogits', [('features', rows), ('labels', np.arange(n, dtype=np.int32) % 3)])
case('losses', 'SparseSoftmaxCrossEntropyWithLogits', [('features', ramp(2, 3)), ('labels', i32(0, 3))], note='out of range')
case('losses', 'SparseSoftmaxCrossEntropyWithLogits', [('features', ramp(2, 3)), ('labels', i32(-1, 2))], note='out of range')

# ---------------------------------------------------------------------------------------------- shapes
def shaped(op, inputs, *, consts=(), grad=True, **more):
    case('shapes', op, inputs, consts=consts, grad=grad, **more)


for shape, to in (((0,), [0, 3]), ((0,), [3, 0]), ((2, 0), [-1]), ((2, 0), [0, 5]), ((2, 0), [-1, 0]), ((0,), [-1, 2]), ((0,), [2]), ((1,), []), ((), [1, 1]), ((), [-1]),
                  ((2, 0), [0, -1]), ((2, 3), [-1, 4]), ((2, 3), [-1, -1]), ((2, 3), [7]), ((2, 3), [-2, 3])):
    note = 'a length among zeros' if 0 in to and -1 in to else None
    shaped('Reshape', [('tensor', zeros(*shape)), ('shape', np.array(to, np.int32))], consts=('shape',), note=note)
    case('shapes', 'Reshape', [('tensor', zeros(*shape)), ('shape', np.array(to, np.int32))], note=note or 'a fed shape')
for shape, perm in (((0, 2), [1, 0]), ((2, 0, 3), [2, 0, 1]), ((), []), ((2, 3), [0, 0]), ((2, 3), [-1, 0])):
    shaped('Transpose', [('x', zeros(*shape)), ('perm', np.array(perm, np.int32))], consts=('perm',))
for shape, axis in (((0,), 0), ((0,), -1), ((), 0), ((), -1), ((2, 0), 1), ((2, 0), 3), ((2, 0), -4)):
    shaped('ExpandDims', [('input', zeros(*shape)), ('axis', np.int32(axis))], consts=('axis',))
for shape, axis in (((1, 0), []), ((1, 0), [0]), ((0, 1), [-1]), ((), []), ((1, 0), [1]), ((1, 1), []), ((1,), [1])):
    shaped('Squeeze', [('input', zeros(*shape))], axis=axis)
for shape, multiples in (((2, 3), [0, 1]), ((2, 3), [2, 0]), ((0, 3), [2, 2]), ((), []), ((3,), [1]), ((3,), [-1]), ((3,), [1, 2])):
    shaped('Tile', [('input', ramp(*shape)), ('multiples', np.array(multiples, np.int32))], consts=('multiples',))
for shape, to in (((1, 3), [0, 3]), ((1,), [0]), ((), [0]), ((), [2, 0]), ((0,), [2, 0]), ((0,), [0]), ((), []), ((0,), [1]), ((2,), [0]), ((3,), [3, 1])):
    shaped('BroadcastTo', [('input', ramp(*shape)), ('shape', np.array(to, np.int32))], consts=('shape',))
for shape, axes in (((0,), [0]), ((2, 0), [0, 1]), ((2, 3), []), ((), []), ((2,), [1]), ((2, 2), [0, -2])):
    shaped('ReverseV2', [('tensor', ramp(*shape)), ('axis', np.array(axes, np.int32))], consts=('axis',))
for shape, shift, axis in (((0,), 1, 0), ((2, 0), 3, 1), ((3,), -7, 0), ((3,), 300, 0), ((2, 3), [1, 1], [1, 1]), ((), 1, 0), ((3,), 1, 2)):
    shaped('Roll', [('input', ramp(*shape)), ('shift', np.array(shift, np.int32)), ('axis', np.array(axis, np.int32))], consts=('shift', 'axis'))
for shapes, axis in ((((0,), (0,)), 0), (((0,), (2,)), 0), (((2,), (0,)), 0), (((2, 0), (2, 0)), 0), (((2, 0), (2, 0)), 1), (((2, 0), (2, 3)), 1), (((0, 3), (2, 3), (0, 3)), 0), 
                     (((0, 3), (2, 4)), 0), (((2,), (2,)), 1), (((2, 3), (2, 0), (2, 1)), -1)):
    shaped('ConcatV2', [('values', [ramp(*s) for s in shapes]), ('axis', np.int32(axis))], consts=('axis',))
for shape, n, axis in (((0,), 2, 0), ((0, 3), 3, 0), ((0, 3), 3, 1), ((2, 0), 2, 1), ((3,), 2, 0), ((), 1, 0)):
    shaped('Split', [('axis', np.int32(axis)), ('value', ramp(*shape))], consts=('axis',), num_split=n)
for shape, sizes, axis in (((0,), [0, 0], 0), ((3,), [0, 3], 0), ((3,), [3, 0, -1], 0), ((2, 0), [1, 1], 0), ((3,), [1, 1], 0), ((3,), [4, -1], 0), ((3,), [-1, -1], 0), ((3,), [-2, 5], 0)):
    shaped('SplitV', [('value', ramp(*shape)), ('size_splits', np.array(sizes, np.int32)), ('axis', np.int32(axis))], consts=('size_splits', 'axis'), num_split=len(sizes))
for shape, n, axis in (((0,), 1, 0), ((0,), 3, 1), ((), 2, 0), ((), 2, -1), ((2, 0), 2, -1), ((2,), 2, 2)):
    shaped('Pack', [('values', [ramp(*shape)] * n)], axis=axis)
for shape, n, axis in (((0,), 0, 0), ((2, 0), 2, 0), ((2, 0), 0, 1), ((1,), 1, 0), ((), 1, 0), ((2,), 3, 0)):
    if n:
        shaped('Unpack', [('value', ramp(*shape))], num=n, axis=axis)
for shape, begin, size in (((3,), [3], [0]), ((3,), [0], [0]), ((3,), [1], [-1]), ((3,), [3], [-1]), ((0,), [0], [0]), ((0, 2), [0, 1], [-1, 1]), ((), [], []),
                           ((3,), [4], [0]), ((3,), [1], [3]), ((3,), [-1], [1]), ((3,), [0], [-2])):
    shaped('Slice', [('input', ramp(*shape)), ('begin', np.array(begin, np.int32)), ('size', np.array(size, np.int32))], consts=('begin', 'size'))
    case('shapes', 'Slice', [('input', ramp(*shape)), ('begin', np.array(begin, np.int32)), ('size', np.array(size, np.int32))], note='fed bounds')
for shape, b, e, s, masks in (((4,), [1], [1], [1], {}), ((4,), [3], [1], [1], {}), ((4,), [10], [20], [1], {}), ((4,), [-10], [-1], [1], {}), ((4,), [-1], [-10], [-1], {}),
                              ((4,), [0], [0], [-2], {'begin_mask': 1, 'end_mask': 1}), ((0,), [0], [0], [1], {'end_mask': 1}), ((0,), [0], [0], [-1], {'begin_mask': 1, 'end_mask': 1}),
                              ((4,), [4], [5], [1], {'shrink_axis_mask': 1}), ((4,), [-5], [5], [1], {'shrink_axis_mask': 1}), ((4,), [-1], [0], [1], {'shrink_axis_mask': 1}),
                              ((4,), [1], [2], [-1], {'shrink_axis_mask': 1}), ((4,), [0], [4], [0], {}), ((0, 3), [0, 1], [9, 3], [1, 1], {}), ((2, 0), [0, 0], [1, 0], [1, 1], {'shrink_axis_mask': 1}),
                              ((), [], [], [], {}), ((), [0], [0], [1], {'new_axis_mask': 1}), ((), [0], [0], [1], {'ellipsis_mask': 1}), ((2, 3), [0, 0, 0], [1, 1, 1], [1, 1, 1], {}),
                              ((4,), [2147483647], [-2147483648], [-1], {}), ((4,), [-2147483648], [2147483647], [2147483647], {}), ((5,), [3], [0], [-2], {})):
    shaped('StridedSlice', [('input', ramp(*shape)), ('begin', np.array(b, np.int32)), ('end', np.array(e, np.int32)), ('strides', np.array(s, np.int32))], consts=('begin', 'end', 'strides'), **masks)
for shape, pads in (((0,), [[1, 2]]), ((0, 2), [[0, 0], [1, 0]]), ((2, 0), [[1, 0], [0, 0]]), ((), np.zeros((0, 2))), ((2,), [[0, 0]]), ((2,), [[-1, 0]]), ((2,), [[0, 0], [0, 0]])):
    shaped('Pad', [('input', ramp(*shape)), ('paddings', np.array(pads, np.int32))], consts=('paddings',))
    shaped('PadV2', [('input', ramp(*shape)), ('paddings', np.array(pads, np.int32)), ('constant_values', np.float32(NAN))], consts=('paddings', 'constant_values'))
for shape, pads, mode in (((3,), [[2, 2]], 'REFLECT'), ((3,), [[3, 0]], 'REFLECT'), ((3,), [[3, 3]], 'SYMMETRIC'), ((3,), [[4, 0]], 'SYMMETRIC'), ((0,), [[0, 0]], 'SYMMETRIC'), ((0, 2), [[0, 0], [1, 1]], 'REFLECT'),
                          ((0,), [[1, 0]], 'SYMMETRIC'), ((1,), [[0, 0]], 'REFLECT'), ((1,), [[1, 1]], 'SYMMETRIC'), ((), np.zeros((0, 2)), 'REFLECT')):
    shaped('MirrorPad', [('input', ramp(*shape)), ('paddings', np.array(pads, np.int32))], consts=('paddings',), mode=mode)
for start, limit, delta in ((0, 0, 1), (3, 0, 1), (0, 3, -1), (3, 0, -1), (0, 3, 0), (0, 5, 7), (-3, 3, 2), (2147483640, 2147483647, 3), (-2147483648, -2147483640, 5)):
    shaped('Range', [('start', np.int32(start)), ('limit', np.int32(limit)), ('delta', np.int32(delta))], consts=('start', 'limit', 'delta'))
    case('shapes', 'Range', [('start', np.int32(start)), ('limit', np.int32(limit)), ('delta', np.int32(delta))], note='fed')
for start, limit, delta in ((0, 1, 0.1), (0, 1, 0.3), (1, 0, -0.25), (0, 0, 1), (0.5, 0.4, 1), (0, 3, 1e-1), (NAN, 1, 1), (0, INF, 1), (0, 1, INF), (0, 1, NAN)):
    case('shapes', 'Range', [('start', np.float32(start)), ('limit', np.float32(limit)), ('delta', np.float32(delta))], note='floats')
for a, b, n in ((0, 1, 1), (0, 1, 2), (2, 2, 3), (1, -1, 5), (0, INF, 3), (NAN, 1, 3), (0, 1, 0), (0, 1, -1), (-3e38, 3e38, 3)):
    case('shapes', 'LinSpace', [('start', np.float32(a)), ('stop', np.float32(b)), ('num', np.int32(n))], consts=('num',))
for dims in ([0], [2, 0], [], [2], [-1]):
    shaped('Fill', [('dims', np.array(dims, np.int32)), ('value', np.float32(-0.))], consts=('dims',))
for op in ('Shape', 'Size', 'Rank'):
    for shape in ((0,), (), (2, 0, 3)):
        case('shapes', op, [('input', zeros(*shape))])
for axis, depth in itertools.product((-1, 0), (0, 1, 3)):
    case('shapes', 'OneHot', [('indices', i32(0, 2, -1, 5)), ('depth', np.int32(depth)), ('on_value', np.float32(NAN)), ('off_value', np.float32(-0.))], consts=('depth', 'on_value', 'off_value'), axis=axis)
    case('shapes', 'OneHot', [('indices', np.zeros((0, 2), np.int32)), ('depth', np.int32(depth)), ('on_value', np.float32(1)), ('off_value', np.float32(0))], consts=('depth', 'on_value', 'off_value'), axis=axis)
case('shapes', 'OneHot', [('indices', np.int32(1)), ('depth', np.int32(3)), ('on_value', np.int32(2147483647)), ('off_value', np.int32(-2147483648))], consts=('depth', 'on_value', 'off_value'))
case('shapes', 'OneHot', [('indices', np.int32(1)), ('depth', np.int32(-1)), ('on_value', np.float32(1)), ('off_value', np.float32(0))], consts=('depth', 'on_value', 'off_value'))
for block, shape in ((2, (0, 2, 2, 1)), (2, (1, 0, 2, 1)), (2, (1, 2, 2, 0)), (2, (1, 3, 2, 1))):
    shaped('SpaceToDepth', [('input', ramp(*shape))], block_size=block)
for shape in ((0, 2, 2, 4), (1, 0, 2, 4), (1, 2, 2, 0)):
    shaped('DepthToSpace', [('input', ramp(*shape))], block_size=2)
shaped('SpaceToBatchND', [('input', ramp(0, 4, 1)), ('block_shape', i32(2)), ('paddings', i32([0, 0]))], consts=('block_shape', 'paddings'))
shaped('BatchToSpaceND', [('input', ramp(4, 2, 1)), ('block_shape', i32(2)), ('crops', i32([2, 2]))], consts=('block_shape', 'crops'))
shaped('BatchToSpaceND', [('input', ramp(0, 2, 1)), ('block_shape', i32(2)), ('crops', i32([0, 0]))], consts=('block_shape', 'crops'))
for shape in ((0,), (0, 0)):
    shaped('Diag', [('diagonal', zeros(*shape))])
for shape in ((0, 0), (2, 0, 2, 0)):
    shaped('DiagPart', [('input', zeros(*shape))])
for shape in ((0,), (2, 0), (0, 2)):
    shaped('MatrixDiag', [('diagonal', zeros(*shape))])
for shape in ((0, 0), (0, 2), (2, 0), (0, 2, 2), (2, 0, 3)):
    shaped('MatrixDiagPart', [('input', zeros(*shape))])
    shaped('MatrixBandPart', [('input', zeros(*shape)), ('num_lower', np.int32(0)), ('num_upper', np.int32(-1))], consts=('num_lower', 'num_upper'))
shaped('MatrixBandPart', [('input', np.array([[NAN, INF], [NAN, -0.]], np.float32)), ('num_lower', np.int32(0)), ('num_upper', np.int32(0))], consts=('num_lower', 'num_upper'))
shaped('MatrixSetDiag', [('input', zeros(0, 2, 2)), ('diagonal', zeros(0, 2))])
case('shapes', 'BroadcastArgs', [('s0', i32(0, 1)), ('s1', i32(3))])
case('shapes', 'BroadcastArgs', [('s0', np.zeros(0, np.int32)), ('s1', i32(0))])
case('shapes', 'BroadcastArgs', [('s0', i32(0)), ('s1', i32(3))])
case('shapes', 'BroadcastGradientArgs', [('s0', i32(0, 1)), ('s1', i32(0, 3))])
case('shapes', 'BroadcastGradientArgs', [('s0', i32(1, 1)), ('s1', i32(1))])
shaped('ReverseSequence', [('input', ramp(0, 3)), ('seq_lengths', np.zeros(0, np.int32))], seq_dim=1, batch_dim=0)
shaped('ReverseSequence', [('input', ramp(2, 3)), ('seq_lengths', i32(0, 4))], seq_dim=1, batch_dim=0)
shaped('ReverseSequence', [('input', ramp(2, 3)), ('seq_lengths', i32(0, 3))], seq_dim=1, batch_dim=0)

# ---------------------------------------------------------------------------------------------- picking and adding up
def picked(op, inputs, *, consts=(), grad=True, **more):
    case('picking', op, inputs, consts=consts, grad=grad, **more)


for shape, ids, axis in (((3, 2), np.zeros(0), 0), ((3, 2), np.zeros((0, 4)), 1), ((0, 2), np.zeros(0), 0), ((3, 0), [0, 2], 0), ((3, 0), np.zeros(0), 1), ((3,), 1, 0), ((0, 2), [0], 0), ((3, 2), [0, 3], 0), ((3, 2), [-1], 0),
                         ((3, 2), [[2], [5]], 1), ((2, 0, 3), [1, 0], 2)):
    picked('GatherV2', [('params', ramp(*shape)), ('indices', np.array(ids, np.int32)), ('axis', np.int32(axis))], consts=('axis',), grad=axis == 0)
    case('picking', 'GatherV2', [('params', ramp(*shape)), ('indices', np.array(ids, np.int32)), ('axis', np.int32(axis))], consts=('axis', 'indices'), note='constant indices')
for shape, ids in (((3, 2), np.zeros((0, 2))), ((3, 2), np.zeros((2, 0))), ((0, 2), np.zeros((0, 1))), ((3, 0), [[1], [2]]), ((3, 2), [[1, 1], [2, 2]]), ((3, 2), [[-1]]), ((3,), [1]), ((0,), [[0]])):
    picked('GatherNd', [('params', ramp(*shape)), ('indices', np.array(ids, np.int32))], grad=len(np.shape(ids)) == 2 and np.size(ids) > 0)
for ids, updates, shape in ((np.zeros((0, 1)), zeros(0), [3]), (np.zeros((0, 1)), zeros(0, 2), [3, 2]), ([[0]], zeros(1, 0), [3, 0]), ([[1], [1]], f32(NAN, 1), [3]), ([[0]], f32(1), [0]), ([[3]], f32(1), [3]), ([[-1]], f32(1), [3]),
                            (np.zeros((0, 1)), zeros(0), [0]), ([[0], [0]], f32(-0., -0.), [2])):
    picked('ScatterNd', [('indices', np.array(ids, np.int32)), ('updates', updates), ('shape', np.array(shape, np.int32))], consts=('shape',))
for op in ('TensorScatterAdd', 'TensorScatterUpdate', 'TensorScatterSub', 'TensorScatterMax', 'TensorScatterMin'):
    grad = op[13:] not in ('Max', 'Min')
    picked(op, [('tensor', f32(1, NAN, -0.)), ('indices', np.zeros((0, 1), np.int32)), ('updates', zeros(0))], grad=grad)
    picked(op, [('tensor', f32(1, NAN, -0.)), ('indices', i32([0], [1], [1], [2])), ('updates', f32(NAN, 1, INF, -0.))], grad=False)
    picked(op, [('tensor', zeros(0)), ('indices', i32([0])), ('updates', f32(1))], grad=False)
for kind in ('Sum', 'Prod', 'Max', 'Min', 'Mean'):
    op = 'Segment' + kind
    for data, ids in ((zeros(0), []), (zeros(0, 2), []), (zeros(2, 0), [0, 1]), (f32(NAN, 1, INF, -INF, -0.), [0, 0, 1, 1, 3]), (ramp(3, 2), [1, 1, 4]), (ramp(2), [1, 0]), (ramp(2), [-1, 0]), (ramp(2), [0])):
        picked(op, [('data', data), ('segment_ids', np.array(ids, np.int32))], grad=False)
    picked(op, [('data', i32(2147483647, 1, 5)), ('segment_ids', i32(0, 0, 2))], grad=False)
for kind in ('Sum', 'Prod', 'Max', 'Min'):
    op = 'UnsortedSegment' + kind
    for data, ids, n in ((zeros(0), [], 0), (zeros(0), [], 2), (zeros(0, 2), [], 3), (zeros(2, 0), [0, 1], 2), (f32(NAN, 1, INF, -INF, -0.), [0, 0, 3, 3, 1], 5), (ramp(3, 2), [-1, 1, -5], 2), (ramp(2), [0, 2], 2), (ramp(2), [0, 0], -1), (ramp(2), [], 2),
                         (ramp(2, 2), [[0, 1], [1, -1]], 3)):
        picked(op, [('data', data), ('segment_ids', np.array(ids, np.int32)), ('num_segments', np.int32(n))], consts=('num_segments',), grad=kind == 'Sum' and n > 0)
    picked(op, [('data', i32(2147483647, 1, 5)), ('segment_ids', i32(0, 0, 2)), ('num_segments', np.int32(4))], consts=('num_segments',), grad=False)
for op in ('SparseSegmentSum', 'SparseSegmentMean', 'SparseSegmentSqrtN'):
    for data, idx, ids in ((ramp(3, 2), [], []), (ramp(3, 2), [0, 2, 2], [0, 0, 2]), (ramp(3, 0), [0], [0]), (ramp(3, 2), [3], [0])):
        picked(op, [('data', data), ('indices', np.array(idx, np.int32)), ('segment_ids', np.array(ids, np.int32))], grad=False)
special = f32(1, NAN, INF, -INF, 0, -0., NAN, 2)
for k in (0, 1, 3, 8):
    picked('TopKV2', [('input', special), ('k', np.int32(k))], consts=('k',), grad=k > 0, note='NaN') if k < 2 else None
    picked('TopKV2', [('input', f32(1, INF, -INF, 0, -0., 2, 2, 1)), ('k', np.int32(k))], consts=('k',), grad=k > 0)
picked('TopKV2', [('input', zeros(0, 3)), ('k', np.int32(2))], consts=('k',))
picked('TopKV2', [('input', zeros(2, 0)), ('k', np.int32(0))], consts=('k',))
picked('TopKV2', [('input', zeros(0)), ('k', np.int32(1))], consts=('k',))
picked('TopKV2', [('input', zeros(2)), ('k', np.int32(3))], consts=('k',))
picked('TopKV2', [('input', np.float32(2)), ('k', np.int32(1))], consts=('k',))
picked('TopKV2', [('input', zeros(2)), ('k', np.int32(-1))])
for target, k in ((np.zeros(0), 1), ([0, 1, 2], 2), ([0, 1, 7], 2), ([0, -1, 1], 0)):
    m = len(target)
    predictions = np.array([[NAN, 1, 2], [INF, 1, 2], [1, 1, 1]], np.float32)[:m]
    picked('InTopKV2', [('predictions', predictions), ('targets', np.array(target, np.int32)), ('k', np.int32(k))])
for x in (f32(0, -0., NAN, INF, 1), zeros(0), zeros(2, 0), np.float32(3), np.float32(0), i32(0, -1, 2)):
    picked('Where', [('condition', x)])
for x in (f32(1, NAN, 1, NAN, 0, -0.), zeros(0), i32(2147483647, -2147483648, 2147483647)):
    picked('Unique', [('x', x)])
    picked('UniqueWithCounts', [('x', x)])
picked('ListDiff', [('x', i32(1, 2, 1)), ('y', np.zeros(0, np.int32))])
picked('ListDiff', [('x', np.zeros(0, np.int32)), ('y', i32(1))])
picked('InvertPermutation', [('x', np.zeros(0, np.int32))])
picked('InvertPermutation', [('x', i32(0, 0))])
picked('InvertPermutation', [('x', i32(0, 2))])
picked('DynamicPartition', [('data', zeros(0, 2)), ('partitions', np.zeros(0, np.int32))], num_partitions=2)
picked('DynamicPartition', [('data', ramp(3, 0)), ('partitions', i32(1, 0, 1))], num_partitions=3)
picked('DynamicPartition', [('data', ramp(3)), ('partitions', i32(1, 0, 2))], num_partitions=2)
picked('DynamicPartition', [('data', np.float32(5)), ('partitions', np.int32(1))], num_partitions=2)
picked('DynamicStitch', [('indices', [np.zeros(0, np.int32), i32(0, 2)]), ('data', [zeros(0, 2), ramp(2, 2)])], grad=False)
picked('DynamicStitch', [('indices', [np.zeros(0, np.int32)]), ('data', [zeros(0, 2)])])
picked('DynamicStitch', [('indices', [np.int32(1), i32(0)]), ('data', [ramp(), ramp(1)])])
picked('DynamicStitch', [('indices', [i32(-1)]), ('data', [ramp(1)])])
for x in (i32(), i32(0, 3, 3), i32(5, -1)):
    picked('Bincount', [('arr', x.reshape(-1)), ('size', np.int32(4)), ('weights', zeros(0))])
    picked('Bincount', [('arr', x.reshape(-1)), ('size', np.int32(0)), ('weights', zeros(0))])
picked('LowerBound', [('sorted_inputs', zeros(1, 0)), ('values', ramp(1, 2))])
picked('UpperBound', [('sorted_inputs', np.array([[-INF, 0, 0, INF]], np.float32)), ('values', np.array([[-INF, -0., INF, NAN]], np.float32))])
picked('LowerBound', [('sorted_inputs', np.array([[-INF, 0, 0, INF]], np.float32)), ('values', np.array([[-INF, -0., INF, NAN]], np.float32))])
for op in ('CheckNumerics',):
    for x in (f32(NAN), f32(INF), f32(NAN, INF), f32(1, -0.), zeros(0)):
        picked(op, [('tensor', x)], message='bad')

# ---------------------------------------------------------------------------------------------- products and windows
def linear(op, inputs, *, consts=(), grad=True, **more):
    case('windows', op, inputs, consts=consts, grad=grad, **more)


for a, b in (((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3), (3, 0)), ((0, 0), (0, 0)), ((2, 3), (2, 3)), ((1, 1), (1, 1))):
    linear('MatMul', [('a', ramp(*a)), ('b', ramp(*b))])
linear('MatMul', [('a', ramp(0, 2)), ('b', ramp(0, 3))], transpose_a=True)
linear('MatMul', [('a', ramp(2, 0)), ('b', ramp(3, 0))], transpose_b=True)
linear('MatMul', [('a', np.array([[NAN, 0], [INF, 1]], np.float32)), ('b', np.array([[0, 1], [1, -0.]], np.float32))])
linear('MatMul', [('a', np.zeros((2, 0), np.int32)), ('b', np.zeros((0, 2), np.int32))])
for a, b in (((0, 2, 3), (0, 3, 2)), ((2, 2, 0), (2, 0, 3)), ((2, 0, 3), (2, 3, 2)), ((0, 2, 3), (1, 3, 2)), ((3, 1, 2, 0), (2, 0, 2)), ((2, 2, 3), (3, 0)), ((0, 1, 2, 3), (2, 3, 2))):
    linear('BatchMatMulV2', [('x', ramp(*a)), ('y', ramp(*b))])
for equation, shapes in (('ij,jk->ik', ((2, 0), (0, 3))), ('ij->', ((0, 3),)), ('ij->j', ((0, 3),)), ('...i,i->...', ((0, 2), (2,))), ('ij,ij->i', ((2, 0), (2, 0))), ('ii->i', ((0, 0),)), (',->', ((), ()))):
    linear('Einsum', [('inputs', [ramp(*s) for s in shapes])], equation=equation)
for padding in ('SAME', 'VALID'):
    for x, w in (((0, 4, 4, 2), (2, 2, 2, 3)), ((1, 4, 4, 2), (2, 2, 2, 0)), ((1, 0, 4, 2), (2, 2, 2, 3)), ((1, 1, 1, 1), (2, 2, 1, 1)), ((1, 4, 4, 0), (2, 2, 0, 3)), ((1, 2, 2, 1), (3, 3, 1, 1))):
        linear('Conv2D', [('input', ramp(*x)), ('filter', ramp(*w))], strides=[1, 1, 1, 1], padding=padding, grad=0 not in x[1:] + w)
    for x, w in (((0, 4, 4, 2), (2, 2, 2, 3)), ((1, 2, 2, 1), (3, 3, 1, 1))):
        # Of no images TensorFlow leaves the filter's gradient as the memory was.
        linear('DepthwiseConv2dNative', [('input', ramp(*x)), ('filter', ramp(*w))], strides=[1, 1, 1, 1], padding=padding, grad=x[0] > 0)
    for x in ((0, 4, 4, 2), (1, 4, 4, 0), (1, 1, 1, 1), (1, 0, 4, 2)):
        for op in ('MaxPool', 'AvgPool'):
            name = 'input' if op == 'MaxPool' else 'value'
            note = 'a window over no channels' if op == 'MaxPool' and x[3] == 0 else None
            linear(op, [(name, ramp(*x))], note=note, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding=padding, grad=0 not in x[1:])
    bad = np.array([NAN, 1, 2, INF, -INF, -1, -INF, -INF, -0., 0, 3, NAN, -INF, -INF, NAN, NAN], np.float32).reshape(1, 4, 4, 1)
    for op in ('MaxPool', 'AvgPool'):
        name = 'input' if op == 'MaxPool' else 'value'
        linear(op, [(name, bad)], ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding=padding, grad=op == 'AvgPool')
        linear(op, [(name, np.full((1, 3, 3, 1), -INF, np.float32))], note='a window of nothing but −∞' if op == 'MaxPool' else None, ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding=padding, grad=op == 'AvgPool')
    linear('Conv2D', [('input', bad), ('filter', ramp(2, 2, 1, 1))], strides=[1, 1, 1, 1], padding=padding)
    linear('Conv3D', [('input', ramp(0, 3, 3, 3, 1)), ('filter', ramp(2, 2, 2, 1, 1))], strides=[1, 1, 1, 1, 1], padding=padding)
for dy in ((0, 3, 3, 2), (1, 3, 3, 2)):
    linear('Conv2DBackpropInput', [('input_sizes', i32(dy[0], 4, 4, 1)), ('filter', ramp(2, 2, 1, 2)), ('out_backprop', ramp(*dy))], consts=('input_sizes',), strides=[1, 1, 1, 1], padding='VALID')
    linear('Conv2DBackpropFilter', [('input', ramp(dy[0], 4, 4, 1)), ('filter_sizes', i32(2, 2, 1, 2)), ('out_backprop', ramp(*dy))], consts=('filter_sizes',), strides=[1, 1, 1, 1], padding='VALID')
for shape in ((0, 3), (2, 0), (2, 0, 3), (0, 0)):
    linear('BiasAdd', [('value', ramp(*shape)), ('bias', ramp(shape[-1]))])
for training in (True, False):
    for shape in ((0, 2, 2, 3), (1, 1, 1, 2), (2, 2, 2, 0)):
        k = shape[-1]
        mean = zeros(0) if training else ramp(k)
        # Without training, and without elements, TensorFlow leaves outputs as the memory was.
        unset = (3, 4, 5) if not training or shape[0] == 0 else (5,)
        if not training and shape[0] == 0:
            unset = (1, 2, 3, 4, 5)
        linear('FusedBatchNormV3', [('x', ramp(*shape)), ('scale', ramp(k)), ('offset', ramp(k)), ('mean', mean), ('variance', mean * mean)], is_training=training, grad=False, unset=unset)
    x = ramp(2, 2, 2, 2)
    x[0, 0, 0, 0] = NAN
    linear('FusedBatchNormV3', [('x', x), ('scale', ramp(2)), ('offset', ramp(2)), ('mean', zeros(0) if training else ramp(2)), ('variance', zeros(0) if training else f32(1, 2))], is_training=training, grad=False, unset=(5,) if training else (3, 4, 5))
linear('LRN', [('input', ramp(0, 2, 2, 3))])
linear('LRN', [('input', np.array([NAN, INF, 1, 2], np.float32).reshape(1, 1, 1, 4))], grad=False)
for op in ('ResizeBilinear', 'ResizeNearestNeighbor'):
    linear(op, [('images', ramp(0, 2, 2, 1)), ('size', i32(3, 3))], consts=('size',), grad=False)
    linear(op, [('images', ramp(1, 1, 1, 1)), ('size', i32(2, 3))], consts=('size',))
    linear(op, [('images', ramp(1, 2, 2, 1)), ('size', i32(0, 3))], consts=('size',), grad=False)
for op in ('MatrixInverse', 'MatrixDeterminant', 'Cholesky'):
    for shape in ((0, 0), (0, 2, 2), (2, 0, 0)):
        linear(op, [('input', ramp(*shape))])
linear('MatrixSolve', [('matrix', zeros(0, 0)), ('rhs', zeros(0, 2))])
linear('MatrixSolve', [('matrix', ramp(2, 2)), ('rhs', zeros(2, 0))])
linear('MatrixTriangularSolve', [('matrix', ramp(0, 2, 2)), ('rhs', zeros(0, 2, 1))])
linear('MatrixInverse', [('input', zeros(2, 2))], grad=False)
linear('Cross', [('a', zeros(0, 3)), ('b', zeros(0, 3))])
linear('Softmax', [('logits', ramp(1, 1))])

# ---------------------------------------------------------------------------------------------- reshapes and pools, once more
for shape in ((2, 0), (0,), (6,), (0, 3), (2, 3, 0), ()):
    for to in ([-1, 4, 0], [-1, 5], [-1, 0, 7], [0, -1]):
        note = 'a shape known only in a run'
        case('shapes', 'Reshape', [('tensor', zeros(*shape)), ('shape', np.array(to, np.int32))], note=note)
TWO = dict(ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='VALID')
few = [[NAN, NAN, NAN, NAN], [NAN, 1, 2, -INF], [1, NAN, 3, NAN], [-INF, NAN, -INF, -INF], [INF, INF, 1, NAN], [-0., 0, -0., -1]]
for values in few:
    x = np.array(values, np.float32).reshape(1, 2, 2, 1)
    linear('MaxPool', [('input', x)], **TWO)
    linear('MaxPool', [('input', x.astype(np.float64))], grad=False, **TWO)
    linear('MaxPool', [('input', x.astype(np.float16))], grad=False, **TWO)
    linear('MaxPoolWithArgmax', [('input', x)], grad=False, **TWO)
    linear('AvgPool', [('value', x)], **TWO)
    volume = x.reshape(1, 2, 2, 1, 1)
    # With other numbers of channels NaN counts in a maximum, or does not in a mean, by the order of elements.
    for op, channels in (('MaxPool3D', 8), ('AvgPool3D', 1)):
        linear(op, [('input', np.repeat(volume, channels, 4))], grad=False, ksize=[1, 2, 2, 1, 1], strides=[1, 2, 2, 1, 1], padding='VALID')
linear('MaxPool', [('input', i32(-2147483648, -2147483648, 5, 2147483647).reshape(1, 1, 4, 1))], ksize=[1, 1, 2, 1], strides=[1, 1, 2, 1], padding='VALID', grad=False)
for shape in ((0, 2, 2, 2, 1), (1, 2, 2, 2, 0)):
    for op in ('MaxPool3D', 'AvgPool3D'):
        linear(op, [('input', ramp(*shape))], grad=False, ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding='VALID')

# ---------------------------------------------------------------------------------------------- other families
def other(op, *inputs, **more):
    case('families', op, list(inputs), **more)


text_of = lambda *v: np.array([w.encode() for w in v], object)
bad = f32(NAN, INF, -INF, 0, -0., 1, -1, 0.5, 20)
for op in ('BesselI0', 'BesselI1', 'BesselI0e', 'BesselI1e', 'Dawsn', 'Expint', 'FresnelCos', 'FresnelSin', 'Spence'):
    # NaN and infinities in BesselI0 and its kin are a matter of the library.
    x = f32(0, 0.5, 1, 20) if op != 'Expint' else f32(0.5, 1, 20)
    other(op, ('x', x))
    other(op, ('x', zeros(0, 2)))
    other(op, ('x', np.float32(0.5)))
for op in ('Igamma', 'Igammac', 'Polygamma', 'Zeta'):
    a, b = ('x', 'q') if op == 'Zeta' else ('a', 'x')
    for x, y in ((f32(NAN, 1, 2, 2, 1.5), f32(1, NAN, 0.5, 3, 2)), (zeros(0, 2), zeros(2)), (np.float32(2), np.float32(1))):
        other(op, (a, x), (b, y))
other('Betainc', ('a', zeros(0)), ('b', zeros(0)), ('x', zeros(0)))
other('Betainc', ('a', f32(1, 2, NAN, 2)), ('b', f32(1, NAN, 1, 3)), ('x', f32(0, 0.5, 0.5, 1)))
for op in ('FFT', 'IFFT', 'FFT2D'):
    for shape in ((0, 4), (2, 1), (1, 1)) if op != 'FFT2D' else ((0, 2, 2), (1, 1)):
        other(op, ('input', ramp(*shape).astype(np.complex64)))
other('RFFT', ('input', ramp(0, 4)), ('fft_length', i32(4)), consts=('fft_length',))
other('RFFT', ('input', ramp(2, 3)), ('fft_length', i32(5)), consts=('fft_length',))
other('IRFFT', ('input', ramp(0, 3).astype(np.complex64)), ('fft_length', i32(4)), consts=('fft_length',))
for op in ('ComplexAbs', 'Conj', 'Real', 'Imag', 'Angle'):
    name = 'x' if op == 'ComplexAbs' else 'input'
    other(op, (name, np.array([complex(3, -4), complex(-0., 0), complex(0, -0.), complex(INF, 1), complex(-1, 0)], np.complex64)))
    other(op, (name, np.zeros((0, 2), np.complex64)))
for op in ('RGBToHSV', 'HSVToRGB'):
    other(op, ('images', zeros(0, 3)))
    other(op, ('images', zeros(2, 3)))
    other(op, ('images', np.ones((1, 3), np.float32)))
for op in ('AdjustHue', 'AdjustSaturation'):
    other(op, ('images', zeros(0, 2, 2, 3)), ('delta' if op == 'AdjustHue' else 'scale', np.float32(0.5)))
other('AdjustContrastv2', ('images', zeros(1, 0, 2, 3)), ('contrast_factor', np.float32(0.5)))
other('CropAndResize', ('image', ramp(1, 3, 3, 1)), ('boxes', zeros(0, 4)), ('box_ind', np.zeros(0, np.int32)), ('crop_size', i32(2, 2)), consts=('crop_size',))
other('CropAndResize', ('image', ramp(1, 3, 3, 1)), ('boxes', np.array([[-1, -1, 2, 2], [0, 0, 0, 0], [1, 1, 0, 0]], np.float32)), ('box_ind', i32(0, 0, 0)), ('crop_size', i32(2, 1)), consts=('crop_size',))
for op in ('ResizeArea', 'ResizeBicubic'):
    other(op, ('images', ramp(0, 2, 2, 1)), ('size', i32(3, 3)), consts=('size',))
    other(op, ('images', ramp(1, 1, 1, 1)), ('size', i32(2, 3)), consts=('size',))
boxes = np.array([[0, 0, 1, 1], [0, 0, 1, 1.1], [0, 2, 1, 3], [1, 1, 0, 0]], np.float32)
for n in (0, 4):
    for count in (0, 3):
        other('NonMaxSuppressionV3', ('boxes', boxes[:n]), ('scores', f32(0.5, 0.9, -INF, 0.7)[:n]), ('max_output_size', np.int32(count)), ('iou_threshold', np.float32(0.5)), ('score_threshold', np.float32(-INF)))
for op, lists in (('Concat', False), ('ConcatV2', True)):
    values = [zeros(0, 2), ramp(1, 2), zeros(0, 2)]
    for axis in (0, -2):
        inputs = [('values', values), ('axis', np.int32(axis))] if lists else [('concat_dim', np.int32(axis)), ('values', values)]
        other(op, *inputs, consts=('axis', 'concat_dim'))
other('ReverseV2', ('tensor', zeros(0, 2)), ('axis', i32(0, 1)), consts=('axis',))
other('ReverseV2', ('tensor', np.float32(4)), ('axis', np.zeros(0, np.int32)), consts=('axis',))
other('BiasAddGrad', ('out_backprop', zeros(0, 3)))
other('BiasAddGrad', ('out_backprop', np.array([[NAN, INF], [1, -INF]], np.float32)))
other('LeakyReluGrad', ('gradients', f32(1, NAN, 2, 3, 4)), ('features', f32(NAN, 1, 0, -0., -INF)), alpha=0.5)
other('NthElement', ('input', f32(INF, -INF, 2, 2)), ('n', np.int32(1)), consts=('n',))
other('NthElement', ('input', zeros(0, 3)), ('n', np.int32(1)), consts=('n',))
other('UnravelIndex', ('indices', np.zeros(0, np.int32)), ('dims', i32(2, 3)))
other('UnravelIndex', ('indices', i32(6)), ('dims', i32(2, 3)))
other('UniqueV2', ('x', zeros(0, 2)), ('axis', i32(0)), consts=('axis',))
other('Bitcast', ('input', f32(NAN, -0., INF)), type=tf.int32)
other('Bitcast', ('input', zeros(0, 2)), type=tf.uint8)
for op in ('Qr', 'Lu', 'SelfAdjointEigV2'):
    other(op, ('input', zeros(0, 2, 2)))
other('MatrixDiagV3', ('diagonal', zeros(0, 2)), ('k', np.int32(0)), ('num_rows', np.int32(-1)), ('num_cols', np.int32(-1)), ('padding_value', np.float32(NAN)), consts=('k', 'num_rows', 'num_cols', 'padding_value'))
for x in (bad, zeros(0)):
    # NaN there is a matter of the compiler.
    x = x[~np.isnan(x)]
    other('FakeQuantWithMinMaxArgs', ('inputs', x), min=-1.0, max=1.0)
    other('FakeQuantWithMinMaxVars', ('inputs', x), ('min', np.float32(0)), ('max', np.float32(0)))
none = np.zeros((0, 2), np.int64)
other('SparseToDense', ('sparse_indices', none), ('output_shape', np.int64([2, 2])), ('sparse_values', zeros(0)), ('default_value', np.float32(NAN)))
other('SparseToDense', ('sparse_indices', none), ('output_shape', np.int64([0, 2])), ('sparse_values', zeros(0)), ('default_value', np.float32(1)))
other('SparseReorder', ('input_indices', none), ('input_values', zeros(0)), ('input_shape', np.int64([2, 2])))
other('SparseTensorDenseMatMul', ('a_indices', none), ('a_values', zeros(0)), ('a_shape', np.int64([2, 3])), ('b', ramp(3, 2)))
other('SparseTensorDenseMatMul', ('a_indices', np.int64([[0, 1]])), ('a_values', f32(INF)), ('a_shape', np.int64([2, 2])), ('b', f32(0, 1).reshape(2, 1)))
other('SparseReduceSum', ('input_indices', none), ('input_values', zeros(0)), ('input_shape', np.int64([2, 3])), ('reduction_axes', i32(1)))
other('SparseReduceMax', ('input_indices', np.int64([[0, 0], [0, 1]])), ('input_values', f32(-INF, -1)), ('input_shape', np.int64([2, 3])), ('reduction_axes', i32(1)))
other('SparseFillEmptyRows', ('indices', none), ('values', zeros(0)), ('dense_shape', np.int64([2, 2])), ('default_value', np.float32(7)))
other('SparseFillEmptyRows', ('indices', none), ('values', zeros(0)), ('dense_shape', np.int64([0, 2])), ('default_value', np.float32(7)))
other('SparseSoftmax', ('sp_indices', np.int64([[0, 0], [0, 1]])), ('sp_values', f32(1000, 1000)), ('sp_shape', np.int64([1, 2])))
other('StringToNumber', ('string_tensor', text_of('nan', 'inf', '-inf', '-0', '1e-3', ' 7 ')))
other('StringToNumber', ('string_tensor', text_of('')))
other('StringToNumber', ('string_tensor', text_of('2147483647', '-2147483648')), out_type=tf.int32)
other('StringToNumber', ('string_tensor', text_of('2147483648')), out_type=tf.int32)
other('StringToNumber', ('string_tensor', text_of()))
other('AsString', ('input', bad))
other('AsString', ('input', i32(2147483647, -2147483648)))
other('AsString', ('input', zeros(0)))
other('Substr', ('input', text_of('', 'abc')), ('pos', np.int32(0)), ('len', np.int32(2)))
other('Substr', ('input', text_of('abc')), ('pos', np.int32(4)), ('len', np.int32(2)))
other('Substr', ('input', text_of()), ('pos', np.int32(0)), ('len', np.int32(2)))
other('StringSplitV2', ('input', text_of('', ' ', 'a  b')), ('sep', np.array(b'', object)))
other('StringSplitV2', ('input', text_of('', ',', 'a,,b')), ('sep', np.array(b',', object)))
other('StringSplitV2', ('input', text_of()), ('sep', np.array(b',', object)))
other('StringLength', ('input', text_of('', 'a')))
other('StringJoin', ('inputs', [text_of(), text_of()]))
other('ReduceJoin', ('inputs', text_of('a', 'b')), ('reduction_indices', np.zeros(0, np.int32)), consts=('reduction_indices',))
other('ReduceJoin', ('inputs', text_of()), ('reduction_indices', i32(0)), consts=('reduction_indices',))
other('RegexReplace', ('input', text_of('', 'aa')), ('pattern', np.array(b'', object)), ('rewrite', np.array(b'-', object)))

folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
total = 0
for group, cases in groups.items():
    with open(os.path.join(folder, group + '.json'), 'w') as out:
        out.write('{"tf": "%s", "cases": [\n' % tf.__version__)
        out.write(',\n'.join(json.dumps(c, separators=(',', ':')) for c in cases))
        out.write('\n]}\n')
    size = os.path.getsize(out.name)
    total += size
    print('%-12s %4d cases %7d bytes' % (group, len(cases), size))
print(sum(map(len, groups.values())), 'cases', total, 'bytes')
