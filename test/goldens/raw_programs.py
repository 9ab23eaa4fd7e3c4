"""Makes `raw_programs.json`: what real TensorFlow gives for graphs of raw ops that hold tensors for the length of a run (arrays
of tensors, stacks) or of a session (accumulators). A program has its nodes and the runs of one session."""
import json, os, re

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import op_def_registry

tf.disable_eager_execution()
tf.disable_control_flow_v2()
programs = []


def dump(a):
    a = np.asarray(a)
    if a.dtype.kind in 'OSU':
        return {'dtype': 'string', 'shape': list(a.shape), 'data': [x.decode() if isinstance(x, bytes) else x for x in a.ravel().tolist()]}
    data = [float(str(x)) for x in a.ravel()] if a.dtype == np.float32 else a.ravel().tolist()
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
    text = re.sub(r'(TensorArray |Stack\[|_tensor_arrays|_tensor_array_grads|_stacks)(\w+?)_\d+', r'\1\2_0', text)
    text = re.sub(r' with these attrs: [\s\S]*', '', text)
    text = re.sub(r' \(hash code \d+\)', '', text)
    text = re.sub(r'_\d+_(?=[a-z])', '_', text)
    return re.sub(r' \[\[\{\{node.*', '', text)


def program(name, nodes, *runs):
    """Nodes are (name, op, inputs, attrs, controls); an input is a node's name, with an output's number, or a value. Runs are
    what is fetched, with feeds."""
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
            key, op, inputs, attrs, controls = (*node, *[[], {}, []][len(node) - 2:])
            entry['nodes'].append({
                'name': key,
                'op': op,
                'inputs': [x if isinstance(x, str) else [y if isinstance(y, str) else dump(y) for y in x] if isinstance(x, list) else dump(x) for x in inputs],
                'attrs': {k: attr(v) for k, v in attrs.items()},
                'controls': controls,
            })
            before = [made[c].op if isinstance(made[c], tf.Tensor) else made[c] if isinstance(made[c], tf.Operation) else made[c][0].op for c in controls]
            try:
                with tf.control_dependencies(before):
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
        with tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=2000)) as sess:
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


f32 = np.float32
x = f32([1, 2])
FLOAT = {'dtype': tf.float32}


def i32(v):
    return np.array(v, np.int32)


# Arrays of tensors. Each step works on the flow of the step before.

def array(name, *steps, size=3, fetch=None, source=None, **attrs):
    nodes = [('ta', 'TensorArrayV3', [i32(size)], {'dtype': tf.float32, **attrs})]
    flow, handle = 'ta:1', 'ta'
    for k, (op, inputs, more) in enumerate(steps):
        key = f's{k}'
        given = [{'@': handle, '~': flow}[v] if isinstance(v, str) else v for v in inputs]
        controls = [] if any(isinstance(v, str) and v == '~' for v in inputs) else [flow.partition(':')[0]]
        nodes.append((key, op, given, more, controls))
        if op in ('TensorArrayGradV3', 'TensorArrayGradWithShape'):
            handle, flow = key, f'{key}:1'
        elif op in ('TensorArrayReadV3', 'TensorArrayGatherV3', 'TensorArrayConcatV3', 'TensorArrayCloseV3', 'TensorArraySizeV3'):
            source = flow
            if k < len(steps) - 1:
                nodes.append((f'f{k}', 'Identity', [source], {}, [key]))
                flow = f'f{k}'
        else:
            flow = key
    last = f's{len(steps) - 1}' if steps else 'ta:1'
    if nodes[-1][1].startswith('TensorArrayGrad'):
        last += ':1'
    program(name, nodes, fetch or last)


def write(index, value):
    return ('TensorArrayWriteV3', ['@', i32(index), value, '~'], {})


def read(index, dtype=tf.float32):
    return ('TensorArrayReadV3', ['@', i32(index), '~'], {'dtype': dtype})


def gather(indices, dtype=tf.float32, **attrs):
    return ('TensorArrayGatherV3', ['@', i32(indices), '~'], {'dtype': dtype, **attrs})


def concat(dtype=tf.float32, **attrs):
    return ('TensorArrayConcatV3', ['@', '~'], {'dtype': dtype, **attrs})


