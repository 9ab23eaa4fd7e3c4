"""Makes `ops/texts.json`: what real TensorFlow gives for ops on texts and for parsing, beyond `string.json` and `parse.json`."""
import base64, json, os, sys

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
cases = []


def text(b):
    try:
        return b.decode()
    except UnicodeDecodeError:
        return {'b64': base64.b64encode(b).decode()}


def number(x):
    x = x.item() if hasattr(x, 'item') else x
    if isinstance(x, float) and not np.isfinite(x):
        return 'NaN' if np.isnan(x) else ('Infinity' if x > 0 else '-Infinity')
    if isinstance(x, int) and not isinstance(x, bool) and abs(x) > 2**53:
        return str(x)
    return x


def dump(a):
    if isinstance(a, bytes):
        # NumPy would cut zeros off its end.
        a = np.array(a, dtype=object)
    a = np.asarray(a)
    if a.dtype.kind in 'OSU':
        flat = [x if isinstance(x, bytes) else str(x).encode() for x in a.ravel().tolist()]
        return {'dtype': 'string', 'shape': list(a.shape), 'data': [text(x) for x in flat]}
    name = tf.as_dtype(a.dtype).name
    if a.dtype.kind == 'c':
        return {'dtype': name, 'shape': list(a.shape), 'data': [number(p) for x in a.ravel() for p in (x.real, x.imag)]}
    a_ = a.astype(np.float32) if name in ('bfloat16', 'float16') else a
    return {'dtype': name, 'shape': list(a.shape), 'data': [number(x) for x in a_.ravel()]}


def S(*texts, shape=None):
    a = np.array([t if isinstance(t, bytes) else t.encode() for t in texts], dtype=object)
    return a.reshape(shape if shape is not None else [len(texts)])


def s(t):
    return S(t, shape=[])


def attr(v):
    if isinstance(v, tf.DType):
        return {'type': v.name}
    if isinstance(v, tf.TensorShape):
        return {'shape': [-1 if d is None else d for d in v.as_list()]}
    if isinstance(v, list):
        return {'list': [attr(x) for x in v]}
    return v


def case(op, inputs, note=None, consts=(), shapes=True, **attrs):
    entry = {'id': f'texts/{len(cases):04d}', 'op': op}
    if note:
        entry['note'] = note
    entry['inputs'] = []
    g = tf.Graph()
    with g.as_default():
        feeds, args = {}, {}

        def tensor(v, const):
            v = np.asarray(v)
            if const:
                return tf.constant(v)
            p = tf.placeholder(tf.string if v.dtype == object else v.dtype, v.shape)
            feeds[p] = v
            return p

        for arg, v in inputs.items():
            if isinstance(v, list):
                args[arg] = [tensor(x, arg in consts) for x in v]
                for i, x in enumerate(v):
                    entry['inputs'].append({'arg': arg, 'index': i, **({'const': True} if arg in consts else {}), **dump(x)})
            else:
                args[arg] = tensor(v, arg in consts)
                entry['inputs'].append({'arg': arg, **({'const': True} if arg in consts else {}), **dump(v)})
        entry['attrs'] = {k: attr(v) for k, v in attrs.items()}
        try:
            out = getattr(tf.raw_ops, op)(**args, **attrs, name='op')
        except Exception as e:
            entry['construct_error'] = {'class': type(e).__name__, 'message': str(e)}
            cases.append(entry)
            return
        node = g.get_operation_by_name('op')
        entry['static_shapes'] = [
            None if t.shape.rank is None else [-1 if d is None else d for d in t.shape.as_list()] for t in node.outputs
        ]
        with tf.Session() as sess:
            try:
                values = sess.run(list(node.outputs), feeds)
                entry['outputs'] = [dump(v) for v in values]
            except tf.errors.OpError as e:
                message = e.message.split("Node: 'op'\n", 1)[-1].split('\n\t')[0].split(' [[{{node')[0].rstrip()
                entry['run_error'] = {'class': type(e).__name__, 'message': message, 'code': e.error_code, 'node': 'op'}
    cases.append(entry)



words = S('Hello World', 'äöü', '', 'a,b,,c', ' tab\t x ')

