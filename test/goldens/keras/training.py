"""Makes training.json: what Keras 2.15's code says of trainings in graph mode (tf_keras 2.21, TensorFlow 2.21).

Run with TensorFlow and tf_keras: python training.py training.json

`cases` are models by their configurations, with the calls that are made; `programs` are written out in the tests as well.
Weights and data are fixed; shuffle is False, or NumPy is seeded.
"""
import json
import os
import sys

os.environ['CUDA_VISIBLE_DEVICES'] = ''
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['TF_USE_LEGACY_KERAS'] = '1'
import numpy as np
import tensorflow.compat.v1 as tf
tf.disable_eager_execution()
tf.disable_v2_behavior()
tf.logging.set_verbosity(tf.logging.ERROR)
import tf_keras as keras
from tf_keras import backend as K, layers as L

def fresh():
    K.clear_session()

def arr(a):
    a = np.asarray(a)
    return {'dtype': str(a.dtype), 'shape': list(a.shape), 'data': [float(str(v)) if a.dtype.kind == 'f' else int(v) for v in a.ravel()]}

def data(seed, *shape, dtype='float32', low=-1, high=1):
    r = np.random.RandomState(seed)
    if dtype.startswith('int'):
        return r.randint(low, high, shape).astype(dtype)
    return np.round(r.uniform(low, high, shape), 3).astype(dtype)

def fix_weights(model, seed=1):
    r = np.random.RandomState(seed)
    values = []
    for w in model.weights:
        shape = w.shape.as_list()
        v = np.round(r.uniform(-0.8, 0.8, shape), 3).astype('float32')
        if 'variance' in w.name or 'gamma' in w.name:
            v = np.abs(v) + 0.5
        values.append(v)
    model.set_weights(values)
    return values

def num(v):
    v = [v] if not isinstance(v, (list, tuple)) else v
    return [float(x) for x in v]

def logs_of(logs):
    return {k: (float(v) if np.ndim(v) == 0 else None) for k, v in (logs or {}).items()}

def as_json(v):
    """Arguments of calls: arrays by the key `array`."""
    if isinstance(v, np.ndarray):
        return {'array': arr(v)}
    if isinstance(v, tuple):
        return [as_json(i) for i in v]
    if isinstance(v, list):
        return [as_json(i) for i in v]
    if isinstance(v, dict):
        return {'map': [[k, as_json(i)] for k, i in v.items()]}
    return v

cases = []
def case(name, build, compile, calls, seed=1):
    """calls: [method, args, kwargs]"""
    fresh()
    model = build()
    initial = fix_weights(model, seed)
    rec = {'name': name, 'class_name': type(model).__name__, 'config': model.get_config(),
           'weights': [arr(w) for w in initial], 'weight_names': [w.name for w in model.weights], 'calls': []}
    def do_compile(spec):
        spec = dict(spec)
        spec['optimizer'] = getattr(keras.optimizers.legacy, spec['optimizer']['class_name'])(**spec['optimizer']['config']) if isinstance(spec['optimizer'], dict) else spec['optimizer']
        model.compile(**spec)
        rec.setdefault('metrics_names', list(model.metrics_names))
    rec['compile'] = {k: as_json(v) if k != 'optimizer' else v for k, v in compile.items()}
    try:
        do_compile(compile)
    except Exception as e:
        rec['error'] = [type(e).__name__, str(e)]
        cases.append(rec); return
    for method, args, kw in calls:
        entry = {'method': method, 'args': [as_json(a) for a in args], 'kw': {k: as_json(v) for k, v in kw.items()}}
        try:
            if method == 'fit':
                h = model.fit(*args, shuffle=False, verbose=0, **kw)
                entry['history'] = [[k, num(v)] for k, v in h.history.items()]
                entry['epoch'] = h.epoch
            elif method == 'evaluate':
                entry['values'] = num(model.evaluate(*args, verbose=0, **kw))
            elif method == 'predict':
                p = model.predict(*args, **kw)
                entry['arrays'] = [arr(a) for a in (p if isinstance(p, list) else [p])]
            elif method in ('train_on_batch', 'test_on_batch'):
                entry['values'] = num(getattr(model, method)(*args, **kw))
            elif method == 'set_lr':
                K.set_value(model.optimizer.lr, args[0])
            elif method == 'reset_metrics':
                model.reset_metrics()
            elif method == 'trainable':
                for n, t in args[0].items(): model.get_layer(n).trainable = t
            elif method == 'compile':
                entry['kw'] = {k: as_json(v) if k != 'optimizer' else v for k, v in kw.items()}
                do_compile(kw)
            else:
                raise RuntimeError('?' + method)
        except Exception as e:
            entry['error'] = [type(e).__name__, str(e).replace('np.int64(2)', '2')]
        rec['calls'].append(entry)
    rec['final'] = [arr(w) for w in model.get_weights()]
    cases.append(rec)

