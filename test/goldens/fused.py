"""Makes `ops/fused.json`: what real TensorFlow gives for fused recurrent ops, for CTC and for pools and images of odd sizes."""
import json, os

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
cases = []
rng = np.random.RandomState(3)


def number(x):
    x = x.item() if hasattr(x, 'item') else x
    if isinstance(x, float) and not np.isfinite(x):
        return 'NaN' if np.isnan(x) else ('Infinity' if x > 0 else '-Infinity')
    return x


def dump(a):
    a = np.asarray(a)
    name = tf.as_dtype(a.dtype).name
    if a.dtype == np.float32 or name in ('float16', 'bfloat16'):
        data = [float(str(x)) for x in a.astype(np.float32).ravel()]
        data = [number(x) for x in data]
    else:
        data = [number(x) for x in a.ravel()]
    return {'dtype': name, 'shape': list(a.shape), 'data': data}


def attr(v):
    if isinstance(v, tf.DType):
        return {'type': v.name}
    if isinstance(v, list):
        return {'list': [attr(x) for x in v]}
    return v


def case(op, inputs, note=None, consts=(), grads=True, **attrs):
    """One case; gives the outputs."""
    entry = {'id': f'fused/{len(cases):04d}', 'op': op}
    if note:
        entry['note'] = note
    entry['inputs'] = [
        {'arg': k, **({'const': True} if k in consts else {}), **dump(v)} for k, v in inputs.items()
    ]
    entry['attrs'] = {k: attr(v) for k, v in attrs.items()}
    g = tf.Graph()
    values = None
    with g.as_default(), tf.Session() as sess:
        feeds, args = {}, {}
        for k, v in inputs.items():
            args[k] = tf.constant(v) if k in consts else tf.placeholder(np.asarray(v).dtype, np.shape(v))
            if k not in consts:
                feeds[args[k]] = v
        try:
            getattr(tf.raw_ops, op)(**args, **attrs, name='op')
        except Exception as e:
            entry['construct_error'] = {'class': type(e).__name__, 'message': str(e)}
            cases.append(entry)
            return None
        node = g.get_operation_by_name('op')
        entry['static_shapes'] = [
            None if t.shape.rank is None else [-1 if d is None else d for d in t.shape.as_list()] for t in node.outputs
        ]
        try:
            values = sess.run(list(node.outputs), feeds)
            entry['outputs'] = [dump(v) for v in values]
        except tf.errors.OpError as e:
            message = e.message.split("Node: 'op'\n", 1)[-1].split('\n\t')[0].split(' [[{{node')[0].rstrip()
            entry['run_error'] = {'class': type(e).__name__, 'message': message, 'code': e.error_code, 'node': 'op'}
        if values is not None and grads:
            floats = [t.dtype.is_floating for t in node.outputs]
            weights = [np.round(rng.uniform(-1, 1, np.shape(v)), 2).astype(np.asarray(v).dtype) if f else None
                       for v, f in zip(values, floats)]
            xs = [k for k in inputs if args[k].dtype.is_floating]
            try:
                ys = [t for t, f in zip(node.outputs, floats) if f]
                found = tf.gradients(ys, [args[k] for k in xs], [tf.constant(w) for w in weights if w is not None])
            except LookupError as e:
                entry['grad_error'] = {'class': 'LookupError', 'message': str(e)[:160]}
            else:
                entry['grad_weights'] = [None if w is None else dump(w) for w in weights]
                some = iter(sess.run([f for f in found if f is not None], feeds))
                entry['grads'] = [{'arg': k, 'grad': None if f is None else dump(next(some))} for k, f in zip(xs, found)]
    cases.append(entry)
    return values


f32, i32, i64 = np.float32, np.int32, np.int64


def some(*shape, scale=1, dtype=f32):
    return (np.round(rng.uniform(-1, 1, shape), 3) * scale).astype(dtype)


# Fused recurrent ops.

GATES = ['i', 'cs', 'f', 'o', 'ci', 'co', 'h']


def lstm_inputs(dtype, steps=None, time=3, batch=2, width=2, cell=3):
    head = {} if steps is None else {'seq_len_max': i64(steps)}
    x = some(*(() if steps is None else (time,)), batch, width, dtype=dtype)
    return {
        **head,
        'x': x,
        'cs_prev': some(batch, cell, scale=3, dtype=dtype),
        'h_prev': some(batch, cell, dtype=dtype),
        'w': some(width + cell, 4 * cell, dtype=dtype),
        'wci': some(cell, dtype=dtype),
        'wcf': some(cell, dtype=dtype),
        'wco': some(cell, dtype=dtype),
        'b': some(4 * cell, dtype=dtype),
    }


