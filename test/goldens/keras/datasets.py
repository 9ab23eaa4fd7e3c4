"""Makes datasets.json beside this file: what tf_keras 2.21 (the Keras 2.15 line), Keras 3, TensorFlow, NumPy and Python's
random answer for the data utilities of Keras. Eager mode; run with those packages installed: python datasets.py
"""
import os, base64, json, random, tempfile, zlib, struct, shutil
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['CUDA_VISIBLE_DEVICES'] = ''
import numpy as np, tensorflow as tf, tf_keras
from tf_keras.src.utils import image_utils
from tf_keras.src.preprocessing import sequence as kseq, text as ktext
import keras
b64 = lambda b: base64.b64encode(b).decode()

def num(x):
    if isinstance(x, (float, np.floating)):
        x = float(x)
        return int(x) if x == int(x) else x
    return x

def arr(a):
    a = np.asarray(a)
    if a.dtype == object or a.dtype.kind in 'SU':
        return {'dtype': 'string', 'shape': list(a.shape), 'data': [x.decode() if isinstance(x, bytes) else str(x) for x in a.reshape(-1)]}
    if a.dtype == np.float32:
        data = [num(float(str(x))) for x in a.reshape(-1)]
    else:
        data = [num(x) for x in a.reshape(-1).tolist()]
    return {'dtype': str(a.dtype), 'shape': list(a.shape), 'data': data}

def err(f):
    try:
        f()
    except Exception as e:
        return {'class': type(e).__name__, 'message': str(e)}
    raise SystemExit('no error')
G = {'made_with': f'tf_keras {tf_keras.__version__}, Keras {keras.__version__}, TensorFlow {tf.__version__}, NumPy {np.__version__}, Python 3.11, eager mode'}
g = {}
g['numpy_permutation'] = [{'seed': s, 'n': n, 'value': np.random.RandomState(s).permutation(n).tolist()} for s in (0, 1, 1337, 2 ** 32 - 1) for n in (1, 2, 10, 33)]
r = np.random.RandomState(5)
a = np.arange(12)
rows = []
for _ in range(3):
    r.shuffle(a)
    rows.append(a.tolist())
g['numpy_shuffles'] = {'seed': 5, 'n': 12, 'value': rows}
r = np.random.RandomState(6)
g['numpy_randint'] = {'seed': 6, 'low': 3, 'high': 12, 'value': r.randint(3, 12, size=20).tolist()}
r = np.random.RandomState(8)
g['numpy_random'] = {'seed': 8, 'value': r.random_sample(5).tolist()}
r = np.random.RandomState(2)
big = r.permutation(2000)
g['numpy_big'] = {'seed': 2, 'n': 2000, 'head': big[:8].tolist(), 'tail': big[-8:].tolist()}
py = []
for s in (0, 1, 42, 2 ** 40 + 3, -7):
    random.seed(s)
    l = list(range(15))
    random.shuffle(l)
    py.append({'seed': s, 'shuffle': l, 'randint': [random.randint(1, 99) for _ in range(5)], 'random': [random.random() for _ in range(3)]})
g['python'] = py
sh = []
for n, buf, seed in ((6, 1024, 1), (20, 5, 7), (20, 64, 3), (10, 1, 2), (9, 9, 0)):
    d = tf.data.Dataset.range(n).shuffle(buf, seed=seed)
    sh.append({'n': n, 'buffer': buf, 'seed': seed, 'epochs': [[int(x) for x in d] for _ in range(3)]})
g['tf_data_shuffle'] = sh
G['generators'] = g
S = []
seq = [1, 5, 0, 3, 7, 2, 9, 4]
for kw in ({'shuffle': False, 'negative_samples': 0.0}, {'seed': 3, 'window_size': 2}, {'seed': 11, 'categorical': True, 'window_size': 1, 'negative_samples': 2.5}):
    random.seed(123)
    c, l = kseq.skipgrams(seq, 10, **kw)
    S.append({'args': kw, 'global_seed': 123, 'couples': np.array(c).tolist(), 'labels': np.array(l).tolist()})
