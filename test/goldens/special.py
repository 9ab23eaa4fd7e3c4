"""Writes special.json: bitwise ops, special functions, complex numbers and Fourier transforms by TensorFlow, beyond what
the files of ops/ hold: the ends of the domains, 64-bit numbers, gradients. Run with TensorFlow 2.21."""
import json
import os

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
NAN, INF = float('nan'), float('inf')
cases = []


def number(v):
    if isinstance(v, (bool, np.bool_)):
        return bool(v)
    if isinstance(v, (int, np.integer)):
        return int(v) if abs(int(v)) < 2**53 else str(int(v))
    v = float(v)
    return 'NaN' if v != v else ('Infinity' if v > 0 else '-Infinity') if v in (INF, -INF) else v


def array(x):
    x = np.asarray(x)
    flat = x.reshape(-1)
    if np.iscomplexobj(flat):
        data = [number(p) for v in flat for p in (v.real, v.imag)]
    else:
        data = [number(v) for v in flat]
    return {'dtype': x.dtype.name, 'shape': list(x.shape), 'data': data}


def text(message):
    """What went wrong, without where."""
    return message.split("Node: ")[-1].split('\n', 1)[-1].split('\n\t [[')[0]


def attribute(value):
    return {'type': value.name} if isinstance(value, tf.DType) else value


def weights(shape, dtype, shift=0):
    n = int(np.prod(shape))
    return np.sin(1 + np.arange(n) + shift).reshape(shape).astype(dtype)


def case(op, inputs, consts=(), grad=True, note=None, **attrs):
    """inputs: pairs (name, array); those in consts are constants, the others fed."""
    c = {'id': 'special/%04d' % len(cases), 'op': op}
    if note:
        c['note'] = note
    arrays = [(k, np.asarray(v)) for k, v in inputs]
    c['inputs'] = [{'arg': k, **({'const': True} if k in consts else {}), **array(v)} for k, v in arrays]
    with tf.Graph().as_default(), tf.Session() as s:
        raw = getattr(tf.raw_ops, op)
        feeds, args = {}, {}
        for k, v in arrays:
            args[k] = tf.constant(v) if k in consts else tf.placeholder(v.dtype, v.shape)
            if k not in consts:
                feeds[args[k]] = v
        c['attrs'] = {k: attribute(v) for k, v in attrs.items()}
        try:
            y = raw(**args, **attrs)
        except (ValueError, TypeError) as e:
            c['construct_error'] = {'class': type(e).__name__, 'message': str(e)}
            cases.append(c)
            return
        c['static_shapes'] = [None if y.shape.rank is None else [-1 if d is None else d for d in y.shape.as_list()]]
        try:
            c['outputs'] = [array(s.run(y, feeds))]
        except tf.errors.OpError as e:
            c['run_error'] = {'class': type(e).__name__, 'code': e.error_code, 'message': text(e.message)}
            cases.append(c)
            return
        xs = [args[k] for k, v in arrays if v.dtype in (np.float32, np.float64) and k not in consts]
        if grad and y.dtype.is_floating and xs:
            w = weights(y.shape.as_list(), y.dtype.as_numpy_dtype)
            gs = tf.gradients(y, xs, grad_ys=tf.constant(w))
            c['grad_weights'] = [array(w)]
            c['grads'] = [{'arg': 'x', 'grad': None if g is None else array(s.run(g, feeds))} for g in gs]
    cases.append(c)


# Bitwise: the ends of the types, shifts by too much and by less than nothing.
for dtype in ('int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'):
    info = np.iinfo(dtype)
    bits = info.bits
    x = np.array([info.min, info.max, 1, info.max - 1, 77], dtype)
    y = np.array([1, bits - 1, bits, bits + 5, 3], dtype)
    low = np.array([1, bits - 1, 2, 4, 3], dtype)
    for op in ('BitwiseAnd', 'BitwiseOr', 'BitwiseXor'):
        case(op, [('x', x), ('y', x[::-1].copy())])
    case('BitwiseAnd', [('x', x), ('y', np.array(15, dtype))], note='broadcast')
    case('LeftShift', [('x', x), ('y', low)])
    case('RightShift', [('x', x), ('y', low)])
    case('LeftShift', [('x', x), ('y', y)], note='too far')
    case('RightShift', [('x', x), ('y', y)], note='too far')
    if info.min < 0:
        case('LeftShift', [('x', x), ('y', -low)], note='negative')
        case('RightShift', [('x', x), ('y', -low)], note='negative')
    case('Invert', [('x', x)])
    case('PopulationCount', [('x', x)])
