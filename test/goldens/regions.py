"""Makes `ops/regions.json`: what real TensorFlow gives for glimpses, projective transforms, fractional pools and JPEG files."""
import base64, json, os

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
cases = []
rng = np.random.RandomState(5)
f32, f64, i32, i64, u8 = np.float32, np.float64, np.int32, np.int64, np.uint8


def number(x):
    x = x.item() if hasattr(x, 'item') else x
    if isinstance(x, float) and not np.isfinite(x):
        return 'NaN' if np.isnan(x) else ('Infinity' if x > 0 else '-Infinity')
    return x


def dump(a):
    a = np.asarray(a)
    name = tf.as_dtype(a.dtype).name
    if name in ('float32', 'float16', 'bfloat16'):
        data = [number(float(str(x))) for x in a.astype(np.float32).ravel()]
    elif a.dtype.kind in 'SO':
        return {'dtype': 'string', 'shape': list(a.shape), 'data': [{'b64': base64.b64encode(x).decode()} for x in a.ravel()]}
    else:
        data = [number(x) for x in a.ravel()]
    return {'dtype': name, 'shape': list(a.shape), 'data': data}


def error(e):
    text = str(e)
    if isinstance(e, tf.errors.OpError):
        text = e.message.split("Node: 'op'\n", 1)[-1].split('\n\t')[0].split(' [[{{node')[0].rstrip()
        return {'class': type(e).__name__, 'message': text, 'code': e.error_code, 'node': 'op'}
    return {'class': type(e).__name__, 'message': text}


def case(op, inputs, note=None, consts=(), loose=(), grads=True, fetch=None, **attrs):
    """One case. What is in `loose` has no static shape; `fetch` says which outputs have a value."""
    entry = {'id': f'regions/{len(cases):04d}', 'op': op}
    cases.append(entry)
    if note:
        entry['note'] = note
    how = lambda k: {'const': True} if k in consts else {'loose': True} if k in loose else {}
    entry['inputs'] = [{'arg': k, **how(k), **dump(v)} for k, v in inputs.items()]
    plain = lambda v: {'list': v} if isinstance(v, list) else {'type': v.name} if isinstance(v, tf.DType) else v
    entry['attrs'] = {k: plain(v) for k, v in attrs.items()}
    with tf.Graph().as_default() as g, tf.Session() as sess:
        feeds, args = {}, {}
        for k, v in inputs.items():
            if k in consts:
                args[k] = tf.constant(v)
            else:
                args[k] = tf.placeholder(np.asarray(v).dtype, None if k in loose else np.shape(v))
                feeds[args[k]] = v
        try:
            getattr(tf.raw_ops, op)(**args, **attrs, name='op')
        except Exception as e:
            entry['construct_error'] = error(e)
            return None
        node = g.get_operation_by_name('op')
        if not loose:
            entry['static_shapes'] = [
                None if t.shape.rank is None else [-1 if d is None else d for d in t.shape.as_list()] for t in node.outputs
            ]
            if op in ('FractionalMaxPool', 'FractionalAvgPool'):
                # TensorFlow infers the sequences one element shorter than they are.
                del entry['static_shapes'][1:]
        try:
            values = sess.run(list(node.outputs), feeds)
            values = [np.array(v, object) if isinstance(v, bytes) else v for v in values]
        except tf.errors.OpError as e:
            entry['run_error'] = error(e)
            return None
        entry['outputs'] = [dump(v) for v in values]
        xs = [k for k in inputs if args[k].dtype.is_floating and k not in consts]
        if not grads or not node.outputs[0].dtype.is_floating or not xs:
            return values
        weight = np.round(rng.uniform(-1, 1, np.shape(values[0])), 2).astype(values[0].dtype)
        try:
            found = tf.gradients(node.outputs[0], [args[k] for k in xs], tf.constant(weight))
        except LookupError as e:
            entry['grad_error'] = {'class': 'LookupError', 'message': str(e)[:160]}
            return values
        entry['grad_weights'] = [dump(weight)] + [None] * (len(node.outputs) - 1)
        some = iter(sess.run([f for f in found if f is not None], feeds))
        entry['grads'] = [{'arg': k, 'grad': None if f is None else dump(next(some))} for k, f in zip(xs, found)]
        return values


def some(*shape, dtype=f32):
    return np.round(rng.uniform(-1, 1, shape), 3).astype(dtype)


# Glimpses.

def glimpse(offsets, size=(2, 3), images=None, op='ExtractGlimpse', note=None, loose=(), **attrs):
    images = some(len(offsets), 4, 5, 2) if images is None else images
    inputs = {'input': images, 'size': i32(size), 'offsets': f32(offsets)}
    attrs = {'centered': True, 'normalized': True, 'uniform_noise': False, 'noise': 'zero', **attrs}
    case(op, inputs, note, consts=() if 'size' in loose else ('size',), loose=loose, **attrs)


