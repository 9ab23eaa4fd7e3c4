"""Makes `tensor-lists.json`: what real TensorFlow gives for graphs of ops on lists of tensors, in the form of `raw_programs.json`."""
import json, os, re

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import op_def_registry

tf.disable_eager_execution()
tf.enable_control_flow_v2()
programs = []


def dump(a):
    a = np.asarray(a)
    if a.dtype.kind in 'OSU':
        return {'dtype': 'string', 'shape': list(a.shape), 'data': [x.decode() if isinstance(x, bytes) else x for x in a.ravel().tolist()]}
    flat = a.ravel()
    data = [float(str(x)) for x in flat] if a.dtype == np.float32 else flat.view(a.real.dtype).tolist() if a.dtype.kind == 'c' else flat.tolist()
    return {'dtype': tf.as_dtype(a.dtype).name, 'shape': list(a.shape), 'data': data}


def attr(v):
    if isinstance(v, tf.DType):
        return {'type': v.name}
    if isinstance(v, tf.TensorShape):
        return {'shape': None if v.rank is None else [-1 if d is None else d for d in v.as_list()]}
    return v


def clean(message):
    m = re.search(r"\nNode: '[^']*'\n(.*?)(\n\s*\[\[|\n\nOriginal|$)", message, re.S)
    text = m.group(1) if m else message.split('\n')[0]
    return re.sub(r' \[\[\{\{node.*', '', text)


def program(name, nodes, *runs):
    """Nodes are (name, op, inputs, attrs); an input is a node's name, with an output's number, or a value. Runs are what is fetched."""
    entry = {'name': name, 'nodes': [], 'runs': []}
    made = {}

    def tensor(given):
        if not isinstance(given, str):
            return tf.constant(given)
        node, _, k = given.partition(':')
        value = made[node]
        return value[int(k or 0)] if isinstance(value, (list, tuple)) else value

    with tf.Graph().as_default():
        for node in nodes:
            key, op, inputs, attrs = (*node, *[{}][len(node) - 3:])
            entry['nodes'].append({
                'name': key,
                'op': op,
                'inputs': [x if isinstance(x, str) else [y if isinstance(y, str) else dump(y) for y in x] if isinstance(x, list) else dump(x) for x in inputs],
                'attrs': {k: attr(v) for k, v in attrs.items()},
                'controls': [],
            })
            try:
                if op == 'gradients':
                    made[key] = [tf.convert_to_tensor(g) for g in tf.gradients([tensor(y) for y in inputs[0]], [tensor(x) for x in inputs[1]])]
                elif op == 'Placeholder':
                    made[key] = tf.placeholder(attrs['dtype'], attrs.get('shape'), name=key)
                else:
                    args = [a.name for a in op_def_registry.get(op).input_arg]
                    given = {a: [tensor(y) for y in x] if isinstance(x, list) else tensor(x) for a, x in zip(args, inputs)}
                    made[key] = getattr(tf.raw_ops, op)(**given, **attrs, name=key)
            except Exception as e:
                entry['construct_error'] = {'class': type(e).__name__, 'message': str(e).split(" for '{{node")[0], 'node': key}
                programs.append(entry)
                return
        with tf.Session() as sess:
            for run in runs:
                fetch, feed = run if isinstance(run, tuple) else (run, {})
                step = {'fetch': fetch, 'feed': {k: dump(v) for k, v in feed.items()}}
                try:
                    value = sess.run([tensor(f) for f in fetch.split()], {tensor(k): v for k, v in feed.items()})
                    step['values'] = [None if v is None else dump(v) for v in value]
                except tf.errors.OpError as e:
                    step['error'] = {'class': type(e).__name__, 'message': clean(e.message)}
                entry['runs'].append(step)
    programs.append(entry)


S = tf.TensorShape
f32 = np.float32
ANY = np.int32(-1)
x = f32([1, 2])
y = f32([3, 4])
rows = f32([[1, 2], [3, 4], [5, 6]])


def i32(v):
    return np.array(v, np.int32)


def i64(v):
    return np.array(v, np.int64)


def of(dtype=tf.float32, **more):
    return {'element_dtype': dtype, **more}


def reserve(n, shape=ANY, dtype=tf.float32, name='l'):
    return (name, 'TensorListReserve', [shape, i32(n)], of(dtype))


def empty(shape=ANY, dtype=tf.float32, limit=-1, name='l'):
    return (name, 'EmptyTensorList', [shape, i32(limit)], of(dtype))


