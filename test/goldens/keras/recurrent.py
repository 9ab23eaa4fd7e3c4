"""Makes recurrent.json beside this file: what tf_keras 2.21 (the Keras 2.15 line) in graph mode answers for recurrent layers.
Run with TensorFlow and tf_keras installed: python recurrent.py

A case has the layer's class, configuration and weights, inputs, a mask, initial states and constants where it is called with
any, outputs, the masks of outputs, and tf.gradients of sum(output_i * flow_i) over all outputs by the inputs, the initial
states and each weight. `runs` are the outputs of further runs of a stateful layer with its updates, the same inputs each time.
`defaults` are the configurations of the layers of the first API as they are without options; `errors` are messages. Weights of
CuDNN layers are those of the layers that compute the same, laid out anew: cuDNN wants a GPU.
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
from tf_keras.src.backend import set_session
from tf_keras.src.layers.rnn import cudnn_gru, cudnn_lstm, gru_v1, lstm_v1
L = keras.layers
K = keras.backend
random = np.random.RandomState(11)


def num(x):
    x = float(str(x))
    return int(x) if x == int(x) else x


def arr(a):
    a = np.asarray(a)
    return {'dtype': str(a.dtype), 'shape': list(a.shape),
            'data': [bool(x) if a.dtype == bool else num(x) for x in a.reshape(-1)]}


def numbers(*shape):
    return np.round(random.uniform(-1, 1, shape), 2).astype(np.float32)


MASK = np.array([[1, 1, 1, 0], [0, 1, 0, 1], [0, 0, 0, 0]], bool)
cases = []


def listed(x):
    return tf.nest.flatten(x)


def case(make, x=(3, 4, 2), mask=None, states=(), constants=(), static=None, runs=0, note=None, keep=None):
    graph = tf.Graph()
    with graph.as_default():
        layer = make()
        x_value = numbers(*x)
        x_in = tf.placeholder(tf.float32, static or x, name='x')
        m_in = None if mask is None else tf.placeholder(tf.bool, mask.shape, name='m')
        s_values = [numbers(*s) for s in states]
        s_in = [tf.placeholder(tf.float32, s) for s in states]
        c_values = [numbers(*s) for s in constants]
        c_in = [tf.placeholder(tf.float32, s) for s in constants]
        kwargs = {}
        if mask is not None:
            kwargs['mask'] = m_in
        if s_in:
            kwargs['initial_state'] = s_in
        if c_in:
            kwargs['constants'] = c_in
        y = layer(x_in, **kwargs)
        outs = tf.nest.flatten(y)
        masks = listed(layer.compute_mask(x_in, m_in)) if mask is not None else []
    with graph.as_default(), tf.Session(graph=graph) as sess:
        sess.run(tf.global_variables_initializer())
        weights = []
        for w in layer.weights:
            value = numbers(*w.shape.as_list())
            sess.run(w.assign(value))
            weights.append(value)
        feed = dict(zip([x_in] + s_in + c_in, [x_value] + s_values + c_values))
        if m_in is not None:
            feed[m_in] = mask
        values = sess.run(outs, feed)
        flows = [numbers(*v.shape) for v in values]
        loss = tf.add_n([tf.reduce_sum(o * f) for o, f in zip(outs, flows)])
        wanted = [x_in] + s_in + c_in + layer.trainable_weights
        grads = [None if g is None else sess.run(g, feed) for g in tf.gradients(loss, wanted)]
        made = {
            'layer': type(layer).__name__, 'config': layer.get_config(),
            'weight_names': [w.name for w in layer.weights], 'weights': [arr(w) for w in weights],
            'static': static or list(x), 'x': arr(x_value), 'states': [arr(s) for s in s_values],
            'constants': [arr(c) for c in c_values],
            'outputs': [arr(v) for v in values], 'output_shapes': [o.shape.as_list() for o in outs],
            'flows': [arr(f) for f in flows], 'gradients': [None if g is None else arr(g) for g in grads],
        }
        if mask is not None:
            made['mask'] = arr(mask)
            made['output_masks'] = [None if m is None else arr(sess.run(m, feed)) for m in masks]
        if runs:
            made['runs'] = []
            for _ in range(runs):
                made['runs'].append([arr(v) for v in sess.run([outs, layer.updates], feed)[0]])
            kept = layer.states if hasattr(layer, 'states') else layer.forward_layer.states + layer.backward_layer.states
            made['kept'] = [arr(sess.run(v)) for v in tf.nest.flatten(kept)]
            made['state_names'] = [v.name for v in tf.nest.flatten(kept)]
        if note:
            made['note'] = note
        cases.append(made)


LAYERS = [('SimpleRNN', L.SimpleRNN, 1), ('GRU', L.GRU, 1), ('GRU v1', gru_v1.GRU, 1), ('LSTM', L.LSTM, 2), ('LSTM v1', lstm_v1.LSTM, 2)]
for name, cls, count in LAYERS:
    plain = {'return_sequences': True, 'return_state': True}
    case(lambda: cls(2), static=[None, None, 2])
    case(lambda: cls(2, **plain), static=[None, None, 2])
    case(lambda: cls(2, **plain), mask=MASK)
    case(lambda: cls(2), mask=MASK)
    case(lambda: cls(2, **plain, zero_output_for_mask=True), mask=MASK)
    case(lambda: cls(2, go_backwards=True, **plain), mask=MASK)
    case(lambda: cls(2, unroll=True, go_backwards=True, **plain), mask=MASK)
    case(lambda: cls(2, unroll=True, zero_output_for_mask=True, **plain), mask=MASK)
    case(lambda: cls(2, unroll=True))
    case(lambda: cls(2, time_major=True, **plain), mask=np.ascontiguousarray(MASK.T), x=(4, 3, 2))
    case(lambda: cls(2, **plain), states=[(3, 2)] * count, mask=MASK)
    case(lambda: cls(2, use_bias=False, go_backwards=True), states=[(3, 2)] * count)
    case(lambda: cls(2, stateful=True), runs=3, mask=MASK)
    case(lambda: cls(2, activation='relu', **({} if name == 'SimpleRNN' else {'implementation': 1})), note='relu')
    if name != 'SimpleRNN':
        case(lambda: cls(2, implementation=2, recurrent_activation='tanh', **plain))
        case(lambda: cls(2, implementation=1, recurrent_activation='sigmoid', **plain))
for reset_after in (False, True):
    for implementation in (1, 2):
        for use_bias in (False, True):
            case(lambda: L.GRU(2, reset_after=reset_after, implementation=implementation, use_bias=use_bias))


class WithConstants(keras.layers.Layer):
    """A cell with a constant, and an output that is not its state."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units
        self.output_size = 2 * units

    def build(self, shape):
        self.w = self.add_weight('w', shape=(shape[-1], self.units))
        self.u = self.add_weight('u', shape=(self.units, self.units))
        self.v = self.add_weight('v', shape=(3, self.units))
        super().build(shape)

    def call(self, x, states, constants=None):
        h = tf.tanh(tf.matmul(x, self.w) + tf.matmul(states[0], self.u))
        if constants is not None:
            h = h + tf.matmul(constants[0], self.v)
        return tf.concat([h, -h], 1), [h]

    def get_config(self):
        return {**super().get_config(), 'units': self.units}


