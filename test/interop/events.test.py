"""Reads with TensorFlow what the test beside this wrote, and writes files for it to read.

    events.test.py read FOLDER   prints a list of what is wrong with FOLDER/logs and the record files
    events.test.py write FOLDER  writes record files and an event file, prints what is in them
"""
import json, math, os, sys
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
mode, folder = sys.argv[1:]
wrong = []


def check(what, found, wanted):
    if found != wanted:
        wrong.append('%s: %r, expected %r' % (what, str(found)[:300], str(wanted)[:300]))


def values_at(step):
    return np.array([np.float32(math.sin(i * 1.3 + step) * (i + 1)) for i in range(24)], np.float32)


def strip(value):
    copy = tf.Summary.Value()
    copy.CopyFrom(value)
    copy.ClearField('metadata')
    return copy


def read_events():
    logs = os.path.join(folder, 'logs')
    (name,) = os.listdir(logs)
    check('name', name.startswith('events.out.tfevents.'), True)
    events = list(tf.train.summary_iterator(os.path.join(logs, name)))
    kinds = [(e.WhichOneof('what'), e.step) for e in events]
    check('kinds', kinds, [('file_version', 0), ('graph_def', 0), ('meta_graph_def', 0), ('session_log', 0), ('summary', 0),
                           ('summary', 1), ('tagged_run_metadata', 1), ('summary', 2), ('summary', 99)])
    graph_def = tf.GraphDef.FromString(events[1].graph_def)
    check('shapes', all('_output_shapes' in n.attr or n.op in ('NoOp', 'AssignVariableOp', 'ResourceApplyGradientDescent') for n in graph_def.node), True)
    with tf.Graph().as_default() as g:
        tf.import_graph_def(graph_def, name='')
        check('summaries in the graph', len([o for o in g.get_operations() if o.type.endswith('Summary') or o.type.endswith('SummaryV2')]), 8)
        # The graph that was written, run by TensorFlow, makes the summaries that were written.
        for step in range(3):
            summary = [e.summary for e in events if e.WhichOneof('what') == 'summary' and e.step == step][0]
            with tf.Session(graph=g) as sess:
                sess.run('init')
                made = tf.Summary.FromString(sess.run('Merge/MergeSummary:0', {'x:0': values_at(step)}))
                check('tags', [v.tag for v in summary.value], [v.tag for v in made.value])
                for a, b in zip(summary.value, made.value):
                    where = '%s at %d' % (a.tag, step)
                    if step == 0:
                        check(where + ' metadata', a.metadata, b.metadata)
                    else:
                        check(where + ' has no metadata', a.HasField('metadata'), False)
                    kind = a.WhichOneof('value')
                    check(where + ' kind', kind, b.WhichOneof('value'))
                    if kind == 'image':
                        pixels = [sess.run(tf.image.decode_png(v.image.encoded_image_string)).tolist() for v in (a, b)]
                        check(where, pixels[0], pixels[1])
                        check(where, (a.image.height, a.image.width, a.image.colorspace), (b.image.height, b.image.width, b.image.colorspace))
                    elif kind == 'simple_value':
                        # The variable has been trained there, and the order of sums differs.
                        if step == 0 and abs(a.simple_value - b.simple_value) > 1e-4:
                            check(where, a.simple_value, b.simple_value)
                    elif kind == 'audio':
                        x, y = (np.frombuffer(v.audio.encoded_audio_string[44:], np.int16).astype(int) for v in (a, b))
                        check(where, bool(np.all(np.abs(x - y) <= 1)), True)
                        check(where, a.audio.encoded_audio_string[:44], b.audio.encoded_audio_string[:44])
                    else:
                        check(where, strip(a).SerializeToString(deterministic=True), strip(b).SerializeToString(deterministic=True))
    meta = tf.MetaGraphDef.FromString(events[2].meta_graph_def)
    check('meta graph', len(meta.graph_def.node), len(graph_def.node))
    check('ops of the meta graph', {op.name for op in meta.meta_info_def.stripped_op_list.op}, {n.op for n in graph_def.node})
    with tf.Graph().as_default() as g, tf.Session() as sess:
        tf.train.import_meta_graph(meta)
        check('variables of the meta graph', [v.name for v in tf.trainable_variables()], ['w:0'])
        check('summaries of the meta graph', len(tf.get_collection(tf.GraphKeys.SUMMARIES)), 7)
        sess.run(tf.global_variables_initializer())
        check('loss of the meta graph', abs(sess.run('loss:0', {'x:0': values_at(0)}) - values_at(0).sum()) < 1e-3, True)
    run = tf.RunMetadata.FromString(events[6].tagged_run_metadata.run_metadata)
    names = [n.node_name for d in run.step_stats.dev_stats for n in d.node_stats]
    check('steps', bool(names) and all(n.all_start_micros > 1e15 for d in run.step_stats.dev_stats for n in d.node_stats), True)
    known = {n.name for n in graph_def.node}
    check('steps of the graph', any(n in known for n in names), True)
    check('manual', [(v.tag, v.simple_value) for v in events[8].summary.value], [('manual', 1.5)])
    check('log', events[3].session_log.status, 1)