random.seed(5)
tab = kseq.make_sampling_table(10, 0.001)
c, l = kseq.skipgrams(seq, 10, window_size=2, sampling_table=tab, seed=4)
S.append({'args': {'window_size': 2, 'seed': 4, 'sampling_factor': 0.001}, 'global_seed': 5, 'couples': np.array(c).tolist(), 'labels': np.array(l).tolist()})
G['skipgrams'] = S
T = []
d = np.arange(24, dtype='float32').reshape(12, 2)
t = np.arange(12, dtype='float32')
for kw in ({'length': 4, 'sampling_rate': 2, 'stride': 3, 'batch_size': 2}, {'length': 3, 'reverse': True, 'start_index': 2, 'end_index': 9, 'batch_size': 3}, {'length': 3, 'shuffle': True, 'batch_size': 4}):
    np.random.seed(9)
    q = kseq.TimeseriesGenerator(d, t, **kw)
    T.append({'args': kw, 'numpy_seed': 9, 'length': len(q), 'batches': [[arr(a), arr(b)] for a, b in (q[i] for i in range(len(q)))]})
G['timeseries_generator'] = T
G['timeseries_generator_errors'] = [err(lambda: kseq.TimeseriesGenerator([1, 2], [1], 1)), err(lambda: kseq.TimeseriesGenerator([1, 2], [1, 2], 2))]
P = tf_keras.utils.pad_sequences
G['pad_sequences'] = [{'args': {'sequences': [[[1, 2]], [[3, 4], [5, 6]], []], 'maxlen': 3}, 'value': arr(P([[[1, 2]], [[3, 4], [5, 6]], []], maxlen=3))}, {'args': {'sequences': [[1.7], [2.2, -3.9]]}, 'value': arr(P([[1.7], [2.2, -3.9]]))}]
G['pad_sequences_errors'] = {'truncating': err(lambda: P([[1]], truncating='mid')), 'padding': err(lambda: P([[1]], padding='mid')), 'scalar': err(lambda: P([1, 2])), 'number': err(lambda: P(3)), 'shape': err(lambda: P([[[1, 2]], [[1, 2, 3]]])), 'value': err(lambda: P([[1]], value='a'))}
N = tf_keras.utils.normalize
x = np.array([[[1.0, -2], [3, 0]], [[0, 0], [-1, 4]]])
G['normalize'] = [{'axis': ax, 'order': 'inf' if o == np.inf else '-inf' if o == -np.inf else o, 'x': arr(x), 'value': arr(N(x, axis=ax, order=o))} for ax, o in ((-1, 2), (1, 1), (0, np.inf), (2, -np.inf), (1, 0), (0, 2.5))] + [{'axis': -1, 'order': 2, 'x': arr(np.array([3, 4])), 'value': arr(N(np.array([3, 4])))}]
C = tf_keras.utils.to_categorical
G['to_categorical'] = [{'y': [-1, 0], 'num_classes': 3, 'value': arr(C([-1, 0], 3))}, {'y': [1.9, 0.2], 'value': arr(C([1.9, 0.2]))}, {'y': 3, 'value': arr(C(3))}, {'y': [[1, 2], [0, 1]], 'dtype': 'int64', 'value': arr(C([[1, 2], [0, 1]], dtype='int64'))}]
G['to_categorical_errors'] = {'bounds': err(lambda: C([5], 3)), 'empty': err(lambda: C([]))}
tok = ktext.Tokenizer(num_words=4)
texts = ['The cat sat on the mat.', 'The dog; the DOG!', ['A', 'cat', 'Ünï']]
tok.fit_on_texts(texts)
G['tokenizer'] = {'texts': texts, 'num_words': 4, 'word_index': list(tok.word_index.items()), 'word_counts': list(tok.word_counts.items()), 'word_docs': sorted(tok.word_docs.items()), 'sequences': tok.texts_to_sequences(texts), 'texts_back': tok.sequences_to_texts([[1, 2, 3, 4, 9], [3]]), 'matrices': {m: arr(tok.texts_to_matrix(texts, mode=m)) for m in ('binary', 'count', 'freq', 'tfidf')}, 'json': tok.to_json()}
tc = ktext.Tokenizer(char_level=True, oov_token='?')
tc.fit_on_texts(['abca', 'Bc'])
G['tokenizer_chars'] = {'texts': ['abca', 'Bc'], 'word_index': list(tc.word_index.items()), 'sequences': tc.texts_to_sequences(['abz'])}
G['tokenizer_errors'] = {'dimension': err(lambda: ktext.Tokenizer().texts_to_matrix(['a'])), 'tfidf': err(lambda: ktext.Tokenizer(num_words=3).sequences_to_matrix([[1]], mode='tfidf'))}
G['hashing_trick'] = [{'text': t, 'n': n, 'value': ktext.hashing_trick(t, n, hash_function='md5')} for t, n in (('The cat sat on the mat', 1000), ('Ünï code – ok', 57), ('x' * 130 + ' ' + 'y' * 55 + ' ' + 'z' * 56 + ' ' + 'w' * 64, 2 ** 31))]
D = []

