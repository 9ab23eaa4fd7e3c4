"""Makes lookup.json beside this file: lookup tables in tf.compat.v1 graph mode. Run with TensorFlow installed: python lookup.py"""
from scripted import *
L=tf.lookup
def static_str():
    t=L.StaticHashTable(L.KeyValueTensorInitializer(['a','b','c'],[7,8,9]),default_value=-1)
    x=tf.placeholder(tf.string,[None],name='x')
    k,v=t.export()
    return {"init":tf.tables_initializer(),"own":t.initializer,"lookup":t.lookup(x),"size":t.size(),"x":x,"get":t[tf.constant(['c','zz'])],"keys":k}
case('static table of strings',static_str,[(0,"lookup",{"x":["a"]}),(0,"size"),(0,"keys"),(0,"init"),(0,["lookup","size"],{"x":["a","q","c"]}),(0,"get"),(0,"own"),(0,"size"),(1,"lookup",{"x":["a"]}),(1,"init"),(1,"get")],2)
def typed(kd,vd,keys,vals,default,q):
    def b():
        t=L.StaticHashTable(L.KeyValueTensorInitializer(keys,vals,key_dtype=kd,value_dtype=vd),default_value=default,name='tab')
        return {"init":t.initializer,"find":t.lookup(tf.constant(q,kd)),"size":t.size()}
    return b
for kd,vd,keys,vals,d,q in [
 (tf.int64,tf.string,[1,2,3],['one','two','three'],'none',[[3,4],[1,2]]),
 (tf.int64,tf.float32,[1,-2],[1.5,2.5],0.25,[-2,2]),
 (tf.int64,tf.int64,[1,2],[10,20],-1,[2,5]),
 (tf.int64,tf.int32,[1,2],[10,20],-1,[2,5]),
 (tf.int32,tf.string,[1,2],['x','y'],'',[2,5]),
 (tf.int32,tf.int32,[1,2],[5,6],0,[2,5]),
 (tf.int32,tf.float64,[1,2],[.5,.6],0,[2,5]),
 (tf.string,tf.string,['k'],['v'],'d',['k','l']),
 (tf.string,tf.int64,['k'],[4],-7,['k','l']),
 (tf.string,tf.float32,['k'],[4],-7,['k','l']),
 (tf.string,tf.float64,['k'],[4],-7,['k','l']),
 (tf.string,tf.bool,['k'],[True],False,['k','l']),
 (tf.int64,tf.float64,[1],[.1],0,[1,2]),
 (tf.int32,tf.int64,[1],[1],0,[1,2]),
 (tf.int32,tf.float32,[1],[1],0,[1,2]),
 (tf.float32,tf.int64,[1],[1],0,[1,2]),
 (tf.string,tf.int32,['k','k'],[1,2],0,['k']),
 (tf.string,tf.int32,['k','k'],[1,1],0,['k']),
 ]:
    title='static %s to %s %s'%(kd.name,vd.name,len(keys))
    if keys==['k','k']: title='a key twice with one value' if vals==[1,1] else 'a key twice with two values'
    case(title,typed(kd,vd,keys,vals,d,q),[(0,"init"),(0,"find"),(0,"size")])
def reinit():
    k=tf.placeholder(tf.string,[None],name='k'); v=tf.placeholder(tf.int32,[None],name='v')
    t=L.StaticHashTable(L.KeyValueTensorInitializer(k,v,tf.string,tf.int32),-1)
    return {"k":k,"v":v,"init":t.initializer,"size":t.size(),"find":t.lookup(tf.constant(['a','b']))}
case('initialized again with other values',reinit,[(0,"init",{"k":["a"],"v":[1]}),(0,"init",{"k":["a"],"v":[2]}),(0,"init",{"k":["a","b"],"v":[1,2]}),(0,"init",{"k":["b"],"v":[1]}),(0,"init",{"k":["b","a"],"v":[1]}),(0,"find"),(0,"size")])
case('initialized with values that do not fit',reinit,[(0,"init",{"k":["b","a"],"v":[1]}),(0,"find"),(0,"init",{"k":["a","a"],"v":[1,2]}),(0,"size"),(0,"init",{"k":["a","b"],"v":[1,2]}),(0,"find")])
def mutable():
    t=L.experimental.MutableHashTable(tf.string,tf.int64,-1)
    k=tf.placeholder(tf.string,name='k'); v=tf.placeholder(tf.int64,name='v')
    ek,ev=t.export()
    return {"k":k,"v":v,"insert":t.insert(k,v),"remove":t.remove(k),"find":t.lookup(k),"size":t.size(),"keys":ek,"values":ev,"dyn":t.lookup(k,dynamic_default_values=v)}
