"""MetaGraphs and SavedModels: writes TensorFlow's for models.test.ts, and loads and runs those written there. Prints JSON.

    models.py write FOLDER    writes a meta graph (binary and text), its checkpoint and SavedModels; prints what they compute
    models.py read FOLDER     prints what the files computed that were written into FOLDER
    models.py ops FILE        prints the stripped definitions of TensorFlow's ops that the JSON list in FILE names, as bytes
"""
import json
import os
import sys

import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
tf.logging.set_verbosity(tf.logging.ERROR)
mode, folder = sys.argv[1:]
X = np.array([[1, 2], [3, 4], [-1, 0.5]], np.float32)


def plain(value):
    value = np.asarray(value)
    if value.dtype == object or value.dtype.kind == 'S':
        return [item.decode() for item in np.ravel(value).tolist()]
    return np.ravel(value).astype(float).tolist()


def network(use_resource):
    x = tf.placeholder(tf.float32, [None, 2], name='x')
    with tf.variable_scope('dense', use_resource=use_resource):
        w = tf.get_variable('kernel', [2, 3], initializer=tf.constant_initializer(np.arange(6) * 0.5 - 1))
        b = tf.get_variable('bias', [3], initializer=tf.constant_initializer([0.1, -0.2, 0.3]))
    y = tf.nn.tanh(tf.matmul(x, w) + b, name='y')
    loss = tf.reduce_sum(tf.square(y), name='loss')
    total = tf.while_loop(lambda i, s: i < 3, lambda i, s: (i + 1, s + tf.reduce_sum(y)), (0, 0.0), name='repeat')[1]
    total = tf.identity(total, name='total')
    step = tf.train.get_or_create_global_step()
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss, global_step=step, name='train')
    return x, y, loss, total


def trained(session, names):
    """What the graph computes, before and after some steps of its training."""
    run = lambda: {name: plain(session.run(name + ':0', {'x:0': X})) for name in names}
    first = run()
    for _ in range(3):
        session.run('train', {'x:0': X})
    return [first, run()]


def write():
    told = {}
    for name, use_resource in (('resource', True), ('reference', False)):
        with tf.Graph().as_default(), tf.Session() as session:
            network(use_resource)
            session.run(tf.global_variables_initializer())
            session.run('train', {'x:0': X})
            saver = tf.train.Saver()
            path = saver.save(session, os.path.join(folder, name))
            tf.train.export_meta_graph(os.path.join(folder, name + '.metatxt'), as_text=True, saver_def=saver.as_saver_def())
            told[name] = trained(session, ['y', 'loss', 'total'])
    vocabulary = os.path.join(folder, 'words.txt')
    with open(vocabulary, 'w') as file:
        file.write('zero\none\ntwo\n')
    for as_text in (False, True):
        name = 'saved-text' if as_text else 'saved'
        with tf.Graph().as_default(), tf.Session() as session:
            x, y, _, total = network(not as_text)
            table = tf.lookup.StaticVocabularyTable(tf.lookup.TextFileInitializer(
                vocabulary, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER), 2)
            words = tf.placeholder(tf.string, [None], name='words')
            ids = table.lookup(words)
            session.run([tf.global_variables_initializer(), tf.tables_initializer()])
            builder = tf.saved_model.Builder(os.path.join(folder, name))
            signatures = {
                'serving_default': tf.saved_model.predict_signature_def({'x': x}, {'y': y, 'total': total}),
                'ids': tf.saved_model.predict_signature_def({'words': words}, {'ids': ids})}
            builder.add_meta_graph_and_variables(
                session, ['serve'], signatures, assets_collection=tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS),
                main_op=tf.tables_initializer())
            builder.save(as_text=as_text)
            told[name] = {'y': plain(session.run(y, {x: X})), 'total': plain(session.run(total, {x: X})),
                          'ids': plain(session.run(ids, {words: ['two', 'zero', 'other', '']}))}
    return told


def imported(file):
    with tf.Graph().as_default() as graph, tf.Session() as session:
        saver = tf.train.import_meta_graph(os.path.join(folder, file))
        saver.restore(session, os.path.join(folder, 'ours-7'))
        meta = tf.MetaGraphDef()
        with open(os.path.join(folder, file), 'rb') as content:
            data = content.read()
        if file.endswith('.meta'):
            meta.ParseFromString(data)
        return {
            'variables': [[v.name, v.trainable, v.shape.as_list()] for v in tf.global_variables()],
            'train_op': [op.name for op in tf.get_collection('train_op')],
            'numbers': list(tf.get_collection('numbers')),
            'step': int(session.run(tf.train.get_global_step(graph))),
            'computed': trained(session, ['y', 'loss', 'total']),
            'canonical': not file.endswith('.meta') or meta.SerializeToString(deterministic=True) == data,
        }


def loaded(name):
    with tf.Graph().as_default(), tf.Session() as session:
        meta = tf.saved_model.loader.load(session, ['serve'], os.path.join(folder, name))
        found = {}
        for signature, feed in (('serving_default', {'x': X}), ('ids', {'words': ['two', 'zero', 'other', '']})):
            info = meta.signature_def[signature]
            fed = {info.inputs[key].name: value for key, value in feed.items()}
            for key, output in info.outputs.items():
                found[key] = plain(session.run(output.name, fed))
        return found


def ops():
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.framework import op_def_registry
    with open(folder) as file:
        names = json.load(file)
    result = {}
    for name in names:
        definition = op_def_registry.get(name)
        if definition is None:
            continue
        copy = op_def_pb2.OpDef()
        copy.CopyFrom(definition)
        copy.summary = copy.description = ''
        copy.ClearField('deprecation')
        for part in list(copy.input_arg) + list(copy.output_arg) + list(copy.attr):
            part.description = ''
        # The order of attributes and of allowed types is of no meaning.
        attributes = sorted(copy.attr, key=lambda attr: attr.name)
        del copy.attr[:]
        copy.attr.extend(attributes)
        for attr in copy.attr:
            attr.allowed_values.list.type.sort()
            if not attr.HasField('allowed_values') or not attr.allowed_values.list.ByteSize():
                attr.ClearField('allowed_values')
        result[name] = copy.SerializeToString(deterministic=True).hex()
    return result


if mode == 'write':
    print(json.dumps(write()))
elif mode == 'ops':
    print(json.dumps(ops()))
else:
    print(json.dumps({
        'meta': [imported('ours-7.meta'), imported('ours.metatxt')],
        'saved': [loaded('ours-saved'), loaded('ours-saved-text')],
    }))