case('BitwiseAnd', [('x', np.array([1., 2.], 'float32')), ('y', np.array([1., 2.], 'float32'))])
case('Invert', [('x', np.array([1., 2.], 'float32'))])

# Special functions in double precision.
f = lambda *v: np.array(v, 'float64')
wide = f(-1e-3, 1e-300, 1e-8, 0.01, 0.3, 0.5, 0.99, 1.000001, 1.4, 1.9999, 2.5, 3, 6.7, 9.99, 10.5, 33.3, 170.2, 1e5)
case('Lgamma', [('x', np.concatenate([wide, f(-0.5, -1.5, -2.3, -10.7, -99.5, -3)]))], grad=False)
case('Lgamma', [('x', wide[4:])])
case('Digamma', [('x', np.concatenate([wide[2:], f(-0.5, -1.5, -2.3, -10.7, -99.5, -3)]))], grad=False)
case('Digamma', [('x', wide[4:])])
case('Erfinv', [('x', f(-0.99999999, -0.9, -0.5, -1e-9, 0.1, 0.45, 0.55, 0.8, 0.999, 1 - 1e-4, 2, NAN, 1, -1))], grad=False)
case('Erfinv', [('x', f(-0.95, -0.3, 0.2, 0.7))])
case('Ndtri', [('x', f(1e-300, 1e-20, 1e-5, 0.02, 0.1353, 0.3, 0.4999, 0.5, 0.7, 0.9, 0.999, 1 - 1e-14, 0, 1, 2, -1, NAN))], grad=False)
case('Ndtri', [('x', f(0.05, 0.3, 0.6, 0.93))])
bessel = f(-120.5, -30.2, -8.1, -3, -0.5, 0, 1e-9, 0.3, 1, 2.4, 5.1, 7.9, 8.2, 14.7, 29.5, 31, 100, 600)
for op in ('I0', 'I1', 'I0e', 'I1e', 'J0', 'J1'):
    case('Bessel' + op, [('x', bessel)])
    case('Bessel' + op, [('x', f(NAN, INF, -INF))], grad=False)
for op in ('K0', 'K1', 'K0e', 'K1e', 'Y0', 'Y1'):
    case('Bessel' + op, [('x', bessel[7:])])
    case('Bessel' + op, [('x', f(NAN, INF, -INF, 0, -1, 1e-9, 1e-200))], grad=False)
for op in ('Dawsn', 'Expint', 'FresnelCos', 'FresnelSin', 'Spence'):
    x = f(0.01, 0.3, 0.9, 1, 1.4, 2.2, 3.9, 5.5, 12.5, 60)
    case(op, [('x', x)])
    case(op, [('x', f(NAN, INF, -INF, 0, -0.3, -2, -20))], grad=False)
a = f(1e-6, 0.02, 0.3, 0.7, 1, 1.9, 3, 5.5, 9.1, 20, 55, 150, 1000, 5000)
for op in ('Igamma', 'Igammac'):
    for t in (0.001, 0.4, 0.99, 1.01, 2.3, 6.):
        case(op, [('a', a), ('x', a * t)], grad=0.1 < t < 5)
    case(op, [('a', f(1, INF, 2, 2, -1, 0, 0, 1, NAN, 1)), ('x', f(INF, 1, 0, -1, 1, 0, 1, 800, 1, NAN))], grad=False, note='edges')
for t in (0.4, 1.01, 2.3):
    case('IgammaGradA', [('a', a), ('x', a * t)], grad=False)