def read_records():
    for name, compression in (('plain', ''), ('gzip', 'GZIP'), ('zlib', 'ZLIB')):
        records = list(tf.io.tf_record_iterator(os.path.join(folder, name + '.tfrecord'), compression))
        check(name, len(records), 21)
        for i, r in enumerate(records[:20]):
            f = tf.train.Example.FromString(r).features.feature
            check('%s %d' % (name, i), (list(f['id'].int64_list.value), list(f['name'].bytes_list.value), list(f['x'].float_list.value)),
                  ([i, -2**63, 2**53 + 1], [('rec%d' % i).encode(), 'ü'.encode(), b'\x00\xff'], [np.float32(i * 0.1 + k) for k in range(i)]))
        check(name + ' empty', records[20], b'')
    (record,) = tf.io.tf_record_iterator(os.path.join(folder, 'sequence.tfrecord'))
    s = tf.train.SequenceExample.FromString(record)
    check('sequence', ([list(f.int64_list.value) for f in s.feature_lists.feature_list['tok'].feature], list(s.context.feature['len'].int64_list.value)), ([[1], [2, 3]], [2]))


def write():
    told = []
    for name, compression in (('plain', ''), ('gzip', 'GZIP'), ('zlib', 'ZLIB')):
        with tf.io.TFRecordWriter(os.path.join(folder, 'py-' + name), compression) as w:
            for i in range(50):
                w.write(tf.train.Example(features=tf.train.Features(feature={
                    'x': tf.train.Feature(float_list=tf.train.FloatList(value=[i * 0.5] * i)),
                    'n': tf.train.Feature(bytes_list=tf.train.BytesList(value=[b'\xff' * (i * 1000)])),
                    'i': tf.train.Feature(int64_list=tf.train.Int64List(value=[-i, 2**62 + i]))})).SerializeToString())
            w.write(b'')
    logs = os.path.join(folder, 'py-logs')
    with tf.Graph().as_default() as g, tf.Session() as sess:
        h = tf.summary.histogram('h', tf.constant([1., 2., -3.]))
        w = tf.summary.FileWriter(logs, g)
        w.add_summary(sess.run(h), 5)
        w.add_summary(sess.run(tf.summary.tensor_summary('t', tf.constant([[1, 2]], tf.int64))), 6)
        w.close()
        names = [o.name for o in g.get_operations() if o.name.startswith('h')]
    return {'file': os.path.join(logs, os.listdir(logs)[0]), 'nodes': names}


if mode == 'read':
    read_events()
    read_records()
    print(json.dumps(wrong))
else:
    print(json.dumps(write()))
