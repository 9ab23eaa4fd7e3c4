"""What TensorFlow makes of the cells of tf.nn.rnn_cell and the functions that run them: names, ops, values.

Run with TensorFlow 2.21 and tf_keras: TF_USE_LEGACY_KERAS=1 python rnn.py PROGRAMS > rnn.json
PROGRAMS is the folder of golden programs, of which those on recurrent networks are taken over, with the values that
they give their variables.
"""
import json
import os
import sys
import warnings

os.environ['TF_USE_LEGACY_KERAS'] = '1'
warnings.filterwarnings('ignore')
import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import tensor_util

tf.disable_v2_behavior()
tf.enable_resource_variables()
rc = tf.nn.rnn_cell
F = tf.float32

PROGRAMS = ['rnn_static_basic_resource', 'rnn_static_lstm', 'rnn_dynamic_lstm_v2', 'rnn_dynamic_gru_v2',
            'rnn_bidirectional_resource', 'rnn_by_hand_v2_resource']


def array(value):
    value = np.asarray(value)
    return {'dtype': value.dtype.name, 'shape': list(value.shape), 'data': value.ravel().tolist()}


def program(folder, name):
    golden = json.load(open(os.path.join(folder, name + '.json')))
    graph = tf.GraphDef()
    graph.ParseFromString(open(os.path.join(folder, golden['graph']), 'rb').read())
    nodes = {node.name: node for node in graph.node}

    def constant(name):
        node = nodes[name.split(':')[0]]
        return constant(node.input[0]) if node.op == 'Identity' else tensor_util.MakeNdarray(node.attr['value'].tensor)

    fills = []
    while f'fill_{len(fills)}' in nodes:
        node = nodes[f'fill_{len(fills)}']
        fills.append(array(constant([i for i in node.input if not i.startswith('^')][1])))
    return {
        'name': name,
        'variables': [v['name'] for v in golden['variables_list']],
        'fills': fills,
        'initial': {n.name: array(constant(n.input[1])) for n in graph.node
                    if not fills and n.op in ('Assign', 'AssignVariableOp') and n.name.endswith('/Assign')
                    and nodes[n.input[1]].op == 'Const'},
        'steps': [{k: s[k] for k in ('targets', 'feeds', 'outputs', 'fetches')} for s in golden['steps'] if s['kind'] == 'run'],
    }


def x2():
    return tf.constant([[1.0, -0.5], [0.25, 2.0]])


def step(cell):
    cell = cell()
    state = cell.zero_state(2, F)
    state = tf.nest.map_structure(lambda s: s + 0.1, state)
    return cell(x2(), state)


def sequence():
    return tf.reshape(tf.range(24, dtype=F) / 12 - 1, [2, 4, 3])


def lists():
    return tf.unstack(sequence(), axis=1)


def dynamic(cell, **options):
    options.setdefault('dtype', F)
    return tf.nn.dynamic_rnn(cell(), sequence(), **options)


def twice(cell):
    cell = cell()
    state = cell.zero_state(2, F)
    _, state = cell(x2(), state)
    return cell(x2(), state)


def visitor(s):
    return rc.LSTMStateTuple(c=True, h=False) if isinstance(s, rc.LSTMStateTuple) else True