case('mutable table',mutable,[(0,"size"),(0,"find",{"k":["a"]}),(0,"insert",{"k":["a","b"],"v":[1,2]}),(0,"size"),(0,"find",{"k":[["b","c"],["a","a"]]}),(0,"find",{"k":"a"}),(0,"remove",{"k":["a","zz"]}),(0,["keys","values"]),(0,"insert",{"k":["b","b"],"v":[5,6]}),(0,"find",{"k":"b"}),(0,"dyn",{"k":["q","b"],"v":[100,200]}),(0,"dyn",{"k":["q","b"],"v":100}),(0,"dyn",{"k":["q","b"],"v":[1,2,3]}),(0,"insert",{"k":["a","b"],"v":[1]}),(0,"size"),(1,"size")],2)
def mutvec():
    t=L.experimental.MutableHashTable(tf.int64,tf.float32,[0.,-1.],name='vec')
    k=tf.placeholder(tf.int64,name='k'); v=tf.placeholder(tf.float32,name='v')
    ek,ev=t.export()
    return {"k":k,"v":v,"insert":t.insert(k,v),"find":t.lookup(k),"size":t.size(),"keys":ek,"values":ev,"remove":t.remove(k)}
case('mutable table of vectors',mutvec,[(0,["keys","values"]),(0,"insert",{"k":[1],"v":[[1.,2.]]}),(0,"find",{"k":[[1,2]]}),(0,"find",{"k":1}),(0,"insert",{"k":3,"v":[3.,4.]}),(0,"size"),(0,"insert",{"k":[1],"v":[[1.,2.,3.]]}),(0,"insert",{"k":[1],"v":[1.]}),(0,"remove",{"k":[1]}),(0,["keys","values"])])
def vocab():
    t=L.StaticVocabularyTable(L.KeyValueTensorInitializer(['emerson','lake','palmer'],tf.constant([0,1,2],tf.int64)),num_oov_buckets=5)
    x=tf.placeholder(tf.string,[None],name='x')
    return {"init":tf.tables_initializer(),"x":x,"find":t.lookup(x),"size":t.size(),"own":t.initializer}
case('vocabulary of strings',vocab,[(0,"find",{"x":["lake"]}),(0,"init"),(0,"find",{"x":["emerson","lake","palmer","king","crimson","","ü","a long string that has more than thirty-two bytes","x"*64,"y"*65,"z"*130]}),(0,"size")])
def vocabint():
    t=L.StaticVocabularyTable(L.KeyValueTensorInitializer(tf.constant([42,1,-1000],tf.int64),tf.constant([0,1,2],tf.int64)),1000,lookup_key_dtype=tf.int32)
    x=tf.placeholder(tf.int32,[None],name='x')
    return {"init":tf.tables_initializer(),"x":x,"find":t.lookup(x),"size":t.size()}
case('vocabulary of integers',vocabint,[(0,"init"),(0,"find",{"x":[42,43,-1000,7]}),(0,"size")])
def vocabnone():
    t=L.StaticVocabularyTable(None,7)
    return {"find":t.lookup(tf.constant(['a','b','c'])),"size":t.size(),"own":t.initializer}
