"""Makes control-flow/ beside this file: graphs of dataflow control flow with feeds and values. Run with TensorFlow installed: python control-flow.py"""
import json,os
import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import function
from tensorflow.python.ops import gen_control_flow_ops as raw
from tensorflow.python.ops import gen_resource_variable_ops as rv
tf.disable_eager_execution()
tf.disable_control_flow_v2()
OUT=os.path.join(os.path.dirname(os.path.abspath(__file__)),'control-flow')
CASES={}
def case(fn):
    CASES[fn.__name__]=fn
    return fn
def F(name): return tf.placeholder(tf.float32,[],name=name)
def I(name): return tf.placeholder(tf.int32,[],name=name)
def B(name): return tf.placeholder(tf.bool,[],name=name)
def grad(y,x): return tf.gradients(y,x)[0]
def var(name,value,resource=True): return tf.Variable(value,use_resource=resource,name=name)
# A case returns fetches and steps: feeds, or a list of other tensors to fetch without feeds.

@case
def switch_merge():
    x=F('x'); p=B('p')
    a,b=raw.switch(x,p)
    r,_=raw.merge([a+1,tf.identity(b)],name='first')
    s,i=raw.merge([tf.identity(a),b*5],name='second')
    return [r,s,tf.identity(i+10,name='which')],[{'x':2.,'p':True},{'x':2.,'p':False}]
@case
def loop_by_hand():
    e=raw.enter(tf.constant(10),'frame'); m=raw.merge([e,e],name='merge')
    c=raw.loop_cond(tf.less(m[0],raw.enter(I('limit'),'frame',is_constant=True)))
    s=raw.switch(m[0],c)
    n=raw.next_iteration(s[1]+raw.enter(tf.constant(3),'frame',is_constant=True)); m[0].op._update_input(1,n)
    return [raw._exit(s[0],name='exit')],[{'limit':5},{'limit':20}]
@case
def identity_before_the_exit():
    x=F('x'); m=raw.merge([raw.enter(x,'frame')]*2,name='merge'); l=raw.enter(F('limit'),'frame',is_constant=True)
    s=raw.switch(m[0],raw.loop_cond(tf.less(m[0],l)))
    m[0].op._update_input(1,raw.next_iteration(s[1]+s[1]))
    with tf.control_dependencies([s[0].op]): group=tf.no_op()
    with tf.control_dependencies([group]): y=tf.identity(s[0])
    return [raw._exit(y*l)],[{'x':3.,'limit':20.},{'x':30.,'limit':20.}]
@case
def nested_branches_twice_differentiated():
    x=F('x'); p=B('p'); q=B('q')
    def inner():
        u=tf.sin(x); v=tf.cond(q,lambda:tf.exp(u)*x,lambda:tf.cond(p,lambda:u*u*u,lambda:u+1))
        return v*u
    y=tf.cond(p,inner,lambda:tf.cond(q,lambda:tf.tanh(x)*x,lambda:-x))
    g=grad(y,x)
    return [y,g,grad(g*g,x)],[{'x':.3,'p':a,'q':b} for a in(True,False) for b in(True,False)]
@case
def two_predicates():
    x=F('x'); p=B('p'); q=B('q')
    a=tf.cond(p,lambda:x*2,lambda:x*3); b=tf.cond(q,lambda:a+1,lambda:a*a); c=tf.cond(p,lambda:b*tf.sin(b),lambda:b-a)
    return [a,b,c,grad(c,x)],[{'x':.7,'p':a,'q':b} for a in(True,False) for b in(True,False)]
@case
def intermediate_read_later():
    x=F('x'); p=B('p'); q=B('q')
    y=tf.cond(p,lambda:tf.cond(q,lambda:tf.exp(tf.sin(x))*x,lambda:tf.exp(x)),lambda:x)
    z=tf.cond(q,lambda:y*y,lambda:y+1)
    return [z,grad(z,x)],[{'x':.7,'p':a,'q':b} for a in(True,False) for b in(True,False)]
@case
def branches_in_a_loop_differentiated():
    x=F('x'); n=I('n')
    def body(i,a): return i+1,tf.cond(tf.equal(i%2,0),lambda:tf.sin(a)*x,lambda:tf.cond(i>2,lambda:a*a,lambda:tf.exp(-a)))
    y=tf.while_loop(lambda i,a:i<n,body,[0,x])[1]
    return [y,grad(y,x)],[{'x':.3,'n':k} for k in(0,1,4,5)]