PLACES = [[0, 0], [0.3, -0.6], [-1.2, 1.7], [2.5, 3], [-9, 0.5]]
for op in ('ExtractGlimpse', 'ExtractGlimpseV2'):
    for centered in (True, False):
        for normalized in (True, False):
            glimpse(PLACES, op=op, centered=centered, normalized=normalized)
    glimpse([[0, 0], [0.2, 0.4]], (7, 8), op=op, note='greater than the images')
    glimpse([[0, 0]], (0, 3), op=op, note='of no size')
    glimpse([[np.nan, 0]], op=op, note='nowhere')
glimpse([[0.1, 0.1]], noise='uniform', uniform_noise=True, note='noise that nothing shows')
one, any_shape = some(1, 4, 5, 2), ('input', 'size', 'offsets')
glimpse([[0, 0]], images=one, uniform_noise=True, note='two kinds of noise')
glimpse([[0, 0]], images=one, noise='red', note='no kind of noise')
glimpse([[0, 0]], images=one[0], loose=any_shape, note='no batch')
glimpse([[0, 0]], images=one[0], note='no batch, seen before')
glimpse([[0, 0]], (2,), images=one, loose=any_shape, note='half a size')
glimpse([[0, 0]], (2,), images=one, note='half a size, seen before')
glimpse([[0, 0]], (-1, 2), images=one, loose=any_shape, note='a negative size')
glimpse([0, 0], images=one, loose=any_shape, note='offsets that are no matrix')
glimpse([0, 0], images=one, note='offsets that are no matrix, seen before')
glimpse([[0, 0], [0, 0]], images=one, loose=any_shape, note='too many offsets')
glimpse([[0, 0], [0, 0]], images=one, note='too many offsets, seen before')
glimpse([[0, 0, 0]], images=one, loose=any_shape, note='offsets of three')
glimpse([[0, 0, 0]], images=one, note='offsets of three, seen before')

# Projective transforms.

SAME = [1, 0, 0, 0, 1, 0, 0, 0]
TURNED = [0.8, -0.6, 1.37, 0.6, 0.8, -0.9, 0, 0]
TILTED = [1.1, 0.1, -0.4, 0.05, 0.9, 0.3, 0.05, -0.03]
FAR = [3, 0.5, -7.31, -0.7, 2.5, 6.17, 0, 0]


def project(images, transforms, size, fill=None, note=None, loose=(), consts=('output_shape',), **attrs):
    inputs = {'images': images, 'transforms': f32(transforms), 'output_shape': i32(size)}
    if fill is not None:
        inputs['fill_value'] = f32(fill)
        consts = (*consts, 'fill_value')
    op = 'ImageProjectiveTransformV2' if fill is None else 'ImageProjectiveTransformV3'
    case(op, inputs, note, consts=() if loose else consts, loose=loose, **{'interpolation': 'BILINEAR', **attrs})


for mode in ('CONSTANT', 'REFLECT', 'WRAP', 'NEAREST'):
    for interpolation in ('NEAREST', 'BILINEAR'):
        project(some(3, 4, 5, 2), [TURNED, TILTED, FAR], (5, 4), interpolation=interpolation, fill_mode=mode)
        project(some(1, 3, 4, 1), [FAR], (3, 3), 0.25, interpolation=interpolation, fill_mode=mode)
        project(some(2, 1, 1, 1), [TURNED], (2, 2), -1.5, 'images of one pixel', interpolation=interpolation, fill_mode=mode)
for dtype in (f64, np.float16, tf.bfloat16.as_numpy_dtype):
    project(some(1, 3, 4, 1, dtype=dtype), [TURNED], (3, 4), grads=False)
for dtype in (u8, i32, i64):
    images = rng.randint(0, 200, (1, 3, 4, 1)).astype(dtype)
    project(images, [TURNED], (3, 4))
    project(images, [TURNED], (3, 4), 7.9, interpolation='NEAREST')