def given(tensor, shape=ANY, name='l'):
    return (name, 'TensorListFromTensor', [tensor, shape])


def push(name, handle, value):
    return (name, 'TensorListPushBack', [handle, value])


def pop(name, handle, shape=ANY, dtype=tf.float32):
    return (name, 'TensorListPopBack', [handle, shape], of(dtype))


def put(name, handle, index, value, **more):
    return (name, 'TensorListSetItem', [handle, i32(index), value], more)


def get(name, handle, index, shape=ANY, dtype=tf.float32):
    return (name, 'TensorListGetItem', [handle, i32(index), shape], of(dtype))


def stack(name, handle, shape=ANY, dtype=tf.float32, **more):
    return (name, 'TensorListStack', [handle, shape], of(dtype, **more))


def gather(name, handle, indices, shape=ANY, dtype=tf.float32):
    return (name, 'TensorListGather', [handle, i32(indices), shape], of(dtype))


def length(name, handle):
    return (name, 'TensorListLength', [handle])


def concat(name, handle, shape=ANY, dims=i64([]), dtype=tf.float32):
    return (name, 'TensorListConcatV2', [handle, shape, dims], of(dtype))


# Making, pushing, popping.
two = [empty(), push('a', 'l', x), push('b', 'a', y)]
program('push and stack', [*two, stack('s', 'b'), length('n', 'b'), length('m', 'l')], 's n m')
program('push and pop', [*two, pop('p', 'b'), pop('q', 'p'), length('n', 'q')], 'p:1 q:1 n')
program('pop with a shape', [*two, pop('p', 'b', i32([2]))], 'p:1')
program('pop with another shape', [*two, pop('p', 'b', i32([3]))], 'p:1')
program('pop with another shape in part', [*two, pop('p', 'b', i32([-1, 2]))], 'p:1')
program('pop of nothing', [empty(), pop('p', 'l')], 'p:1')
program('pop of another type', [*two, pop('p', 'b', ANY, tf.int32)], 'p:1')
program('the list before a push is as it was', [*two, length('n', 'a'), stack('s', 'a'), stack('t', 'b')], 'n s t')
program('push of another shape', [empty(i32([3])), push('a', 'l', x), length('n', 'a')], 'n')
program('push of another rank', [empty(i32([-1, 3])), push('a', 'l', x), length('n', 'a')], 'n')
program('push of another type', [empty(), push('a', 'l', i32([1])), length('n', 'a')], 'n')
program('push beyond the limit', [empty(limit=1), push('a', 'l', x), push('b', 'a', y), length('n', 'b')], 'n')
program('an empty list with a shape of another rank', [empty(i32([[1]])), length('n', 'l')], 'n')
program('an empty list with a scalar shape', [empty(i32(5)), length('n', 'l')], 'n')
for dtype, a in (('float64', [.5, 1]), ('int32', [1, 2]), ('int64', [2**40, 2]), ('bool', [True, False]), ('complex64', [1 + 2j, 3]), ('uint8', [1, 255]), ('float16', [.5, 2])):
    v = np.array(a, dtype)
    t = tf.as_dtype(dtype)
    program(f'a list of {dtype}', [empty(dtype=t), push('a', 'l', v), push('b', 'a', v[::-1].copy()), stack('s', 'b', dtype=t), get('g', 'b', 1, dtype=t), concat('c', 'b', dtype=t)], 's g c:0 c:1')
words = np.array(['a', 'bc'], object)
program('a list of strings', [empty(dtype=tf.string), push('a', 'l', words), push('b', 'a', words[::-1]), stack('s', 'b', dtype=tf.string), get('g', 'b', 1, dtype=tf.string), concat('c', 'b', dtype=tf.string)], 's g c:0')
program('a reserved list of strings', [reserve(2, i32([1]), tf.string), stack('s', 'l', dtype=tf.string)], 's')

