"""Writes the SavedModels of TensorFlow 2 and what they compute: python saved-models.py interchange (tensorflow 2.21, tf_keras 2.21)."""
import os, sys
os.environ['TF_USE_LEGACY_KERAS']='1'
import numpy as np, tensorflow as tf, json
out = sys.argv[1]  # the folder: test/goldens/interchange
class M(tf.Module):
    def __init__(self):
        self.w=tf.Variable([[1.,2.],[3.,4.],[5.,6.]],name='w'); self.n=tf.Variable(3,name='n')
    @tf.function(input_signature=[tf.TensorSpec([None,3],tf.float32,name='x')])
    def __call__(self,x):
        y=tf.matmul(x,self.w)
        if tf.reduce_sum(y)>0: y=y*2
        for i in tf.range(self.n): y=y+1.
        return {'y':y}
m=M()
tf.saved_model.save(m,out+'/saved_model_module',signatures={'serving_default':m.__call__})
import tf_keras as keras
keras.utils.set_random_seed(3)
k=keras.Sequential([keras.layers.Dense(3,activation='relu',input_shape=(4,),name='d1'),keras.layers.Dense(2,name='d2')])
k.save(out+'/saved_model_keras',save_format='tf',include_optimizer=False)
x=np.array([[1,2,3],[-4,0.5,-1]],np.float32); xk=np.array([[1,2,3,4],[-1,0,.5,2]],np.float32)
r={'module':{'x':x.tolist(),'y':m(x)['y'].numpy().tolist(),'y_negative':m(-x)['y'].numpy().tolist()},'keras':{'x':xk.tolist(),'y':k(xk).numpy().tolist()}}
json.dump(r,open(out+'/saved_model_v2.json','w'))
