"""Makes `ops/summary.json` and `summary-images.json`: what real TensorFlow gives for the summary ops, and for the images in
them as pixels, since PNG files of the same pixels may differ.

    python summaries.py FOLDER
"""
import json, os, sys

import numpy as np
from texts import S, cases, case, dump, s, tf

cases.clear()
f32, f64, f16 = np.float32, np.float64, np.float16
rng = np.random.default_rng(7)

one = s('a')
case('ScalarSummary', {'tags': one, 'values': f32(1.5)})
for v in (0., -0., np.nan, np.inf):
    case('ScalarSummary', {'tags': s('x/y'), 'values': f32(v)})
case('ScalarSummary', {'tags': s('ü'), 'values': f64(1e300)}, 'beyond float32')
case('ScalarSummary', {'tags': one, 'values': f64(1e-46)}, 'below float32')
case('ScalarSummary', {'tags': one, 'values': np.int64(2**53 + 1)})
case('ScalarSummary', {'tags': one, 'values': np.uint64(2**64 - 1)})
for t in (np.uint8, np.int16, np.int8, np.uint16, np.uint32, f16, np.int32):
    case('ScalarSummary', {'tags': one, 'values': t(100)})
case('ScalarSummary', {'tags': S('a', 'b'), 'values': f32([1, 2])})
case('ScalarSummary', {'tags': S('a', 'b', shape=[2, 1]), 'values': f32([[1], [2]])})
case('ScalarSummary', {'tags': s(''), 'values': f32(1)}, 'an empty tag')
case('ScalarSummary', {'tags': s(b'\xff'), 'values': f32(1)}, 'a tag that is no UTF-8')
case('ScalarSummary', {'tags': one, 'values': f32([1, 2])}, 'shapes that differ')
case('ScalarSummary', {'tags': S('a', 'b'), 'values': f32([1])}, 'shapes that differ, several tags')
case('ScalarSummary', {'tags': S('a'), 'values': f32(1)}, 'a vector and a scalar')

case('HistogramSummary', {'tag': one, 'values': f32([])}, 'nothing')
case('HistogramSummary', {'tag': one, 'values': f32([0])})
case('HistogramSummary', {'tag': one, 'values': f32([0, -0., 0])})
case('HistogramSummary', {'tag': one, 'values': rng.normal(size=[50, 3]).astype(f32)})
case('HistogramSummary', {'tag': one, 'values': rng.normal(size=[50]) * 1e6})
case('HistogramSummary', {'tag': one, 'values': rng.normal(size=[20]).astype(f16)})
case('HistogramSummary', {'tag': one, 'values': f64([1e-12, 1e-13, -1e-12, 1.1e-12, 1e19, 9.9e19, 1e20, 1e300, -1e300, -1e20])}, 'ends')
case('HistogramSummary', {'tag': one, 'values': np.arange(-5, 6, dtype=np.int32)})
case('HistogramSummary', {'tag': one, 'values': np.int64([2**62, -2**62, 2**53 + 1])})
case('HistogramSummary', {'tag': one, 'values': np.uint64([2**64 - 1, 0])})
for t in (np.uint8, np.int16, np.int8, np.uint16, np.uint32):
    case('HistogramSummary', {'tag': one, 'values': t([1, 100, 7])})
case('HistogramSummary', {'tag': one, 'values': f32([1, np.nan])}, 'not a number')
case('HistogramSummary', {'tag': one, 'values': f64([1, -np.inf])}, 'infinite')
case('HistogramSummary', {'tag': S('a'), 'values': f32([1])}, 'a vector of tags')

case('ImageSummary', {'tag': one, 'tensor': np.zeros([0, 3, 3, 1], f32)}, 'no images')
case('ImageSummary', {'tag': one, 'tensor': np.zeros([1, 0, 3, 1], f32)}, 'empty images')
case('ImageSummary', {'tag': one, 'tensor': f32([1, 2])}, 'a vector')
case('ImageSummary', {'tag': one, 'tensor': np.zeros([1, 1, 1, 2], f32)}, 'two channels')
case('ImageSummary', {'tag': S('a'), 'tensor': np.zeros([1, 1, 1, 1], f32)}, 'a vector of tags')