CELLS = {
    'basic rnn': lambda: rc.BasicRNNCell(3),
    'basic rnn relu': lambda: rc.BasicRNNCell(3, activation='relu', name='mine'),
    'gru': lambda: rc.GRUCell(3),
    'gru initializers': lambda: rc.GRUCell(2, kernel_initializer=tf.constant_initializer(0.5),
                                           bias_initializer=tf.constant_initializer(-0.25)),
    'basic lstm': lambda: rc.BasicLSTMCell(3),
    'basic lstm joined': lambda: rc.BasicLSTMCell(3, forget_bias=0.5, state_is_tuple=False),
    'lstm': lambda: rc.LSTMCell(3),
    'lstm joined': lambda: rc.LSTMCell(3, state_is_tuple=False, num_proj=2),
    'lstm all': lambda: rc.LSTMCell(4, use_peepholes=True, cell_clip=0.3, num_proj=3, proj_clip=0.05,
                                    initializer=tf.constant_initializer(0.4), forget_bias=0.5),
    'lstm shards': lambda: rc.LSTMCell(3, num_unit_shards=2, num_proj=3, num_proj_shards=3),
    'multi': lambda: rc.MultiRNNCell([rc.BasicLSTMCell(2), rc.GRUCell(3)]),
    'multi joined': lambda: rc.MultiRNNCell([rc.GRUCell(2), rc.BasicRNNCell(3)], state_is_tuple=False),
    'residual': lambda: rc.ResidualWrapper(rc.GRUCell(2)),
    'residual function': lambda: rc.ResidualWrapper(rc.GRUCell(3), residual_fn=lambda i, o: tf.concat([i, o], 1)),
    'device': lambda: rc.DeviceWrapper(rc.BasicRNNCell(2), '/cpu:0'),
    'dropout': lambda: rc.DropoutWrapper(rc.BasicLSTMCell(3), input_keep_prob=0.5, output_keep_prob=0.6,
                                         state_keep_prob=0.7, seed=7),
    'dropout visitor': lambda: rc.DropoutWrapper(rc.BasicLSTMCell(3), state_keep_prob=0.5, seed=3,
                                                 dropout_state_filter_visitor=visitor),
    'dropout variational': lambda: rc.DropoutWrapper(rc.MultiRNNCell([rc.GRUCell(3), rc.BasicLSTMCell(2)]), 0.5, 0.5, 0.5,
                                                     variational_recurrent=True, input_size=2, dtype=F, seed=11),
    'dropout tensor': lambda: rc.DropoutWrapper(rc.GRUCell(3), output_keep_prob=tf.placeholder_with_default(0.5, [])),
}


class Counter(rc.RNNCell):
    """The state counts the steps."""
    state_size = tf.TensorShape([])
    output_size = 3

    def zero_state(self, batch_size, dtype):
        return tf.constant(0, tf.int32)

    def call(self, inputs, state, scope=None):
        return inputs, state + 1


class Unbalanced(rc.RNNCell):
    """Outputs and states are structures of their own."""
    output_size = (3, tf.TensorShape([2, 1]))
    state_size = (4, {'a': 1, 'b': tf.TensorShape([1, 2])})

    def call(self, inputs, state, scope=None):
        w = tf.get_variable('w', [3, 2], initializer=tf.constant_initializer(0.5))
        y = tf.matmul(inputs, w)
        first, rest = state
        return (inputs, tf.expand_dims(y, 2)), (first + 1.0, {'a': rest['a'] + y[:, :1], 'b': rest['b'] * 0.5 + 1.0})


def raw():
    cell = rc.BasicLSTMCell(2)
    lengths = tf.constant([3, 1])
    array = tf.TensorArray(F, size=4, element_shape=[2, 3]).unstack(tf.transpose(sequence(), [1, 0, 2]))

    def loop_fn(time, output, state, loop_state):
        finished = time >= lengths
        next_state = cell.zero_state(2, F) if output is None else state
        following = tf.cond(tf.reduce_all(finished), lambda: tf.zeros([2, 3]), lambda: array.read(time))
        next_loop = tf.constant(10) if output is None else loop_state + time
        return finished, following, next_state, output, next_loop

    arrays, state, loop = tf.nn.raw_rnn(cell, loop_fn)
    return arrays.stack(), state, loop


class Saver:
    def state(self, name):
        return tf.fill([2, 2], {'c': 0.25, 'h': -0.5}[name])

    def save_state(self, name, value):
        return tf.identity(value, name='saved_' + name)