case(lambda: L.RNN(WithConstants(2), return_sequences=True, return_state=True), constants=[(3, 3)])
case(lambda: L.RNN(WithConstants(2), return_sequences=True, return_state=True), constants=[(3, 3)], mask=MASK, states=[(3, 2)])
case(lambda: L.RNN(WithConstants(2)), mask=MASK)
case(lambda: L.RNN(WithConstants(2)), static=[None, None, 2])
case(lambda: L.RNN(WithConstants(2), unroll=True, return_sequences=True), mask=MASK, constants=[(3, 3)])
stack = lambda: L.StackedRNNCells([L.LSTMCell(2), L.GRUCell(3), L.SimpleRNNCell(2)])
case(lambda: L.RNN(stack(), return_sequences=True, return_state=True), mask=MASK)
case(lambda: L.RNN(stack(), return_state=True, go_backwards=True))
case(lambda: L.RNN(stack(), stateful=True), runs=2)
case(lambda: L.RNN([L.LSTMCell(2), L.LSTMCell(2)], return_sequences=True))

B = L.Bidirectional
for mode in ('concat', 'sum', 'mul', 'ave', None):
    case(lambda: B(L.LSTM(2, return_sequences=True), merge_mode=mode), mask=MASK)
    case(lambda: B(L.GRU(2), merge_mode=mode))