def shape(b):
    if isinstance(b, (tuple, list)):
        return [shape(x) for x in b]
    return arr(b.numpy())
TS = tf_keras.utils.timeseries_dataset_from_array
d8 = np.arange(8)
for kw in ({'shuffle': True, 'seed': 1}, {'shuffle': True, 'seed': 4, 'batch_size': 2}, {'shuffle': True, 'seed': 4, 'batch_size': None}, {'sequence_stride': 3, 'batch_size': None}):
    ds = TS(d8, None, 3, **kw)
    D.append({'args': kw, 'epochs': [[arr(b.numpy()) for b in ds] for _ in range(2)]})
G['timeseries'] = D
G['timeseries_errors'] = [{'args': k, 'error': err(lambda: TS(d8, None, 2, **k))} for k in ({'start_index': -1}, {'start_index': 8}, {'start_index': 3, 'end_index': 2}, {'end_index': 8}, {'end_index': -1}, {'sampling_rate': 0}, {'sampling_rate': 8}, {'sequence_stride': 0}, {'sequence_stride': 9})]
SP = keras.utils.split_dataset
sp = []
for kw in ({'left_size': 0.6, 'shuffle': True, 'seed': 3}, {'left_size': 4, 'right_size': 3}, {'right_size': 0.35}):
    l, r = SP(np.arange(10, dtype='int32'), **kw)
    sp.append({'args': kw, 'left': [int(x) for x in l], 'right': [int(x) for x in r]})
l, r = SP(tf.data.Dataset.range(10).batch(4), left_size=7)
sp.append({'args': {'left_size': 7}, 'batched': 4, 'left': [shape(x) for x in l], 'right': [shape(x) for x in r]})
G['split'] = sp
a10 = np.arange(10)
G['split_errors'] = [{'args': k, 'error': err(lambda: SP(a10, **k))} for k in ({'right_size': 10}, {'right_size': -0.5}, {'left_size': 6, 'right_size': 6}, {'left_size': 0.01}, {'left_size': 0, 'right_size': 0}, {'left_size': 'a'}, {'right_size': 'a'}, {'left_size': 'a', 'right_size': 'b'})]
G['split_errors_lists'] = {'lengths': err(lambda: SP([np.arange(3), np.arange(4)], left_size=1)), 'kind': err(lambda: SP('abc', left_size=1))}
im = (np.random.RandomState(0).rand(5, 7, 3) * 255).astype('uint8')
R = []
for m in ('bilinear', 'nearest', 'bicubic', 'area', 'lanczos3', 'lanczos5', 'gaussian', 'mitchellcubic'):
    for size in ((3, 4), (8, 9), (5, 3)):
        R.append({'method': m, 'size': size, 'value': arr(tf.image.resize(im, size, method=m).numpy())})
G['resize'] = {'image': arr(im), 'cases': R, 'smart': [{'size': s, 'interpolation': i, 'value': arr(image_utils.smart_resize(im, s, interpolation=i))} for s, i in (((3, 3), 'bilinear'), ((4, 2), 'bilinear'), ((2, 6), 'nearest'))]}

def png(w, h, depth, color, rows, extra=b''):

    def ch(t, d):
        return struct.pack('>I', len(d)) + t + d + struct.pack('>I', zlib.crc32(t + d) & 4294967295)
    return b'\x89PNG\r\n\x1a\n' + ch(b'IHDR', struct.pack('>IIBBBBB', w, h, depth, color, 0, 0, 0)) + extra + ch(b'IDAT', zlib.compress(b''.join((b'\x00' + r for r in rows)))) + ch(b'IEND', b'')

def ch(t, d):
    return struct.pack('>I', len(d)) + t + d + struct.pack('>I', zlib.crc32(t + d) & 4294967295)