@case
def loops_in_branches_differentiated():
    x=F('x'); p=B('p')
    y=tf.cond(p,lambda:tf.while_loop(lambda i,a:i<3,lambda i,a:(i+1,tf.sin(a)*x),[0,x])[1],lambda:tf.while_loop(lambda a:a<10.,lambda a:a*a+x,[x]))
    return [y,grad(y,x)],[{'x':.3,'p':k} for k in(True,False)]
@case
def nested_loops_differentiated():
    x=F('x')
    def body(i,a): return i+1,tf.while_loop(lambda j,c:j<=i,lambda j,c:(j+1,tf.tanh(c*x)),[0,a])[1]+a
    y=tf.while_loop(lambda i,a:i<3,body,[0,x])[1]
    return [y,grad(y,x)],[{'x':.3}]
@case
def captured_by_a_loop():
    x=F('x'); w=F('w'); n=I('n')
    y=tf.while_loop(lambda i,a:i<n,lambda i,a:(i+1,a*w+x),[0,x])[1]
    return [y]+tf.gradients(y,[x,w]),[{'x':.3,'w':2.,'n':k} for k in(0,3)]
@case
def branch_in_the_condition():
    n=I('n')
    r=tf.while_loop(lambda n:tf.cond(n>0,lambda:n>1,lambda:False),lambda n:tf.cond(n>3,lambda:n-2,lambda:n-1),[n])
    return [r],[{'n':k} for k in(0,5,8)]
@case
def only_the_effects_asked_for():
    v=[var('v%d'%i,7.) for i in range(3)]; p=B('p')
    r=tf.cond(p,lambda:[tf.identity(v[0].assign(1.)),tf.identity(v[1].assign(2.)),tf.identity(v[2].assign(3.))],lambda:[tf.identity(v[0].assign(4.)),tf.constant(5.),tf.constant(6.)])
    look=[u.value() for u in v]
    return [r[1]],[{'p':True},look,{'p':False},look]
@case
def condition_with_effects():
    v=var('v',0.); lim=F('lim')
    m=raw.merge([raw.enter(tf.constant(0.),'f')]*2); h=raw.enter(v.handle,'f',is_constant=True); l=raw.enter(lim,'f',is_constant=True); one=raw.enter(tf.constant(1.),'f',is_constant=True)
    with tf.control_dependencies([m[0].op]): inc=rv.assign_add_variable_op(h,one)
    with tf.control_dependencies([inc]): read=rv.read_variable_op(h,tf.float32)
    read.set_shape([])
    s=raw.switch(m[0],raw.loop_cond(tf.less(read,l)))
    n=raw.next_iteration(s[1]*l+read); m[0].op._update_input(1,n)
    return [raw._exit(s[0])],[{'lim':3.},[v.value()],{'lim':5.},[v.value()]]
@case
def assignment_after_a_loop():
    v=var('v',0.); p=B('p')
    def f():
        l=tf.while_loop(lambda i:i<6.,lambda i:i+1.,[0.])
        with tf.control_dependencies([l]): return tf.identity(v.assign(99.)*0+l)
    return [tf.cond(p,lambda:tf.constant(0.),f)],[{'p':True},[v.value()],{'p':False},[v.value()]]
@case
def assignment_before_a_loop():
    v=var('v',0.); a=tf.identity(v.assign_add(1.))
    return [tf.while_loop(lambda i,x:i<10,lambda i,x:(i+1,x+a),[0,0.])[1]],[{},[v.value()]]
@case
def assignments_in_a_loop():
    v=var('v',1.)
    def body(i):
        with tf.control_dependencies([v.assign_add(i)]): return i+1
    return [tf.while_loop(lambda i:i<4.,body,[0.])],[{},[v.value()]]
@case
def assertion_in_a_loop():
    x=F('x')
    def body(i,a):
        with tf.control_dependencies([tf.Assert(a<100.,[a])]): return i+1,a*x
    return [tf.while_loop(lambda i,a:i<5,body,[0,x])[1]],[{'x':1.5},{'x':9.}]