SGD = {'class_name': 'SGD', 'config': {'learning_rate': 0.1}}
ADAM = {'class_name': 'Adam', 'config': {'learning_rate': 0.05}}
MOM = {'class_name': 'SGD', 'config': {'learning_rate': 0.05, 'momentum': 0.9}}

def mlp(out=2, act=None, reg=None):
    def build():
        i = keras.Input((3,), name='features')
        h = L.Dense(4, activation='tanh', name='hidden', kernel_regularizer=reg)(i)
        return keras.Model(i, L.Dense(out, activation=act, name='out')(h))
    return build

def two(a=2, b=1):
    def build():
        i = keras.Input((3,), name='in_a'); j = keras.Input((2,), name='in_b')
        h = L.Concatenate(name='join')([L.Dense(3, activation='tanh', name='left')(i), j])
        return keras.Model([i, j], [L.Dense(a, name='p')(h), L.Dense(b, activation='sigmoid', name='q')(h)])
    return build

x = data(10, 10, 3); y = data(11, 10, 2)
xb = data(12, 10, 2); yb = (data(13, 10, 1) > 0).astype('float32')
w = data(14, 10, low=0, high=2); w2 = data(15, 10, low=0, high=2)
vx, vy, vw = data(16, 7, 3), data(17, 7, 2), data(18, 7, low=0, high=2)
lab = data(19, 10, dtype='int64', low=0, high=3)
lab1 = lab.reshape(10, 1)
hot = np.eye(3, dtype='float32')[lab]
binl = (data(20, 10, 1) > 0).astype('float32')

mse = {'optimizer': SGD, 'loss': 'mse', 'metrics': ['mae']}
f = lambda *a, **k: ['fit', list(a), k]
e = lambda *a, **k: ['evaluate', list(a), k]
p = lambda *a, **k: ['predict', list(a), k]

case('batch sizes that do not divide', mlp(), mse, [f(x, y, batch_size=4, epochs=3), e(x, y, batch_size=3), p(x, batch_size=3)])
case('sample weights', mlp(), dict(mse, weighted_metrics=['mae', 'mse']), [f(x, y, batch_size=4, epochs=3, sample_weight=w), e(x, y, batch_size=3, sample_weight=w), e(x, y, batch_size=3)])
case('class weights of integers', mlp(3, 'softmax'), {'optimizer': SGD, 'loss': 'sparse_categorical_crossentropy', 'metrics': ['accuracy', 'crossentropy'], 'weighted_metrics': ['accuracy']},
     [f(x, lab, batch_size=4, epochs=3, class_weight={0: 1.0, 1: 2.0, 2: 0.5}), f(x, lab1, batch_size=4, epochs=2, class_weight={0: 1.0, 1: 2.0, 2: 0.5}, sample_weight=w), f(x, lab, class_weight={0: 1.0, 1: 2.0})])
case('class weights of one-hot rows', mlp(3, 'softmax'), {'optimizer': SGD, 'loss': 'categorical_crossentropy', 'metrics': ['accuracy', 'ce']},
     [f(x, hot, batch_size=4, epochs=3, class_weight={0: 1.0, 1: 2.0, 2: 0.5}), e(x, hot), ['train_on_batch', [x, hot], dict(class_weight={0: 1.0, 1: 2.0, 2: 0.5})]])
case('validation split', mlp(), mse, [f(x, y, batch_size=4, epochs=3, validation_split=0.25), ['compile', [], mse], f(x, y, batch_size=4, epochs=1, validation_split=0.35, sample_weight=w)])
case('validation data', mlp(), mse, [f(x, y, batch_size=4, epochs=2, validation_data=(vx, vy)), ['compile', [], mse], f(x, y, batch_size=4, epochs=2, validation_data=(vx, vy, vw)), ['compile', [], mse], f(x, y, batch_size=4, epochs=2, sample_weight=w, validation_data=(vx, vy)), ['compile', [], mse], f(x, y, batch_size=4, epochs=2, sample_weight=w, validation_data=(vx, vy, vw))])
case('validation data wins over the split', mlp(), mse, [f(x, y, batch_size=4, epochs=2, validation_data=(vx, vy), validation_split=0.5)])
case('validation frequency', mlp(), mse, [f(x, y, epochs=5, validation_data=(vx, vy), validation_freq=2), f(x, y, epochs=5, validation_data=(vx, vy), validation_freq=[1, 4])])
case('initial epoch', mlp(), mse, [f(x, y, epochs=5, initial_epoch=3, validation_data=(vx, vy), validation_freq=2), f(x, y, epochs=2, initial_epoch=2)])
case('steps with arrays', mlp(), mse, [f(x, y, epochs=2, steps_per_epoch=2), f(x, y, epochs=2, steps_per_epoch=2, batch_size=5), e(x, y, steps=2), p(x, steps=2), f(x, y, epochs=2, validation_data=(vx, vy), validation_steps=2)])
case('two outputs', two(), {'optimizer': SGD, 'loss': ['mse', 'binary_crossentropy'], 'metrics': ['accuracy']}, [f([x, xb], [y, yb], batch_size=4, epochs=2, validation_split=0.2), e([x, xb], [y, yb], batch_size=4), p([x, xb], batch_size=4)])
case('losses, metrics, weights by name', two(), {'optimizer': SGD, 'loss': {'p': 'mae', 'q': 'binary_crossentropy'}, 'loss_weights': {'q': 0.3, 'p': 2.0}, 'metrics': {'q': ['accuracy', 'AUC'], 'p': 'mse'}, 'weighted_metrics': {'p': ['mae']}},
     [f({'in_a': x, 'in_b': xb}, {'p': y, 'q': yb}, batch_size=4, epochs=2, sample_weight={'p': w}), e([x, xb], [y, yb], sample_weight=[w, w2]), f([x, xb], [y, yb], batch_size=4, epochs=2, sample_weight=[w, w2]), f([x, xb], [y, yb], sample_weight={'q': w2}, epochs=1)])
