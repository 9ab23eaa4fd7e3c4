"""Makes ref-variables.json beside this file: updates of reference variables in tf.compat.v1 graph mode.
Run with TensorFlow installed: python ref-variables.py"""
import json, os
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_eager_execution()
tf.disable_resource_variables()

rng = np.random.RandomState(7)
cases = []

def floats(*shape, lo=-1.0, hi=1.0):
    return np.round(rng.uniform(lo, hi, shape), 3).astype(np.float32)

def array(x):
    x = np.asarray(x)
    data = [v.decode() if isinstance(v, bytes) else v for v in x.reshape(-1).tolist()]
    if x.dtype == np.float32: data = [float(str(np.float32(v))) for v in data]
    name = 'string' if x.dtype.kind in 'OSU' else x.dtype.name
    return {'dtype': name, 'shape': list(x.shape), 'data': data}

def case(op, variables, inputs, attrs={}, note=None, runs=2):
    """`inputs`: name and value in the op's order; a value None: the variable of that name."""
    with tf.Graph().as_default(), tf.Session() as sess:
        refs = {name: tf.Variable(value, name=name) for name, value in variables.items()}
        args = {name: refs[name]._ref() if value is None else tf.constant(value) for name, value in inputs}
        out = getattr(tf.raw_ops, op)(**args, **attrs)
        sess.run(tf.global_variables_initializer())
        entry = {'op': op, **({'note': note} if note else {}), 'attrs': attrs,
                 'variables': {k: array(v) for k, v in variables.items()},
                 'inputs': [[k, None if v is None else array(v)] for k, v in inputs], 'runs': []}
        for _ in range(runs):
            value = sess.run(out)
            after = sess.run({k: v.read_value() for k, v in refs.items()})
            entry['runs'].append({'out': array(value), 'after': {k: array(v) for k, v in after.items()}})
        cases.append(entry)

f = np.float32
updates = {
    'GradientDescent': ('var alpha delta', {}),
    'ProximalGradientDescent': ('var alpha l1 l2 delta', {}),
    'Momentum': ('var accum lr grad momentum', {'use_nesterov': True}),
    'Adam': ('var m v beta1_power beta2_power lr beta1 beta2 epsilon grad', {'use_nesterov': True}),
    'AdaMax': ('var m v beta1_power lr beta1 beta2 epsilon grad', {}),
    'RMSProp': ('var ms mom lr rho momentum epsilon grad', {}),
    'CenteredRMSProp': ('var mg ms mom lr rho momentum epsilon grad', {}),
    'Adagrad': ('var accum lr grad', {'update_slots': False}),
    'AdagradV2': ('var accum lr epsilon grad', {'update_slots': False}),
    'ProximalAdagrad': ('var accum lr l1 l2 grad', {}),
    'AdagradDA': ('var gradient_accumulator gradient_squared_accumulator grad lr l1 l2 global_step', {}),
    'Adadelta': ('var accum accum_update lr rho epsilon grad', {}),
    'Ftrl': ('var accum linear grad lr l1 l2 lr_power', {'multiply_linear_by_lr': True}),
    'FtrlV2': ('var accum linear grad lr l1 l2 l2_shrinkage lr_power', {'multiply_linear_by_lr': True}),
    'AddSign': ('var m lr alpha sign_decay beta grad', {}),
    'PowerSign': ('var m lr logbase sign_decay beta grad', {}),
}
SLOTS = {'accum', 'accum_update', 'm', 'v', 'ms', 'mg', 'mom', 'linear', 'gradient_accumulator', 'gradient_squared_accumulator'}
SCALARS = {'alpha': 0.1, 'lr': 0.1, 'l1': 0.01, 'l2': 0.02, 'momentum': 0.9, 'beta1_power': 0.81, 'beta2_power': 0.99, 'beta1': 0.9,
           'beta2': 0.99, 'epsilon': 0.001, 'rho': 0.9, 'l2_shrinkage': 0.01, 'lr_power': -0.5, 'sign_decay': 0.7, 'beta': 0.9, 'logbase': 1.5}
SPARSE = {'ProximalGradientDescent', 'Momentum', 'RMSProp', 'CenteredRMSProp', 'Adagrad', 'AdagradV2', 'ProximalAdagrad', 'AdagradDA',
          'Adadelta', 'Ftrl', 'FtrlV2'}
