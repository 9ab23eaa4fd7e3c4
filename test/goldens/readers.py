"""What TensorFlow's readers give of a few small files: writes readers.json beside this file. The files' bytes are in it."""
import json
import os
import tempfile

import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
folder = tempfile.mkdtemp()
os.chdir(folder)


def record_file(name, records, options=None):
    with tf.python_io.TFRecordWriter(name, options) as writer:
        for record in records:
            writer.write(record)


def write(name, content):
    with open(name, 'wb') as file:
        file.write(content)


write('a.txt', b'head\nfirst\r\nse\rcond\n\nlast')
write('b.txt', b'')
write('c.txt', b'only head\n')
write('d.txt', b'x\ny\n')
write('fixed.bin', b'HHabcdefghijkF')
write('short.bin', b'HHabcdF')
write('empty.bin', b'HHF')
record_file('r.tfrecord', [b'one', b'', b'three' * 20])
record_file('z.tfrecord', [b'uno', b'dos'], tf.python_io.TFRecordOptions(tf.python_io.TFRecordCompressionType.GZIP))
FILES = sorted(os.listdir('.'))
CASES = {
    'whole': ('WholeFileReader', {}, ['a.txt', 'b.txt', 'd.txt']),
    'lines': ('TextLineReader', {}, ['a.txt', 'b.txt', 'd.txt']),
    'lines without head': ('TextLineReader', {'skip_header_lines': 1}, ['a.txt', 'b.txt', 'c.txt', 'd.txt']),
    'fixed': ('FixedLengthRecordReader', {'record_bytes': 3, 'header_bytes': 2, 'footer_bytes': 1}, ['short.bin', 'empty.bin']),
    'fixed, left over': ('FixedLengthRecordReader', {'record_bytes': 4, 'header_bytes': 2, 'footer_bytes': 1}, ['fixed.bin', 'short.bin']),
    'fixed, hops': ('FixedLengthRecordReader', {'record_bytes': 4, 'header_bytes': 2, 'footer_bytes': 1, 'hop_bytes': 2}, ['fixed.bin']),
    'fixed, far hops': ('FixedLengthRecordReader', {'record_bytes': 2, 'header_bytes': 2, 'footer_bytes': 1, 'hop_bytes': 5}, ['fixed.bin']),
    'records': ('TFRecordReader', {}, ['r.tfrecord', 'r.tfrecord']),
    'packed records': ('TFRecordReader', {'options': 'GZIP'}, ['z.tfrecord']),
    'identity': ('IdentityReader', {}, ['p', 'q']),
    'missing': ('WholeFileReader', {}, ['d.txt', 'nope', 'a.txt']),
    'missing lines': ('TextLineReader', {}, ['nope', 'd.txt']),
}


def reader_of(kind, options):
    options = dict(options)
    if 'options' in options:
        options['options'] = tf.python_io.TFRecordOptions(getattr(tf.python_io.TFRecordCompressionType, options['options']))
    return getattr(tf, kind)(**options)


def plain(value):
    return value.hex()


def told(body):
    try:
        return body()
    except tf.errors.OpError as error:
        # Before the last line, which names the node, is what the kernel says.
        lines = error.message.split('\n')
        (at,) = [i for i, line in enumerate(lines) if line.startswith('\t [[{{node')][:1] or [len(lines)]
        return {'error': type(error).__name__, 'message': lines[at - 1]}


def wrong_queues():
    found = {}
    for name, queue, vals in (('int32', lambda: tf.FIFOQueue(3, tf.int32, [[]]), [1]), ('two', lambda: tf.FIFOQueue(3, [tf.string, tf.string], [[], []]), ['a', 'b']),
                              ('vector', lambda: tf.FIFOQueue(3, tf.string, [[2]]), [['a', 'b']])):
        with tf.Graph().as_default(), tf.Session() as session:
            made = queue()
            read = tf.IdentityReader().read(made)
            session.run(made.enqueue(vals if name != 'two' else tuple(vals)))
            found[name] = told(lambda: session.run(read))
    return found


def run(kind, options, names):
    with tf.Graph().as_default(), tf.Session() as session:
        queue = tf.FIFOQueue(10, tf.string, [[]])
        reader = reader_of(kind, options)
        key, value = reader.read(queue)
        produced, completed = reader.num_records_produced(), reader.num_work_units_completed()
        session.run(queue.enqueue_many([names]))
        session.run(queue.close())
        steps = []
        for _ in range(8):
            def step():
                found = session.run([key, value])
                return [found[0].decode(), plain(found[1])] + [int(n) for n in session.run([produced, completed])]
            steps.append(told(step))
            if isinstance(steps[-1], dict) and steps[-1]['error'] == 'OutOfRangeError':
                steps[-1] = {'error': 'OutOfRangeError'}
                break
        return steps


def up_to(kind, names, count):
    with tf.Graph().as_default(), tf.Session() as session:
        queue = tf.FIFOQueue(10, tf.string, [[]])
        keys, values = reader_of(kind, {}).read_up_to(queue, count)
        session.run(queue.enqueue_many([names]))
        session.run(queue.close())
        steps = []
        for _ in range(8):
            def step():
                found = session.run([keys, values])
                return [[k.decode() for k in found[0]], [plain(v) for v in found[1]]]
            steps.append(told(step))
            if isinstance(steps[-1], dict):
                if steps[-1]['error'] == 'OutOfRangeError':
                    steps[-1] = {'error': 'OutOfRangeError'}
                break
        return steps


def states():
    found = {}
    for kind in ('WholeFileReader', 'IdentityReader', 'TextLineReader'):
        with tf.Graph().as_default(), tf.Session() as session:
            queue = tf.FIFOQueue(10, tf.string, [[]])
            reader = reader_of(kind, {})
            read = reader.read(queue)
            session.run(queue.enqueue_many([['d.txt', 'a.txt', 'd.txt']]))
            session.run(read)
            state = told(lambda: plain(session.run(reader.serialize_state())))
            entry = {'supports': reader.supports_serialize, 'state': state}
            if isinstance(state, str):
                session.run(read)
                session.run(reader.restore_state(bytes.fromhex(state)))
                entry['restored'] = int(session.run(reader.num_records_produced()))
                entry['wrong'] = told(lambda: session.run(reader.restore_state(b'nonsense')))
            session.run(reader.reset())
            entry['reset'] = [int(session.run(reader.num_records_produced())), int(session.run(reader.num_work_units_completed()))]
            found[kind] = entry
    return found


result = {
    'files': {name: open(name, 'rb').read().hex() for name in FILES},
    'cases': {name: {'kind': kind, 'options': options, 'names': names, 'steps': run(kind, options, names)} for name, (kind, options, names) in CASES.items()},
    'up_to': {kind: up_to(kind, names, 2) for kind, names in (('TextLineReader', ['a.txt', 'b.txt', 'd.txt']), ('TFRecordReader', ['r.tfrecord']), ('IdentityReader', ['p', 'q', 'r']))},
    'none': up_to('IdentityReader', ['p'], 0),
    'states': states(),
    'wrong_queues': wrong_queues(),
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'readers.json'), 'w') as file:
    json.dump(result, file, indent=1, sort_keys=True)
    file.write('\n')