# Joins, lengths, parts.
case('StringJoin', {'inputs': [S('a', 'b'), S('x', 'y', 'z')]}, 'shapes that differ')
case('StringJoin', {'inputs': [s('a'), s('b'), s('c')]}, separator='--')
case('StringLower', {'input': S('ΑΣ ÄÖ İ')}, encoding='utf-8')
case('StringUpper', {'input': S('straße ŉ ß')}, encoding='utf-8')
case('StringLower', {'input': S('A')}, 'an encoding that is none', encoding='latin')
case('StringStrip', {'input': S('\v\f\r\n a \n\f', '\u00a0x')})
case('StringLength', {'input': S(b'a\xffb', 'é')}, unit='UTF8_CHAR')
i32 = np.int32
case('Substr', {'input': S('ab', 'cd', 'ef', 'gh', shape=[2, 2]), 'pos': i32([0, 1]), 'len': i32([1, 1])}, 'broadcast')
case('Substr', {'input': s('abcdef'), 'pos': i32([0, 2]), 'len': i32([2, 3])}, 'scalar text')
case('Substr', {'input': S('abc'), 'pos': i32(1), 'len': i32(50)}, 'too long')
case('Substr', {'input': S('abc'), 'pos': i32(3), 'len': i32(1)}, 'at the end')
case('Substr', {'input': S('abc'), 'pos': i32(-4), 'len': i32(1)}, 'before the start')
case('Substr', {'input': S('äbc'), 'pos': i32(4), 'len': i32(1)}, 'past the end in characters', unit='UTF8_CHAR')
case('Substr', {'input': S('äbc'), 'pos': i32(-4), 'len': i32(1)}, 'before the start in characters', unit='UTF8_CHAR')
case('Substr', {'input': S('äbc'), 'pos': i32(1), 'len': i32(9)}, unit='UTF8_CHAR')
case('Substr', {'input': S('äbc'), 'pos': i32([0]), 'len': i32([-1])}, 'negative length', unit='BYTE')
case('Substr', {'input': S('abc', 'def'), 'pos': i32([1]), 'len': i32([1])}, 'one for all')
case('Substr', {'input': S('abc', 'def'), 'pos': i32([1, 2]), 'len': i32([1])}, 'pos and len differ')
case('Substr', {'input': S('abc', 'def', 'ghi'), 'pos': i32([1, 2]), 'len': i32([1, 1])}, 'no broadcast')

# Numbers.
for t in (tf.float32, tf.float64, tf.int32, tf.int64, tf.uint32, tf.uint64):
    case('StringToNumber', {'string_tensor': S('+5', '0', ' 7\n')}, out_type=t)
for bad in ('', ' ', '0x10', '1e400', '-1e400', '1e-400', '- 1', 'Infinity', '-inf', 'NaN', '.5', '5.', '1_0', '1e', '1f', '+', 'in'):
    case('StringToNumber', {'string_tensor': S(bad)}, out_type=tf.float32)
case('StringToNumber', {'string_tensor': S('0.1', '16777217', '1.17549435e-38', '3.4028235e38', '1e-46')}, out_type=tf.float32)
case('StringToNumber', {'string_tensor': S('0.1', '1e308', '4.9e-324', '0x1p3')}, out_type=tf.float64)
for bad in ('1.5', '9223372036854775808', '-9223372036854775808', '+1', '1e3', '--1', '- 1'):
    case('StringToNumber', {'string_tensor': S(bad)}, out_type=tf.int64)
for bad in ('-1', '4294967295', '4294967296'):
    case('StringToNumber', {'string_tensor': S(bad)}, out_type=tf.uint32)
case('StringToNumber', {'string_tensor': S('18446744073709551615')}, out_type=tf.uint64)

# Joins over axes and segments.
cube = S(*'abcdefgh', shape=[2, 2, 2])
for axes in ([0], [1], [2], [-1], [0, 1], [2, 0], [1, 2], []):
    case('ReduceJoin', {'inputs': cube, 'reduction_indices': i32(axes)}, consts=['reduction_indices'], separator='.')
case('ReduceJoin', {'inputs': cube, 'reduction_indices': i32([1])}, consts=['reduction_indices'], keep_dims=True)
case('ReduceJoin', {'inputs': cube, 'reduction_indices': i32([1])}, 'axes are fed')
case('ReduceJoin', {'inputs': cube, 'reduction_indices': i32([3])}, 'no such axis', consts=['reduction_indices'])
case('ReduceJoin', {'inputs': cube, 'reduction_indices': i32([3])}, 'no such axis, fed')
case('ReduceJoin', {'inputs': cube, 'reduction_indices': i32([1, 1])}, 'twice the same', consts=['reduction_indices'])
case('ReduceJoin', {'inputs': cube, 'reduction_indices': i32([1, -2])}, 'twice the same, fed')
case('ReduceJoin', {'inputs': s('x'), 'reduction_indices': i32([])}, 'scalar')
case('ReduceJoin', {'inputs': np.zeros([2, 0], object), 'reduction_indices': i32([1])}, 'nothing to join')
case('UnsortedSegmentJoin', {'inputs': S(*'abcd', shape=[2, 2]), 'segment_ids': i32([1, 1]), 'num_segments': i32(2)}, separator='-')
case('UnsortedSegmentJoin', {'inputs': S(*'abcd', shape=[2, 2]), 'segment_ids': i32([[1, 0], [0, 1]]), 'num_segments': i32(2)})
case('UnsortedSegmentJoin', {'inputs': S(*'ab'), 'segment_ids': i32([2, 0]), 'num_segments': i32(2)}, 'too great')
case('UnsortedSegmentJoin', {'inputs': S(*'ab'), 'segment_ids': i32([-1, 0]), 'num_segments': i32(2)}, 'negative')
case('UnsortedSegmentJoin', {'inputs': S(*'ab'), 'segment_ids': i32([0]), 'num_segments': i32(2)}, 'shapes differ')

