"""What lookup.py and datasets.py beside this file share: runs a program of tf.compat.v1 step by step and writes down what came
out. A case has the nodes of the graph (name, type, inputs, controls), and steps: the session that ran, what it fetched
and was fed, the value or the error. Error texts are without stack traces and without the lists of attributes and kernels.
"""
import os
os.environ['CUDA_VISIBLE_DEVICES']=''; os.environ['TF_CPP_MIN_LOG_LEVEL']='3'; os.environ['TF_ENABLE_ONEDNN_OPTS']='0'
import json, re, numpy as np
import tensorflow.compat.v1 as tf
tf.disable_eager_execution()
def enc(v):
    if v is None: return None
    if isinstance(v,(list,tuple)): return [enc(x) for x in v]
    if isinstance(v, dict): return {k:enc(x) for k,x in v.items()}
    a=np.asarray(v)
    def one(x):
        if isinstance(x,bytes): return x.decode('utf-8')
        if isinstance(x,(np.bool_,bool)): return bool(x)
        x=x.item() if hasattr(x,'item') else x
        return str(x) if isinstance(x,int) and abs(x)>=2**53 else x
    dt='string' if a.dtype.kind in 'OSU' else a.dtype.name
    return {"dtype":dt,"shape":list(a.shape),"data":[one(x) for x in a.ravel()]}
def cut(m):
    m=re.sub(r'\n+Original stack trace[\s\S]*','',m)
    m=re.sub(r"^Graph execution error:[\s\S]*?\nNode: '[^']*'\n",'',m)
    m=re.sub(r'\n\t \[\[\{\{node [^}]*\}\}\]\]','',m)
    m=re.sub(r"\b_\d+_(?=\w)","_",m)
    m=re.sub(r" with these attrs: [\s\S]*","",m)
    return m.strip()
def err(e):
    d={"class":type(e).__name__,"message":cut(getattr(e,'message',None) or str(e))}
    if getattr(e,'op',None) is not None: d["node"]=e.op.name
    return {"error":d}
def nodes(g):
    out=[]
    for o in g.get_operations():
        out.append([o.name,o.type,[t.name for t in o.inputs]+['^'+c.name for c in o.control_inputs]])
    return out
cases=[]
def case(name, build, steps, sessions=1):
    """build() -> dict of fetches (and feeds under '<name'); steps: list of (session index, fetch name or list, feeds)"""
    g=tf.Graph(); rec={"name":name}
    with g.as_default():
        try: f=build()
        except Exception as e:
            rec["build_error"]=err(e)["error"]; cases.append(rec); return
    rec["nodes"]=nodes(g); rec["steps"]=[]
    ss=[tf.Session(graph=g) for _ in range(sessions)]
    for st in steps:
        i,names,feeds=(st+({},))[:3] if len(st)<3 else st
        r={"session":i,"fetch":names}
        if feeds: r["feed"]={k:enc(np.asarray(v)) for k,v in feeds.items()}
        try:
            v=ss[i].run(f[names] if isinstance(names,str) else [f[n] for n in names], feed_dict={f[k]:v for k,v in feeds.items()})
            r["value"]=enc(v)
        except Exception as e: r.update(err(e))
        rec["steps"].append(r)
    for s in ss: s.close()
    cases.append(rec)
def save(path, note):
    with open(path,'w') as fh:
        fh.write(json.dumps({"tf":tf.__version__,"note":note,"cases":"@"})[:-4] + '[\n' + ',\n'.join(json.dumps(c,ensure_ascii=False) for c in cases)+'\n]}\n')
