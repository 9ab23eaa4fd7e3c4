"""Makes convolution-layers.json beside this file: what tf_keras 2.21 (the Keras 2.15 line) in graph mode answers for the
layers that convolve, pool, pad, crop and enlarge. Run with TensorFlow and tf_keras installed: python convolution-layers.py

A case has the layer's whole configuration, weights, inputs (and a mask), outputs, the static and the computed shape of the
output, and tf.gradients of sum(output * flow) by the input and by each weight. `by` is `transposition` where TensorFlow's CPU
kernels do not know channels_first: there the numbers come from the same layer with channels_last, its input and output
transposed; `image` where they come from images of one row; `groups` where the convolution of each group is one of its own, joined afterwards: Keras's graph runs those by
a compiled function whose gradient fails. `nodes` are the operations of the call with their types, without constants and reads of variables.
"""
import json, os
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['CUDA_VISIBLE_DEVICES'] = ''
os.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_v2_behavior()
tf.enable_v2_tensorshape()
import tf_keras as keras
L = keras.layers
random = np.random.RandomState(7)


def num(x):
    x = float(str(x))
    return int(x) if x == int(x) else x


def arr(a):
    a = np.asarray(a)
    return {'dtype': str(a.dtype), 'shape': list(a.shape),
            'data': [bool(x) if a.dtype == bool else num(x) for x in a.reshape(-1)]}


def numbers(shape):
    return np.round(random.uniform(-2, 2, shape), 2).astype(np.float32)


def plain(x):
    if isinstance(x, (tuple, list)):
        return [plain(i) for i in x]
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    return x.item() if isinstance(x, np.generic) else x


SKIPPED = {'Const', 'VarHandleOp', 'AssignVariableOp', 'VarIsInitializedOp', 'NoOp', 'ReadVariableOp', 'Placeholder'}


def built(cls, kwargs, static, mask):
    """The layer called on a placeholder in a new graph."""
    graph = tf.Graph()
    with graph.as_default():
        x = tf.placeholder(tf.float32, static, name='x')
        m = None if mask is None else tf.placeholder(tf.bool, mask.shape, name='m')
        layer = cls(**kwargs)
        if kwargs.get('groups', 1) > 1:
            parts = lambda a: tf.split(a, layer.groups, axis=-1)
            layer._jit_compiled_convolution_op = lambda a, w: tf.concat(
                [layer.convolution_op(part, kernel) for part, kernel in zip(parts(a), parts(w))], -1)
        y = layer(x) if m is None else layer(x, mask=m)
    return graph, layer, x, m, y


def run(made, x_value, weights, flow, mask):
    graph, layer, x, m, y = made
    with graph.as_default(), tf.Session(graph=graph) as sess:
        for weight, value in zip(layer.weights, weights):
            weight.load(value, sess) if hasattr(weight, 'load') else sess.run(weight.assign(value))
        feed = {x: x_value} if m is None else {x: x_value, m: mask}
        out = sess.run(y, feed)
        f = numbers(out.shape) if flow is None else flow(out)
        grads = tf.gradients(tf.reduce_sum(y * f), [x] + layer.trainable_weights)
        return out, f, sess.run(grads, feed)


def to_last(a):
    return np.moveaxis(a, 1, -1)


def to_first(a):
    return np.moveaxis(a, -1, 1)


cases = []