# Reserved lists, items.
program('set and get', [reserve(3), put('a', 'l', 1, x), get('g', 'a', 1), stack('s', 'a'), length('n', 'a')], 'g s n')
program('get what is not written, of a known shape', [reserve(2, i32([2])), get('g', 'l', 0)], 'g')
program('get what is not written, with a shape', [reserve(2), get('g', 'l', 0, i32([2]))], 'g')
program('get what is not written, where others tell the shape', [reserve(2), put('a', 'l', 1, x), get('g', 'a', 0)], 'g')
program('get what is not written, where others differ', [reserve(3), put('a', 'l', 1, x), put('b', 'a', 2, f32([1])), get('g', 'b', 0)], 'g')
program('get what is not written, of no known shape', [reserve(2), get('g', 'l', 0)], 'g')
program('get what is not written, of a shape known in part', [reserve(2, i32([-1, 2])), get('g', 'l', 0)], 'g')
program('get with another shape', [reserve(2), put('a', 'l', 0, x), get('g', 'a', 0, i32([3]))], 'g')
program('get where there is nothing', [reserve(2), get('g', 'l', 2)], 'g')
program('get before the start', [reserve(2), get('g', 'l', -1)], 'g')
program('get of another type', [reserve(2), get('g', 'l', 0, ANY, tf.int32)], 'g')
program('set where there is nothing', [reserve(2), put('a', 'l', 2, x), length('n', 'a')], 'n')
program('set before the start', [reserve(2), put('a', 'l', -1, x), length('n', 'a')], 'n')
program('set of another shape', [reserve(2, i32([3])), put('a', 'l', 0, x), length('n', 'a')], 'n')
program('set of another type', [reserve(2), put('a', 'l', 0, i32([1])), length('n', 'a')], 'n')
program('set that resizes', [reserve(1), put('a', 'l', 3, x, resize_if_index_out_of_bounds=True), length('n', 'a'), stack('s', 'a'), length('m', 'l')], 'n s m')
program('a negative number of elements', [reserve(-1), length('n', 'l')], 'n')
program('a number of elements that is no scalar', [('l', 'TensorListReserve', [ANY, i32([1, 2])], of()), length('n', 'l')], 'n')
program('an index that is no scalar', [reserve(2), ('a', 'TensorListSetItem', ['l', i32([1]), x], {}), length('n', 'a')], 'n')
program('resize', [given(rows), ('r', 'TensorListResize', ['l', i32(2)]), stack('s', 'r'), ('q', 'TensorListResize', ['l', i32(4)]), stack('t', 'q'), length('n', 'l')], 's t n')
program('resize to a negative size', [given(rows), ('r', 'TensorListResize', ['l', i32(-1)]), length('n', 'r')], 'n')
program('the shape of elements', [reserve(1, i32([-1, 2])), ('s', 'TensorListElementShape', ['l'], {'shape_type': tf.int32})], 's')
program('the unknown shape of elements', [reserve(1), ('s', 'TensorListElementShape', ['l'], {'shape_type': tf.int64})], 's')
program('the shape of elements that are scalars', [reserve(1, i32([])), ('s', 'TensorListElementShape', ['l'], {'shape_type': tf.int32})], 's')

# Stacking.
program('stack a reserved list', [reserve(2, i32([2])), stack('s', 'l')], 's')
program('stack a list of no known shape', [reserve(2), stack('s', 'l')], 's')
program('stack nothing', [empty(), stack('s', 'l')], 's')
program('stack nothing with a shape', [empty(), stack('s', 'l', i32([2, 3]))], 's')
program('stack nothing with a shape known in part', [empty(), stack('s', 'l', i32([2, -1]))], 's')
program('stack nothing of a known shape', [empty(i32([2])), stack('s', 'l')], 's')
program('stack different shapes', [empty(), push('a', 'l', x), push('b', 'a', f32([1])), stack('s', 'b')], 's')
program('stack different ranks', [empty(), push('a', 'l', x), push('b', 'a', f32(1)), stack('s', 'b')], 's')
program('stack with another shape', [*two, stack('s', 'b', i32([3]))], 's')
program('stack with a shape of another rank', [*two, stack('s', 'b', i32([2, 1]))], 's')
program('stack with a shape known in part', [*two, stack('s', 'b', i32([-1]))], 's')
program('stack of another type', [*two, stack('s', 'b', ANY, tf.int32)], 's')
program('stack so many', [*two, stack('s', 'b', num_elements=2)], 's')
program('stack another number', [*two, stack('s', 'b', num_elements=3)], 's')
program('stack what nobody wrote beside others', [reserve(3), put('a', 'l', 1, x), stack('s', 'a', i32([2]))], 's')
program('stack scalars', [given(x), stack('s', 'l')], 's')

