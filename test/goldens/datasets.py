"""Makes datasets.json beside this file: dataset iterators in tf.compat.v1 graph mode. Run with TensorFlow installed: python datasets.py"""
from scripted import *
D=tf.data.Dataset
def it(make, extra=None):
    def b():
        d=make(); i=tf.data.make_initializable_iterator(d)
        n=i.get_next()
        r={"init":i.initializer,"next":n}
        if extra: r.update(extra())
        return r
    return b
def flat(make):
    def b():
        d=make(); i=tf.data.make_initializable_iterator(d); n=i.get_next()
        return {"init":i.initializer,"next":list(tf.nest.flatten(n)) if isinstance(n,(dict,)) else n}
    return b
import sys
N=[(0,"next")]
def seq(n,init=True,s=0): return ([(s,"init")] if init else [])+[(s,"next")]*n
case('range',it(lambda:D.range(3)),[(0,"next")]+seq(5)+seq(2)+[(1,"next")]+seq(1,s=1)+[(0,"next")],2)
case('range with a start and a step',it(lambda:D.range(10,1,-4)),seq(5))
case('range of another type',it(lambda:D.range(2,4,output_type=tf.int32)),seq(3))
case('range of step 0',it(lambda:D.range(2,4,0)),seq(1))
case('fromTensors',it(lambda:D.from_tensors([[1,2],[3,4]])),seq(2))
case('fromTensors of a pair',it(lambda:D.from_tensors((tf.constant([1.,2.]),'x'))),seq(2))
case('fromTensorSlices',it(lambda:D.from_tensor_slices([[1,2],[3,4],[5,6]])),seq(4))
case('fromTensorSlices of a pair',it(lambda:D.from_tensor_slices((tf.constant([1.,2.]),tf.constant(['x','y'])))),seq(3))
case('fromTensorSlices of a dict',it(lambda:D.from_tensor_slices({'b':[1,2],'a':[[True],[False]]})),seq(3))
def fed():
    x=tf.placeholder(tf.float32,[None,2],name='x')
    d=D.from_tensor_slices(x).batch(2); i=tf.data.make_initializable_iterator(d)
    return {"x":x,"init":i.initializer,"next":i.get_next()}
case('fed values',fed,[(0,"init",{"x":[[1,2],[3,4],[5,6]]}),(0,"next"),(0,"next"),(0,"next"),(0,"init",{"x":[[9,9]]}),(0,"next"),(0,"next")])
def fed2():
    x=tf.placeholder(tf.float32,[None],name='x'); y=tf.placeholder(tf.float32,[None],name='y')
    d=D.from_tensor_slices((x,y)); i=tf.data.make_initializable_iterator(d)
    return {"x":x,"y":y,"init":i.initializer,"next":i.get_next()}
case('fed values of different lengths',fed2,[(0,"init",{"x":[1,2],"y":[1]})])
case('slices of different lengths',lambda:D.from_tensor_slices(([1,2],[1])),[])
case('slices of a scalar',lambda:D.from_tensor_slices(1),[])
case('repeat twice',it(lambda:D.range(2).repeat(2)),seq(5))
case('repeat for ever',it(lambda:D.range(2).repeat()),seq(5))
case('repeat zero times',it(lambda:D.range(2).repeat(0)),seq(1))
case('repeat an empty dataset for ever',it(lambda:D.range(0).repeat()),seq(1))
case('batch',it(lambda:D.range(5).batch(2)),seq(4))
case('batch without the remainder',it(lambda:D.range(5).batch(2,drop_remainder=True)),seq(3))
case('batch of strings',it(lambda:D.from_tensor_slices(['a','bb','ccc']).batch(2)),seq(3))
case('batch of batches',it(lambda:D.range(7).batch(2).batch(2)),seq(3))
case('batch of unequal shapes',it(lambda:D.range(3).batch(2).batch(2)),seq(2))
case('batch of size 0',it(lambda:D.range(5).batch(0)),seq(1))
case('take and skip',it(lambda:D.range(10).skip(3).take(2)),seq(3))
case('take all',it(lambda:D.range(2).take(-1)),seq(3))
case('take more than there are',it(lambda:D.range(2).take(5)),seq(3))
case('skip all',it(lambda:D.range(2).skip(-1)),seq(1))
case('skip more than there are',it(lambda:D.range(2).skip(5)),seq(1))
case('zip',it(lambda:D.zip((D.range(3),D.range(10,20)))),seq(4))
case('zip of a dict',it(lambda:D.zip({'x':D.range(3),'y':(D.range(10,12),D.range(2))})),seq(3))
case('concatenate',it(lambda:D.range(2).concatenate(D.range(7,9))),seq(5))
case('concatenate of other shapes',it(lambda:D.from_tensors([1,2]).concatenate(D.from_tensors([1,2,3]))),seq(3))
case('concatenate of other types',lambda:D.range(2).concatenate(D.from_tensors(1.)),[])
for name,size,kw,n in [('shuffle with a seed',4,{'seed':7},10),('shuffle with seed 0',4,{'seed':0},10),('shuffle in a large buffer',100,{'seed':3},10),('shuffle in a buffer of one',1,{'seed':3},4),('shuffle in one order',4,{'seed':7,'reshuffle_each_iteration':False},10)]:
    case(name,it(lambda:D.range(n).shuffle(size,**kw).batch(n)),seq(1)+seq(1))
    case(name+', repeated',it(lambda:D.range(n).shuffle(size,**kw).repeat(3).batch(n)),seq(3)+seq(2))