def case(name, shape, static=None, mask=None, **kwargs):
    cls = getattr(L, name)
    static = [None] + list(shape[1:]) if static is None else static
    x = numbers(shape)
    made = built(cls, kwargs, static, mask)
    graph, layer, _, _, y = made
    weights = [numbers(w.shape.as_list()) for w in layer.weights]
    record = {'layer': name, 'config': plain(layer.get_config()), 'static_input': static}
    nodes = [[op.name, op.type] for op in graph.get_operations()
             if op.type not in SKIPPED and op.name.startswith(layer.name + '/') and 'nitializer' not in op.name]
    by = 'groups' if kwargs.get('groups', 1) > 1 else 'run'
    try:
        out, flow, grads = run(made, x, weights, None, mask)
    except tf.errors.OpError as error:
        if name == 'Conv1DTranspose' and 'dilation_rate' in kwargs:
            # As images of one row.
            by = 'image'
            size, rate = kwargs['kernel_size'], kwargs['dilation_rate']
            twin = built(L.Conv2DTranspose, {**kwargs, 'kernel_size': (1, size), 'dilation_rate': (rate, rate)},
                         [shape[0], 1, *shape[1:]], mask)
            out, flow, grads = run(twin, x[:, None], [weights[0][None], *weights[1:]], None, mask)
            out, flow, grads = out[:, 0], flow[:, 0], [grads[0][:, 0], grads[1][0], *grads[2:]]
        elif kwargs.get('data_format') != 'channels_first':
            raise
        else:
            by = 'transposition'
            twin = built(cls, {**kwargs, 'data_format': 'channels_last'}, [shape[0], *shape[2:], shape[1]], mask)
            out, flow, grads = run(twin, to_last(x), weights, None, mask)
            back = to_first if out.ndim == len(shape) else (lambda a: a)
            out, flow, grads = back(out), back(flow), [to_first(grads[0])] + grads[1:]
    record.update(
        weight_names=[w.name for w in layer.weights], weights=[arr(w) for w in weights], input=arr(x), by=by,
        output=arr(out), static_shape=y.shape.as_list(),
        computed_shape=tf.TensorShape(layer.compute_output_shape(static)).as_list(),
        flow=arr(flow), gradients=[arr(g) for g in grads],
        nodes=nodes)
    if mask is not None:
        record['mask'] = arr(mask)
    cases.append(record)


F = dict(data_format='channels_first')
case('Conv2D', (2, 5, 4, 3), filters=2, kernel_size=(3, 2), activation='relu')
case('Conv2D', (1, 5, 6, 2), filters=3, kernel_size=3, strides=(2, 1), padding='same', use_bias=False)
case('Conv2D', (1, 7, 7, 1), filters=2, kernel_size=(3, 2), dilation_rate=(2, 3), padding='valid')
case('Conv2D', (1, 6, 5, 2), filters=2, kernel_size=3, dilation_rate=2, padding='same')
case('Conv2D', (1, 2, 5, 5), filters=3, kernel_size=(2, 3), padding='same', **F)
case('Conv2D', (1, 2, 5, 4), filters=2, kernel_size=2, strides=2, **F)
case('Conv2D', (1, 4, 4, 4), filters=6, kernel_size=2, groups=2)
case('Conv2D', (1, 5, 4, 2), filters=4, kernel_size=3, groups=2, padding='same', strides=2, use_bias=False)
case('Conv2D', (2, 2, 4, 4, 1), filters=2, kernel_size=3)
case('Conv2D', (2, 5, 4, 2), static=[None, None, None, 2], filters=2, kernel_size=3, padding='same', strides=2)
case('Conv1D', (2, 6, 2), filters=3, kernel_size=2, strides=2)
case('Conv1D', (1, 7, 2), filters=2, kernel_size=3, padding='causal', dilation_rate=2, activation='tanh')
case('Conv1D', (1, 7, 1), filters=2, kernel_size=3, padding='causal', strides=2)
case('Conv1D', (1, 7, 2), filters=2, kernel_size=2, dilation_rate=3)
case('Conv1D', (2, 2, 6), filters=3, kernel_size=3, padding='same', **F)
case('Conv1D', (1, 2, 6), filters=2, kernel_size=2, padding='causal', **F)
case('Conv1D', (1, 6, 4), filters=4, kernel_size=3, groups=2)
case('Conv1D', (2, 3, 5, 2), filters=2, kernel_size=3, padding='causal')
case('Conv3D', (1, 3, 4, 3, 2), filters=2, kernel_size=2, padding='same')
case('Conv3D', (1, 4, 5, 4, 1), filters=2, kernel_size=(2, 3, 2), strides=(2, 1, 2), activation='relu')
case('Conv3D', (1, 5, 4, 3, 1), filters=1, kernel_size=2, dilation_rate=(2, 1, 1))
case('Conv3D', (1, 2, 3, 4, 3), filters=2, kernel_size=2, **F)
case('Conv3D', (1, 3, 3, 3, 4), filters=2, kernel_size=2, groups=2)
for padding in ('valid', 'same'):
    case('Conv1DTranspose', (2, 4, 2), filters=3, kernel_size=3, strides=2, padding=padding)
    case('Conv2DTranspose', (1, 3, 2, 2), filters=2, kernel_size=(2, 3), strides=(3, 2), padding=padding)
    case('Conv3DTranspose', (1, 2, 2, 3, 2), filters=2, kernel_size=3, strides=2, padding=padding)