def scatter(indices, value):
    return ('TensorArrayScatterV3', ['@', i32(indices), value, '~'], {})


def split(lengths, value):
    return ('TensorArraySplitV3', ['@', value, np.array(lengths, np.int64), '~'], {})


size_of = ('TensorArraySizeV3', ['@', '~'], {})
close = ('TensorArrayCloseV3', ['@'], {})
grad = ('TensorArrayGradV3', ['@', '~'], {'source': 'g'})


def grad_with(*shape):
    return ('TensorArrayGradWithShape', ['@', '~', i32(shape)], {'source': 'g'})


S = tf.TensorShape
array('write and read', write(1, x), read(1))
array('elements of other shapes', write(0, x), write(1, f32([[1]])), write(2, f32(3)), read(1))
array('read past the end', write(0, x), read(3))
array('read before the start', write(0, x), read(-1))
array('read what was not written', write(0, x), read(1))
array('read what was not written, of known shape', read(1), element_shape=S([2]))
array('read what was not written, of half known shape', read(1), element_shape=S([None]))
array('read what was not written, of the shape of the others', write(0, x), read(1), identical_element_shapes=True)
array('read twice', write(0, x), read(0), read(0))
array('read twice without clearing', write(0, x), read(0), read(0), clear_after_read=False)
array('write after reading', write(0, x), read(0), write(0, x))
array('write after reading without clearing', write(0, x), read(0), write(0, x), clear_after_read=False)
array('write twice', write(0, x), write(0, x))
array('write past the end', write(3, x))
array('write past the end of an array that grows', write(5, x), read(5), dynamic_size=True)
array('size of an array that grew', write(5, x), size_of, dynamic_size=True)
array('write before the start', write(-1, x), dynamic_size=True)
array('read of another type', write(0, x), read(0, tf.int32))
array('write of another type', write(0, i32([1])))
array('write of another shape', write(0, x), element_shape=S([None, 2]), fetch='s0')
array('write of a shape unlike the others', write(0, x), write(1, f32([1, 2, 3])), identical_element_shapes=True)
array('a name of its own', write(0, x), read(4), tensor_array_name='mine')
array('a negative size', size_of, size=-1)
array('gather', write(0, x), write(1, 2 * x), gather([1, 0]))
array('gather shapes that differ', write(0, x), write(1, f32([1, 2, 3])), gather([0, 1]))
array('gather nothing', gather([]))
array('gather nothing of a known shape', gather([]), element_shape=S([2]))
array('gather nothing of a shape that the op knows', gather([], element_shape=S([2])))
array('gather a place twice', write(0, x), gather([0, 0]))
array('gather a place twice without clearing', write(0, x), gather([0, 0]), clear_after_read=False)
array('gather of another shape', write(0, x), gather([0], element_shape=S([3])))
array('gather what was not written', write(0, x), gather([0, 1]))
array('gather zeros', write(0, x), gather([0, 1]), element_shape=S([2]))
array('gather of another type', write(0, x), gather([0], tf.int32))
array('gather past the end', write(0, x), gather([0, 5]))
array('concat', write(0, x), write(1, f32([3])), write(2, f32([])), concat(), fetch='s3 s3:1')
array('concat scalars', write(0, f32(1)), write(1, f32(2)), write(2, f32(3)), concat())
array('concat rows of other widths', write(0, f32([[1, 2]])), write(1, f32([[1, 2, 3]])), write(2, f32([[1, 2]])), concat())
array('concat nothing', concat(), size=0)
array('concat nothing of a known shape', concat(element_shape_except0=S([2])), size=0, fetch='s0 s0:1')
array('concat what was not written', write(0, x), concat())
array('concat of another shape', write(0, f32([[1, 2, 3]])), concat(element_shape_except0=S([2])), size=1)
array('concat of other ranks', write(0, x), write(1, f32([[1, 2]])), write(2, x), concat())
rows = f32([[1, 2], [3, 4]])
array('scatter', scatter([2, 0], rows), read(2))
array('scatter past the end', scatter([2, 3], rows))
array('scatter into an array that grows', scatter([2, 4], rows), read(4), dynamic_size=True)
array('scatter to one place twice', scatter([0, 0], rows))
array('scatter before the start', scatter([-1, 0], rows))
array('scatter of another type', scatter([0, 1], i32([[1], [2]])))
array('scatter of another shape', scatter([0, 1], rows), element_shape=S([None, 3]))
y = f32([1, 2, 3, 4])
array('split', split([1, 0, 3], y), read(2))
array('split to nothing', split([1, 0, 3], y), read(1))
array('split to fewer', split([1, 3], y))
array('split to fewer in an array that grows', split([1, 3], y), dynamic_size=True)
array('split to more', split([1, 1, 1, 1], y))
array('split to more in an array that grows', split([1, 1, 1, 1], y), read(3), dynamic_size=True)
array('split not to the end', split([1, 0, 2], y))
array('split of another type', split([1, 0, 3], i32([1, 2, 3, 4])))
array('split and concat', split([1, 0, 3], y), concat(), fetch='s1 s1:1')
array('read after closing', write(0, x), close, read(0))
array('write after closing', close, write(0, x))
array('gradients after closing', close, grad)
array('close twice', close, close, write(0, x))
array('gradient of what was written', write(0, x), grad, read(0))
array('gradient of what was not written', write(0, x), grad, read(1))
array('gradients are summed', write(0, x), grad, write(0, x), write(0, 2 * x), write(0, x), read(0))
array('gradients of int32 are summed', grad, write(0, i32([1])), write(0, i32([4])), read(0, tf.int32), dtype=tf.int32)
array('gradients of other shapes', write(0, x), grad, write(0, f32([1])))
array('gradients of bool', grad, write(0, np.array([True])), write(0, np.array([False])), dtype=tf.bool)
array('gradients are cleared when read', grad, write(0, x), read(0), read(0), clear_after_read=False)
array('gradients of gradients', write(0, x), grad, grad)
array('gradients with axes in front', grad_with(4), read(0), element_shape=S([2]))
array('gradients with axes in front of what was written', write(0, x), grad_with(3), write(0, f32([[1, 2]] * 3)), read(0))
array('gradients without the axes in front', write(0, x), grad_with(3), write(0, x))
array('gradients end growth', write(0, x), grad, size_of, dynamic_size=True)
program('an array that has gradients grows no more', [
    ('ta', 'TensorArrayV3', [i32(1)], {'dtype': tf.float32, 'dynamic_size': True}),
    ('g', 'TensorArrayGradV3', ['ta', 'ta:1'], {'source': 'g'}),
    ('w', 'TensorArrayWriteV3', ['ta', i32(4), x, 'g:1']),
], 'w')
program('gradients of two sources', [
    ('ta', 'TensorArrayV3', [i32(1)], FLOAT),
    ('a', 'TensorArrayGradV3', ['ta', 'ta:1'], {'source': 'a'}),
    ('b', 'TensorArrayGradV3', ['ta', 'ta:1'], {'source': 'b'}),
    ('again', 'TensorArrayGradV3', ['ta', 'ta:1'], {'source': 'a'}),
    ('wa', 'TensorArrayWriteV3', ['a', i32(0), x, 'a:1']),
    ('wb', 'TensorArrayWriteV3', ['b', i32(0), 3 * x, 'b:1']),
    ('ra', 'TensorArrayReadV3', ['again', i32(0), 'wa'], FLOAT),
    ('rb', 'TensorArrayReadV3', ['b', i32(0), 'wb'], FLOAT),
], 'ra rb')
program('a new array for each run', [
    ('ta', 'TensorArrayV3', [i32(2)], FLOAT),
    ('w', 'TensorArrayWriteV3', ['ta', i32(0), x, 'ta:1']),
    ('r', 'TensorArrayReadV3', ['ta', i32(0), 'w'], FLOAT),
], 'r', 'r', 'w', 'r')
program('a stack is no array', [
    ('s', 'StackV2', [i32(3)], {'elem_type': tf.float32}),
    ('r', 'TensorArrayReadV3', ['s', i32(0), f32(0)], FLOAT),
], 'r')
for bad in ([('ta', 'TensorArrayV3', [i32([1])], FLOAT)],
            [('ta', 'TensorArrayV3', [i32(1)], FLOAT), ('w', 'TensorArrayWriteV3', ['ta', i32([0]), x, 'ta:1'])],
            [('ta', 'TensorArrayV3', [i32(1)], {**FLOAT, 'element_shape': S([3])}), ('w', 'TensorArrayWriteV3', ['ta', i32(0), x, 'ta:1'])],
            [('ta', 'TensorArrayV3', [i32(1)], FLOAT), ('w', 'TensorArrayGatherV3', ['ta', i32(0), 'ta:1'], FLOAT)],
            [('ta', 'TensorArrayV3', [i32(1)], FLOAT), ('w', 'TensorArrayScatterV3', ['ta', i32([0]), rows, 'ta:1'])]):
    program('refused', bad)