case('loss weights as a list, metrics as lists of lists', two(), {'optimizer': SGD, 'loss': 'mse', 'loss_weights': [0.5, 0.25], 'metrics': [['mae'], ['mse', 'mae']]}, [f([x, xb], [y, yb], epochs=2, batch_size=4)])
case('one output of two has a loss', two(), {'optimizer': SGD, 'loss': {'q': 'binary_crossentropy'}, 'metrics': ['accuracy']}, [f([x, xb], yb, epochs=2, batch_size=4), f([x, xb], {'q': yb}, epochs=1), p([x, xb])])
case('the same for two outputs', two(2, 2), {'optimizer': ADAM, 'loss': 'mse', 'metrics': ['mae', 'mae', 'mse']}, [f([x, xb], [y, np.abs(y)], epochs=2, batch_size=4), e([x, xb], [y, np.abs(y)])])
case('metrics that have one name', mlp(), {'optimizer': SGD, 'loss': 'mse', 'metrics': ['mae', 'mse', 'mean_absolute_error'], 'weighted_metrics': ['mae']}, [f(x, y, epochs=1)])
for loss, act, out, target in [('binary_crossentropy', 'sigmoid', 1, binl), ('binary_crossentropy', 'sigmoid', 3, hot), ('categorical_crossentropy', 'softmax', 3, hot), ('sparse_categorical_crossentropy', 'softmax', 3, lab), ('sparse_categorical_crossentropy', 'softmax', 3, lab1), ('mse', None, 3, hot), ('hinge', 'tanh', 1, binl), ('kld', 'softmax', 3, hot), ('poisson', 'softplus', 3, hot), ('logcosh', None, 3, hot), ('cosine_similarity', None, 3, hot), ('huber', None, 3, hot), ('mape', None, 3, hot), ('categorical_hinge', None, 3, hot)]:
    case(f'accuracy and crossentropy with {loss} on {out} ({target.ndim} axes)', mlp(out, act), {'optimizer': SGD, 'loss': loss, 'metrics': ['accuracy', 'crossentropy'], 'weighted_metrics': ['acc', 'ce']}, [f(x, target, epochs=2, batch_size=4), e(x, target, sample_weight=w)])
case('accuracy of one value with mse', mlp(1), {'optimizer': SGD, 'loss': 'mse', 'metrics': ['accuracy']}, [f(x, binl, epochs=2, batch_size=4)])
case('classes of metrics by name', mlp(3, 'softmax'), {'optimizer': SGD, 'loss': 'categorical_crossentropy', 'metrics': ['AUC', 'Precision', 'Recall', 'TopKCategoricalAccuracy', 'CategoricalAccuracy', 'cosine_proximity', 'hinge', 'MeanSquaredError']}, [f(x, hot, epochs=2, batch_size=4), e(x, hot)])
case('penalties on weights', mlp(2, None, 'l2'), mse, [f(x, y, epochs=2, batch_size=4), e(x, y)])
def act_reg():
    i = keras.Input((3,), name='features')
    h = L.Dense(4, activity_regularizer='l2', kernel_regularizer='l1', bias_regularizer='l2', name='hidden')(i)
    h = L.ActivityRegularization(l1=0.1, name='penalty')(h)
    return keras.Model(i, L.Dense(2, name='out')(h))
case('penalties on outputs', act_reg, mse, [f(x, y, epochs=2, batch_size=4, sample_weight=w), e(x, y, batch_size=3)])
def bn(trainable=True):
    def build():
        i = keras.Input((3,), name='features')
        h = L.BatchNormalization(name='norm', trainable=trainable, momentum=0.8)(i)
        return keras.Model(i, L.Dense(2, name='out')(h))
    return build