wave = f32([[0, .5, -.5, 1, -1, 2, -2]])
case('AudioSummaryV2', {'tag': one, 'tensor': wave, 'sample_rate': f32(44100.5)}, max_outputs=1)
case('AudioSummaryV2', {'tag': one, 'tensor': f32([[.5, 1, 1.5, 1.9, 2.5, 3.5, -.5, -1.5, -2.5, 32766.5]]) / f32(32768), 'sample_rate': f32(44101.5)}, 'rounding')
case('AudioSummaryV2', {'tag': one, 'tensor': rng.uniform(-1, 1, [4, 5, 2]).astype(f32), 'sample_rate': f32(8000)})
case('AudioSummaryV2', {'tag': one, 'tensor': rng.uniform(-1, 1, [2, 5, 2]).astype(f32), 'sample_rate': f32([.3])}, max_outputs=2)
case('AudioSummaryV2', {'tag': one, 'tensor': f32([[np.inf, -np.inf]]), 'sample_rate': f32(10)})
case('AudioSummaryV2', {'tag': one, 'tensor': np.zeros([1, 0], f32), 'sample_rate': f32(10)}, 'no frames')
case('AudioSummaryV2', {'tag': one, 'tensor': np.zeros([0, 2], f32), 'sample_rate': f32(10)}, 'no sounds')
case('AudioSummaryV2', {'tag': one, 'tensor': np.zeros([1, 2, 0], f32), 'sample_rate': f32(10)}, 'no channels')
case('AudioSummaryV2', {'tag': one, 'tensor': wave, 'sample_rate': f32(0)}, 'rate 0')
case('AudioSummaryV2', {'tag': one, 'tensor': wave, 'sample_rate': f32(1e20)}, 'rate 1e20')
case('AudioSummaryV2', {'tag': one, 'tensor': f32([1, 2]), 'sample_rate': f32(1)}, 'a vector')
case('AudioSummaryV2', {'tag': S('a'), 'tensor': wave, 'sample_rate': f32(1)}, 'a vector of tags')

case('TensorSummary', {'tensor': f32([1.5])}, description='{}')
T = lambda v, meta=s(''), tag=one, note=None: case('TensorSummaryV2', {'tag': tag, 'tensor': v, 'serialized_summary_metadata': meta}, note)
T(np.int32([[1, 2]]))
T(S('x', 'ü', b'\xff'))
T(np.bool_(True))
T(f32([]))
T(np.complex64([1 + 2j]))
T(np.int64([-1, 2**62]))
T(f16([1.5, 3]))
T(f64(2.5), s(b'\x12\x01a\x0a\x03\x0a\x01z\xa0\x06\x01'), note='metadata that has its fields out of order, and one that is unknown')
T(f64(2.5), s(b'\xff\xff'), note='metadata that is no message')
T(f64(2.5), S(''), note='a vector of metadata')
T(f64(2.5), tag=S('a'), note='a vector of tags')

def value(tag, number=b'\x15\x00\x00\x80\x3f'):
    body = b'\x0a' + bytes([len(tag)]) + tag + number
    return b'\x0a' + bytes([len(body)]) + body

M = lambda *inputs, note=None: case('MergeSummary', {'inputs': list(inputs)}, note)
M(s(value(b'a')), s(value(b'b')))
M(s(value(b'a') + value(b'c')), S(value(b'b'), b''))
M(s(b'\x0a\x05\xa0\x06\x01\x0a\x00'), note='an unknown field of a value')
M(s(b'\xa0\x06\x01'), note='an unknown field of the summary')
M(s(value(b'a')), s(value(b'a')), note='a tag twice')
M(s(value(b'')), s(value(b'')), note='no tags')
M(s(b'\xff\xff'), note='no message')
M(s('hello'), note='other text')
M(s(value(b'\xff')), note='a tag that is no UTF-8')

images = []
def image(note, x, **attrs):
    with tf.Graph().as_default(), tf.Session() as sess:
        summary = tf.Summary.FromString(sess.run(tf.raw_ops.ImageSummary(tag='t', tensor=tf.constant(x), **attrs)))
        images.append({'note': note, 'tensor': dump(x), **({'max_images': attrs['max_images']} if 'max_images' in attrs else {}), 'values': [
            {'tag': v.tag, 'height': v.image.height, 'width': v.image.width, 'colorspace': v.image.colorspace,
             'pixels': sess.run(tf.image.decode_png(v.image.encoded_image_string)).ravel().tolist()} for v in summary.value]})

base = rng.uniform(0, 1, [2, 2, 3, 3])
image('positive', base.astype(f32))
image('some negative', (base * 4 - 1).astype(f32))
image('bytes', (base * 255).astype(np.uint8), max_images=1)
image('float16', (base * 4 - 1).astype(f16))
image('float16, positive', (base * 700).astype(f16))
image('float64', base * 7 - 3)
image('float64, positive', base * 7)
image('four channels', rng.uniform(-1, 1, [1, 2, 2, 4]).astype(f32))
image('one channel', rng.uniform(-1, 1, [5, 2, 2, 1]).astype(f32))
odd = base[:1].astype(f32).copy()
odd[0, 0, 0, 1], odd[0, 1, 2, 0] = np.nan, -np.inf
image('not finite', odd)
image('all tiny', (base * 1e-8).astype(f32))
image('all tiny, some negative', ((base - .5) * 1e-8).astype(f32))

for c in cases:
    c['id'] = c['id'].replace('texts/', 'summary/')
folder = sys.argv[1]
with open(os.path.join(folder, 'ops/summary.json'), 'w') as f:
    f.write('{"group": "summary", "tf": "%s", "cases": [\n' % tf.__version__)
    f.write(',\n'.join(json.dumps(c) for c in cases))
    f.write('\n]}\n')
with open(os.path.join(folder, 'summary-images.json'), 'w') as f:
    f.write('{"tf": "%s", "cases": [\n' % tf.__version__)
    f.write(',\n'.join(json.dumps(c) for c in images))
    f.write('\n]}\n')