# Gradients through arrays.

px = ('x', 'Placeholder', [], {'dtype': tf.float32, 'shape': [3, 2]})
feed = {'x': f32([[1, 2], [3, 4], [5, 6]])}
ta = ('ta', 'TensorArrayV3', [i32(3)], {**FLOAT, 'clear_after_read': False, 'element_shape': S([2])})
program('gradient of scatter and reads', [
    px, ta,
    ('w', 'TensorArrayScatterV3', ['ta', i32([2, 0, 1]), 'x', 'ta:1']),
    ('a', 'TensorArrayReadV3', ['ta', i32(0), 'w'], FLOAT),
    ('b', 'TensorArrayReadV3', ['ta', i32(1), 'w'], FLOAT),
    ('c', 'TensorArrayReadV3', ['ta', i32(0), 'w'], FLOAT),
    ('ab', 'Mul', ['a', 'b']), ('abc', 'Mul', ['ab', 'c']),
    ('dx', 'gradients', [['abc'], ['x']]),
], ('abc dx', feed))
program('gradient of writes and gather', [
    px, ta,
    ('x0', 'GatherV2', ['x', i32(0), i32(0)]), ('x1', 'GatherV2', ['x', i32(1), i32(0)]),
    ('sq', 'Mul', ['x0', 'x1']),
    ('w0', 'TensorArrayWriteV3', ['ta', i32(0), 'x0', 'ta:1']),
    ('w1', 'TensorArrayWriteV3', ['ta', i32(1), 'sq', 'w0']),
    ('y', 'TensorArrayGatherV3', ['ta', i32([1, 0, 2]), 'w1'], FLOAT),
    ('z', 'Mul', ['y', 'y']),
    ('dx', 'gradients', [['z'], ['x']]),
], ('z dx', feed))
program('gradient of split and concat', [
    px, ('ta', 'TensorArrayV3', [i32(2)], FLOAT),
    ('w', 'TensorArraySplitV3', ['ta', 'x', np.array([1, 2], np.int64), 'ta:1']),
    ('y', 'TensorArrayConcatV3', ['ta', 'w'], FLOAT),
    ('z', 'Mul', ['y', 'y']),
    ('dx', 'gradients', [['z'], ['x']]),
], ('z y:1 dx', feed))
program('two calls of gradients do not mix', [
    px, ta,
    ('w', 'TensorArrayScatterV3', ['ta', i32([0, 1, 2]), 'x', 'ta:1']),
    ('y', 'TensorArrayGatherV3', ['ta', i32([0, 1, 2]), 'w'], FLOAT),
    ('z', 'Mul', ['y', 'y']),
    ('da', 'gradients', [['z'], ['x']]),
    ('db', 'gradients', [['y'], ['x']]),
], ('da db', feed))