case('Conv1DTranspose', (1, 4, 2), filters=2, kernel_size=3, strides=3, padding='same', output_padding=2)
case('Conv1DTranspose', (1, 4, 2), filters=2, kernel_size=3, dilation_rate=2)
case('Conv1DTranspose', (1, 2, 4), filters=3, kernel_size=2, strides=2, **F)
case('Conv1DTranspose', (2, 4, 2), static=[None, None, 2], filters=2, kernel_size=3, strides=2, padding='same', activation='relu')
case('Conv2DTranspose', (1, 3, 3, 2), filters=2, kernel_size=3, strides=2, padding='same', output_padding=1)
case('Conv2DTranspose', (1, 3, 2, 1), filters=2, kernel_size=3, strides=(2, 3), output_padding=(0, 2))
case('Conv2DTranspose', (1, 4, 5, 2), filters=2, kernel_size=(2, 3), dilation_rate=2)
case('Conv2DTranspose', (1, 4, 5, 2), filters=1, kernel_size=3, dilation_rate=2, padding='same')
case('Conv2DTranspose', (2, 2, 3, 3), filters=3, kernel_size=2, strides=2, **F)
case('Conv2DTranspose', (2, 3, 2, 2), static=[None, None, None, 2], filters=2, kernel_size=3, strides=2, use_bias=False)
case('Conv2DTranspose', (2, 3, 2, 2), static=[2, 3, 2, 2], filters=2, kernel_size=3, strides=2)
case('Conv3DTranspose', (1, 2, 2, 2, 1), filters=2, kernel_size=3, strides=(2, 1, 3), padding='same', output_padding=(1, 0, 2))
case('Conv3DTranspose', (1, 2, 2, 2, 2), filters=1, kernel_size=2, strides=2, **F)
case('SeparableConv1D', (1, 6, 2), filters=3, kernel_size=3, padding='causal', dilation_rate=2, depth_multiplier=2)
case('SeparableConv1D', (1, 7, 2), filters=2, kernel_size=3, padding='same', strides=2, activation='relu')
case('SeparableConv1D', (1, 2, 6), filters=3, kernel_size=2, **F)
case('SeparableConv2D', (1, 5, 5, 2), filters=3, kernel_size=3, strides=2, padding='same', depth_multiplier=2)
case('SeparableConv2D', (1, 6, 5, 2), filters=2, kernel_size=2, dilation_rate=2, use_bias=False)
case('SeparableConv2D', (1, 2, 4, 5), filters=3, kernel_size=2, **F)
case('DepthwiseConv1D', (2, 5, 2), kernel_size=3, depth_multiplier=2)
case('DepthwiseConv1D', (1, 7, 2), kernel_size=2, strides=2, padding='same', activation='relu')
case('DepthwiseConv1D', (1, 7, 2), kernel_size=2, dilation_rate=3, use_bias=False)
case('DepthwiseConv1D', (1, 2, 5), kernel_size=3, **F)
case('DepthwiseConv2D', (1, 5, 4, 2), kernel_size=(2, 3), depth_multiplier=2, strides=2, padding='same')
case('DepthwiseConv2D', (1, 6, 6, 2), kernel_size=2, dilation_rate=2)
case('DepthwiseConv2D', (1, 6, 7, 2), kernel_size=(3, 2), dilation_rate=(1, 2), padding='same', activation='elu')
case('DepthwiseConv2D', (1, 2, 4, 5), kernel_size=3, depth_multiplier=2, **F)
for implementation in (1, 2, 3):
    case('LocallyConnected1D', (2, 6, 2), filters=3, kernel_size=3, strides=2, implementation=implementation)
    case('LocallyConnected2D', (2, 4, 5, 2), filters=2, kernel_size=(2, 3), strides=(1, 2), implementation=implementation, activation='relu')
    case('LocallyConnected1D', (1, 2, 5), filters=2, kernel_size=2, implementation=implementation, **F)
    case('LocallyConnected2D', (1, 2, 4, 3), filters=2, kernel_size=2, implementation=implementation, **F)