case('batch normalization', bn(), mse, [e(x, y), f(x, y, epochs=3, batch_size=4), e(x, y), p(x), ['trainable', [{'norm': False}], {}], f(x, y, epochs=1), ['compile', [], mse], f(x, y, epochs=2, batch_size=4), e(x, y)])
case('batch normalization frozen after compile', bn(), mse, [['trainable', [{'norm': False}], {}], f(x, y, epochs=2, batch_size=4), e(x, y), ['compile', [], mse], f(x, y, epochs=1)])
case('frozen batch normalization', bn(False), mse, [f(x, y, epochs=3, batch_size=4), e(x, y)])
def drop():
    return keras.Sequential([L.Dense(4, input_shape=(3,), name='a'), L.Dropout(0.5, name='off'), L.GaussianNoise(0.5, name='noise'), L.Dense(2, name='b')], name='seq')
case('dropout is off in evaluate and predict', drop, mse, [e(x, y, batch_size=4), p(x)])
case('frozen layers', mlp(), {'optimizer': MOM, 'loss': 'mse', 'metrics': ['mae']}, [['trainable', [{'hidden': False}], {}], f(x, y, epochs=2, batch_size=5), ['compile', [], {'optimizer': MOM, 'loss': 'mse'}], f(x, y, epochs=2, batch_size=5), ['trainable', [{'hidden': True}], {}], f(x, y, epochs=1, batch_size=5), ['compile', [], {'optimizer': ADAM, 'loss': 'mae'}], f(x, y, epochs=2, batch_size=5)])
def masked(td=True):
    def build():
        i = keras.Input((4,), name='ids', dtype='int32')
        h = L.Embedding(5, 3, mask_zero=True, name='emb')(i)
        h = L.TimeDistributed(L.Dense(2, name='inner'), name='td')(h) if td else L.Dense(1, activation='sigmoid', name='td')(h)
        return keras.Model(i, h)
    return build
ids = data(21, 10, 4, dtype='int32', low=0, high=5); ids[:, 0] = 1; seq = data(22, 10, 4, 2); seqb = (data(23, 10, 4, 1) > 0).astype('float32')
case('masks weigh the loss', masked(), {'optimizer': SGD, 'loss': 'mse', 'metrics': ['mae', 'mse'], 'weighted_metrics': ['mae']}, [f(ids, seq, epochs=2, batch_size=4), f(ids, seq, epochs=2, batch_size=4, sample_weight=w), e(ids, seq, batch_size=4), p(ids)])
case('masks and accuracy', masked(False), {'optimizer': SGD, 'loss': 'binary_crossentropy', 'metrics': ['accuracy']}, [f(ids, seqb, epochs=2, batch_size=4), e(ids, seqb, sample_weight=w)])
def emb():
    return keras.Sequential([L.Embedding(5, 3, input_length=4, name='emb'), L.Flatten(name='flat'), L.Dense(2, name='out')], name='ids')
case('embedding of ids', emb, {'optimizer': ADAM, 'loss': 'mse'}, [f(ids, y, epochs=2, batch_size=4), p(ids)])
def conv():
    i = keras.Input((4, 4, 1), name='image')
    h = L.Conv2D(2, 3, activation='relu', padding='same', name='conv')(i)
    return keras.Model(i, L.Dense(3, activation='softmax', name='out')(L.Flatten(name='flat')(h)))
img = data(24, 10, 4, 4, 1, dtype='int32', low=0, high=4).astype('uint8')
case('bytes of images', conv, {'optimizer': SGD, 'loss': 'sparse_categorical_crossentropy', 'metrics': ['accuracy']}, [f(img, lab, epochs=2, batch_size=4), e(img, lab.astype('int32')), p(img)])
def dense_map():
    i = keras.Input((4, 3), name='steps')
    return keras.Model(i, L.Dense(3, activation='softmax', name='out')(i))
labs = data(25, 10, 4, dtype='int64', low=0, high=3); xs3 = data(26, 10, 4, 3)
case('labels for each step', dense_map, {'optimizer': SGD, 'loss': 'sparse_categorical_crossentropy', 'metrics': ['accuracy', 'ce']}, [f(xs3, labs.reshape(10, 4, 1), epochs=2, batch_size=4), e(xs3, labs.reshape(10, 4, 1), batch_size=3)])
def nested():
    inner = keras.Sequential([L.Dense(4, activation='tanh', input_shape=(3,), name='a', kernel_regularizer='l2'), L.BatchNormalization(name='bn')], name='inner')
    i = keras.Input((3,), name='features')
    return keras.Model(i, L.Dense(2, name='out')(inner(i)))