# Stacks.

def stack(name, *steps, max_size=2):
    nodes = [('s', 'StackV2', [i32(max_size)], {'elem_type': tf.float32})]
    before = 's'
    for k, (op, inputs, attrs) in enumerate(steps):
        nodes.append((f's{k}', op, ['s', *inputs], attrs, [before]))
        before = f's{k}'
    program(name, nodes, before)


def push(value):
    return ('StackPushV2', [value], {})


pop = ('StackPopV2', [], {'elem_type': tf.float32})
close = ('StackCloseV2', [], {})
stack('push and pop', push(x), push(2 * x), pop, pop)
stack('the last comes first', push(x), push(2 * x), pop)
stack('pop of nothing', push(x), pop, pop)
stack('push past the greatest size', push(x), push(x), push(3 * x), pop)
stack('pop after closing', push(x), close, pop)
stack('push after closing', close, push(x), pop)
stack('push of another type', push(np.int32([1])), pop)
stack('no greatest size', push(x), push(x), push(3 * x), pop, max_size=-1)

# Accumulators.

def i64(v):
    return np.array(v, np.int64)


def accumulator(name, nodes, *runs, form='Resource', **attrs):
    """Nodes are (name, op without its prefix, inputs after the handle, attrs)."""
    sparse = form == 'Sparse'
    maker = f'{form}ConditionalAccumulator'
    own = {'dtype': tf.float32, 'shape': S([2]), **attrs}
    # The rest of the ops on sparse accumulators are those of plain ones.
    prefix = {'Resource': 'Resource', '': '', 'Sparse': ''}[form]
    made = [('a', maker, [], own)]
    for key, op, inputs, more in nodes:
        own_prefix = 'Sparse' if sparse and ('Apply' in op or 'Take' in op) else prefix
        made.append((key, f'{own_prefix}Accumulator{op}', ['a', *inputs], more))
    program(name, made, *runs)