# From tensors.
program('from a tensor and back', [given(rows), length('n', 'l'), get('g', 'l', 2), stack('s', 'l')], 'n g s')
program('from a tensor with its shape', [given(rows, i32([2])), get('g', 'l', 0)], 'g')
program('from a tensor with another shape', [('p', 'Placeholder', [], {'dtype': tf.float32}), given('p', i32([3])), length('n', 'l')], ('n', {'p': rows}))
program('from a scalar', [('p', 'Placeholder', [], {'dtype': tf.float32}), given('p'), length('n', 'l')], ('n', {'p': f32(1)}))
program('from no rows', [given(np.zeros([0, 2], f32), i32([2])), length('n', 'l'), stack('s', 'l')], 'n s')

# Gather and scatter.
program('gather', [given(rows), gather('g', 'l', [2, 0, 2])], 'g')
program('gather nothing', [given(rows, i32([2])), gather('g', 'l', [])], 'g')
program('gather nothing, with a shape', [given(rows), gather('g', 'l', [], i32([2]))], 'g')
program('gather nothing of an empty list', [empty(), gather('g', 'l', [])], 'g')
program('gather where there is nothing', [given(rows), gather('g', 'l', [3])], 'g')
program('gather what is not written', [reserve(2, i32([2])), gather('g', 'l', [1])], 'g')
program('gather what is not written, of no known shape', [reserve(2), gather('g', 'l', [1])], 'g')
program('gather what is and is not written', [reserve(3), put('a', 'l', 1, x), gather('g', 'a', [0, 1])], 'g')
program('gather different shapes', [empty(), push('a', 'l', x), push('b', 'a', f32([1])), gather('g', 'b', [0, 1])], 'g')
program('gather the same shape among different ones', [empty(), push('a', 'l', x), push('b', 'a', f32([1])), gather('g', 'b', [1, 1])], 'g')
program('gather of another type', [given(rows), gather('g', 'l', [0], ANY, tf.int32)], 'g')
program('gather with another shape', [given(rows), gather('g', 'l', [0], i32([3]))], 'g')
program('gather scalars', [given(x), gather('g', 'l', [1])], 'g')
program('scatter', [('l', 'TensorListScatter', [rows, i32([2, 0, 1]), ANY]), stack('s', 'l')], 's')
program('scatter with gaps', [('l', 'TensorListScatterV2', [rows, i32([4, 0, 1]), ANY, i32(6)]), stack('s', 'l')], 's')
program('scatter of no said number', [('l', 'TensorListScatterV2', [rows, i32([4, 0, 1]), ANY, i32(-1)]), length('n', 'l')], 'n')
program('scatter beyond the number', [('l', 'TensorListScatterV2', [rows, i32([4, 0, 1]), ANY, i32(3)]), length('n', 'l')], 'n')
program('scatter to a bad number', [('l', 'TensorListScatterV2', [rows, i32([4, 0, 1]), ANY, i32(-2)]), length('n', 'l')], 'n')
program('scatter to a negative place', [('l', 'TensorListScatterV2', [rows, i32([-1, 0, 1]), ANY, i32(3)]), length('n', 'l')], 'n')
program('scatter of too many rows', [('l', 'TensorListScatterV2', [rows, i32([1, 0]), ANY, i32(3)]), length('n', 'l')], 'n')
program('scatter of too few rows', [('l', 'TensorListScatterV2', [rows, i32([1, 0, 2, 3]), ANY, i32(4)]), length('n', 'l')], 'n')
program('scatter of another shape', [('l', 'TensorListScatterV2', [rows, i32([1, 0, 2]), i32([3]), i32(4)]), length('n', 'l')], 'n')
program('scatter of a scalar', [('p', 'Placeholder', [], {'dtype': tf.float32}), ('l', 'TensorListScatterV2', ['p', i32([0]), ANY, i32(4)]), length('n', 'l')], ('n', {'p': f32(1)}))
program('scatter twice to a place', [('l', 'TensorListScatterV2', [rows, i32([1, 0, 1]), ANY, i32(2)]), stack('s', 'l')], 's')
existing = 'TensorListScatterIntoExistingList'
program('scatter into a list', [reserve(4, i32([2])), ('a', existing, ['l', rows, i32([3, 0, 1])]), stack('s', 'a'), stack('t', 'l')], 's t')
program('scatter of too many rows into a list', [reserve(4), ('a', existing, ['l', rows, i32([3, 0])]), length('n', 'a')], 'n')
program('scatter of another shape into a list', [reserve(4, i32([3])), ('a', existing, ['l', rows, i32([3, 0, 1])]), length('n', 'a')], 'n')
program('scatter of another type into a list', [reserve(4), ('a', existing, ['l', i32([[3], [4]]), i32([3, 0])]), length('n', 'a')], 'n')