case('a model in a model', nested, mse, [f(x, y, epochs=2, batch_size=4, validation_split=0.3), e(x, y), ['trainable', [{'inner': False}], {}], ['compile', [], mse], f(x, y, epochs=2, batch_size=4)])
case('one batch after the other', mlp(), mse, [['train_on_batch', [x, y], {}], ['train_on_batch', [x, y], dict(reset_metrics=False)], ['test_on_batch', [vx, vy], dict(reset_metrics=False)], ['reset_metrics', [], {}], ['test_on_batch', [vx, vy], dict(reset_metrics=False)], ['compile', [], mse], ['train_on_batch', [x, y], dict(sample_weight=w, reset_metrics=False)], ['test_on_batch', [x, y], dict(sample_weight=w)], e(x, y, sample_weight=w)])
case('the learning rate is set between trainings', mlp(), mse, [['set_lr', [0.2], {}], f(x, y, epochs=1), ['set_lr', [0.01], {}], f(x, y, epochs=2, batch_size=4)])
case('another optimizer', mlp(), {'optimizer': ADAM, 'loss': 'mse'}, [f(x, y, epochs=2), ['compile', [], {'optimizer': MOM, 'loss': 'mae', 'metrics': ['mse']}], f(x, y, epochs=2), ['compile', [], {'optimizer': 'rmsprop', 'loss': 'mse'}], f(x, y, epochs=2)])
case('rows of one axis', mlp(1), mse, [f(x, y[:, 0], epochs=2, batch_size=4), e(x, y[:, 0]), e(x, y[:, :1])])
def flat_out():
    i = keras.Input((3,), name='features')
    return keras.Model(i, L.Flatten(name='flat')(L.Dense(2, name='out')(i)))
case('a single example', flat_out, mse, [f(x[:1], y[:1], epochs=2), p(x[:1]), e(x[:1], y[:1])])
case('decay and clipping', mlp(), {'optimizer': {'class_name': 'SGD', 'config': {'learning_rate': 0.5, 'decay': 0.1, 'clipnorm': 0.2}}, 'loss': 'mse'}, [f(x, y, epochs=3, batch_size=4)])

# errors
def nope(name, build, compile, calls): case('error: ' + name, build, compile, calls)
nope('losses and optimizers that nobody knows', mlp(), mse, [['compile', [], {'optimizer': SGD, 'loss': 'nope'}], ['compile', [], {'optimizer': 'nope', 'loss': 'mse'}], ['compile', [], {'optimizer': SGD, 'loss': 'mse', 'metrics': ['nope']}]])
nope('counts of losses', two(), {'optimizer': SGD, 'loss': 'mse'}, [['compile', [], {'optimizer': SGD, 'loss': ['mse']}], ['compile', [], {'optimizer': SGD, 'loss': {'zz': 'mse'}}], ['compile', [], {'optimizer': SGD, 'loss': 'mse', 'loss_weights': [1.0]}], ['compile', [], {'optimizer': SGD, 'loss': 'mse', 'loss_weights': {'zz': 1.0}}], ['compile', [], {'optimizer': SGD, 'loss': 'mse', 'metrics': {'zz': 'mae'}}], ['compile', [], {'optimizer': SGD, 'loss': 'mse', 'metrics': [['mae']]}], ['compile', [], {'optimizer': SGD, 'loss': 'mse', 'metrics': 'mae'}], ['compile', [], {'optimizer': SGD, 'loss': 'mse', 'loss_weights': 2.0}]])
nope('no loss at all', mlp(), mse, [['compile', [], {'optimizer': SGD}]])
nope('shapes', mlp(), mse, [f(x, y, epochs=2, validation_data=(vx, vy), validation_freq=0), f(data(1, 10, 4), y), f(data(1, 10, 3, 2), y), f(x, data(1, 10, 3)), f(x, data(1, 9, 2)), f(x, y, sample_weight=data(1, 9)), f(x, y, sample_weight=data(1, 10, 2)), f({'nope': x}, y), f(x, {'nope': y}), p(data(1, 10, 4)), e(x, data(1, 10, 3)), ['train_on_batch', [data(1, 10, 4), y], {}], f(x, y, validation_data=(vx, data(1, 7, 3))), f(x, y, validation_data=(vx,)), f(x[:0], y[:0]), e(x[:0], y[:0])])
nope('labels of the wrong form', mlp(3, 'softmax'), {'optimizer': SGD, 'loss': 'categorical_crossentropy'}, [f(x, lab1), f(x, lab), f(x, hot[:, :2])])
nope('labels of classes that are not there', mlp(3, 'softmax'), {'optimizer': SGD, 'loss': 'sparse_categorical_crossentropy'}, [f(x, hot)])
nope('inputs of two', two(), {'optimizer': SGD, 'loss': 'mse'}, [f([x], [y, yb]), f(x, [y, yb]), f([x, xb], [y]), f([x, xb], y), f([x, xb[:9]], [y, yb]), f([x, xb], [y, yb[:9]]), f({'in_a': x}, [y, yb]), f([x, xb], {'p': y}), f([x, xb], [y, yb], sample_weight=w), f([x, xb], [y, yb], sample_weight=[w]), f([x, xb], [y, yb], sample_weight={'zz': w}), f([x, xb], [y, yb], class_weight={0: 1., 1: 2.})])

# programs
programs = {}
def program(fn):
    fresh()
    programs[fn.__name__] = fn()