# Base64 and hashes.
case('DecodeBase64', {'input': S('YQ', 'YQ==', 'YWI', 'YWI=', '-_-_')})
for bad in ('Y', 'YQ=', '+/+/', 'YQ===', 'YR', 'Y=Q='):
    case('DecodeBase64', {'input': S(bad)})
case('EncodeBase64', {'input': S(b'\xff\xfe\xfd', b'\xfb\xff')}, pad=True)
hashed = S('', 'a', 'ab', 'abcdefg', 'abcdefgh', 'abcdefghi', 'x' * 15, 'y' * 16, 'z' * 33, b'\xff\x80')
case('StringToHashBucketStrong', {'input': hashed}, num_buckets=1 << 40, key=[123, 456])
case('StringToHashBucketStrong', {'input': hashed}, num_buckets=10, key=[-1, 7])
case('StringToHashBucketStrong', {'input': hashed}, 'a key of three', num_buckets=10, key=[1, 2, 3])
case('StringToHashBucket', {'string_tensor': hashed}, num_buckets=1 << 40)

# Splits.
case('StringSplit', {'input': S('a b  c', ' x '), 'delimiter': s(' ')}, skip_empty=False)
case('StringSplit', {'input': S('a,b;c', ''), 'delimiter': s(',;')}, 'several delimiters', skip_empty=False)
case('StringSplit', {'input': S('a,b;c', ''), 'delimiter': s(',;')}, 'several delimiters')
case('StringSplit', {'input': S('ab', 'é'), 'delimiter': s('')}, skip_empty=False)
case('StringSplit', {'input': S(), 'delimiter': s(' ')}, 'no texts')
case('StringSplit', {'input': S('a'), 'delimiter': S(' ')}, 'delimiter is no scalar')
for sep in ('<>', ' ', '', 'ab'):
    for limit in (-1, 0, 1, 2):
        case('StringSplitV2', {'input': S('1<>2<><>3', ' a  b ', 'xabyabab', '', '  '), 'sep': s(sep)}, maxsplit=limit)
case('StringSplitV2', {'input': S('a b', shape=[1, 1]), 'sep': s(' ')}, 'rank 2')
data = S(*'abcdef')
i64 = np.int64
for widths, pad, short, l, r in (
    ([1, 2], 0, False, '', ''), ([2], -1, False, 'L', 'R'), ([3], 1, False, 'L', 'R'), ([3], 0, True, '', ''),
    ([3, 5], 0, True, '', ''), ([3], -1, False, '', ''), ([3, 2], 2, True, '<', '>'),
):
    case('StringNGrams', {'data': data, 'data_splits': i64([0, 2, 2, 6])}, separator='|', ngram_widths=widths, left_pad=l,
         right_pad=r, pad_width=pad, preserve_short_sequences=short)
case('StringNGrams', {'data': data, 'data_splits': i32([0, 3, 6])}, separator='|', ngram_widths=[2], left_pad='', right_pad='',
     pad_width=0, preserve_short_sequences=False)
case('StringNGrams', {'data': data, 'data_splits': i64([1, 6])}, 'splits from 1', separator='|', ngram_widths=[2], left_pad='',
     right_pad='', pad_width=0, preserve_short_sequences=False)
case('StringNGrams', {'data': data, 'data_splits': i64([0, 5])}, 'splits too short', separator='|', ngram_widths=[2], left_pad='',
     right_pad='', pad_width=0, preserve_short_sequences=False)
case('StringNGrams', {'data': data, 'data_splits': i64([0, 4, 3, 6])}, 'splits decrease', separator='|', ngram_widths=[2],
     left_pad='', right_pad='', pad_width=0, preserve_short_sequences=False)


def sparse(prefix, rows, values, shape):
    return {f'{prefix}_indices': i64(rows).reshape([-1, len(shape)]), f'{prefix}_values': values, f'{prefix}_shape': i64(shape)}


