"""Makes `convolution-parts.json`: what real TensorFlow gives for the parts of convolutions, each with the names of its ops."""
import json, os

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
cases = []


def waves(*shape):
    return np.sin(np.arange(int(np.prod(shape))) * 1.3 + 1).reshape(shape).astype(np.float32)


def case(function, *args):
    """Lists of four or more sizes in a tuple are arrays of waves; all else is given as it is."""
    entry = {'function': function, 'args': [{'waves': list(a)} if isinstance(a, tuple) else a for a in args]}
    with tf.Graph().as_default() as g, tf.Session() as s:
        given = [waves(*a) if isinstance(a, tuple) else a for a in args]
        try:
            y = getattr(tf.nn, function)(*given)
        except ValueError as e:
            entry['error'] = str(e)
        else:
            entry['ops'] = [[op.name, op.type] for op in g.get_operations()]
            value = s.run(y)
            entry['output'] = {'dtype': 'float32', 'shape': list(value.shape), 'data': [float(str(v)) for v in value.ravel()]}
    cases.append(entry)


for rate in (1, 2, 3):
    for padding in ('SAME', 'VALID'):
        size = 5 + (0 if padding == 'SAME' else rate)
        case('atrous_conv2d_transpose', (1, 5, 5, 3), (2, 2, 2, 3), [1, size, size, 2], rate, padding)
case('atrous_conv2d_transpose', (2, 4, 6, 1), (3, 2, 2, 1), [2, 4, 6, 2], 2, 'SAME')
case('atrous_conv2d_transpose', (1, 5, 5, 3), (2, 2, 2, 2), [1, 5, 5, 2], 2, 'SAME')
case('atrous_conv2d_transpose', (1, 5, 5, 3), (2, 2, 2, 3), [1, 5, 5, 2], 0, 'SAME')
case('atrous_conv2d_transpose', (1, 5, 5, 3), (2, 2, 2, 3), [1, 5, 5, 3], 2, 'SAME')
case('conv2d_backprop_input', [1, 4, 4, 2], (2, 2, 2, 3), (1, 2, 2, 3), [1, 2, 2, 1], 'SAME')
case('conv2d_backprop_filter', (1, 4, 4, 2), [2, 2, 2, 3], (1, 2, 2, 3), [1, 2, 2, 1], 'SAME')
case('depthwise_conv2d_native', (1, 3, 3, 2), (2, 2, 2, 2), [1, 1, 1, 1], 'VALID')
case('depthwise_conv2d_native_backprop_input', [1, 3, 3, 2], (2, 2, 2, 1), (1, 2, 2, 2), [1, 1, 1, 1], 'VALID')
case('depthwise_conv2d_native_backprop_filter', (1, 3, 3, 2), [2, 2, 2, 1], (1, 2, 2, 2), [1, 1, 1, 1], 'VALID')
case('depthwise_conv2d_backprop_input', [1, 3, 3, 2], (2, 2, 2, 1), (1, 2, 2, 2), [1, 1, 1, 1], 'VALID')
case('depthwise_conv2d_backprop_filter', (1, 3, 3, 2), [2, 2, 2, 1], (1, 2, 2, 2), [1, 1, 1, 1], 'VALID')

with open(os.path.join(os.path.dirname(__file__), 'convolution-parts.json'), 'w') as out:
    out.write('{"cases":[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]}\n')