case('vocabulary without an initializer',vocabnone,[(0,"find"),(0,"size"),(0,"own")])
case('vocabulary with no buckets',lambda:L.StaticVocabularyTable(None,0),[])
case('vocabulary with values of another type',lambda:L.StaticVocabularyTable(L.KeyValueTensorInitializer(['a'],[1]),1),[])
case('vocabulary with keys of another type',lambda:L.StaticVocabularyTable(L.KeyValueTensorInitializer([1.],tf.constant([1],tf.int64)),1),[])
case('vocabulary with mixed key types',lambda:L.StaticVocabularyTable(L.KeyValueTensorInitializer(['a'],tf.constant([1],tf.int64)),1,lookup_key_dtype=tf.int32),[])
def st(): return L.StaticHashTable(L.KeyValueTensorInitializer(['a'],[1]),-1)
case('keys of another type than the table',lambda:st().lookup(tf.constant([1])),[])
case('a default value that is no scalar',lambda:L.StaticHashTable(L.KeyValueTensorInitializer(['a'],[1]),[1,2]),[])
case('keys that are no vector',lambda:L.StaticHashTable(L.KeyValueTensorInitializer([['a']],[[1]]),-1),[])
case('mutable remove of another type',lambda:L.experimental.MutableHashTable(tf.string,tf.int64,-1).remove(tf.constant([1])),[])
case('mutable insert of another type',lambda:L.experimental.MutableHashTable(tf.string,tf.int64,-1).insert(tf.constant([1]),tf.constant([1],tf.int64)),[])
case('vocabulary lookup of another type',lambda:L.StaticVocabularyTable(None,3).lookup(tf.constant([1])),[])
def raw():
    R=tf.raw_ops
    h=R.HashTableV2(key_dtype=tf.string,value_dtype=tf.int64,shared_name='s',name='h')
    h2=R.HashTableV2(key_dtype=tf.string,value_dtype=tf.int64,shared_name='s',name='h2')
    h3=R.HashTableV2(key_dtype=tf.string,value_dtype=tf.int32,shared_name='s',name='h3')
    h4=R.MutableHashTableV2(key_dtype=tf.string,value_dtype=tf.int64,name='h4')
    h5=R.HashTableV2(key_dtype=tf.string,value_dtype=tf.int64,name='h5')
    k=tf.constant(['a','b']); v=tf.constant([1,2],tf.int64)
    return {"init":R.InitializeTableV2(table_handle=h,keys=k,values=v),"find":R.LookupTableFindV2(table_handle=h2,keys=k,default_value=tf.constant(0,tf.int64)),
     "find3":R.LookupTableFindV2(table_handle=h3,keys=k,default_value=0),"wrongkey":R.LookupTableFindV2(table_handle=h,keys=[1],default_value=tf.constant(0,tf.int64)),
     "wrongval":R.LookupTableFindV2(table_handle=h,keys=k,default_value=0),
     "insert":R.LookupTableInsertV2(table_handle=h,keys=k,values=v),"remove":R.LookupTableRemoveV2(table_handle=h,keys=k),"import":R.LookupTableImportV2(table_handle=h,keys=k,values=v),
     "initmut":R.InitializeTableV2(table_handle=h4,keys=k,values=v),"importmut":R.LookupTableImportV2(table_handle=h4,keys=k,values=v),"size4":R.LookupTableSizeV2(table_handle=h4),
     "badinit":R.InitializeTableV2(table_handle=h5,keys=[1,2],values=v),"size5":R.LookupTableSizeV2(table_handle=h5),
     "exportwrong":R.LookupTableExportV2(table_handle=h,Tkeys=tf.int32,Tvalues=tf.int64)[0],"both":[R.LookupTableSizeV2(table_handle=h)]}
case('raw ops that share a table',raw,[(0,"size5"),(0,"find"),(0,"init"),(0,"find"),(0,"find3"),(0,"wrongkey"),(0,"wrongval"),(0,"insert"),(0,"remove"),(0,"import"),(0,"initmut"),(0,"importmut"),(0,"size4"),(0,"badinit"),(0,"size5")])
def hashes():
    x=tf.constant([''.join(chr(97+(i*7+j*11)%26) for j in range(i)) for i in range(140)]+['\u00fc','\u4f60\u597d','a'*1000],name='x')
    return {"hash":tf.raw_ops.StringToHashBucketFast(input=x,num_buckets=2**62,name='hash'),"few":tf.raw_ops.StringToHashBucketFast(input=x,num_buckets=10,name='few')}
case('hash buckets',hashes,[(0,"hash"),(0,"few")])
def texts():
    r={}
    def add(k,v,dt,**kw): r[k]=tf.strings.as_string(tf.constant(v,dt,name=k+'_in'),name=k,**kw)
    f=[0.,-0.,1.5,-2.25,1/3,1e10,1e21,1.5e300,1e-7,123456.789,1234567.,float('inf'),float('-inf'),float('nan')]
    add('fixed',f,tf.float64); add('precise',f,tf.float64,precision=3); add('scientific',f,tf.float64,scientific=True); add('shortest',f,tf.float64,shortest=True); add('shortest3',f,tf.float64,shortest=True,precision=3)
    add('wide',f,tf.float64,width=12,precision=1); add('zeros',f,tf.float64,width=12,precision=1,fill='0'); add('left',f,tf.float64,width=12,precision=1,fill='-'); add('plus',f,tf.float64,width=12,precision=1,fill='+'); add('space',f,tf.float64,width=12,precision=1,fill=' ')
    add('ints',[0,-5,2**31-1],tf.int32); add('long',[0,-5,2**63-1,-2**63],tf.int64); add('byte',[0,200],tf.uint8); add('iwide',[0,-5,12],tf.int32,width=5); add('izero',[0,-5,12],tf.int32,width=5,fill='0'); add('iplus',[0,-5,12],tf.int32,width=5,fill='+')
    add('bools',[True,False],tf.bool); add('complex',[1+2j,-0.5j],tf.complex64,precision=2); add('half',[.1,-3],tf.float16); add('single',[.1,-3,1e20],tf.float32)
    return r
case('numbers as texts',texts,[(0,k) for k in ('fixed','precise','scientific','shortest','shortest3','wide','zeros','left','plus','space','ints','long','byte','iwide','izero','iplus','bools','complex','half','single')])
save('lookup.json','Tables in tf.compat.v1 graph mode: built by the program that the test of the same name builds; each step runs fetches in one of two sessions. Made with TensorFlow on a CPU; error texts without stack traces.')