NETWORKS = {
    'static': lambda: tf.nn.static_rnn(rc.GRUCell(2), lists(), dtype=F),
    'static lengths': lambda: tf.nn.static_rnn(rc.BasicLSTMCell(2), lists(), dtype=F, sequence_length=tf.constant([3, 1])),
    'static given state': lambda: tf.nn.static_rnn(rc.BasicRNNCell(2), lists(), initial_state=tf.ones([2, 2])),
    'static saving': lambda: tf.nn.static_state_saving_rnn(rc.BasicLSTMCell(2), lists(), Saver(), ('c', 'h')),
    'static both ways': lambda: tf.nn.static_bidirectional_rnn(rc.GRUCell(2), rc.GRUCell(3), lists(), dtype=F),
    'static both ways lengths': lambda: tf.nn.static_bidirectional_rnn(
        rc.GRUCell(2), rc.GRUCell(3), lists(), dtype=F, sequence_length=tf.constant([2, 4])),
    'dynamic': lambda: dynamic(lambda: rc.BasicRNNCell(2)),
    'dynamic lengths': lambda: dynamic(lambda: rc.GRUCell(2), sequence_length=[2, 3]),
    'dynamic long lengths': lambda: dynamic(lambda: rc.GRUCell(2), sequence_length=tf.constant([2, 3], tf.int64)),
    'dynamic time major': lambda: dynamic(lambda: rc.LSTMCell(2, num_proj=3), time_major=True, scope='mine'),
    'dynamic given state': lambda: dynamic(
        lambda: rc.BasicLSTMCell(2), dtype=None, initial_state=rc.LSTMStateTuple(tf.ones([2, 2]), tf.zeros([2, 2]))),
    'dynamic multi': lambda: dynamic(lambda: rc.MultiRNNCell([rc.BasicLSTMCell(2), rc.LSTMCell(2, use_peepholes=True)])),
    'dynamic residual': lambda: dynamic(lambda: rc.ResidualWrapper(rc.GRUCell(3))),
    'dynamic counter': lambda: dynamic(Counter),
    'dynamic unbalanced': lambda: dynamic(Unbalanced, sequence_length=[4, 2]),
    'both ways': lambda: tf.nn.bidirectional_dynamic_rnn(rc.GRUCell(2), rc.BasicRNNCell(3), sequence(), dtype=F),
    'both ways time major': lambda: tf.nn.bidirectional_dynamic_rnn(
        rc.GRUCell(2), rc.BasicRNNCell(3), sequence(), dtype=F, time_major=True, sequence_length=[1, 2, 2, 1]),
    'raw': raw,
}


def build(body):
    tf.reset_default_graph()
    tf.set_random_seed(5)
    result = tf.nest.flatten(body())
    graph = tf.get_default_graph()
    ops = [[op.name, op.type] for op in graph.get_operations()]
    variables = tf.global_variables()
    gradients = []
    if variables:
        total = tf.add_n([tf.reduce_sum(r) for r in result if r.dtype == F])
        gradients = [g for g in tf.gradients(total, variables) if g is not None]
    seeds = [[op.get_attr('seed'), op.get_attr('seed2')] for op in graph.get_operations() if op.type == 'RandomUniform']
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values, weights, slopes = session.run([result, variables, gradients])
    return {
        'variables': [v.name for v in variables],
        'ops': ops,
        'seeds': seeds,
        'static': [None if r.shape.rank is None else r.shape.as_list() for r in result],
        'initial': [array(w) for w in weights],
        'values': [array(v) for v in values],
        'gradients': [array(s) for s in slopes],
    }


def main():
    tf.disable_control_flow_v2()
    cells = {name: build(lambda: step(cell)) for name, cell in CELLS.items()}
    again = {name: build(lambda: twice(cell)) for name, cell in CELLS.items() if name in ('gru', 'multi', 'basic lstm')}
    tf.enable_control_flow_v2()
    networks = {name: build(body) for name, body in NETWORKS.items()}
    programs = [program(sys.argv[1], name) for name in PROGRAMS]
    print(json.dumps({'tensorflow': tf.__version__, 'cells': cells, 'twice': again, 'networks': networks,
                      'programs': programs}, separators=(',', ':')).replace('},"', '},\n"'))


main()