# Concatenating and splitting.
program('concat', [*two, concat('c', 'b')], 'c:0 c:1')
program('concat of different lengths', [empty(), push('a', 'l', rows), push('b', 'a', f32([[7, 8]])), concat('c', 'b')], 'c:0 c:1')
program('concat with a shape', [*two, concat('c', 'b', i32([-1]))], 'c:0 c:1')
program('concat with another shape', [empty(), push('a', 'l', rows), concat('c', 'a', i32([-1, 3]))], 'c:0')
program('concat of different rows', [empty(), push('a', 'l', rows), push('b', 'a', f32([[7]])), concat('c', 'b')], 'c:0')
program('concat of different ranks', [empty(), push('a', 'l', rows), push('b', 'a', f32([7])), concat('c', 'b')], 'c:0')
program('concat of scalars', [given(x), concat('c', 'l')], 'c:0')
program('concat of nothing', [empty(), concat('c', 'l')], 'c:0')
program('concat of nothing with a shape', [empty(), concat('c', 'l', i32([-1, 2]))], 'c:0 c:1')
program('concat of nothing with a shape known in part', [empty(), concat('c', 'l', i32([1, -1]))], 'c:0')
program('concat of what is not written', [reserve(2, i32([3, 2])), concat('c', 'l')], 'c:0 c:1')
program('concat of what is not written, of unknown length', [reserve(2), concat('c', 'l', i32([-1, 2]))], 'c:0')
program('concat of what is not written, with lengths', [reserve(2), concat('c', 'l', i32([-1, 2]), i64([1, 2]))], 'c:0 c:1')
program('concat of what is partly written, with lengths', [reserve(2), put('a', 'l', 0, rows), concat('c', 'a', i32([-1, 2]), i64([3, 2]))], 'c:0 c:1')
program('concat of another type', [*two, concat('c', 'b', ANY, dtype=tf.int32)], 'c:0')
program('concat of the first version', [*two, ('c', 'TensorListConcat', ['b'], of())], 'c:0 c:1')
program('concat of the first version with a shape', [empty(), push('a', 'l', rows), ('c', 'TensorListConcat', ['a'], of(element_shape=S([None, 2])))], 'c:0 c:1')
program('concat of the first version, nothing', [empty(), ('c', 'TensorListConcat', ['l'], of(element_shape=S([None, 2])))], 'c:0 c:1')


def split(tensor, lengths, shape=ANY):
    return ('l', 'TensorListSplit', [tensor, shape, i64(lengths)])


program('split', [split(rows, [1, 2]), get('g', 'l', 0), get('h', 'l', 1), length('n', 'l')], 'g h n')
program('split with nothing in it', [split(rows, [0, 3]), get('g', 'l', 0)], 'g')
program('split with a shape', [split(rows, [1, 2], i32([-1, 2])), get('h', 'l', 1)], 'h')
program('split with another shape', [split(rows, [1, 2], i32([-1, 3])), get('h', 'l', 1)], 'h')
program('split with another length', [split(rows, [1, 2], i32([1, 2])), get('h', 'l', 1)], 'h')
program('split that leaves rows', [split(rows, [1, 1]), length('n', 'l')], 'n')
program('split that wants more rows', [split(rows, [1, 4]), length('n', 'l')], 'n')
program('split by a negative length', [split(rows, [4, -1]), length('n', 'l')], 'n')
program('split of a scalar', [split(f32(1), [1]), length('n', 'l')], 'n')
program('split of a scalar that is fed', [('p', 'Placeholder', [], {'dtype': tf.float32}), split('p', [1]), length('n', 'l')], ('n', {'p': f32(1)}))
program('one list after another', [given(rows), given(rows[:1], name='m'), ('a', 'TensorListConcatLists', ['l', 'm'], of()), stack('s', 'a'), length('n', 'l')], 's n')
program('one list after another of another type', [given(rows), given(i32([1]), name='m'), ('a', 'TensorListConcatLists', ['l', 'm'], of()), length('n', 'a')], 'n')
program('one list after another of another shape', [given(rows, i32([2])), given(x, i32([]), name='m'), ('a', 'TensorListConcatLists', ['l', 'm'], of()), length('n', 'a')], 'n')