hyp = sparse('hypothesis', [[0, 0], [0, 1], [2, 0]], i32([1, 2, 3]), [3, 2])
tru = sparse('truth', [[0, 0], [1, 0], [1, 1]], i32([1, 4, 5]), [3, 3])
case('EditDistance', {**hyp, **tru})
case('EditDistance', {**hyp, **tru}, normalize=False)
case('EditDistance', {**sparse('hypothesis', [[0, 0, 0], [1, 0, 0], [1, 0, 1]], S(*'abc'), [2, 1, 2]),
                      **sparse('truth', [[0, 0, 0], [0, 1, 0], [1, 0, 0]], S(*'xbc'), [2, 2, 1])}, normalize=False)
case('EditDistance', {**hyp, **sparse('truth', [[0, 0, 0]], i32([1]), [1, 1, 1])}, 'ranks differ')
case('EditDistance', {**sparse('hypothesis', [[0, 0], [0, 1], [0, 2], [0, 3], [0, 4], [0, 5]], S(*'kitten'), [1, 6]),
                      **sparse('truth', [[0, i] for i in range(7)], S(*'sitting'), [1, 7])}, normalize=False)

# Patterns.
def replace(pattern, rewrite, texts=words, note=None, **attrs):
    case('RegexReplace', {'input': texts, 'pattern': s(pattern), 'rewrite': s(rewrite)}, note, **attrs)

replace('a*', 'X', S('baac', '', 'aa', 'äb'))
replace('', '-', S('ab', 'äö'))
replace('(l+)(o)', '\\2\\1')
replace('o', '\\1', note='no such group')
replace('o', '\\\\')
replace('o', '\\x', note='no such escape')
replace('o', '$&$1')
replace('(', 'x', note='no pattern')
replace('(?=a)', 'x', note='no pattern')
replace('(a)\\1', 'x', note='no pattern')
replace('a**', 'x', note='no pattern')
replace('[z-a]', 'x', note='no pattern')
replace('(?i)HELLO', 'x')
replace('(?i:h)ello', 'x')
replace('h(?i)ELLO|w', 'x', S('hello', 'W', 'w', 'Hello'))
replace('.', '.', S('a\nb\r', '漢字'))
replace('(?s).', '.', S('a\nb\r', '漢字'))
replace('^b$', 'x', S('a\nb\nc', 'b', 'b\n'))
replace('(?m)^b$', 'x', S('a\nb\nc', 'b', 'b\n', 'b\r'))
replace('\\Aa|c\\z', 'x', S('ac', 'aacc', 'c\n'))
replace('[[:alpha:]]+', 'w')
replace('[[:^alpha:]\\d]+', 'w', S('a1-b'))
replace('\\pL+', 'w', S('äb1'))
replace('\\p{Greek}|\\P{L}', 'w', S('αb1'))
replace('\\p{^Greek}', 'w', S('αb1'))
replace('\\w\\b', '_', S('äb ab'))
replace('\\s|\\v', '_', S('a\vb c\u00a0'))
replace('\\Qa.b\\E', '_', S('a.b axb'))
replace('\\x{e4}|\\x62|\\143', '_', S('äbcd'))
replace('(?P<n>a)(?:b)', '\\1', S('ab'))
replace('a{2}|b{', 'x', S('aab{'))
replace('a+?', 'x', S('aaa'))
replace('(?U)a+', 'x', S('aaa'))
replace('[]a]|}', 'x', S('a]b}'))
replace('[^]a]', 'x', S('a]b}'))
replace('[a\\-z]|[+--]|[\\]]', 'x', S('a-b+,]'))
replace('[\\w-]+', 'x', S('a-b c'))
replace('a|ab', 'x', S('ab'))
replace('\\j', 'x', note='no such escape')
replace('\\_', 'x', note='no such escape')
replace('é', 'e', S(b'\xff\xc3\xa9'), 'not all UTF-8')
replace('a', 'b', replace_global=False)
for pattern in ('\\W', '\\D+', '[^\\W]', '\\S+', '[\\S]', '[^\\s]', '(?i)[a-c]+', '(?i)[^k]', '\\pN', '[[:word:]]+', '(?<n>a)', '(?i)É',
                '\\PL', '(?i:a)B', '(?-i)a', '(?i)a(?-i)B', 'a{2,}', 'a{0}', '(a|b)*', '(?:a|(b))+', '\\.', '\\-', '\\/', '[.]', '\\bx',
                '(?ms)^.$', '\\n', '[\\n-]', '\\$', '^', '$', '(?s-m:.)', '\\Qa', '[^\\x00-\\x{10FFFF}]', '[a-]', '[-a]'):
    replace(pattern, '<\\0>', S('aB1-k K.x', 'éÉ\n$bb', 'aa/ſb'))