def apply(key, value, step=0):
    return (key, 'ApplyGradient', [i64(step), value], {})


def apply_sparse(key, indices, values, shape=None, step=0):
    return (key, 'ApplyGradient', [i64(step), i64(indices), f32(values), i64([] if shape is None else shape)], {'has_known_shape': shape is not None})


def take(key, count, dtype=tf.float32):
    return (key, 'TakeGradient', [i32(count)], {'dtype': dtype})


count = ('n', 'NumAccumulated', [], {})


def step_to(key, step):
    return (key, 'SetGlobalStep', [i64(step)], {})


for form in ('Resource', ''):
    accumulator('the mean of gradients', [apply('x', x), apply('y', 3 * x), count, take('t', 2)], 'x', 'n', 'y', 'n', 't', 'n', form=form)
    accumulator('the sum of gradients', [apply('x', x), apply('y', 3 * x), take('t', 1)], 'x', 'y', 't', form=form, reduction_type='SUM')
    accumulator('old gradients are dropped', [apply('x', x), apply('y', 3 * x, 1), count, take('t', 1)], 'x', 't', 'x', 'n', 'y', 'n', 't', form=form)
    accumulator('the step can be set', [apply('x', x, 4), apply('y', x, 5), count, step_to('five', 5), step_to('three', 3)],
                'x', 'n', 'five', 'x', 'n', 'y', 'n', 'three', 'x', 'n', form=form)
    accumulator('gradients of another shape', [apply('x', f32([1, 2, 3])), apply('y', f32(1))], 'x', 'y', form=form)
