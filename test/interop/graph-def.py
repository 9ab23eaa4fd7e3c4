"""Imports graphs and gives back what TensorFlow makes of them: reads a list of files from the file of the first argument, prints JSON."""
import json
import sys
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()


def read(file):
    definition = tf.GraphDef()
    with open(file, 'rb') as binary:
        data = binary.read()
    definition.ParseFromString(data)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name='')
        shapes = {
            output.name: None if output.shape.rank is None else [-1 if d is None else d for d in output.shape.as_list()]
            for op in graph.get_operations()
            for output in op.outputs
        }
        return {
            'types': {output.name: output.dtype.base_dtype.name for op in graph.get_operations() for output in op.outputs},
            'shapes': shapes,
            'canonical': definition.SerializeToString(deterministic=True) == data,
        }


results = []
with open(sys.argv[1]) as file:
    files = json.load(file)
for each in files:
    try:
        results.append(read(each))
    except Exception as error:
        results.append({'error': '%s: %s' % (type(error).__name__, str(error)[:600])})
print(json.dumps(results))