for pattern in ('x{2,1}', 'a{1001}', '*a', 'a)', '(?P<n', '(?P<>a)', '\\', '(?z)', 'a|*', '[a-\\d]', '\\x{110000}', '\\p{Foo}',
                '\\8', 'a+*', '(?i', '(?P=n)', '(?<=a)', '(?!a)', '\\pX', '[a', 'a{2}{3}', '\\Z', '(?P<n>a)(?P<n>b)', '((a)', '+', '(*)',
                '[b-a]', '\\x1', 'a**?'):
    replace(pattern, 'x', note='no pattern')
case('RegexReplace', {'input': words, 'pattern': S('a'), 'rewrite': s('b')}, 'pattern is no scalar')
case('RegexFullMatch', {'input': S('ab', 'abc', 'a', 'ab\n'), 'pattern': s('a|ab')})
case('RegexFullMatch', {'input': S('ab'), 'pattern': s('(')}, 'no pattern')
case('RegexFullMatch', {'input': S('ab'), 'pattern': S('a')}, 'pattern is no scalar')
case('StaticRegexFullMatch', {'input': S('ÄB', 'äb')}, pattern='(?i)äb')
case('StaticRegexFullMatch', {'input': S('ab')}, 'no pattern', pattern='[')
case('StaticRegexReplace', {'input': S('aa')}, 'no pattern', pattern='[', rewrite='x')

# Formats.
def fmt(template, *inputs, **attrs):
    case('StringFormat', {'inputs': list(inputs)}, template=template, placeholder='{}', **attrs)

fmt('{}', np.arange(12, dtype=np.float32).reshape(3, 4) / 3)
fmt('{}', np.arange(10, dtype=i32))
fmt('{}', np.arange(7, dtype=i32))
fmt('{}', np.arange(6, dtype=i32))
fmt('{}', np.arange(10, dtype=i32), summarize=-1)
fmt('{}', np.arange(10, dtype=i32), summarize=1)
fmt('{}', np.arange(64, dtype=i32).reshape(8, 8), summarize=2)
fmt('{}', np.arange(8, dtype=i32).reshape(2, 2, 2))
fmt('{}', np.arange(500, dtype=i32).reshape(5, 10, 10), summarize=1)
fmt('{} {}', S('a"b\n', 'c'), s('x'))
fmt('{}', s("it's 漢"))
fmt('{} {} {}', np.array([True, False]), np.float64(1 / 3), np.float32([1e-10, 1e10, np.nan, np.inf, -0.0]))
fmt('{}', np.zeros([0], i32))
fmt('{}', np.zeros([2, 0], i32))
fmt('{}', np.complex64([1 + 2j]))
fmt('{}', i64([2**60]))
fmt('a {} b', i32(5))
fmt('{} {}', i32(5))
fmt('{}', i32(5), i32(6))
fmt('none')

# Unicode.
mixed = S('aé漢😀', b'a\xffb\xe6\xbc', '\x01\tx')
for errors in ('replace', 'ignore', 'strict'):
    case('UnicodeDecode', {'input': mixed}, input_encoding='UTF-8', errors=errors)
case('UnicodeDecodeWithOffsets', {'input': mixed}, input_encoding='UTF-8')
case('UnicodeDecodeWithOffsets', {'input': mixed}, input_encoding='UTF-8', errors='ignore')
case('UnicodeDecode', {'input': mixed}, input_encoding='UTF-8', replace_control_characters=True, replacement_char=63, Tsplits=tf.int32)
case('UnicodeDecode', {'input': mixed}, input_encoding='UTF-8', replace_control_characters=True, errors='ignore')
case('UnicodeDecode', {'input': S(b'\x00a\xd8\x3d\xde\x00\xd8\x00', b'\x00')}, input_encoding='UTF-16-BE')
case('UnicodeDecodeWithOffsets', {'input': S(b'a\x00=\xd8\x00\xde')}, input_encoding='UTF-16LE')
case('UnicodeDecode', {'input': S(b'\x00\x00\x00a\x00\x01\xf6\x00', b'\x00\x11\x00\x00')}, input_encoding='UTF-32-BE')
case('UnicodeDecode', {'input': S(b'a\xe9')}, input_encoding='ISO-8859-1')
case('UnicodeDecode', {'input': S(b'a\xe9')}, input_encoding='US-ASCII')
case('UnicodeDecode', {'input': S(b'a\x80')}, input_encoding='windows-1252')
case('UnicodeDecode', {'input': S(b'\x93\xfa\x96{')}, input_encoding='SHIFT-JIS')
case('UnicodeDecode', {'input': S('a')}, 'no such encoding', input_encoding='nothing')
case('UnicodeDecode', {'input': S('\ufeffa')}, 'a byte order mark', input_encoding='UTF-8')
case('UnicodeTranscode', {'input': mixed}, input_encoding='UTF-8', output_encoding='UTF-8')
case('UnicodeTranscode', {'input': mixed}, input_encoding='UTF-8', output_encoding='UTF-16-BE', replace_control_characters=True)
case('UnicodeTranscode', {'input': mixed}, input_encoding='UTF-8', output_encoding='UTF-32-BE', errors='ignore')
case('UnicodeTranscode', {'input': mixed}, input_encoding='UTF-8', output_encoding='UTF-8', errors='strict')
case('UnicodeTranscode', {'input': S('\ufeffa')}, input_encoding='UTF-8', output_encoding='UTF-8')
case('UnicodeTranscode', {'input': S(b'\xe9')}, input_encoding='ISO-8859-1', output_encoding='UTF-8')
case('UnicodeTranscode', {'input': S('a')}, 'no such encoding', input_encoding='nothing', output_encoding='UTF-8')
codes = i32([97, 0x6f22, 0x1f600, 0xd800, 0x110000, -1, 0])
for errors in ('replace', 'ignore', 'strict'):
    case('UnicodeEncode', {'input_values': codes, 'input_splits': i64([0, 2, 2, 7])}, output_encoding='UTF-8', errors=errors)