for version in ('', 'V2'):
    for peepholes in (False, True):
        inputs = lstm_inputs(f32, 2 if peepholes else 3)
        bias = {} if version else {'forget_bias': 0.5}
        found = case('BlockLSTM' + version, inputs, use_peephole=peepholes, cell_clip=1.5, **bias)
        if peepholes:
            # After its end TensorFlow sets only the states and outputs to zero; the rest is what memory held.
            for k in (0, 2, 3, 4, 5):
                found[k][2:] = 0
                cases[-1]['outputs'][k] = None
        more = {**dict(zip(GATES, found)), 'cs_grad': some(3, 2, 3, dtype=f32), 'h_grad': some(3, 2, 3, dtype=f32)}
        case(f'BlockLSTMGrad{version}', {**inputs, **more}, use_peephole=peepholes, grads=False)
for peepholes in (False, True):
    inputs = lstm_inputs(f32)
    found = case('LSTMBlockCell', inputs, use_peephole=peepholes, cell_clip=2.0, forget_bias=0.3)
    more = {**dict(zip(GATES[:-1], found)), 'cs_grad': some(2, 3, dtype=f32), 'h_grad': some(2, 3, dtype=f32)}
    case('LSTMBlockCellGrad', {**inputs, **more}, use_peephole=peepholes, grads=False)
gru = {'x': some(3, 2), 'h_prev': some(3, 4), 'w_ru': some(6, 8), 'w_c': some(6, 4), 'b_ru': some(8), 'b_c': some(4)}
found = case('GRUBlockCell', gru)
case('GRUBlockCellGrad', {**gru, **dict(zip('ruc', found)), 'd_h': some(3, 4)}, grads=False)

for change in ({'w': some(4, 12)}, {'b': some(16)}, {'h_prev': some(2, 4)}, {'cs_prev': some(3, 3)}, {'wci': some(4)}):
    case('BlockLSTM', {**lstm_inputs(f32, 3), **change}, 'sizes that do not fit')
    if 'wci' not in change:
        case('LSTMBlockCell', {**lstm_inputs(f32), **change}, 'sizes that do not fit', grads=False)
case('BlockLSTM', {**lstm_inputs(f32, 3), 'b': some(13)}, 'gates that are no quarter')
case('BlockLSTM', {**lstm_inputs(f32, 3), 'x': some(3, 2)}, 'no sequence')
case('LSTMBlockCell', {**lstm_inputs(f32), 'x': some(3)}, 'no batch')
for change in ({'x': some(2, 2)}, {'w_ru': some(5, 8)}, {'w_ru': some(6, 7)}, {'w_c': some(5, 4)}, {'b_ru': some(7)}, {'b_c': some(5)}):
    case('GRUBlockCell', {**gru, **change}, 'sizes that do not fit', grads=False)

# Connectionist temporal classification.

def ctc(labels, lengths, time=5, classes=4, dtype=f32, scale=3):
    rows = [(b, k) for b, label in enumerate(labels) for k in range(len(label))]
    return {
        'inputs': some(time, len(lengths), classes, scale=scale, dtype=dtype),
        'labels_indices': np.array(rows, i64).reshape(-1, 2),
        'labels_values': np.array([v for label in labels for v in label], i32),
        'sequence_length': np.array(lengths, i32),
    }