case(lambda: B(L.LSTM(2, return_sequences=True, return_state=True)), states=[(3, 2)] * 4)
case(lambda: B(L.GRU(2, return_state=True), merge_mode=None), mask=MASK)
case(lambda: B(L.SimpleRNN(2), backward_layer=L.GRU(2, go_backwards=True)))
case(lambda: B(L.LSTM(2, stateful=True)), runs=2)
case(lambda: B(L.RNN(stack(), return_sequences=True)))
case(lambda: B(L.LSTM(2, time_major=True, return_sequences=True)), x=(4, 3, 2))

flags = {'return_sequences': True, 'return_state': True}
case(lambda: L.ConvLSTM1D(2, 2), x=(2, 3, 5, 2))
case(lambda: L.ConvLSTM1D(2, 2, padding='same', **flags), x=(2, 3, 4, 2), mask=np.array([[1, 0, 1], [0, 1, 1]], bool))
case(lambda: L.ConvLSTM2D(2, (2, 3), padding='same', **flags), x=(2, 3, 3, 3, 2), static=[None, None, None, None, 2])
case(lambda: L.ConvLSTM2D(1, 2, strides=2, go_backwards=True, use_bias=False, recurrent_activation='sigmoid'), x=(2, 2, 4, 4, 2))
case(lambda: L.ConvLSTM2D(1, 2, dilation_rate=2, **flags), x=(2, 2, 4, 4, 1), states=[(2, 2, 2, 1)] * 2)
case(lambda: L.ConvLSTM2D(1, 2, stateful=True), x=(2, 2, 3, 3, 1), runs=2)
case(lambda: L.ConvLSTM3D(1, 2, **flags), x=(1, 2, 3, 2, 3, 1))


def cudnn(layer, plain_layer, gates):
    graph = tf.Graph()
    with graph.as_default(), tf.Session(graph=graph) as sess:
        x_value = numbers(3, 4, 2)
        x = tf.constant(x_value)
        y = plain_layer(x)
        kernel, recurrent, bias = numbers(2, 2 * gates), numbers(2, 2 * gates), numbers(4 * gates)
        own = bias.reshape(2, -1) if gates == 3 else bias.reshape(2, -1).sum(0)
        for w, v in zip(plain_layer.weights, (kernel, recurrent, own)):
            sess.run(w.assign(v))
        layer.build((None, 4, 2))
        cases.append({
            'layer': type(layer).__name__, 'config': layer.get_config(), 'weight_names': None,
            'weights': [arr(kernel), arr(recurrent), arr(bias)], 'static': [3, 4, 2], 'x': arr(x_value), 'states': [], 'constants': [],
            'outputs': [arr(v) for v in sess.run(listed(y))], 'output_shapes': [o.shape.as_list() for o in listed(y)]})


for flags in ({}, {'return_sequences': True, 'return_state': True}):
    cudnn(cudnn_lstm.CuDNNLSTM(2, **flags), L.LSTM(2, **flags), 4)
    cudnn(cudnn_gru.CuDNNGRU(2, **flags), L.GRU(2, **flags), 3)

# The backend.
backend = []


def steps(name, **options):
    graph = tf.Graph()
    with graph.as_default(), tf.Session(graph=graph) as sess:
        x, h, w, u = (tf.constant(v) for v in (X, H, W, U))
        if options.get('time_major'):
            x = tf.transpose(x, (1, 0, 2))
        step = lambda inp, st: (lambda n: (n * 2.0, [n]))(tf.tanh(K.dot(inp, w) + K.dot(st[0], u)))
        length = options.get('input_length')
        if length is not None:
            options['input_length'] = tf.constant(length)
        mask = options.get('mask')
        if mask is not None:
            options['mask'] = tf.constant(mask)
        last, outputs, states = K.rnn(step, x, [h], **options)
        values = sess.run([last, outputs, states[0]])
        backend.append({'name': name, 'values': [arr(v) for v in values]})


X, H, W, U = numbers(3, 4, 2), numbers(3, 2), numbers(2, 2), numbers(2, 2)
steps('plain')
steps('backwards', go_backwards=True)
steps('mask', mask=MASK)
steps('mask backwards', mask=MASK, go_backwards=True)
steps('zeroes', mask=MASK, zero_output_for_mask=True)
steps('mask unrolled', mask=MASK, unroll=True)
steps('zeroes unrolled', mask=MASK, unroll=True, zero_output_for_mask=True)
steps('time major', time_major=True)
steps('lengths', input_length=np.array([1, 4, 2], np.int32))
steps('lengths backwards', input_length=np.array([1, 4, 2], np.int32), go_backwards=True)