class Rec(keras.callbacks.Callback):
    def __init__(self): super().__init__(); self.seen = []
    def note(self, hook, n, logs): self.seen.append([hook, n, [[k, (float(v) if np.ndim(v) == 0 and not isinstance(v, list) else None)] for k, v in (logs or {}).items()]])
    def on_train_begin(self, logs=None): self.note('train begin', None, logs)
    def on_train_end(self, logs=None): self.note('train end', None, logs)
    def on_epoch_begin(self, n, logs=None): self.note('epoch begin', n, logs)
    def on_epoch_end(self, n, logs=None): self.note('epoch end', n, logs)
    def on_train_batch_begin(self, n, logs=None): self.note('train batch begin', n, logs)
    def on_train_batch_end(self, n, logs=None): self.note('train batch end', n, logs)
    def on_test_begin(self, logs=None): self.note('test begin', None, logs)
    def on_test_end(self, logs=None): self.note('test end', None, logs)
    def on_test_batch_begin(self, n, logs=None): self.note('test batch begin', n, logs)
    def on_test_batch_end(self, n, logs=None): self.note('test batch end', n, logs)
    def on_predict_begin(self, logs=None): self.note('predict begin', None, logs)
    def on_predict_end(self, logs=None): self.note('predict end', None, logs)
    def on_predict_batch_begin(self, n, logs=None): self.note('predict batch begin', n, logs)
    def on_predict_batch_end(self, n, logs=None): self.note('predict batch end', n, logs)

def params(c): return {k: (v if not isinstance(v, np.generic) else v.item()) for k, v in c.params.items()}

def gen():
    while True:
        yield x[:4], y[:4]
        yield x[4:], y[4:]
class Seq(keras.utils.Sequence):
    def __len__(self): return 3
    def __getitem__(self, i): return x[4*i:4*i+4], y[4*i:4*i+4]

@program
def hooks():
    m = mlp()(); fix_weights(m); m.compile(keras.optimizers.legacy.SGD(0.1), 'mse', ['mae'])
    out = {}
    for key, run in {
        'fit': lambda c: m.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=[c], validation_data=(vx, vy)),
        'fit without validation': lambda c: m.fit(x, y, epochs=1, shuffle=False, verbose=0, callbacks=[c]),
        'evaluate': lambda c: m.evaluate(x, y, batch_size=4, verbose=0, callbacks=[c]),
        'predict': lambda c: m.predict(x, batch_size=4, callbacks=[c]),
        'generator': lambda c: m.fit(gen(), epochs=2, steps_per_epoch=2, shuffle=False, verbose=0, callbacks=[c]),
        'sequence': lambda c: m.fit(Seq(), epochs=2, shuffle=False, verbose=0, callbacks=[c], validation_data=Seq()),
        'evaluate sequence': lambda c: m.evaluate(Seq(), verbose=0, callbacks=[c]),
        'predict sequence': lambda c: m.predict(Seq(), callbacks=[c]),
    }.items():
        np.random.seed(5)
        c = Rec(); r = run(c)
        out[key] = {'seen': c.seen, 'params': params(c)}
        if hasattr(r, 'history'): out[key]['history'] = [[k, num(v)] for k, v in r.history.items()]
        elif not isinstance(r, np.ndarray): out[key]['values'] = num(r)
    return out

@program
def stopping():
    out = {}
    class Stop(Rec):
        def __init__(self, where, n): super().__init__(); self.where, self.n = where, n
        def note(self, hook, n, logs):
            super().note(hook, n, logs)
            if hook == self.where and n == self.n: self.model.stop_training = True
    for where, n in [('train batch end', 0), ('train batch begin', 1), ('epoch end', 1), ('epoch begin', 1), ('train begin', None), ('test end', None), ('test batch end', 0)]:
        fresh()
        m = mlp()(); fix_weights(m); m.compile(keras.optimizers.legacy.SGD(0.1), 'mse', ['mae'])
        c = Stop(where, n)
        np.random.seed(5)
        h = m.fit(x, y, batch_size=4, epochs=4, shuffle=False, verbose=0, callbacks=[c], validation_data=(vx, vy))
        out[f'{where} {n}'] = {'seen': [[a, b] for a, b, _ in c.seen], 'history': [[k, num(v)] for k, v in h.history.items()], 'final': [arr(v) for v in m.get_weights()]}
    return out

@program
def shuffled():
    """Orders of NumPy's stream, validation included."""
    m = mlp()(); fix_weights(m); m.compile(keras.optimizers.legacy.SGD(0.1), 'mse', ['mae'])
    np.random.seed(5)
    out = []
    for kw in [dict(), dict(shuffle='batch'), dict(validation_data=(vx, vy)), dict(validation_split=0.3)]:
        h = m.fit(x, y, batch_size=4, epochs=2, verbose=0, **kw)
        out.append([[k, num(v)] for k, v in h.history.items()])
    m.fit(x, y, batch_size=4, verbose=0)
    return {'history': out, 'final': [arr(v) for v in m.get_weights()]}

@program
def early():
    m = mlp()(); fix_weights(m); m.compile(keras.optimizers.legacy.SGD(0.7), 'mae')
    c = keras.callbacks.EarlyStopping(monitor='val_loss', patience=2, restore_best_weights=True)
    h = m.fit(x, y, batch_size=4, epochs=20, shuffle=False, verbose=0, callbacks=[c], validation_data=(vx, vy))
    return {'history': [[k, num(v)] for k, v in h.history.items()], 'final': [arr(v) for v in m.get_weights()]}