rs = np.random.RandomState(3)
u8 = lambda *s: (rs.rand(*s) * 256).astype('uint8')
files = {'gray': tf.io.encode_png(u8(3, 4, 1)).numpy(), 'gray_alpha': tf.io.encode_png(u8(3, 4, 2)).numpy(), 'rgb': tf.io.encode_png(u8(3, 4, 3)).numpy(), 'rgba': tf.io.encode_png(u8(3, 4, 4)).numpy(), 'gray16': tf.io.encode_png((rs.rand(3, 4, 1) * 65536).astype('uint16')).numpy(), 'rgb16': tf.io.encode_png((rs.rand(3, 4, 3) * 65536).astype('uint16')).numpy(), 'bit1': png(10, 2, 1, 0, [b'\xa5@', b'\x0f\x80']), 'bit2': png(5, 1, 2, 0, [b'\x1b\x80']), 'bit4': png(3, 1, 4, 0, [b'\x0fp']), 'palette': png(4, 2, 8, 3, [bytes([0, 1, 2, 1]), bytes([2, 2, 0, 1])], ch(b'PLTE', bytes([10, 20, 30, 200, 100, 50, 7, 8, 9]))), 'palette2': png(4, 1, 2, 3, [b'\x1b'], ch(b'PLTE', bytes([10, 20, 30, 200, 100, 50, 7, 8, 9, 250, 0, 1]))), 'palette_trns': png(4, 2, 8, 3, [bytes([0, 1, 2, 1]), bytes([2, 2, 0, 1])], ch(b'PLTE', bytes([10, 20, 30, 200, 100, 50, 7, 8, 9])) + ch(b'tRNS', bytes([0, 128]))), 'rgb_trns': png(6, 1, 8, 2, [bytes([1, 2, 3, 4, 5, 6, 9, 9, 9, 1, 2, 4, 1, 2, 3, 7, 8, 9])], ch(b'tRNS', struct.pack('>HHH', 1, 2, 3))), 'gray_trns': png(6, 1, 8, 0, [bytes([1, 2, 3, 4, 2, 2])], ch(b'tRNS', struct.pack('>H', 2)))}
yy, xx = np.mgrid[0:16, 0:24]
smooth = np.stack([yy * 12 + 20, xx * 9 + 10, (yy + xx) * 6], -1).astype('uint8')
files['jpeg444'] = tf.io.encode_jpeg(smooth, quality=95, chroma_downsampling=False).numpy()
files['jpeg420'] = tf.io.encode_jpeg(smooth, quality=90, chroma_downsampling=True).numpy()
files['jpeg_gray'] = tf.io.encode_jpeg(smooth[:, :, :1], quality=95).numpy()
files['jpeg_progressive'] = tf.io.encode_jpeg(smooth, quality=95, progressive=True, chroma_downsampling=False).numpy()

def bmp(w, h, bpp, rows, topdown=False):
    body = b''.join((r + b'\x00' * (-len(r) % 4) for r in rows))
    pal = b''.join((bytes([i, i, i, 0]) for i in range(256))) if bpp == 8 else b''
    off = 54 + len(pal)
    return b'BM' + struct.pack('<IHHI', off + len(body), 0, 0, off) + struct.pack('<IiiHHIIiiII', 40, w, -h if topdown else h, 1, bpp, 0, len(body), 0, 0, 0, 0) + pal + body
files['bmp24'] = bmp(3, 2, 24, [bytes(range(9)), bytes(range(50, 59))])
files['bmp24_topdown'] = bmp(3, 2, 24, [bytes(range(9)), bytes(range(50, 59))], True)
files['bmp32'] = bmp(2, 1, 32, [bytes(range(8))])
files['bmp8'] = bmp(3, 2, 8, [bytes([1, 2, 3]), bytes([4, 5, 6])])
I = []
for name, b in files.items():
    e = {'name': name, 'file': b64(b), 'decoded': {}}
    for c in (0, 1, 3, 4):
        try:
            e['decoded'][c] = arr(tf.io.decode_image(b, channels=c, expand_animations=False).numpy())
        except Exception as ex:
            e['decoded'][c] = {'error': str(ex)[:300]}
    if name.startswith('jpeg'):
        e['accurate'] = arr(tf.io.decode_jpeg(b, channels=3, dct_method='INTEGER_ACCURATE').numpy())
    I.append(e)
G['decode'] = I
G['decode_errors'] = {'garbage': err(lambda: tf.io.decode_image(b'hello world', channels=3)), 'empty': err(lambda: tf.io.decode_image(b'', channels=3))}
root = tempfile.mkdtemp()

def put(p, b):
    os.makedirs(os.path.dirname(os.path.join(root, p)), exist_ok=True)
    open(os.path.join(root, p), 'wb').write(b)
