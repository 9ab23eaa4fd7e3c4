"""Writes graph-util.json: graphs, what tf.graph_util makes of them, and an output. Run with TensorFlow 2.21."""

import base64
import json

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
X = np.array([[0.5, -1.0, 2.0], [1.0, 0.25, -0.5]], np.float32)


def dense():
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.get_variable("w", initializer=tf.constant(np.arange(6, dtype=np.float32).reshape(3, 2) / 10))
    b = tf.get_variable("b", initializer=tf.constant([0.25, -0.5]))
    y = tf.nn.relu(tf.matmul(x, w) + b)
    tf.identity(y, name="y")
    w.assign(w * 2, name="unneeded")


def embedding():
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    table = tf.get_variable("table", initializer=tf.constant(np.arange(8, dtype=np.float32).reshape(4, 2)))
    rows = tf.nn.embedding_lookup(table, tf.cast(tf.abs(x[:, 0]) * 2, tf.int32))
    cells = tf.gather_nd(table, [[1, 0], [2, 1]])
    tf.add(rows, cells, name="y")


def loop():
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.get_variable("w", initializer=tf.constant([0.5, 2.0, 3.0]))
    _, total = tf.while_loop(
        lambda i, t: i < 3, lambda i, t: (i + 1, t * w), [tf.constant(0), x], maximum_iterations=5)
    tf.reduce_sum(total, axis=1, name="y")


def nodes(graph_def):
    return [[n.name, n.op, list(n.input)] for n in graph_def.node]


def record(name, build, resource, control_flow_v2):
    (tf.enable_resource_variables if resource else tf.disable_resource_variables)()
    (tf.enable_control_flow_v2 if control_flow_v2 else tf.disable_control_flow_v2)()
    with tf.Graph().as_default() as graph, tf.Session() as sess:
        build()
        init = tf.global_variables_initializer()
        sess.run(init)
        given = graph.as_graph_def()
        frozen = tf.graph_util.convert_variables_to_constants(sess, given, ["y"])
        variables = [v.op.name for v in tf.global_variables()]
        kept = tf.graph_util.convert_variables_to_constants(
            sess, given, ["y"], variable_names_blacklist=variables[:1])
        return {
            "name": name,
            "graph": base64.b64encode(given.SerializeToString(deterministic=True)).decode(),
            "init": init.name,
            "x": X.ravel().tolist(),
            "y": np.asarray(sess.run("y:0", {"x:0": X})).ravel().tolist(),
            "sub_graph": nodes(tf.graph_util.extract_sub_graph(given, ["y"])),
            "inference": nodes(tf.graph_util.remove_training_nodes(given, ["y"])),
            "frozen": nodes(frozen),
            "without_first": nodes(kept),
        }


if __name__ == "__main__":
    cases = [
        record("dense_ref", dense, False, False),
        record("dense_resource", dense, True, False),
        record("embedding_resource", embedding, True, False),
        record("loop_ref", loop, False, True),
        record("loop_resource", loop, True, True),
    ]
    with open("graph-util.json", "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