@program
def functions():
    m = mlp()(); fix_weights(m)
    def cubes(t, q): return tf.reduce_mean(tf.abs(t - q) ** 3, axis=-1)
    def spread(t, q): return tf.reduce_max(q, axis=-1) - tf.reduce_min(t, axis=-1)
    def whole(t, q): return tf.reduce_mean(tf.abs(t - q))
    out = []
    for loss, metrics, wm in [(cubes, [spread, whole], [spread]), (whole, [keras.metrics.MeanAbsoluteError(name='mine'), keras.metrics.MeanSquaredError()], [keras.metrics.MeanAbsoluteError()]), (keras.losses.Huber(delta=0.5, reduction='sum'), [keras.losses.MeanSquaredError()] and ['mae'], None), (keras.losses.MeanSquaredError(reduction='none'), ['mae'], None)]:
        try:
            m.compile(keras.optimizers.legacy.SGD(0.1), loss, metrics, weighted_metrics=wm)
            h = m.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, sample_weight=w if loss is not whole else None)
            out.append({'names': m.metrics_names, 'history': [[k, num(v)] for k, v in h.history.items()], 'evaluate': num(m.evaluate(x, y, verbose=0))})
        except Exception as ex:
            out.append({'error': [type(ex).__name__, str(ex)[:400]]})
    return out

@program
def added():
    i = keras.Input((3,), name='features')
    h = L.Dense(4, name='hidden')(i)
    o = L.Dense(2, name='out')(h)
    m = keras.Model(i, o)
    m.add_loss(tf.reduce_mean(h) * 0.5)
    fix_weights(m)
    m.compile(keras.optimizers.legacy.SGD(0.1), 'mse', ['mae'])
    a = m.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    r = {'names': m.metrics_names, 'history': [[k, num(v)] for k, v in a.history.items()], 'evaluate': num(m.evaluate(x, y, verbose=0))}
    fresh()
    i = keras.Input((3,), name='features')
    h = L.Dense(4, name='hidden')(i)
    m = keras.Model(i, h)
    m.add_loss(tf.reduce_mean(tf.square(h)))
    fix_weights(m)
    m.compile(keras.optimizers.legacy.SGD(0.1))
    a = m.fit(x, None, batch_size=4, epochs=2, shuffle=False, verbose=0)
    r['only'] = {'names': m.metrics_names, 'history': [[k, num(v)] for k, v in a.history.items()], 'final': [arr(v) for v in m.get_weights()]}
    return r

@program
def shared():
    d = L.Dense(3, activation='tanh', name='shared')
    i = keras.Input((3,), name='i')
    h = d(i)
    a = keras.Model(i, L.Dense(2, name='a')(h), name='ma'); b = keras.Model(i, L.Dense(2, name='b')(h), name='mb')
    begin = fix_weights(a, 1)
    b.set_weights(a.get_weights()[:2] + [np.full((3, 2), 0.3, 'float32'), np.zeros(2, 'float32')])
    a.compile(keras.optimizers.legacy.SGD(0.1), 'mse'); b.compile(keras.optimizers.legacy.Adam(0.05), 'mae')
    hist = []
    for _ in range(2):
        hist.append(a.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0).history['loss'])
        hist.append(b.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0).history['loss'])
    return {'start': [arr(v) for v in begin], 'history': [num(v) for v in hist], 'a': [arr(v) for v in a.get_weights()], 'b': [arr(v) for v in b.get_weights()]}

@program
def subclassed():
    class Net(keras.Model):
        def __init__(self):
            super().__init__(name='net')
            self.a = L.Dense(4, activation='tanh', name='a'); self.n = L.BatchNormalization(name='n'); self.b = L.Dense(2, name='b')
        def call(self, z): return self.b(self.n(self.a(z)))
    m = Net()
    m.build((None, 3))
    begin = fix_weights(m)
    m.compile(keras.optimizers.legacy.SGD(0.1), 'mse', ['mae'])
    h = m.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    return {'start': [arr(v) for v in begin], 'weights': [w_.name for w_ in m.weights], 'names': m.metrics_names, 'history': [[k, num(v)] for k, v in h.history.items()], 'evaluate': num(m.evaluate(x, y, verbose=0)), 'predict': arr(m.predict(x))}

@program
def deferred():
    m = keras.Sequential([L.Dense(4, activation='tanh', name='a', kernel_initializer='ones'), L.Dense(2, name='b', kernel_initializer='ones')], name='later')
    m.compile(keras.optimizers.legacy.SGD(0.1), 'mse', ['mae'])
    h = m.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    return {'weights': [w_.name for w_ in m.weights], 'history': [[k, num(v)] for k, v in h.history.items()], 'evaluate': num(m.evaluate(x, y, verbose=0))}