case('IgammaGradA', [('a', f(1, 2, 2, -1, 0, 0, 1, NAN, 1)), ('x', f(300, 0, -1, 1, 0, 1, 80, 1, NAN))], grad=False, note='edges')
case('Betainc', [('a', a[1:]), ('b', a[1:][::-1].copy()), ('x', np.linspace(0.01, 0.99, 13))])
case('Betainc', [('a', f(2, 30, 0.1, 400)), ('b', f(3, 2, 0.2, 300)), ('x', np.array(0.6))])
case('Betainc', [('a', np.array(2.)), ('b', np.array(0.5)), ('x', f(0.1, 0.5, 0.9))])
case('Betainc', [('a', f(1, 1, 0, 1, 0, -1, 1, 1, NAN, INF, 1, INF)), ('b', f(2, 2, 1, 0, 0, 1, 2, 2, 1, 1, INF, INF)), ('x', f(0, 1, 0.5, 0.5, 0.5, 0.5, -0.1, 1.1, 0.5, 0.5, 0.5, 0.5))], grad=False, note='edges')
case('Betainc', [('a', f(1, 2)), ('b', f(1, 2)), ('x', f(0.1, 0.2, 0.3))], note='shapes')
case('Betainc', [('a', f(1, 2).reshape(2, 1)), ('b', f(1, 2)), ('x', f(0.1, 0.2))], note='shapes')
case('Zeta', [('x', f(1.001, 1.5, 2, 3, 10, 60, 2.5, 4)), ('q', f(0.1, 1, 0.5, 7, 30, 2, 1e6, 1e-3))])
case('Zeta', [('x', f(2, 3, 2, 2.5, 1, 0.5, 2, 3, 2, 3, INF, 2)), ('q', f(-1, -1, -1.5, -1.5, 2, 2, 0, 0, -0.3, -2.7, 2, INF))], grad=False, note='edges')
case('Polygamma', [('a', f(0, 1, 2, 3, 10, 1, 4)), ('x', f(2.5, 0.3, 4, 9, 3, 50, 1))])
case('Polygamma', [('a', f(1.5, -1, 1, 1, 0, 2, NAN, 1)), ('x', f(2, 2, 0, -0.5, 0, -1, 1, INF))], grad=False, note='edges')
case('Polygamma', [('a', np.array(1.)), ('x', f(1, 2, 3))], note='broadcast')
for dtype in ('float32', 'float64'):
    g = lambda *v: np.array(v, dtype)
    tiny = 1e-45 if dtype == 'float32' else 5e-324
    case('NextAfter', [('x1', g(0, 0, -0.0, 1, 1, -1, 2, INF, 1, NAN, tiny, 3)), ('x2', g(1, -1, 0, 2, 0, -2, INF, 0, NAN, 1, 0, 3))], grad=False)
    case('NextAfter', [('x1', g(1, 2, 3)), ('x2', np.array(7, dtype))])
i = np.arange(6).reshape(2, 3)
for dtype in ('int32', 'int64', 'uint8', 'float64'):
    case('Cross', [('a', (i + 1).astype(dtype)), ('b', (i * i % 5).astype(dtype))])
case('Cross', [('a', f(1, 2)), ('b', f(1, 2))])
case('Cross', [('a', np.array(1.)), ('b', np.array(1.))])
case('Cross', [('a', f(1, 2, 3)), ('b', f(1, 2, 3).reshape(1, 3))])

# Complex numbers.
for real, cplx in ((tf.float32, tf.complex64), (tf.float64, tf.complex128)):
    z = np.array([1 + 2j, -3 - 0.5j, 0, -1, -1j, complex(INF, 1)], cplx.as_numpy_dtype)
    for op, name in (('Real', 'input'), ('Imag', 'input'), ('Angle', 'input'), ('ComplexAbs', 'x')):
        case(op, [(name, z)], Tout=real)
    case('Conj', [('input', z)])
    r = np.array([[1], [2]], real.as_numpy_dtype)
    case('Complex', [('real', r), ('imag', r.reshape(2))], Tout=cplx)
    case('Complex', [('real', r), ('imag', np.zeros(3, r.dtype))], Tout=cplx)

# Fourier transforms: lengths of all kinds; double precision; what is refused.
def signal(*shape):
    n = int(np.prod(shape))
    return (np.sin(np.arange(n) * 1.3) + np.cos(np.arange(n) ** 2 * 0.7)).reshape(shape)