# In float64 TensorFlow's own results have the last place of float32 functions in them: they are not compared.
case('CTCLoss', ctc([[0, 1], [2], [1, 1]], [5, 3, 4]))
case('CTCLoss', ctc([[0, 0, 1], [2, 2]], [5, 4]), 'repeated labels, not merged', ctc_merge_repeated=False)
case('CTCLoss', ctc([[0, 0, 1], [2, 2]], [5, 4]), 'repeated labels, collapsed before', preprocess_collapse_repeated=True)
case('CTCLoss', ctc([[0, 0, 1], [2, 2]], [5, 4]), 'both', preprocess_collapse_repeated=True, ctc_merge_repeated=False)
case('CTCLoss', ctc([[0, 3], [2]], [5, 4]), 'a label that is null at the end')
case('CTCLoss', ctc([[0, 3, 1], [2]], [5, 4]), 'a label after one that is null')
case('CTCLoss', ctc([[0, 5], [2]], [5, 4]), 'a label out of range')
case('CTCLoss', ctc([[0, -1], [2]], [5, 4]), 'a label that is negative')
case('CTCLoss', ctc([[0, 1, 2], [2]], [2, 4]), 'longer than its input')
case('CTCLoss', ctc([[0, 1, 2], [2]], [2, 4]), 'longer than its input, let pass', ignore_longer_outputs_than_inputs=True)
case('CTCLoss', ctc([[1, 1, 1], [2]], [4, 4]), 'no room between repeats')
case('CTCLoss', ctc([[1, 1, 1], [2]], [4, 4]), 'no room, let pass', ignore_longer_outputs_than_inputs=True)
case('CTCLoss', ctc([[1], []], [4, 4]), 'no labels')
case('CTCLoss', ctc([[1], []], [4, 4]), 'no labels, let pass', ignore_longer_outputs_than_inputs=True)
case('CTCLoss', ctc([[1], [2]], [4, 0]), 'an empty sequence')
case('CTCLoss', ctc([[1], [2]], [4, 6]), 'a sequence past the end')
case('CTCLoss', {**ctc([[1], [2]], [4, 4]), 'sequence_length': i32([4])}, 'lengths that are too few')
case('CTCLoss', {**ctc([[1], [2]], [4, 4]), 'labels_values': i32([4])}, 'values that are too few')
case('CTCLoss', {**ctc([[1], [2]], [4, 4]), 'labels_indices': i64([[0, 0], [2, 0]])}, 'rows past the batch')
case('CTCLoss', {**ctc([[1], [2]], [4, 4]), 'labels_indices': i64([[1, 0], [0, 0]])}, 'rows out of order')
case('CTCLoss', {**ctc([[1], [2]], [4, 4]), 'labels_indices': i64([[0], [1]])}, 'indices of one column')
case('CTCLoss', {**ctc([[1], [2]], [4, 4]), 'inputs': some(4, 2)}, 'no classes')
case('CTCLoss', ctc([[1], [2]], [0, 0], time=0), 'no time')
case('CTCLoss', {**ctc([[1]], [4], time=4, classes=2), 'inputs': f32([[[0, -np.inf]]] * 4)}, 'no path')

logits = some(6, 3, 4, scale=3)
lengths = i32([6, 4, 0])
for merge in (True, False):
    case('CTCGreedyDecoder', {'inputs': logits, 'sequence_length': lengths}, merge_repeated=merge)
    for width, paths in ((1, 1), (4, 2), (20, 3)):
        case('CTCBeamSearchDecoder', {'inputs': logits, 'sequence_length': i32([6, 4, 5])}, beam_width=width, top_paths=paths, merge_repeated=merge)
case('CTCGreedyDecoder', {'inputs': logits, 'sequence_length': lengths}, blank_index=1)
case('CTCGreedyDecoder', {'inputs': logits, 'sequence_length': lengths}, blank_index=-3, merge_repeated=True)
case('CTCGreedyDecoder', {'inputs': logits, 'sequence_length': lengths}, 'a blank that is no class', blank_index=4)
case('CTCGreedyDecoder', {'inputs': logits, 'sequence_length': lengths}, 'a blank that is no class', blank_index=-5)
case('CTCGreedyDecoder', {'inputs': logits, 'sequence_length': i32([7, 4, 4])}, 'a sequence past the end')
case('CTCGreedyDecoder', {'inputs': logits, 'sequence_length': i32([4])}, 'lengths that are too few')
case('CTCGreedyDecoder', {'inputs': some(3, 2), 'sequence_length': i32([4])}, 'no classes')
case('CTCBeamSearchDecoder', {'inputs': logits, 'sequence_length': i32([7, 4, 4])}, 'a sequence past the end', beam_width=2, top_paths=1)
case('CTCBeamSearchDecoder', {'inputs': logits, 'sequence_length': i32([4, 4, 0])}, 'too few leaves', beam_width=20, top_paths=3)
case('CTCBeamSearchDecoder', {'inputs': logits, 'sequence_length': i32([4, 4, 4])}, 'more paths than beams', beam_width=2, top_paths=3)
case('CTCBeamSearchDecoder', {'inputs': some(9, 2, 6), 'sequence_length': i32([9, 9])}, 'flat', beam_width=10, top_paths=4)
case('CTCBeamSearchDecoder', {'inputs': some(30, 1, 8, scale=2), 'sequence_length': i32([30])}, 'long', beam_width=25, top_paths=5, merge_repeated=False)

# MORE

with open(os.path.join(os.path.dirname(__file__), 'ops', 'fused.json'), 'w') as out:
    out.write('{"cases":[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]}\n')
