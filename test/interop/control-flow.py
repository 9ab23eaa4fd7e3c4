"""Imports graphs with control flow and runs them: reads a list of them from the file of the first argument, prints their values as JSON."""
import json
import sys
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
tf.disable_control_flow_v2()
tf.disable_v2_tensorshape()
TYPES = {'bool': np.bool_, 'int32': np.int32, 'float32': np.float32}


def plain(value):
    value = np.asarray(value)
    return {'dtype': str(value.dtype), 'shape': list(value.shape), 'data': value.ravel().tolist()}


def run(graph_file, init, runs):
    definition = tf.GraphDef()
    with open(graph_file, 'rb') as file:
        definition.ParseFromString(file.read())
    with tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
        tf.import_graph_def(definition, name='')
        session.run(graph.get_operation_by_name(init))
        values = []
        for step in runs:
            feeds = {name: np.array(v['data'], TYPES[v['dtype']]).reshape(v['shape']) for name, v in step['feeds'].items()}
            values.append([plain(value) for value in session.run(step['fetches'], feeds)])
        return values


results = []
with open(sys.argv[1]) as file:
    programs = json.load(file)
for program in programs:
    try:
        results.append({'values': run(program['file'], program['init'], program['runs'])})
    except Exception as error:
        results.append({'error': '%s: %s' % (type(error).__name__, str(error)[:1500])})
# NaN and infinities are not JSON; none of these graphs has them.
print(json.dumps(results))