accumulator('gradients of an unknown shape', [apply('x', x), apply('y', f32([1, 2, 3])), take('t', 1)], 'y', 'x', 't', shape=S(None))
accumulator('gradients of a half known shape', [apply('x', x), apply('y', f32([1, 2, 3])), apply('z', f32([[1]])), take('t', 1)], 'z', 'y', 'x', 't', shape=S([None]))
accumulator('float64', [apply('x', np.float64([1, 2])), take('t', 1, tf.float64)], 'x', 't', dtype=tf.float64)
accumulator('float16', [apply('x', np.float16([1, 2])), take('t', 1, tf.float16)], 'x', 't', dtype=tf.float16)
accumulator('take none', [apply('x', x), take('t', 0)], 'x', 't')
accumulator('take less than none', [take('t', -1)], 't')
accumulator('a type without a kernel', [count], 'n', dtype=tf.int32)
program('accumulators of one name', [
    ('a', 'ResourceConditionalAccumulator', [], {**FLOAT, 'shape': S([2]), 'shared_name': 's'}),
    ('b', 'ResourceConditionalAccumulator', [], {**FLOAT, 'shape': S([3]), 'shared_name': 's'}),
    ('c', 'ResourceConditionalAccumulator', [], {**FLOAT, 'shape': S([2])}),
    ('x', 'ResourceAccumulatorApplyGradient', ['a', i64(0), x]),
    ('nb', 'ResourceAccumulatorNumAccumulated', ['b']),
    ('nc', 'ResourceAccumulatorNumAccumulated', ['c']),
], 'x', 'nb nc')
rows = f32([[1, 1], [2, 2]])
wide = {'form': 'Sparse', 'shape': S([4, 2])}
free = {'form': 'Sparse', 'shape': S(None)}
taken = 't t:1 t:2'
accumulator('sparse gradients', [apply_sparse('x', [0, 2], rows), apply_sparse('y', [2, 3], 3 * rows), count, take('t', 2)], 'x', 'y', 'n', taken, 'n', **wide)
accumulator('the sum of sparse gradients', [apply_sparse('x', [0, 2], rows), apply_sparse('y', [2, 3], 3 * rows, [4, 2]), take('t', 2)], 'x', 'y', taken, **wide, reduction_type='SUM')
accumulator('sparse gradients out of order', [apply_sparse('x', [2, 0], rows, [4, 2]), apply_sparse('y', [2, 3], 3 * rows, [4, 2]), take('t', 2)], 'x', 'y', taken, **free)
accumulator('sparse gradients with repeats', [apply_sparse('x', [0, 0], rows), apply_sparse('y', [0, 0], 3 * rows), take('t', 2)], 'x', 'y', taken, **free)
accumulator('sparse gradients of no rows', [apply_sparse('x', [], np.zeros((0, 2))), apply_sparse('y', [1, 2], rows), take('t', 1)], 'x', taken, **wide)
accumulator('sparse gradients of one axis', [apply_sparse('x', [1], [1]), take('t', 1)], 'x', taken, form='Sparse', shape=S([2]))
accumulator('old sparse gradients are dropped', [apply_sparse('x', [1], rows[:1], None, -1), apply_sparse('y', [1], rows[:1], None, 1), count, take('t', 1), step_to('five', 5)],
            'x', 'n', 'y', 'n', taken, 'five', 'y', 'n', **wide)
accumulator('sparse gradients that do not fit', [
    apply_sparse('wider', [0], [[1, 1, 1]]), apply_sparse('past', [0, 7], rows), apply_sparse('before', [-1], rows[:1]),
    apply_sparse('fewer', [0, 1], rows[:1]), apply_sparse('more', [0], rows), apply_sparse('matrix', [[0]], rows[:1]), apply_sparse('shape', [0], rows[:1], [4, 3]),
    apply_sparse('rank', [0], rows[:1], [4]), apply_sparse('flat', [0], [1]), apply_sparse('longer', [0], rows[:1], [4, 2, 1]), take('none', 0), count,
], 'wider', 'past', 'fewer', 'matrix', 'shape', 'rank', 'flat', 'none', 'n', 'before', 'n', **wide)
accumulator('sparse gradients that do not fit those before', [
    apply_sparse('x', [0], rows[:1]), apply_sparse('wider', [0], [[1, 1, 1]]), apply_sparse('flat', [0], [1]), apply_sparse('shape', [0], rows[:1], [3, 3]), count,
], 'x', 'wider', 'flat', 'shape', 'n', **free)
accumulator('sparse gradients of a half known shape', [
    apply_sparse('wider', [0], [[1, 1, 1]]), apply_sparse('shape', [0], rows[:1], [4, 3]), apply_sparse('x', [0], rows[:1], [5, 2]), apply_sparse('y', [9], rows[:1], [6, 2]), take('t', 1),
], 'wider', 'shape', 'x', 'y', taken, form='Sparse', shape=S([None, 2]))
accumulator('plain gradients for a sparse accumulator', [count, ('t', 'TakeGradient', [i32(0)], {'dtype': tf.float32})], 'n', 't', **wide)
# MORE

with open(os.path.join(os.path.dirname(__file__), 'raw_programs.json'), 'w') as out:
    out.write('{"programs":[\n' + ',\n'.join(json.dumps(p) for p in programs) + '\n]}\n')