@case
def group_in_a_branch():
    v=var('v',1.); u=var('u',5.); p=B('p')
    r=tf.cond(p,lambda:tf.group(v.assign_add(1.),u.assign_add(2.)),lambda:tf.group(v.assign_sub(3.)))
    with tf.control_dependencies([r]): z=tf.identity(v.read_value())
    look=[v.value(),u.value()]
    return [z],[{'p':True},look,{'p':False},look]
@case
def five_cases():
    i=I('i'); x=F('x')
    r=tf.case([(tf.equal(i,k),(lambda k:lambda:x*k+tf.sin(x))(k)) for k in range(5)],default=lambda:-x)
    return [r,grad(r,x)],[{'i':k,'x':2.} for k in range(7)]
@case
def merge_of_three():
    i=I('i'); x=F('x')
    f,t=raw.switch(x,tf.equal(i,0)); f2,t2=raw.switch(f,tf.equal(i,1))
    r,k=raw.merge([t*10.,t2*20.,f2*30.])
    return [r,tf.identity(k)+0],[{'i':k,'x':2.} for k in range(3)]
@case
def in_a_function():
    @function.Defun(tf.float32,tf.int32)
    def foo(x,n):
        y=tf.while_loop(lambda i,a:i<n,lambda i,a:(i+1,tf.cond(i>1,lambda:a*x,lambda:a+x)),[0,x])[1]
        return y,tf.cond(n>2,lambda:y,lambda:-y)
    return list(foo(F('x'),I('n'))),[{'x':2.,'n':k} for k in(0,2,4)]
@case
def one_of_two_branches_fed():
    x=F('x'); y=F('y'); p=B('p')
    a=tf.cond(p,lambda:x*2,lambda:x*3); b=tf.cond(p,lambda:y*2,lambda:y*3)
    tf.add(a,b,name='sum')
    return [a],[{'x':1.,'p':k} for k in(True,False)]
@case
def same_predicate_within():
    x=F('x'); p=B('p')
    a,b=tf.cond(p,lambda:(x,tf.constant(1.)),lambda:(x,tf.constant(2.)))
    return [a,b,tf.cond(p,lambda:tf.cond(p,lambda:a*b,lambda:a),lambda:b*b)],[{'x':3.,'p':k} for k in(True,False)]
@case
def references_assigned():
    v=var('v',1.,False); p=B('p')
    r=tf.cond(p,lambda:tf.assign(v,2.),lambda:tf.assign_add(v,10.))
    return [r],[{'p':True},[v.value()],{'p':False},[v.value()]]
@case
def references_read():
    v=var('v',2.,False); p=B('p')
    r=tf.cond(p,lambda:v*3,lambda:v+1); w=tf.while_loop(lambda i,a:i<3,lambda i,a:(i+1,a*v),[0,1.])[1]
    return [r,w,grad(r+w,v)],[{'p':True},{'p':False}]

def plain(a):
    a=np.asarray(a)
    return a.tolist()
os.makedirs(OUT,exist_ok=True)
cfg=tf.ConfigProto(intra_op_parallelism_threads=1,inter_op_parallelism_threads=1)
cfg.graph_options.rewrite_options.disable_meta_optimizer=True
cfg.graph_options.optimizer_options.opt_level=-1
table={}
for name,fn in CASES.items():
    with tf.Graph().as_default() as g:
        fetches,steps=fn()
        init=tf.global_variables_initializer()
        d=g.as_graph_def(); s=tf.Session(config=cfg); s.run(init); done=[]
        for step in steps:
            wanted=[t.name for t in(step if isinstance(step,list) else fetches)]
            feeds={} if isinstance(step,list) else {k+':0':v for k,v in step.items()}
            record={'fetches':wanted,'feeds':feeds}
            try: record['outputs']=[plain(v) for v in s.run(wanted,feeds)]
            except tf.errors.OpError as e: record['error']=type(e).__name__
            done.append(record)
        with open(os.path.join(OUT,name+'.pb'),'wb') as f: f.write(d.SerializeToString())
        table[name]={'init':init.name,'steps':done}
with open(os.path.join(OUT,'steps.json'),'w') as f:
    f.write('{\n'+',\n'.join(json.dumps(k)+': '+json.dumps(v) for k,v in table.items())+'\n}\n')
