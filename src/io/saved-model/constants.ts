/** The names of files, collections, tags, signatures and their inputs that SavedModels have in common. */

/** The folder of files that a model needs. */
export const ASSETS_DIRECTORY = 'assets';
/** The collection that tells of those files. */
export const ASSETS_KEY = 'saved_model_assets';
/** The collection of the operation that older models run after they are loaded. */
export const LEGACY_INIT_OP_KEY = 'legacy_init_op';
/** The collection of the operation that is run after a model is loaded. */
export const MAIN_OP_KEY = 'saved_model_main_op';
/** The version of the format. */
export const SAVED_MODEL_SCHEMA_VERSION = 1;
/** The file of the graphs. */
export const SAVED_MODEL_FILENAME_PB = 'saved_model.pb';
/** The same in text form. */
export const SAVED_MODEL_FILENAME_PBTXT = 'saved_model.pbtxt';
/** The folder of the variables' values. */
export const VARIABLES_DIRECTORY = 'variables';
/** The name of the checkpoint in that folder. */
export const VARIABLES_FILENAME = 'variables';
/** The folder of what helps to find errors. */
export const DEBUG_DIRECTORY = 'debug';
/** The file in it that tells where ops were built. */
export const DEBUG_INFO_FILENAME_PB = 'saved_model_debug_info.pb';

/** The signature that stands for the operation which is run after a model is loaded. */
export const INIT_OP_SIGNATURE_KEY = '__saved_model_init_op';
/** The signature that stands for the operation which trains a model. */
export const TRAIN_OP_SIGNATURE_KEY = '__saved_model_train_op';

/** The tag of graphs that answer requests. */
export const SERVING = 'serve';
/** The tag of graphs that are trained. */
export const TRAINING = 'train';
/** The tag of graphs for GPUs. */
export const GPU = 'gpu';
/** The tag of graphs for TPUs. */
export const TPU = 'tpu';

/** The name of the signature that counts where none is named. */
export const DEFAULT_SERVING_SIGNATURE_DEF_KEY = 'serving_default';
/** The input of a classification. */
export const CLASSIFY_INPUTS = 'inputs';
/** The kind of a classification's signature. */
export const CLASSIFY_METHOD_NAME = 'tensorflow/serving/classify';
/** The output of a classification that names classes. */
export const CLASSIFY_OUTPUT_CLASSES = 'classes';
/** The output of a classification that has the scores of classes. */
export const CLASSIFY_OUTPUT_SCORES = 'scores';
/** The input of a prediction. */
export const PREDICT_INPUTS = 'inputs';
/** The kind of a prediction's signature. */
export const PREDICT_METHOD_NAME = 'tensorflow/serving/predict';
/** The output of a prediction. */
export const PREDICT_OUTPUTS = 'outputs';
/** The input of a regression. */
export const REGRESS_INPUTS = 'inputs';
/** The kind of a regression's signature. */
export const REGRESS_METHOD_NAME = 'tensorflow/serving/regress';
/** The output of a regression. */
export const REGRESS_OUTPUTS = 'outputs';