def gs():
    tf.set_random_seed(11); return D.range(10).shuffle(5).batch(10)
case('shuffle with the seed of the graph',it(gs),seq(1)+seq(1))
def gs2():
    tf.set_random_seed(11); return D.range(10).shuffle(5,seed=2).repeat(2).batch(10)
case('shuffle with both seeds',it(gs2),seq(2))
case('repeat and then shuffle',it(lambda:D.range(4).repeat(3).shuffle(5,seed=1).batch(12)),seq(2))
case('shuffle twice',it(lambda:D.range(9).shuffle(3,seed=1).shuffle(4,seed=2).repeat(2).batch(9)),seq(3))
case('shuffle with size 0',it(lambda:D.range(9).shuffle(0,seed=1)),seq(1))
def two():
    d=D.range(6).shuffle(3,seed=5).batch(6)
    a=tf.data.make_initializable_iterator(d); b=tf.data.make_initializable_iterator(d)
    return {"a":a.initializer,"b":b.initializer,"na":a.get_next(),"nb":b.get_next(),"both":[a.initializer,b.initializer]}
case('two iterators over one dataset',two,[(0,"a"),(0,"na"),(0,"nb"),(0,"b"),(0,"nb"),(0,"na")])
def same():
    i=tf.data.make_initializable_iterator(D.range(3)); a=i.get_next(); b=i.get_next()
    with tf.control_dependencies([a]): c=i.get_next(); s=a+c
    return {"init":i.initializer,"a":a,"s":s,"pair":[a,a+1]}
case('several nexts of one iterator',same,[(0,"init"),(0,"s"),(0,"a"),(0,"a"),(0,"init"),(0,"pair")])
def shared():
    a=tf.data.make_initializable_iterator(D.range(3),shared_name='s'); b=tf.data.make_initializable_iterator(D.range(5,8),shared_name='s')
    return {"a":a.initializer,"b":b.initializer,"na":a.get_next(),"nb":b.get_next()}
case('iterators of one shared name',shared,[(0,"a"),(0,"na"),(0,"nb"),(0,"b"),(0,"na")])
def struct():
    i=tf.data.Iterator.from_structure(tf.int64,[]); a=i.make_initializer(D.range(3)); b=i.make_initializer(D.range(10,20))
    return {"a":a,"b":b,"n":i.get_next()}
case('an iterator of a structure',struct,[(0,"n"),(0,"a"),(0,"n"),(0,"b"),(0,"n"),(0,"a"),(0,"n")])
def struct2():
    i=tf.data.Iterator.from_structure(tf.int64,[]); return i.make_initializer(D.from_tensors(1.))
case('an iterator of a structure of another type',struct2,[])
def struct3():
    i=tf.data.Iterator.from_structure(tf.int64,[2]); return i.make_initializer(D.from_tensors([1]))
case('an iterator of a structure of another shape',struct3,[])
case('an iterator with neither type nor shape',lambda:tf.data.Iterator.from_structure(tf.int64).get_next().shape.as_list(),[])
def oneshot():
    d=D.range(2); i=tf.data.make_one_shot_iterator(d); return {"next":i.get_next()}
case('one-shot',oneshot,[(0,"next")]*3+[(1,"next")],2)
def os2(): return tf.data.make_one_shot_iterator(D.range(2)).initializer
case('initializer of a one-shot iterator',os2,[])
def os3():
    x=tf.placeholder(tf.int64,[]); return tf.data.make_one_shot_iterator(D.range(x))
case('one-shot iterator over a placeholder',os3,[])
g=tf.Graph()
with g.as_default():
    info=[]
    for n,d in [('range',D.range(3)),('slices',D.from_tensor_slices({'b':[1,2],'a':[[True],[False]]}).batch(2)),('dropped',D.range(5).batch(2,drop_remainder=True)),('zip',D.zip((D.range(3),D.from_tensors('x').repeat()))),('concat',D.from_tensors([1,2]).concatenate(D.from_tensors([1,2,3])))]:
        i=tf.data.make_initializable_iterator(d)
        info.append([n,str(tf.data.get_output_types(d)),str(tf.data.get_output_shapes(d)),str(tf.data.get_output_types(i)),repr(d),repr(i)[:60]])
for x in info: print(x)
save('datasets.json','Dataset iterators in tf.compat.v1 graph mode: built by the program that the test of the same name builds; each step runs fetches in one of two sessions. Made with TensorFlow on a CPU; error texts without stack traces.')