def spectrum(*shape):
    return signal(*shape) + 1j * signal(*shape)[..., ::-1] * 0.5

for n in (1, 2, 3, 4, 6, 7, 8, 13, 15, 30, 59, 64, 101, 118):
    case('FFT', [('input', spectrum(n))])
    case('IFFT', [('input', spectrum(2, n))])
for n in (1, 2, 3, 4, 7, 12, 67):
    length = np.array([n], 'int32')
    case('RFFT', [('input', signal(2, n)), ('fft_length', length)], ['fft_length'], Tcomplex=tf.complex128)
    case('IRFFT', [('input', spectrum(2, n // 2 + 1)), ('fft_length', length)], ['fft_length'], Treal=tf.float64)
for shape in ((2, 3, 4), (3, 2, 5), (1, 5, 6), (4, 1, 1)):
    case('FFT2D', [('input', spectrum(*shape))])
    case('IFFT2D', [('input', spectrum(*shape))])
    case('FFT3D', [('input', spectrum(2, *shape))])
    case('IFFT3D', [('input', spectrum(2, *shape))])
    half = shape[:-1] + (shape[-1] // 2 + 1,)
    for rank in (2, 3):
        length = np.array(shape[-rank:], 'int32')
        case('RFFT%dD' % rank, [('input', signal(*shape)), ('fft_length', length)], ['fft_length'], Tcomplex=tf.complex128)
        case('IRFFT%dD' % rank, [('input', spectrum(*half)), ('fft_length', length)], ['fft_length'], Treal=tf.float64, grad=False)
crop = np.array([4], 'int32')
case('RFFT', [('input', signal(2, 6)), ('fft_length', crop)], ['fft_length'], Tcomplex=tf.complex128, note='cropped')
case('IRFFT', [('input', spectrum(2, 6)), ('fft_length', crop)], ['fft_length'], Treal=tf.float64, note='cropped')
case('RFFT', [('input', signal(2, 3)), ('fft_length', crop)], ['fft_length'], Tcomplex=tf.complex128, note='too short')
case('IRFFT', [('input', spectrum(2, 2)), ('fft_length', crop)], ['fft_length'], Treal=tf.float64, note='too short')
case('RFFT', [('input', signal(2, 4)), ('fft_length', crop)], [], Tcomplex=tf.complex128, note='fed length')
case('IRFFT', [('input', spectrum(2, 3)), ('fft_length', crop)], [], Treal=tf.float64, note='fed length', grad=False)
case('RFFT', [('input', signal(2, 4)), ('fft_length', np.array([4, 2], 'int32'))], ['fft_length'], Tcomplex=tf.complex128)
case('RFFT', [('input', signal(2, 4)), ('fft_length', np.array(4, 'int32'))], ['fft_length'], Tcomplex=tf.complex128)
case('RFFT', [('input', signal(2, 4)), ('fft_length', np.array([-4], 'int32'))], [], Tcomplex=tf.complex128)
case('FFT', [('input', np.zeros((), 'complex64'))])
case('FFT2D', [('input', np.zeros(4, 'complex64'))])
case('FFT', [('input', np.zeros((0, 4), 'complex64'))])
case('FFT', [('input', np.zeros((2, 0), 'complex64'))])
case('RFFT', [('input', np.zeros((2, 0))), ('fft_length', np.array([0], 'int32'))], ['fft_length'], Tcomplex=tf.complex128)
case('RFFT', [('input', np.zeros((2, 4))), ('fft_length', np.array([4], 'int32'))], ['fft_length'], Tcomplex=tf.complex64, note='types that do not go together')
case('IRFFT', [('input', np.zeros((2, 3), 'complex64')), ('fft_length', np.array([4], 'int32'))], ['fft_length'], Treal=tf.float64, note='types that do not go together')

# Gradients through complex numbers: d sum(w · f(g(x))) / dx, for real x.
chains = []

def chain(name, build, *inputs, length=None):
    with tf.Graph().as_default(), tf.Session() as s:
        xs = [tf.constant(x) for x in inputs]
        y = build(*xs)
        w = weights(y.shape.as_list(), y.dtype.as_numpy_dtype)
        grads = tf.gradients(y, xs, grad_ys=tf.constant(w))
        chains.append({'name': name, 'length': length, 'inputs': [array(x) for x in inputs], 'weights': array(w), 'y': array(s.run(y)),
                       'grads': [array(s.run(g)) for g in grads]})

u, v = signal(3, 4), signal(4, 3).T.copy()
chain('abs', lambda x, y: tf.abs(tf.complex(x, y)), u, v)
chain('angle', lambda x, y: tf.angle(tf.complex(x, y)), u, v)
chain('real', lambda x, y: tf.real(tf.square(tf.complex(x, y))), u, v)
chain('imag', lambda x, y: tf.imag(tf.exp(tf.complex(x, y))), u, v)
chain('conj', lambda x, y: tf.imag(tf.conj(tf.complex(x, y)) * tf.complex(y, x)), u, v)
chain('broadcast', lambda x, y: tf.abs(tf.complex(x, y)), u, v[0].copy())
for name, shape in (('fft', (2, 5)), ('ifft', (2, 6)), ('fft2d', (2, 3, 4)), ('ifft2d', (2, 3, 4)), ('fft3d', (2, 3, 4)), ('ifft3d', (2, 3, 4))):
    fn = getattr(tf.signal, name)
    chain(name, lambda x, y: tf.abs(fn(tf.complex(x, y))), signal(*shape), signal(*shape)[..., ::-1].copy())
for name, shape in (('rfft', (2, 5)), ('rfft', (2, 6)), ('rfft2d', (3, 4)), ('rfft2d', (2, 3, 5)), ('rfft2d', (2, 4, 4))):
    fn = getattr(tf.signal, name)
    chain(name, lambda x: tf.abs(fn(x)), signal(*shape))
chain('rfft', lambda x: tf.abs(tf.signal.rfft(x, [8])), signal(2, 5), length=[8])
for name, shape, length in (('irfft', (2, 4), None), ('irfft', (2, 4), [7]), ('irfft2d', (3, 4), None), ('irfft2d', (2, 3, 3), [3, 5]), ('irfft', (2, 3), [8])):
    fn = getattr(tf.signal, name)
    chain(name, lambda x, y: tf.square(fn(tf.complex(x, y), length)), signal(*shape), signal(*shape)[..., ::-1].copy(), length=length)
# Functions made of transforms; the keys are the arguments as the test gives them.
def api(name, build, x, **args):
    chain('signal.' + name, build, x)
    chains[-1]['args'] = args


for kind in (1, 2, 3, 4):
    for norm in (None, 'ortho') if kind > 1 else (None,):
        for n in (None, 3, 8):
            for inverse in (False, True):
                fn = tf.signal.idct if inverse else tf.signal.dct
                api('idct' if inverse else 'dct', lambda x: fn(x, kind, n, norm=norm), signal(2, 5), type=kind, n=n, norm=norm)
for length, step in ((3, 2), (4, 1), (2, 5), (6, 3), (9, 1)):
    api('frame', lambda x: tf.signal.frame(x, length, step), signal(2, 7), length=length, step=step)
    api('frame', lambda x: tf.signal.frame(x, length, step, pad_end=True, pad_value=1.5, axis=0), signal(7, 2), length=length, step=step, padEnd=True, padValue=1.5, axis=0)
for n in (1, 4, 5):
    for periodic in (True, False):
        api('hann', lambda x: x * tf.signal.hann_window(n, periodic, tf.float64), signal(n), n=n, periodic=periodic)
        api('hamming', lambda x: x * tf.signal.hamming_window(n, periodic, tf.float64), signal(n), n=n, periodic=periodic)
api('stft', lambda x: tf.abs(tf.signal.stft(x, 5, 2)), signal(2, 11), length=5, step=2)
api('stft', lambda x: tf.abs(tf.signal.stft(x, 4, 3, 6, None, True)), signal(11), length=4, step=3, fftLength=6, windowFn=None, padEnd=True)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'special.json'), 'w') as file:
    file.write('{"tf": "%s", "cases": [\n%s\n],\n"chains": [\n%s\n]}\n' % (
        tf.__version__, ',\n'.join(map(json.dumps, cases)), ',\n'.join(map(json.dumps, chains))))