for implementation in (2, 3):
    case('LocallyConnected1D', (1, 5, 2), filters=2, kernel_size=3, padding='same', implementation=implementation, use_bias=False)
    case('LocallyConnected2D', (1, 4, 3, 1), filters=2, kernel_size=(3, 2), strides=2, padding='same', implementation=implementation)
for kind in ('Max', 'Average'):
    case(kind + 'Pooling1D', (2, 7, 2), pool_size=3, strides=2)
    case(kind + 'Pooling1D', (1, 2, 7), pool_size=2, padding='same', **F)
    case(kind + 'Pooling1D', (1, 6, 2), pool_size=3, strides=1, padding='same')
    case(kind + 'Pooling2D', (2, 6, 5, 2), pool_size=(3, 2), strides=(1, 2))
    case(kind + 'Pooling2D', (1, 5, 5, 2), pool_size=3, strides=2, padding='same')
    case(kind + 'Pooling2D', (1, 2, 5, 6), pool_size=2, **F)
    case(kind + 'Pooling2D', (1, 5, 4, 2), static=[None, None, None, 2])
    case(kind + 'Pooling3D', (1, 4, 4, 5, 2), pool_size=2)
    case(kind + 'Pooling3D', (1, 3, 4, 5, 1), pool_size=(2, 3, 2), strides=(1, 2, 2), padding='same')
    case(kind + 'Pooling3D', (1, 2, 4, 2, 4), pool_size=2, **F)
    for rank, shape in ((1, (2, 4, 3)), (2, (2, 3, 2, 3)), (3, (2, 2, 3, 2, 2))):
        name = f'Global{kind}Pooling{rank}D'
        case(name, shape)
        case(name, shape, keepdims=True)
        case(name, shape, keepdims=True, **F)
        case(name, shape, **F)
MASK = np.array([[True, True, False, True], [True, False, False, False]])
case('GlobalAveragePooling1D', (2, 4, 3), mask=MASK)
case('GlobalAveragePooling1D', (2, 4, 3), mask=MASK, keepdims=True)
case('GlobalAveragePooling1D', (2, 3, 4), mask=MASK, **F)
case('UpSampling1D', (2, 3, 2), size=3)
case('UpSampling1D', (2, 3, 2), static=[None, None, 2])
case('UpSampling2D', (1, 2, 3, 2), size=(3, 2))
case('UpSampling2D', (1, 2, 3, 2), size=(3, 2), interpolation='bilinear')
case('UpSampling2D', (1, 2, 3, 2), size=2, interpolation='bilinear', **F)
case('UpSampling2D', (1, 2, 2, 3), size=(1, 2), **F)
case('UpSampling2D', (1, 3, 2, 2), static=[None, None, None, 2], interpolation='bilinear')
case('UpSampling3D', (1, 2, 3, 2, 2), size=(2, 3, 1))
case('UpSampling3D', (1, 2, 2, 3, 2), size=2, **F)
case('ZeroPadding1D', (2, 3, 2), padding=(2, 0))
case('ZeroPadding2D', (1, 2, 3, 2), padding=((1, 0), (2, 3)))
case('ZeroPadding2D', (1, 2, 3, 2), padding=2, **F)
case('ZeroPadding3D', (1, 2, 1, 2, 2), padding=((1, 0), (2, 0), (0, 1)))
case('ZeroPadding3D', (1, 2, 1, 2, 2), **F)
case('Cropping1D', (2, 5, 2), cropping=(2, 1))
case('Cropping1D', (2, 5, 2), cropping=(2, 0))
case('Cropping2D', (1, 5, 6, 2), cropping=((1, 0), (2, 3)))
case('Cropping2D', (1, 2, 5, 6), cropping=((0, 2), (1, 0)), **F)
case('Cropping2D', (1, 5, 6, 2), static=[None, None, None, 2], cropping=(1, 2))
case('Cropping3D', (1, 3, 4, 5, 2), cropping=((1, 1), (0, 2), (3, 0)))
case('Cropping3D', (1, 2, 3, 4, 5), cropping=1, **F)

errors = []


def fails(name, shape=None, **kwargs):
    with tf.Graph().as_default():
        try:
            layer = getattr(L, name)(**kwargs)
            if shape is not None:
                layer(tf.placeholder(tf.float32, shape))
        except Exception as error:
            errors.append({'layer': name, 'options': plain(kwargs), 'input': shape, 'class': type(error).__name__, 'message': str(error)})
            return
    raise SystemExit(f'no error: {name} {kwargs}')