tree = {}
for i, p in enumerate(['img/cat/b.png', 'img/cat/a.PNG', 'img/cat/sub/z.png', 'img/dog/d1.png', 'img/dog/d10.png', 'img/dog/d2.png', 'img/ant/only.png', 'img/.hidden/x.png']):
    b = tf.io.encode_png(u8(3 + i % 3, 4 + i % 2, (3, 1, 4)[i % 3])).numpy()
    tree[p] = b64(b)
    put(p, b)
for p, t in {'txt/neg/1.txt': 'bad film', 'txt/neg/2.txt': 'worse – ünï', 'txt/pos/1.txt': 'fine', 'txt/pos/deep/0.txt': 'grand\nline', 'txt/pos/skip.md': 'no', 'img/cat/notes.txt': 'no'}.items():
    tree[p] = b64(t.encode())
    put(p, t.encode())
G['tree'] = tree
rel = lambda ps: [os.path.relpath(p, root) for p in ps]
ID = tf_keras.utils.image_dataset_from_directory
TD = tf_keras.utils.text_dataset_from_directory

def rec(ds, txt=False):
    o = {'class_names': ds.class_names, 'epochs': [[shape(b) for b in ds] for _ in range(2)]}
    if hasattr(ds, 'file_paths'):
        o['file_paths'] = rel(ds.file_paths)
    return o
J = []
for kw in ({'shuffle': False}, {'shuffle': False, 'label_mode': 'categorical', 'batch_size': 3, 'color_mode': 'grayscale'}, {'shuffle': False, 'label_mode': None, 'color_mode': 'rgba'}, {'seed': 7, 'batch_size': 2}, {'seed': 7, 'validation_split': 0.3, 'subset': 'training'}, {'seed': 7, 'validation_split': 0.3, 'subset': 'validation'}, {'shuffle': False, 'class_names': ['dog', 'ant', 'cat'], 'interpolation': 'nearest'}, {'shuffle': False, 'crop_to_aspect_ratio': True, 'batch_size': None, 'label_mode': 'int'}, {'shuffle': False, 'labels': [7, 6, 5, 4, 3, 2, 1, 0]}, {'seed': 2, 'batch_size': None}):
    J.append({'args': kw, **rec(ID(root + '/img', image_size=(3, 2), **kw))})
G['images'] = J
JT = []
for kw in ({'shuffle': False}, {'shuffle': False, 'label_mode': 'binary', 'batch_size': 3}, {'seed': 5, 'batch_size': 2}, {'shuffle': False, 'max_length': 3, 'label_mode': None}):
    JT.append({'args': kw, **rec(TD(root + '/txt', **kw))})
G['texts'] = JT
a, b = ID(root + '/img', image_size=(3, 2), seed=7, validation_split=0.3, subset='both')
G['images_both'] = [rec(a), rec(b)]

def e(**kw):
    return {'args': kw, 'error': err(lambda: ID(root + '/img', **kw))}
G['image_errors'] = [e(label_mode='binary'), e(label_mode='x'), e(color_mode='x'), e(validation_split=0.2), e(subset='training'), e(validation_split=2.0, subset='training', seed=1), e(validation_split=0.2, subset='x', seed=1), e(validation_split=0.2, subset='training'), e(class_names=['a', 'b']), e(labels=[0, 1]), e(labels='x'), e(labels=[0, 1], class_names=['a']), e(interpolation='x')]
os.makedirs(root + '/none/a')
G['image_errors'].append({'args': {}, 'dir': 'none', 'error': err(lambda: ID(root + '/none'))})
G['text_errors'] = [{'args': {}, 'dir': 'none', 'error': err(lambda: TD(root + '/none'))}, {'args': {}, 'dir': 'missing', 'error': err(lambda: TD(root + '/missing'))}]
os.symlink(root + '/img/dog', root + '/linked_dog')
os.makedirs(root + '/links/a')
os.symlink(root + '/img/dog', root + '/links/a/l')
os.symlink(root + '/img/cat', root + '/links/b')
G['links'] = {str(f): len(ID(root + '/links', image_size=(3, 2), follow_links=f, shuffle=False).file_paths) for f in (False, True)}
G['random_seed_errors'] = [err(lambda: tf_keras.utils.set_random_seed('a')), err(lambda: tf_keras.utils.set_random_seed(-1))]
s = json.dumps(G, ensure_ascii=False, separators=(',', ':')).replace(root, 'ROOT')
open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'datasets.json'), 'w').write(s.replace('},{', '},\n{'))