case('UnicodeEncode', {'input_values': codes, 'input_splits': i64([0, 3, 7])}, output_encoding='UTF-16-BE', replacement_char=63)
case('UnicodeEncode', {'input_values': codes, 'input_splits': i64([0, 3, 7])}, output_encoding='UTF-32-BE')
case('UnicodeEncode', {'input_values': codes, 'input_splits': i64([0, 8])}, 'splits too long', output_encoding='UTF-8')
case('UnicodeEncode', {'input_values': codes, 'input_splits': i64([1, 7])}, 'splits from 1', output_encoding='UTF-8')
case('UnicodeEncode', {'input_values': codes, 'input_splits': i64([0, 5, 4, 7])}, 'splits decrease', output_encoding='UTF-8')
case('UnicodeEncode', {'input_values': codes, 'input_splits': i64([0, 5])}, 'splits too short', output_encoding='UTF-8')
case('UnicodeScript', {'input': i32([0x20, 0x300, 0x627, 0x410, 0x5d0, 0x3042, 0x30a2, 0x6f22, 0xac00, 0xe01, 0x1f600, 0x378, 0x110000, -1])})

# Bytes.
raw = b'\x01\x02\x03\x04\x05\x06\x07\x08'
for t in (tf.float16, tf.float32, tf.float64, tf.int32, tf.uint16, tf.int8, tf.int64, tf.bool, tf.bfloat16):
    for little in (True, False):
        case('DecodeRaw', {'bytes': S(raw if t != tf.bool else b'\x01\x00')}, out_type=t, little_endian=little)
case('DecodeRaw', {'bytes': S(raw)}, out_type=tf.complex64)
case('DecodeRaw', {'bytes': S('ab', 'abc')}, 'lengths differ', out_type=tf.uint8)
case('DecodeRaw', {'bytes': S()}, 'no texts', out_type=tf.int32)
case('DecodeRaw', {'bytes': S('', '')}, 'empty texts', out_type=tf.int32)
case('DecodePaddedRaw', {'input_bytes': S('ab', 'abcdef', ''), 'fixed_length': i32(4)}, out_type=tf.uint8)
case('DecodePaddedRaw', {'input_bytes': S('ab', 'abcdef'), 'fixed_length': i32(4)}, consts=['fixed_length'], out_type=tf.int16)
case('DecodePaddedRaw', {'input_bytes': S('ab', 'abcdef'), 'fixed_length': i32(4)}, out_type=tf.int16, little_endian=False)
case('DecodePaddedRaw', {'input_bytes': S('ab'), 'fixed_length': i32(3)}, 'length does not fit', out_type=tf.int16)
case('DecodePaddedRaw', {'input_bytes': S('ab'), 'fixed_length': i32(0)}, 'length 0', out_type=tf.int16)
case('DecodePaddedRaw', {'input_bytes': S('abc'), 'fixed_length': i32(4)}, 'a text that does not fit', out_type=tf.int16)

# CSV.
f32 = np.float32
def csv(texts, defaults, note=None, **attrs):
    case('DecodeCSV', {'records': texts, 'record_defaults': defaults}, note, **attrs)