for name, (args, attrs) in updates.items():
    for sparse in (False, True):
        if sparse and name not in SPARSE: continue
        for given in ([{}, attrs] if attrs else [{}]):
            variables = {'var': floats(3, 2)}
            inputs = []
            for arg in args.split():
                if arg == 'var': inputs.append((arg, None))
                elif arg in SLOTS:
                    signed = arg in ('m', 'mg', 'linear', 'gradient_accumulator', 'mom')
                    variables[arg] = floats(3, 2, lo=-0.05) if arg == 'mg' else floats(3, 2) if signed else floats(3, 2, lo=0.5, hi=1.5)
                    if arg == 'mg': variables[arg] *= f(0.1)
                    inputs.append((arg, None))
                elif arg in ('grad', 'delta'):
                    inputs.append(('grad' if sparse else arg, floats(2, 2) if sparse else floats(3, 2)))
                    if sparse: inputs.append(('indices', np.array([2, 0], np.int32)))
                elif arg == 'global_step': inputs.append((arg, np.array(3, np.int64)))
                else: inputs.append((arg, f(0.0 if name == 'AddSign' and arg == 'nothing' else SCALARS[arg])))
            case(('SparseApply' if sparse else 'Apply') + name, variables, inputs, given)

v = floats(4, 2)
rows = [('ref', None), ('indices', np.array([2, 0, 2], np.int32)), ('updates', floats(3, 2, lo=0.5, hi=2))]
for op in 'Add Sub Mul Div Min Max'.split():
    case('Scatter' + op, {'ref': v}, rows)
    case('Scatter' + op, {'ref': v}, [rows[0], ('indices', np.array([[1], [3]], np.int64)), ('updates', f(1.5))], note='a scalar for every element')
case('ScatterUpdate', {'ref': v}, [rows[0], ('indices', np.array([3, 1], np.int32)), ('updates', floats(2, 2))])
case('ScatterAdd', {'ref': np.arange(4, dtype=np.int32)}, [rows[0], ('indices', np.array([0, 0], np.int32)), ('updates', np.array([5, 6], np.int32))])
case('ScatterUpdate', {'ref': np.array(['a', 'b', 'c'], object)}, [rows[0], ('indices', np.array([1], np.int32)), ('updates', np.array(['z'], object))], note='text')
for op in 'Update Add Sub'.split():
    case('ScatterNd' + op, {'ref': v}, [rows[0], ('indices', np.array([[1, 0], [3, 1]], np.int32)), ('updates', floats(2))])
    case('ScatterNd' + op, {'ref': v}, [rows[0], ('indices', np.array([[1], [3]], np.int32)), ('updates', floats(2, 2))], note='whole rows')
for op in 'Add Sub'.split():
    case('Assign' + op, {'ref': v}, [rows[0], ('value', floats(4, 2))])
    case('Assign' + op, {'ref': np.array([2 ** 40, 5], np.int64)}, [rows[0], ('value', np.array([1, 2 ** 41], np.int64))])
    case('Assign' + op, {'ref': np.array([0.1, 1e-9])}, [rows[0], ('value', np.array([0.2, 1e-10]))])

m = floats(3, 4)
def sliced(begin, end, strides, value, note, **masks):
    ints = [(k, np.array(x, np.int32)) for k, x in (('begin', begin), ('end', end), ('strides', strides))]
    case('StridedSliceAssign', {'ref': m}, [rows[0], *ints, ('value', value)], masks, note, runs=1)
sliced([1, 0], [2, 4], [1, 2], floats(1, 2), 'every other column of a row')
sliced([2], [3], [1], floats(4), 'a row', shrink_axis_mask=1)
sliced([0, -1], [0, 0], [-1, -2], floats(3, 2), 'backwards', begin_mask=3, end_mask=3)
sliced([0, 1], [0, 3], [1, 1], floats(3, 2), 'the columns behind an ellipsis', ellipsis_mask=1)
sliced([1, 1], [2, 2], [1, 1], f(9), 'one element', shrink_axis_mask=3)
sliced([0, 0], [2, 2], [1, 1], floats(2, 1), 'broadcast')
sliced([2], [1], [1], floats(0, 4), 'nothing')

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'ref-variables.json'), 'w') as out:
    note = 'Each op on variables with the given values, run twice (slices once): its output and the variables after each run. Made with TensorFlow on a CPU.'
    out.write('{"tf": "%s", "note": "%s", "cases": [\n' % (tf.__version__, note))
    out.write(',\n'.join(json.dumps(c) for c in cases) + '\n]}\n')
print(len(cases), 'cases')