@program
def custom():
    m = mlp()(); fix_weights(m)
    t = K.placeholder((None, 2), name='t')
    loss = K.mean(K.square(m.output - t))
    opt = keras.optimizers.legacy.Adam(0.05)
    step = K.function([m.input, t], [loss], updates=opt.get_updates(loss, m.trainable_weights))
    return {'losses': [float(step([x, y])[0]) for _ in range(4)], 'final': [arr(v) for v in m.get_weights()], 'optimizer': [v.name for v in opt.weights]}

@program
def hypers():
    out = {}
    for name in ['SGD', 'Adam', 'RMSprop', 'Adagrad', 'Adadelta', 'Adamax', 'Nadam', 'Ftrl']:
        fresh()
        m = mlp()(); opt = getattr(keras.optimizers.legacy, name)()
        before = len(tf.get_default_graph().get_operations())
        m.compile(opt, 'mse', ['mae'])
        after = [v.name for v in tf.global_variables()]
        lr = opt.lr.name if hasattr(opt.lr, 'name') else None
        asked = [v.name for v in tf.global_variables()]
        m.fit(x, y, verbose=0, shuffle=False)
        fitted = [v.name for v in tf.global_variables()]
        fresh()
        m = mlp()(); other = getattr(keras.optimizers.legacy, name)(); m.compile(other, 'mse', ['mae']); m.fit(x, y, verbose=0, shuffle=False)
        out[name] = {'asked': asked, 'never_asked': [v.name for v in tf.global_variables()], 'lr': lr, 'compiled': after, 'fitted': fitted, 'lr_fitted': opt.lr.name, 'weights': [v.name for v in opt.weights]}
    return out

@program
def within():
    """The learning rate is changed by callbacks of the batches."""
    m = mlp()(); fix_weights(m); m.compile(keras.optimizers.legacy.SGD(0.1), 'mse')
    class Slow(keras.callbacks.Callback):
        def on_train_batch_end(self, n, logs=None): K.set_value(self.model.optimizer.lr, float(K.get_value(self.model.optimizer.lr)) * 0.5)
    h = m.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=[Slow()])
    return {'history': [[k, num(v)] for k, v in h.history.items()], 'lr': float(K.get_value(m.optimizer.lr)), 'final': [arr(v) for v in m.get_weights()]}

@program
def iterables():
    """Losses of batches of different sizes, data that run out."""
    out = {}
    def start():
        fresh(); m = mlp()(); fix_weights(m); m.compile(keras.optimizers.legacy.SGD(0.1), 'mse', ['mae']); return m
    import logging
    messages = []
    class H(logging.Handler):
        def emit(self, r): messages.append(r.getMessage())
    logging.getLogger('tensorflow').addHandler(H()); tf.logging.set_verbosity(tf.logging.WARN)
    def short():
        for i in range(3): yield x[3*i:3*i+3], y[3*i:3*i+3]
    for key, run in {
        'runs out': lambda m: m.fit(short(), epochs=2, steps_per_epoch=2, verbose=0, shuffle=False),
        'runs out at once': lambda m: m.fit(short(), epochs=3, steps_per_epoch=3, verbose=0, shuffle=False),
        'validation by generator': lambda m: m.fit(gen(), epochs=2, steps_per_epoch=2, verbose=0, validation_data=gen(), validation_steps=2),
        'class weights': lambda m: m.fit(((x[:4], (y[:4, :1] > 0).astype('float32') * np.ones((1, 2), 'float32')) for _ in range(9)), epochs=1, steps_per_epoch=2, verbose=0, class_weight={0: 2.0, 1: 3.0}),
        'sample weights': lambda m: m.fit(((x[:4], y[:4], w[:4]) for _ in range(9)), epochs=1, steps_per_epoch=2, verbose=0),
        'evaluate generator': lambda m: m.evaluate(gen(), steps=3, verbose=0),
        'wrong shape later': lambda m: m.fit(iter([(x, y), (x[:, :2], y)]), epochs=1, steps_per_epoch=2, verbose=0),
    }.items():
        m = start(); messages.clear()
        try:
            r = run(m)
            out[key] = {'history': [[k, num(v)] for k, v in r.history.items()]} if hasattr(r, 'history') else {'values': num(r)}
        except Exception as ex:
            out[key] = {'error': [type(ex).__name__, str(ex)[:600]]}
        out[key]['messages'] = list(messages)
        out[key]['final'] = [arr(v) for v in m.get_weights()]
    return out

result = {'about': "Made by training.py beside this file: tf_keras 2.21 (the code of Keras 2.15) in graph mode on TensorFlow 2.21.",
  'data': {k: arr(v) for k, v in dict(x=x, y=y, xb=xb, yb=yb, w=w, w2=w2, vx=vx, vy=vy, vw=vw).items()}, 'cases': cases, 'programs': programs}
def default(o):
    if isinstance(o, np.generic): return o.item()
    return str(o)
with open(sys.argv[1], 'w') as out_file: json.dump(result, out_file, default=default, separators=(',', ':'))