none_i, none_s = np.zeros([0], i32), np.zeros([0], object)
csv(S('1,2'), [i32([0])], 'too many')
csv(S('1'), [i32([0]), i32([0])], 'too few')
csv(S('1,'), [i32([0]), none_i], 'required')
csv(S('"a ""q"" b",c'), [S(''), S('')])
csv(S('"a\nb",c'), [S(''), S('')])
csv(S('a"b,c'), [S(''), S('')], 'a quote within')
csv(S('"a,c'), [S(''), S('')], 'an open quote')
csv(S('"a"b,c'), [S(''), S('')], 'after a quote')
csv(S('"a",c'), [S(''), S('')], use_quote_delim=False)
csv(S('a\nb,c'), [S(''), S('')], 'a line break')
csv(S('NA,x,'), [i32([7]), S('d'), f32([2])], na_value='NA')
csv(S('1,2,3,4'), [i32([0]), i32([0])], select_cols=[1, 3])
csv(S('1,2'), [i32([0]), i32([0])], 'selected, too few', select_cols=[1, 3])
csv(S('1 ,2.5, 3,4e2'), [i32([0]), np.float64([0]), i64([0]), f32([0])])
for bad, default in (('x', f32([0])), ('x', np.float64([0])), ('x', i64([0])), ('3000000000', i32([0])), ('', none_s)):
    csv(S(bad), [default])
csv(S('1', '2', '3', '4', shape=[2, 2]), [i32([0])])
csv(s('1,a'), [i32(5), S('')], 'scalar default')
csv(S('1'), [i32([1, 2])], 'a default of two')
csv(S('1\t2'), [i32([0]), i32([0])], field_delim='\t')
csv(S('1'), [i32([0])], 'a long delimiter', field_delim=';;')
csv(S('1,2\r'), [i32([0]), S('')])
csv(S('a,"b"\r\n'), [S(''), S('')], 'the end of a line')

# Tensors as messages.
for v in (f32([[1, 2]]), np.float64([1.5]), i32(3), i64([-1]), np.array([True, False]), S('ab', b'\xff'), np.uint8([1, 255]),
          np.complex64([1 + 2j]), np.int8([-1]), np.int16([5]), np.uint16([7]), np.float16([1.5]), np.zeros([0, 3], f32),
          np.uint32([5]), np.uint64([9])):
    case('SerializeTensor', {'tensor': v})
def proto(v, **kw):
    return s(tf.make_tensor_proto(v, **kw).SerializeToString())
for v in (f32([[1, 2]]), np.float64([1.5]), i32(3), i64([-1, 2]), np.array([True, False]), S('ab', b'\xff'), np.uint8([1, 255]),
          np.complex64([1 + 2j]), np.int8([-1]), np.float16([1.5]), np.zeros([0, 3], f32), np.uint64([9])):
    case('ParseTensor', {'serialized': proto(v)}, out_type=tf.as_dtype(tf.string if v.dtype == object else v.dtype))
from tensorflow.core.framework import tensor_pb2
def listed(**kw):
    shape = kw.pop('dims')
    p = tensor_pb2.TensorProto(**kw)
    for d in shape:
        p.tensor_shape.dim.add(size=d)
    return s(p.SerializeToString())
case('ParseTensor', {'serialized': listed(dtype=1, dims=[3], float_val=[1.5])}, 'one value for all', out_type=tf.float32)
case('ParseTensor', {'serialized': listed(dtype=3, dims=[3], int_val=[1, -2])}, 'the last value again', out_type=tf.int32)
case('ParseTensor', {'serialized': listed(dtype=9, dims=[2], int64_val=[1, -2])}, out_type=tf.int64)
case('ParseTensor', {'serialized': listed(dtype=19, dims=[1], half_val=[0x3e00])}, out_type=tf.float16)
case('ParseTensor', {'serialized': listed(dtype=8, dims=[1], scomplex_val=[1, 2])}, out_type=tf.complex64)
case('ParseTensor', {'serialized': s('nonsense')}, 'no message', out_type=tf.float32)
case('ParseTensor', {'serialized': S('a', 'b')}, 'no scalar', out_type=tf.float32)

# Examples.
def feature(v):
    if isinstance(v, tuple):
        return tf.train.Feature()
    if len(v) and isinstance(v[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=v))
    if len(v) and isinstance(v[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=v))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=v))
def example(**kw):
    return tf.train.Example(features=tf.train.Features(feature={k: feature(v) for k, v in sorted(kw.items())})).SerializeToString(deterministic=True)
one = example(a=[1.0, 2.0], b=[b'x'], c=[1, 2, 3], v=[1, 2])
two = example(a=[3.0, 4.0], b=[b'y'], c=[-1], v=[1, 2, 3, 4])
none = example()
F, I, ST = tf.float32, tf.int64, tf.string
no_f, no_i, no_s = np.zeros([0], f32), np.zeros([0], i64), np.zeros([0], object)
sh = tf.TensorShape
def parse2(texts, note=None, names=no_s, sparse=(), dense=(), ragged=()):
    case('ParseExampleV2', {
        'serialized': texts, 'names': names, 'sparse_keys': S(*[k for k, _ in sparse]), 'dense_keys': S(*[d[0] for d in dense]),
        'ragged_keys': S(*[k for k, _, _ in ragged]), 'dense_defaults': [d[3] for d in dense]}, note,
        consts=['names', 'sparse_keys', 'dense_keys', 'ragged_keys'],
        num_sparse=len(sparse), sparse_types=[t for _, t in sparse], dense_shapes=[d[2] for d in dense],
        ragged_value_types=[t for _, t, _ in ragged], ragged_split_types=[t for _, _, t in ragged])