defaults = {}
with tf.Graph().as_default():
    for cls, args in ((L.SimpleRNN, (2,)), (gru_v1.GRU, (2,)), (lstm_v1.LSTM, (2,)), (L.SimpleRNNCell, (2,)), (gru_v1.GRUCell, (2,)),
                      (lstm_v1.LSTMCell, (2,)), (L.ConvLSTM1D, (2, 3)), (L.ConvLSTM2D, (2, 3)), (L.ConvLSTM3D, (2, 3)),
                      (cudnn_lstm.CuDNNLSTM, (2,)), (cudnn_gru.CuDNNGRU, (2,))):
        defaults[cls.__name__] = {**cls(*args).get_config(), 'dtype': 'float32'}

errors = {}


def error(name, body):
    with tf.Graph().as_default():
        try:
            body()
        except Exception as e:
            errors[name] = [type(e).__name__, str(e)]


error('units', lambda: L.LSTM(0))
error('no call', lambda: L.RNN(3))
error('no batch', lambda: L.LSTM(2, stateful=True)(tf.placeholder(tf.float32, [None, 3, 2])))
error('unroll', lambda: lstm_v1.LSTM(2, unroll=True)(tf.placeholder(tf.float32, [2, None, 2])))
error('number of states', lambda: lstm_v1.LSTM(2)(tf.zeros([2, 3, 2]), initial_state=[tf.zeros([2, 2])]))
error('rank', lambda: L.LSTM(2)(tf.zeros([2, 3])))
error('steps', lambda: K.rnn(lambda x, s: (x, s), tf.placeholder(tf.float32, [2, None, 2]), [], unroll=True))
error('merge', lambda: B(L.LSTM(2), merge_mode='max'))
error('same way', lambda: B(L.LSTM(2), backward_layer=L.LSTM(2)))
error('other results', lambda: B(L.LSTM(2), backward_layer=L.LSTM(2, go_backwards=True, return_sequences=True)))
error('odd states', lambda: B(L.GRU(2))(tf.zeros([2, 3, 2]), initial_state=[tf.zeros([2, 2])]))
error('unrolled convolution', lambda: L.ConvLSTM2D(2, 2, unroll=True))
error('constants', lambda: L.RNN(L.GRUCell(2))(tf.zeros([2, 3, 2]), constants=[tf.zeros([2, 2])]))

# Stateful models.
graph = tf.Graph()
with graph.as_default(), tf.Session(graph=graph) as sess:
    set_session(sess)
    model = keras.Sequential([L.GRU(2, stateful=True, batch_input_shape=(2, 3, 2)), L.Dense(1)])
    model.compile(keras.optimizers.legacy.SGD(0.1), 'mse')
    start = [numbers(*w.shape) for w in model.get_weights()]
    model.set_weights(start)
    xs, ys = numbers(4, 3, 2), numbers(4, 1)
    first = model.predict(xs, batch_size=2)
    second = model.predict(xs, batch_size=2)
    model.reset_states()
    again = model.predict(xs, batch_size=2)
    model.reset_states()
    history = model.fit(xs, ys, batch_size=2, epochs=3, shuffle=False, verbose=0).history['loss']
    evaluated = model.evaluate(xs, ys, batch_size=2, verbose=0)
    stateful = {'weights': [arr(w) for w in start], 'x': arr(xs), 'y': arr(ys), 'first': arr(first), 'second': arr(second),
                'again': arr(again), 'loss': history, 'evaluated': evaluated, 'final': [arr(w) for w in model.get_weights()],
                'states': [arr(sess.run(v)) for v in model.layers[0].states]}

out = {'keras': 'tf_keras 2.21', 'mode': 'TF1 graph mode', 'cases': cases, 'backend': {'x': arr(X), 'h': arr(H), 'w': arr(W), 'u': arr(U),
       'mask': arr(MASK), 'runs': backend}, 'defaults': defaults, 'errors': errors, 'stateful': stateful}


def jsonable(x):
    if isinstance(x, dict):
        return {k: jsonable(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [jsonable(v) for v in x]
    if hasattr(x, 'item'):
        return x.item()
    return x


path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'recurrent.json')
with open(path, 'w') as f:
    text = json.dumps(jsonable(out))
    f.write(text.replace('{"layer":', '\n{"layer":').replace('"backend": {"x"', '\n"backend": {"x"') + '\n')
print(len(cases), os.path.getsize(path), errors)