project(some(2, 3, 3, 1), [SAME, [1, 0, 0, 0, 1, 0, -1, 0]], (3, 3), note='a projection from infinity')
project(some(1, 3, 3, 1), [[np.nan, 0, 0, 0, 1, 0, 0, 0]], (2, 2), note='a transform that is no number', grads=False)
project(some(0, 3, 3, 1), [SAME], (2, 2), note='no images', grads=False)
project(some(1, 0, 3, 1), [SAME], (2, 2), 3, note='no rows', grads=False)
one, any_shape = some(1, 3, 3, 1), ('images', 'transforms', 'output_shape', 'fill_value')
project(one[0], [SAME], (3, 3), loose=any_shape, note='no batch')
project(one[0], [SAME], (3, 3), note='no batch, seen before')
project(one, SAME, (3, 3), loose=any_shape, note='transforms that are no matrix')
project(one, SAME, (3, 3), note='transforms that are no matrix, seen before')
project(one, [SAME[:7]], (3, 3), loose=any_shape, note='transforms of seven')
project(one, [SAME, SAME], (3, 3), loose=any_shape, note='too many transforms')
project(one, [SAME], (3,), loose=any_shape, note='half a size')
project(one, [SAME], (3,), note='half a size, seen before')
project(one, [SAME], [[3, 3]], loose=any_shape, note='a size that is no vector')
project(one, [SAME], (0, 3), loose=any_shape, note='an empty size')
project(one, [SAME], (3, 3), [1, 2], loose=any_shape, note='fill values')

# Fractional pools.

def fractional(kind, value, ratio, note=None, loose=(), seeds=(1, 2), **attrs):
    attrs = {'pooling_ratio': ratio, 'seed': seeds[0], 'seed2': seeds[1], 'deterministic': True, **attrs}
    return case(f'Fractional{kind}Pool', {'value': value}, note, loose=loose, **attrs)


RATIOS = [[1, 1.44, 1.73, 1], [1, 2.3, 1, 1], [1, 1.1, 3.7, 1], [1, 2, 2.5, 1]]
for kind in ('Max', 'Avg'):
    for k, ratio in enumerate(RATIOS):
        for pseudo in (False, True):
            for overlapping in (False, True):
                seeds = (7 * k + 3, 11 * k + pseudo)
                fractional(kind, some(2, 6 + k, 7, 2), ratio, seeds=seeds, pseudo_random=pseudo, overlapping=overlapping)
    for seeds in ((1, 0), (0, 5), (123456789, 87654321)):
        for pseudo in (False, True):
            fractional(kind, some(1, 31, 6, 1), [1, 1.41, 1.9, 1], seeds=seeds, pseudo_random=pseudo)
    fractional(kind, some(1, 7, 8, 1, dtype=f64), [1, 1.5, 1.7, 1], overlapping=True)
    for dtype in (i32, i64):
        fractional(kind, rng.randint(-50, 50, (1, 7, 8, 2)).astype(dtype), [1, 1.5, 1.7, 1], overlapping=True)
    fractional(kind, f32([[np.nan, 1, 2], [-np.inf, -np.inf, np.nan], [np.inf, 5, -np.inf]]).reshape(1, 3, 3, 1), [1, 1.5, 1.5, 1], 'not finite', grads=False)
    fractional(kind, np.full((1, 3, 3, 1), -np.inf, f32), [1, 1.5, 1.5, 1], 'nothing but infinity', grads=False)
    one = some(1, 5, 7, 1)
    fractional(kind, one, [1, 1.5, 1.5, 1], 'seeds, though not deterministic', deterministic=False)
    fractional(kind, one[0], [1, 1.5, 1.5, 1], 'no batch', loose=('value',))
    fractional(kind, one[0], [1, 1.5, 1.5, 1], 'no batch, seen before')
    fractional(kind, one, [1, 1.5, 1.5, 1, 1], 'five ratios')
    fractional(kind, one, [1.5, 1.5, 1.5, 1], 'a ratio over the batch')
    fractional(kind, one, [1, 1.5, 1.5, 1.5], 'a ratio over the channels')
    fractional(kind, one, [1.5, 1.5, 1.5, 1.5], 'ratios over both')
    fractional(kind, one, [1, 0.5, 1.5, 1], 'a ratio below one')
    fractional(kind, one, [1, 6, 1.5, 1], 'a ratio above the size')
    fractional(kind, one[:, :0], [1, 1.5, 1.5, 1], 'no rows')
    fractional(kind, one[:0], [1, 1.5, 1.5, 1], 'no images')
    fractional(kind, one[..., :0], [1, 1.5, 1.5, 1], 'no channels')


def max_grad(x, y, dy, rows, columns, note, **attrs):
    inputs = {'orig_input': x, 'orig_output': y, 'out_backprop': dy, 'row_pooling_sequence': i64(rows), 'col_pooling_sequence': i64(columns)}
    case('FractionalMaxPoolGrad', inputs, note, grads=False, **attrs)


def avg_grad(shape, dy, rows, columns, note, **attrs):
    inputs = {'orig_input_tensor_shape': i64(shape), 'out_backprop': dy, 'row_pooling_sequence': i64(rows), 'col_pooling_sequence': i64(columns)}
    case('FractionalAvgPoolGrad', inputs, note, ('orig_input_tensor_shape',), grads=False, **attrs)