A = ('a', F, sh([2]), no_f)
B = ('b', ST, sh([]), no_s)
C = ('c', I, sh([3]), i64([7, 8, 9]))
V = ('v', I, sh([None, 2]), i64(-1))
parse2(S(one, two), dense=[A, B])
parse2(S(one, two), 'a length that differs', dense=[C])
parse2(S(one, none), 'default', dense=[C])
parse2(S(one, none), 'required', dense=[A])
parse2(S(one, none), 'required, named', names=S('first', 'second'), dense=[A])
parse2(S(one, none), 'names do not fit', names=S('first'), dense=[A])
parse2(S(one, two, none), sparse=[('c', I), ('b', ST)])
parse2(S(one, two), 'another type', sparse=[('c', F)])
parse2(S(one, two), 'another type', dense=[('c', F, sh([3]), no_f)])
parse2(S(one, two, none), 'variable length', dense=[V])
parse2(S(one), 'variable length that does not fit', dense=[('c', I, sh([None, 2]), i64(-1))])
parse2(S(one, two, none), ragged=[('c', I, tf.int64), ('b', ST, tf.int32)])
parse2(S('nonsense'), 'no message', dense=[A])
parse2(S(one, 'nonsense'), 'no message, named', names=S('first', 'second'), dense=[A])
parse2(S(), 'none', dense=[A], sparse=[('c', I)])
parse2(s(one), 'one', dense=[A, B], sparse=[('c', I), ('zz', F)])
parse2(s(two), 'one, variable length', dense=[V], ragged=[('c', I, tf.int64)])
parse2(s(none), 'one, required', dense=[A])
parse2(s(two), 'one, a length that differs', dense=[C])
parse2(s(one), 'one, another type', dense=[('c', F, sh([3]), no_f)])
parse2(s('nonsense'), 'one, no message', dense=[A])
parse2(S(one, two), 'a default that does not fit', dense=[('c', I, sh([3]), i64([7, 8]))])
def parse1(texts, note=None, names=no_s, sparse=(), dense=()):
    case('ParseExample', {
        'serialized': texts, 'names': names, 'sparse_keys': [s(k) for k, _ in sparse], 'dense_keys': [s(d[0]) for d in dense],
        'dense_defaults': [d[3] for d in dense]}, note, consts=['names', 'sparse_keys', 'dense_keys'],
        sparse_types=[t for _, t in sparse], dense_shapes=[d[2] for d in dense])
parse1(S(one, two), dense=[A, V], sparse=[('c', I)])
parse1(S(one, none), 'required', dense=[A])
def single(t, note=None, sparse=(), dense=()):
    case('ParseSingleExample', {'serialized': t, 'dense_defaults': [d[3] for d in dense]}, note, num_sparse=len(sparse),
         sparse_keys=[k for k, _ in sparse], dense_keys=[d[0] for d in dense], sparse_types=[t for _, t in sparse],
         dense_shapes=[d[2] for d in dense])
single(s(one), dense=[A, V], sparse=[('c', I), ('zz', ST)])
single(s(none), 'required', dense=[A])
single(s(two), 'a length that differs', dense=[C])
single(S(one), 'no scalar', dense=[A])
single(s(one), 'too many values', dense=[('c', I, sh([2]), no_i)])
single(s(one), 'another type', sparse=[('c', F)])
single(s(one), 'text for a number', dense=[('b', F, sh([]), no_f)])
single(s(one), 'variable length that does not fit', dense=[('c', I, sh([None, 2]), i64(-1))])
single(s(one), 'too few floats', dense=[('a', F, sh([3]), no_f)])
single(s(one), 'too few texts', dense=[('b', ST, sh([2]), no_s)])
parse2(S(one, two), 'ragged of another type', ragged=[('c', F, tf.int64)])
parse2(s(one), 'one, ragged of another type', ragged=[('c', F, tf.int64)])
parse2(S(one, two), 'too few texts', dense=[('b', ST, sh([2]), no_s)])

if __name__ == '__main__':
    with open(sys.argv[1], 'w') as f:
        f.write('{"group": "texts", "tf": "%s", "cases": [\n' % tf.__version__)
        f.write(',\n'.join(json.dumps(c) for c in cases))
        f.write('\n]}\n')