# Sums and zeros.
three = [given(rows), given(rows * 10, name='m')]
program('the sum of lists', [*three, ('a', 'AddN', [['l', 'm', 'l']]), stack('s', 'a')], 's')
program('the sum of lists with gaps', [reserve(3), put('a', 'l', 1, x), reserve(3, name='m'), put('b', 'm', 1, y), put('c', 'b', 2, x), ('d', 'AddN', [['a', 'c']]), stack('s', 'd')], 's')
program('the sum of lists of different lengths', [reserve(3), reserve(2, name='m'), ('d', 'AddN', [['l', 'm']]), length('n', 'd')], 'n')
program('the sum of lists of integers', [given(i32([1, 2])), given(i32([5, 6]), name='m'), ('d', 'AddN', [['l', 'm']]), stack('s', 'd', dtype=tf.int32)], 's')
program('the sum of lists of int64', [given(i64([1, 2**40])), given(i64([5, 6]), name='m'), ('d', 'AddN', [['l', 'm']]), stack('s', 'd', dtype=tf.int64)], 's')
program('zeros like a list', [given(rows), ('z', 'ZerosLike', ['l']), stack('s', 'z'), length('n', 'z')], 's n')
program('zeros like a reserved list', [reserve(2, i32([2])), ('z', 'ZerosLike', ['l']), stack('s', 'z')], 's')

# Gradients.
p = ('x', 'Identity', [rows], {})
scale = f32([[1], [10], [100]])


def grad(name, *nodes, of='y', more=()):
    program(f'the gradient of {name}', [p, *nodes, ('g', 'gradients', [[of], ['x', *more]])], ' '.join(f'g:{k}' for k in range(1 + len(more))))


grad('from a tensor and stack', given('x'), stack('s', 'l'), ('t', 'Mul', ['s', scale]), ('y', 'Square', ['t']))
grad('from a tensor and get', given('x'), get('s', 'l', 1), ('y', 'Square', ['s']))
grad('gets of the same', given('x'), get('s', 'l', 1), get('t', 'l', 1), get('u', 'l', 0), ('v', 'Mul', ['s', 't']), ('y', 'Mul', ['v', 'u']))
grad('gather', given('x'), gather('s', 'l', [1, 1, 2]), ('t', 'Mul', ['s', scale]), ('y', 'Square', ['t']))
grad('gather of no place twice', given('x'), gather('s', 'l', [1, 0]), ('t', 'Mul', ['s', scale[:2]]), ('y', 'Square', ['t']))
grad('scatter', ('l', 'TensorListScatterV2', ['x', i32([2, 0, 4]), ANY, i32(5)]), stack('s', 'l'), ('y', 'Square', ['s']))
grad('scatter of the first version', ('l', 'TensorListScatter', ['x', i32([2, 0, 1]), ANY]), stack('s', 'l'), ('t', 'Mul', ['s', scale]), ('y', 'Square', ['t']))
grad('concat and split', split('x', [1, 2]), concat('c', 'l'), ('t', 'Mul', ['c:0', scale]), ('y', 'Square', ['t']))
grad('split and get', split('x', [1, 2]), get('s', 'l', 1), ('y', 'Square', ['s']))
grad('pushes', empty(), push('a', 'l', 'x'), ('x2', 'Square', ['x']), push('b', 'a', 'x2'), stack('s', 'b'), ('y', 'Square', ['s']))
grad('a push and a pop', empty(), push('a', 'l', 'x'), pop('b', 'a'), ('y', 'Square', ['b:1']))
grad('items written', reserve(3, i32([3, 2])), put('a', 'l', 0, 'x'), ('x2', 'Square', ['x']), put('b', 'a', 2, 'x2'), stack('s', 'b'), ('y', 'Square', ['s']))
grad('an item written over', reserve(3, i32([3, 2])), put('a', 'l', 0, 'x'), ('x2', 'Square', ['x']), put('b', 'a', 0, 'x2'), stack('s', 'b'), ('y', 'Square', ['s']))
grad('an item that resizes', reserve(1, i32([3, 2])), put('a', 'l', 2, 'x', resize_if_index_out_of_bounds=True), stack('s', 'a'), ('y', 'Square', ['s']))
grad('resize', given('x'), ('r', 'TensorListResize', ['l', i32(2)]), stack('s', 'r'), ('y', 'Square', ['s']))
grad('scatter into a list', reserve(3, i32([2])), ('a', existing, ['l', 'x', i32([2, 0, 1])]), stack('s', 'a'), ('t', 'Mul', ['s', scale]), ('y', 'Square', ['t']))

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'tensor-lists.json'), 'w') as out:
    out.write('{"programs":[\n' + ',\n'.join(json.dumps(p) for p in programs) + '\n]}\n')