x, y, dy = some(1, 3, 3, 1), np.zeros((1, 2, 2, 1), f32), some(1, 2, 2, 1)
for overlapping in (False, True):
    max_grad(x, y, dy, [0, 1, 3], [0, 2, 3], 'an output of any value', overlapping=overlapping)
    avg_grad([1, 3, 3, 1], dy, [0, 1, 3], [0, 2, 3], 'by itself', overlapping=overlapping)
max_grad(np.ones((1, 3, 3, 1), f32), np.ones((1, 2, 2, 1), f32), dy, [0, 1, 3], [0, 2, 3], 'equal elements')
max_grad(x, y, dy, [0, 1], [0, 2, 3], 'too few rows')
max_grad(x, y, dy, [0, 5, 9], [0, 2, 3], 'rows outside')
max_grad(x[0], y, dy, [0, 1, 3], [0, 2, 3], 'no batch')
avg_grad([3, 3, 1], dy, [0, 1, 3], [0, 2, 3], 'a shape of three')
avg_grad([1, 3, 3, 1], dy[0], [0, 1, 3], [0, 2, 3], 'no batch')
avg_grad([1, 3, 3, 1], dy, [0, 1], [0, 2, 3], 'too few rows')
avg_grad([1, 3, 3, 1], dy, [-1, 1, 3], [0, 2, 3], 'negative rows')
avg_grad([1, 3, 3, 1], dy, [0, 1, 3], [0, -2, 3], 'negative columns')
avg_grad([2, 3, 3, 1], dy, [0, 1, 3], [0, 2, 3], 'a greater batch')

# JPEG files.

def picture(height, width, channels):
    y, x = np.mgrid[:height, :width]
    waves = 128 + 80 * np.sin(y / 3)[..., None] * np.cos(x / 4)[..., None] + 9 * np.arange(channels)
    return (waves + rng.randint(-40, 40, (height, width, channels))).clip(0, 255).astype(u8)


for height, width in ((8, 8), (1, 1), (17, 33), (25, 9)):
    for channels in (1, 3):
        for quality in (95, 20):
            case('EncodeJpeg', {'image': picture(height, width, channels)}, quality=quality)
    case('EncodeJpeg', {'image': picture(height, width, 3)}, chroma_downsampling=False, quality=100)
small = picture(3, 4, 3)
case('EncodeJpeg', {'image': small}, format='rgb', density_unit='cm', x_density=7, y_density=900, xmp_metadata='some')
case('EncodeJpeg', {'image': small}, quality=0)
case('EncodeJpeg', {'image': small}, 'no such quality', quality=101)
case('EncodeJpeg', {'image': small}, 'colors in grayscale', format='grayscale')
case('EncodeJpeg', {'image': small[..., :1]}, 'grayscale in color', format='rgb')
case('EncodeJpeg', {'image': small[..., :2]}, 'two channels')
case('EncodeJpeg', {'image': small[:0]}, 'no rows')
case('EncodeJpeg', {'image': small[0]}, 'no channels', loose=('image',))
case('EncodeJpeg', {'image': small[0]}, 'no channels, seen before')
for channels in (1, 3):
    with tf.Graph().as_default(), tf.Session() as sess:
        file = sess.run(tf.image.encode_jpeg(picture(5, 7, channels)))
    case('ExtractJpegShape', {'contents': np.array(file, object)})
    case('ExtractJpegShape', {'contents': np.array(file, object)}, output_type=tf.int64)
case('ExtractJpegShape', {'contents': np.array(b'none', object)}, 'no file')

# Files of all kinds. Those of JPEG depend on who reads them.

with tf.Graph().as_default(), tf.Session() as sess:
    files = [sess.run(tf.image.encode_png(picture(3, 5, channels))) for channels in (1, 3, 4)]
bmp = b'BM' + np.array([66], i32).tobytes() + bytes(4) + np.array([54, 40, 2, 1], i32).tobytes() + b'\1\0\x18\0' + bytes(24) + bytes([1, 2, 3, 250, 251, 252, 0, 0])
for file in files + [bmp]:
    for channels in (0, 3):
        case('DecodeImage', {'contents': np.array(file, object)}, channels=channels)
    case('DecodeImage', {'contents': np.array(file, object)}, expand_animations=False, dtype=tf.float32)
case('DecodeBmp', {'contents': np.array(bmp, object)}, channels=3)
case('DecodeImage', {'contents': np.array(b'no file', object)}, 'no file')

with open(os.path.join(os.path.dirname(__file__), 'ops', 'regions.json'), 'w') as out:
    out.write('{"cases":[\n' + ',\n'.join(json.dumps(c) for c in cases) + '\n]}\n')
