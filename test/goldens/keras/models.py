"""Makes models.json: configurations of models as Keras 2.15's code writes them in graph mode, with what they predict.

Run with TensorFlow and tf_keras: python models.py > models.json
"""
import json
import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_v2_behavior()
import tf_keras as K

L = K.layers
CASES = {}


def case(make):
    CASES[make.__name__] = make


@case
def shared_layers():
    x = K.Input((3,))
    dense = L.Dense(4, activation="tanh")
    a = dense(x)
    b = dense(L.Dense(3)(x))
    return K.Model(x, [L.Concatenate()([a, b]), a])


@case
def alternating_calls():
    x = K.Input((3,))
    f, g = L.Dense(3, name="f"), L.Dense(3, name="g")
    return K.Model(x, f(g(f(g(x)))), name="alternating")


@case
def nested_models():
    inner = K.Sequential([L.Dense(2, input_shape=(3,), name="q")], name="inner")
    t = K.Input((2,), name="t")
    deep = K.Model(t, L.Dense(2, name="r")(inner_2(t)), name="deep")
    x = K.Input((3,), name="x")
    return K.Model(x, L.Add(name="sum")([inner(x), deep(inner(x))]), name="outer")


def inner_2(t):
    return K.Sequential([L.Dense(2, name="s")], name="deferred")(t)


@case
def options_of_calls():
    x = K.Input((4, 2), name="steps")
    h = L.Masking(name="masking")(x)
    h = L.Dropout(0.5, name="off")(h, training=False)
    h = L.BatchNormalization(name="norm")(h, training=False)
    return K.Model(x, [L.Dense(3, name="head")(h), L.Flatten(name="flat")(x)], name="options")


@case
def two_inputs():
    a, b = K.Input((2,), name="a"), K.Input((3,), name="b", dtype="float32")
    h = L.Concatenate(name="join")([b, a])
    h2 = L.Multiply(name="times")([L.Dense(5, name="gate", activation="sigmoid")(h), h])
    return K.Model([a, b], [L.Dense(1, name="one")(h2), L.Dense(2, name="two", use_bias=False)(h)], name="two_inputs")


@case
def ops_between_layers():
    y = K.Input((3,), name="y")
    z = tf.reduce_mean(tf.concat([y * 2.0, tf.exp(y)], axis=1), axis=-1, keepdims=True)
    return K.Model(y, L.Dense(2, name="head")(z), name="ops")


@case
def slices_and_residuals():
    x = K.Input((4,), name="x")
    h = L.Dense(4, name="h")(x)
    r = x + h
    left, right = tf.split(r, 2, axis=1)
    s = r[:, 1:3]
    return K.Model(x, [L.Dense(1, name="a")(right), L.Add(name="b")([left, s]), tf.nn.relu(r)], name="residual")


@case
def built_later():
    model = K.Sequential([L.Dense(2, name="d"), L.Dense(1, name="e")], name="later")
    model.build((None, 3))
    return model


def number(x):
    return float(np.format_float_positional(np.float32(x), unique=True)) if np.isfinite(x) else str(x)


def array(a):
    a = np.asarray(a)
    return {"dtype": str(a.dtype), "shape": list(a.shape), "data": [number(v) for v in a.ravel()]}


def drop_later_keys(config):
    """The reference is 2.15; the package at hand is of the same line but writes `optional` for inputs."""
    if isinstance(config, dict):
        return {k: drop_later_keys(v) for k, v in config.items() if k not in ("optional", "shared_object_id")}
    return [drop_later_keys(v) for v in config] if isinstance(config, list) else config


def main():
    lines = []
    for name, make in CASES.items():
        K.backend.clear_session()
        rng = np.random.RandomState(len(name))
        model = make()
        json_text = drop_later_keys(json.loads(model.to_json()))
        json_text["keras_version"] = "2.15.0"
        weights = [np.round(rng.uniform(-0.5, 0.5, w.shape), 3).astype("float32") + (1 if "variance" in v.name else 0)
                   for w, v in zip(model.get_weights(), model.weights)]
        model.set_weights(weights)
        inputs = model.inputs or [type("T", (), {"shape": tf.TensorShape([None, 3])})]
        x = [np.round(rng.uniform(-1, 1, [2] + t.shape.as_list()[1:]), 3).astype("float32") for t in inputs]
        out = model.predict(x if len(x) > 1 else x[0]) if model.inputs else model.predict(x[0])
        out = out if isinstance(out, list) else [out]
        lines.append(json.dumps({
            "name": name,
            "config": json_text,
            "layers": [layer.name for layer in model.layers],
            "weight_names": [v.name for v in model.weights],
            "weights": [array(w) for w in weights],
            "x": [array(v) for v in x],
            "predictions": [array(v) for v in out],
        }, separators=(",", ":")))
    print('{"keras": "tf_keras %s, as 2.15", "mode": "graph", "cases": [\n%s\n]}' % (K.__version__, ",\n".join(lines)))


main()
