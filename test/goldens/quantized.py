"""Makes `ops/quantized.json`: what real TensorFlow gives for quantizing, dequantizing and buckets."""
import os, sys

source = open(os.path.join(os.path.dirname(__file__), 'regions.py')).read()
# The same helpers, other cases.
exec(source[: source.index('# Glimpses.')].replace('regions/', 'quantized/'))

TYPES = (tf.qint8, tf.quint8, tf.qint16, tf.quint16, tf.qint32)
values = np.concatenate([np.linspace(-3, 3, 13), [0.5, 1.5, 2.49, 2.5, -0.01, 100, -100]]).astype(f32)


def quantize(inputs, note=None, **attrs):
    case('QuantizeV2', inputs, note, grads=False, **attrs)
    if 'outputs' in cases[-1]:
        # NumPy shows the codes as plain integers.
        cases[-1]['outputs'][0]['dtype'] = attrs['T'].name


for mode in ('MIN_COMBINED', 'MIN_FIRST', 'SCALED'):
    for T in TYPES:
        for low, high in ((-2, 2.5), (0, 6), (-1, -0.5), (0, 0)):
            if T == tf.qint32 and mode == 'MIN_COMBINED' and low == high:
                continue  # Beyond the type: a matter of the processor.
            if T == tf.qint32 and mode != 'SCALED':
                x = values[:13] * f32(0.3)
            else:
                x = values
            if T == tf.qint32:
                # Floats do not tell its ends.
                x = x[np.abs(x) < 0.4] + f32(low)
            inputs = {'input': x, 'min_range': f32(low), 'max_range': f32(high)}
            quantize(inputs, T=T, mode=mode)
for mode, modes in (('SCALED', ('HALF_TO_EVEN', 'HALF_AWAY_FROM_ZERO')),):
    for round_mode in modes:
        for narrow in (False, True):
            for T in (tf.qint8, tf.quint8):
                inputs = {'input': f32([-127.5, -126.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 200]), 'min_range': f32(-127), 'max_range': f32(127)}
                quantize(inputs, T=T, mode=mode, round_mode=round_mode, narrow_range=narrow)
table = some(2, 3, 2)
for mode in ('MIN_COMBINED', 'MIN_FIRST', 'SCALED'):
    inputs = {'input': table, 'min_range': f32([-1, -0.5, -0.1]), 'max_range': f32([1, 0.5, 2])}
    quantize(inputs, 'per channel', T=tf.qint8, mode=mode, axis=1)
one = f32([0, 1])
case('QuantizeV2', {'input': one, 'min_range': f32(1), 'max_range': f32(0)}, 'limits the wrong way round', T=tf.quint8)
case('QuantizeV2', {'input': one, 'min_range': f32([0]), 'max_range': f32([1])}, 'limits that are no scalars', T=tf.quint8)
case('QuantizeV2', {'input': one, 'min_range': f32([0, 0, 0]), 'max_range': f32([1, 1, 1])}, 'too many limits', T=tf.quint8, axis=0)
case('QuantizeV2', {'input': one, 'min_range': f32([0]), 'max_range': f32([1])}, 'an axis outside', T=tf.quint8, axis=2)
case('QuantizeV2', {'input': one, 'min_range': f32(0), 'max_range': f32(1)}, 'rounding that is not of the mode', T=tf.quint8, round_mode='HALF_TO_EVEN')
quantize({'input': one[:0], 'min_range': f32(0), 'max_range': f32(1)}, 'nothing', T=tf.quint8)


def dequantize(codes, T, low, high, note=None, **attrs):
    """Quantized types cannot be fed: what is dequantized comes of bits."""
    entry = {'id': f'quantized/{len(cases):04d}', 'op': 'Dequantize', **({'note': note} if note else {})}
    base = {'qint8': np.int8, 'quint8': np.uint8, 'qint16': np.int16, 'quint16': np.uint16, 'qint32': np.int32}[T.name]
    codes = np.asarray(codes, base)
    entry['inputs'] = [{'arg': 'input', **dump(codes), 'dtype': T.name}, {'arg': 'min_range', **dump(f32(low))}, {'arg': 'max_range', **dump(f32(high))}]
    entry['attrs'] = {k: {'type': v.name} if isinstance(v, tf.DType) else v for k, v in attrs.items()}
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.bitcast(tf.constant(codes), T)
        try:
            y = tf.raw_ops.Dequantize(input=x, min_range=tf.constant(f32(low)), max_range=tf.constant(f32(high)), **attrs, name='op')
            entry['outputs'] = [dump(sess.run(y))]
        except tf.errors.OpError as e:
            entry['run_error'] = error(e)
        except ValueError as e:
            entry['construct_error'] = error(e)
    cases.append(entry)


for mode in ('MIN_COMBINED', 'MIN_FIRST', 'SCALED'):
    for T in TYPES:
        info = np.iinfo(T.name[1:])
        # A float does not tell the greatest code of 32 bits.
        ends = [info.min, info.min + 1, 0, 1, 77, 2**30 if T == tf.qint32 else info.max]
        for low, high in ((-2, 2.5), (0, 6), (-3, -1)):
            dequantize(ends, T, low, high, mode=mode)
    dequantize([[1, -2, 3], [127, -128, 0]], tf.qint8, [-1, 0, -3], [1, 2, 3], 'per channel', mode=mode, axis=1)
dequantize([-127, 127, 0], tf.qint8, -1, 1, mode='SCALED', narrow_range=True)
dequantize([-128, 127, 3], tf.qint8, -1, 1, mode='SCALED', dtype=tf.bfloat16)
dequantize([1], tf.quint8, [0], [1], 'limits that are no scalars')

for x in (f32([-5, 0, 0.5, 1, 10, 99, np.nan, np.inf, -np.inf]), f64([0, 1, 10.5]), i32([-1, 0, 10, 1000]), np.int64([5, 10]), f32([]).reshape(0, 2)):
    case('Bucketize', {'input': x}, boundaries=[0.0, 1.0, 10.0])
case('Bucketize', {'input': f32([1, 2])}, boundaries=[])
case('Bucketize', {'input': f32([1, 2])}, 'boundaries out of order', boundaries=[3.0, 1.0])

with open(os.path.join(os.path.dirname(__file__), 'ops', 'quantized.json'), 'w') as out:
    out.write('{"cases":[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]}\n')