fails('Conv2D', filters=0, kernel_size=3)
fails('Conv2D', filters=-2, kernel_size=3)
fails('Conv2D', filters=2, kernel_size=(3, 3, 3))
fails('Conv2D', filters=2, kernel_size=0)
fails('Conv2D', filters=2, kernel_size=(3, -1))
fails('Conv2D', filters=2, kernel_size=3, strides=0)
fails('Conv2D', filters=2, kernel_size=3, strides=(1, -1))
fails('Conv2D', filters=2, kernel_size=3, strides=2, dilation_rate=2)
fails('Conv2D', filters=2, kernel_size=3, padding='causal')
fails('Conv2D', filters=2, kernel_size=3, padding='full')
fails('Conv2D', filters=2, kernel_size=3, data_format='channels_middle')
fails('Conv2D', filters=3, kernel_size=3, groups=2)
fails('Conv2D', [None, 5, 5, 3], filters=2, kernel_size=3, groups=2)
fails('Conv2D', [None, 5, 5, None], filters=2, kernel_size=3)
fails('Conv2D', [None, 2, 1, 1], filters=2, kernel_size=4)
fails('Conv2D', [None, 5, 3], filters=2, kernel_size=3)
fails('Conv1D', [None, 5], filters=2, kernel_size=3)
fails('Conv1D', filters=2, kernel_size=(3, 3))
fails('Conv1DTranspose', filters=2, kernel_size=3, strides=2, output_padding=2)
fails('Conv2DTranspose', filters=2, kernel_size=3, strides=(2, 3), output_padding=(1, 3))
fails('Conv2DTranspose', [None, 3, 3, None], filters=2, kernel_size=3)
fails('Conv3DTranspose', [None, 3, 3, 3, 3, 2], filters=2, kernel_size=3)
fails('DepthwiseConv2D', kernel_size=3, padding='causal')
fails('DepthwiseConv2D', [None, 2, 3, 3, 2], kernel_size=3)
fails('DepthwiseConv1D', [None, 3, None], kernel_size=3)
fails('SeparableConv2D', [None, 3, 3, None], filters=2, kernel_size=3)
fails('LocallyConnected1D', filters=2, kernel_size=3, padding='same')
fails('LocallyConnected2D', [None, None, 3, 2], filters=2, kernel_size=3)
fails('LocallyConnected2D', [None, 2, 3, 2], filters=2, kernel_size=3)
fails('MaxPooling2D', pool_size=(2, 2, 2))
fails('MaxPooling2D', pool_size=0)
fails('AveragePooling1D', padding='nothing')
fails('MaxPooling3D', [None, 4, 4, 2])
fails('GlobalMaxPooling1D', [None, 0, 2])
fails('GlobalAveragePooling2D', [None, 3, 2])
fails('UpSampling2D', size=(2, 2, 2))
fails('UpSampling2D', interpolation='cubic')
fails('ZeroPadding1D', padding=-1)
fails('ZeroPadding2D', padding=(1, 2, 3))
fails('ZeroPadding2D', padding=((1, 2), (1, -2)))
fails('ZeroPadding2D', padding=None)
fails('ZeroPadding3D', padding=(1, 2))
fails('ZeroPadding3D', padding=None)
fails('Cropping1D', [None, 3, 2], cropping=(2, 1))
fails('Cropping2D', [None, 3, 3, 2], cropping=((1, 2), (0, 0)))
fails('Cropping2D', cropping=(1, 2, 3))
fails('Cropping2D', cropping=None)
fails('Cropping3D', cropping=None)

head = {'made_with': f'tf_keras {keras.__version__}, TensorFlow {tf.__version__}, graph mode, CPU, oneDNN off'}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'convolution-layers.json'), 'w') as f:
    rows = lambda items: '[\n' + ',\n'.join(json.dumps(i, separators=(',', ':')) for i in items) + '\n]'
    f.write('{"made_with":' + json.dumps(head['made_with']) + ',\n"cases":' + rows(cases) + ',\n"errors":' + rows(errors) + '}\n')
print(len(cases), len(errors), [c['layer'] for c in cases if c['by'] != 'run'])
